// The shared parts that everything else stands on: lossless JSON, exact decimals, the store.
import test from "node:test";
import assert from "node:assert/strict";
import { parse, stringify, stringifyText, Num } from "../lib/json.mjs";
import * as decimal from "../lib/decimal.mjs";
import { Clock } from "../lib/clock.mjs";
import { Store } from "../lib/store.mjs";

test("JSON comes out as it went in", () => {
  for (const text of ['{"a":1.10,"b":[9007199254740993,-0,1e5],"c":{},"d":[],"e":null,"f":0}', '"1.5"', "[1.0,true,\"\\u0000\\\"\"]", "12345678901234567890", '{"__proto__":1.0}']) {
    assert.equal(stringify(parse(text)), text);
  }
  assert.equal(stringifyText(parse('{"a":1.10,"b":7}')), '{"a":"1.10","b":7}');
  assert.ok(parse("[1.0]")[0] instanceof Num);
  for (const bad of ["{", "[1.0,]", "01", "1.", "{\"a\":1.0 \"b\":2}", ""]) assert.throws(() => parse(bad), SyntaxError);
});

test("decimals are exact", () => {
  assert.equal(decimal.add("0.1", "0.2"), "0.3");
  assert.equal(decimal.subtract("1000.50", "10.25"), "990.25");
  assert.equal(decimal.multiply("2.5", "-1.10"), "-2.750");
  assert.deepEqual(["1.005", "-0.005", "2.4", "1e3"].map((v) => decimal.round(v, 2)), ["1.01", "-0.01", "2.40", "1000.00"]);
  assert.deepEqual([decimal.trim("23", 1), decimal.trim("1.500", 1), decimal.trim("1.00")], ["23.0", "1.5", "1"]);
  assert.deepEqual([decimal.compare("1.0", "1.00"), decimal.compare("9007199254740993", "9007199254740992")], [0, 1]);
  assert.equal(decimal.read("1.2.3"), null);
});

test("a transaction that fails leaves records, indexes and the order of changes as they were", () => {
  const store = new Store({ clock: new Clock() });
  const table = store.table("t");
  table.index("k", (doc) => doc.k);
  store.write(() => { store.put("t", "1", { k: "a" }); store.put("t", "2", { k: "b" }); });
  assert.throws(() => store.write(() => { store.put("t", "1", { k: "c" }); store.put("t", "3", { k: "d" }); throw new Error("no"); }), /no/);
  assert.deepEqual([...table.since(0)].map((r) => [r.id, r.doc.k, r.rev]), [["1", "a", 1], ["2", "b", 1]]);
  assert.deepEqual([table.find("k", "a").length, table.find("k", "c").length, table.records.has("3"), table.changes.length], [1, 0, false, 2]);
});

test("a record written twice in one transaction was committed once", () => {
  const store = new Store({ clock: new Clock(), stamps: ["at"] });
  const { changes } = store.write(() => { store.put("t", "1", { k: "a", at: 1 }); store.put("t", "1", { k: "b", at: 2 }); }, 7);
  assert.deepEqual(changes, [{ object: "t", id: "1", op: "create", fields: ["k"] }]);
  assert.deepEqual(store.write(() => store.put("t", "1", { k: "b", at: 3 })).changes[0].op, "same");
  const [entry] = store.history.list();
  assert.deepEqual([entry.commits, entry.versions.map((v) => [v.n, v.doc.k])], [2, [[7, "b"]]]);
});
