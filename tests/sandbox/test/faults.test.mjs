// The fault engine, the log and the state file, driven through the ERP look-alike.
import test, { before, after, beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import path from "node:path";
import { basic, caller, launch, scratch } from "./help.mjs";

const root = "/odata/v4/erp";
const auth = { authorization: basic("sync", "sync-pw") };

describe("faults", () => {
  let erp, call;
  before(async () => { erp = await launch("odata"); call = caller(erp.base + root, auth); });
  after(() => erp?.stop());
  beforeEach(() => erp.admin("POST", "reset"));

  const partner = (no) => call("PATCH", `/BusinessPartners('${no}')`, { Name: no });
  const partners = async () => (await erp.admin("GET", "state?object=BusinessPartners")).objects.BusinessPartners.map((r) => r.id);

  test("a drop after the commit keeps the change and loses the answer", async () => {
    await erp.admin("POST", "faults", { match: { method: "PATCH" }, fault: "drop_after_commit", times: 1 });
    await assert.rejects(partner("A-1"));
    assert.deepEqual(await partners(), ["A-1"]);
    const { entries } = await erp.admin("GET", "log");
    assert.deepEqual(entries.map((e) => [e.committed, e.fault]), [[true, "drop_after_commit"]]);
    assert.equal((await partner("A-1")).status, 200);
  });

  test("a drop before the commit loses both", async () => {
    await erp.admin("POST", "faults", { fault: "drop_before_commit", times: 1 });
    await assert.rejects(partner("A-1"));
    assert.deepEqual(await partners(), []);
    assert.equal((await partner("A-1")).status, 201);
  });

  test("a truncated reply promises more than it sends", async () => {
    await erp.admin("POST", "faults", { fault: "truncate", times: 1 });
    const got = await raw(erp.base, { method: "PATCH", path: `${root}/BusinessPartners('A-1')`, headers: { ...auth, "content-type": "application/json" } }, ['{"Name":"x"}']);
    assert.equal(got.error, "ECONNRESET");
    assert.ok(got.bytes > 0 && got.bytes < Number(got.headers["content-length"]));
    assert.deepEqual(await partners(), ["A-1"]);
  });

  test("429, 503 and a chosen status answer without doing anything", async () => {
    await erp.admin("POST", "faults", [{ fault: "429", retry_after: 7, times: 1 }, { fault: "503", times: 1 }, { fault: "status", code: 418, body: "no", headers: { "x-why": "test" }, times: 1 }]);
    const first = await partner("A-1"), second = await partner("A-1"), third = await partner("A-1");
    assert.deepEqual([first.status, first.headers.get("retry-after"), second.status, second.headers.get("retry-after")], [429, "7", 503, null]);
    assert.deepEqual([third.status, third.text, third.headers.get("x-why")], [418, "no", "test"]);
    assert.deepEqual(await partners(), []);
  });

  test("match, skip, every and times choose the requests", async () => {
    await erp.admin("POST", "faults", { match: { method: "patch", path: "BusinessPartners\\('B", body: "hit" }, fault: "status", code: 500, skip: 1, every: 2, times: 1 });
    const statuses = [];
    for (const [no, name] of [["A", "hit"], ["B1", "miss"], ["B2", "hit"], ["B3", "hit"], ["B4", "hit"], ["B5", "hit"], ["B6", "hit"]]) {
      statuses.push((await call("PATCH", `/BusinessPartners('${no}')`, { Name: name })).status);
    }
    assert.deepEqual(statuses, [201, 201, 201, 201, 500, 201, 201]);
  });

  test("a rate with a seed strikes the same requests again", async () => {
    const round = async () => {
      await erp.admin("POST", "reset");
      await erp.admin("POST", "faults", { fault: "503", rate: 0.3, seed: 11 });
      const out = [];
      for (let i = 0; i < 20; i++) out.push((await partner(`P-${i}`)).status);
      return out;
    };
    const first = await round();
    assert.ok(first.includes(503) && first.includes(201));
    assert.deepEqual(await round(), first);
  });

  test("a slow answer may come after the commit, and a slow request commits late", async () => {
    await erp.admin("POST", "faults", { fault: "slow", ms: 300, when: "after", times: 1 });
    const pending = partner("A-1");
    while ((await partners()).length === 0) await new Promise((r) => setImmediate(r));
    assert.equal((await erp.admin("GET", "log")).entries[0].committed, true);
    assert.equal((await pending).status, 201);
    await erp.admin("POST", "faults", { fault: "slow", ms: 50, times: 1 });
    const impatient = new AbortController();
    const given = fetch(`${erp.base}${root}/BusinessPartners('A-2')`, { method: "PATCH", headers: { ...auth, "content-type": "application/json" }, body: '{"Name":"late"}', signal: impatient.signal });
    while (((await erp.admin("GET", "faults")).faults.at(-1).hits) === 0) await new Promise((r) => setImmediate(r));
    impatient.abort();
    await assert.rejects(given);
    while (!(await partners()).includes("A-2")) await new Promise((r) => setImmediate(r));
  });

  test("an unknown fault is refused with the known ones", async () => {
    await assert.rejects(erp.admin("POST", "faults", { fault: "nonsense" }), /unknown fault.*drop_after_commit/);
  });

  test("faults are listed and disarmed", async () => {
    const { armed } = await erp.admin("POST", "faults", [{ fault: "503" }, { fault: "429" }]);
    await erp.admin("DELETE", `faults/${armed[0]}`);
    assert.deepEqual((await erp.admin("GET", "faults")).faults.map((f) => f.fault), ["429"]);
    assert.deepEqual((await erp.admin("DELETE", "faults")).faults, []);
  });

  test("chunked bodies and kept-alive connections are accepted", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const no of ["C-1", "C-2"]) {
      const got = await raw(erp.base, { agent, method: "PATCH", path: `${root}/BusinessPartners('${no}')`, headers: { ...auth, "content-type": "application/json", "transfer-encoding": "chunked" } }, ['{"Na', 'me":"x"}']);
      assert.equal(got.status, 201);
    }
    agent.destroy();
    assert.deepEqual((await erp.admin("GET", "log")).entries.map((e) => e.headers["transfer-encoding"]), ["chunked", "chunked"]);
  });

  test("the log keeps trace headers and no credentials, and names what changed", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await call("PATCH", "/BusinessPartners('A-1')", '{"Name":"n","CreditLimit":10.50}', { traceparent });
    await call("PATCH", "/BusinessPartners('A-1')", '{"CreditLimit":10.50}');
    await call("PATCH", "/BusinessPartners('A-1')", '{"CreditLimit":11}');
    const { entries, last } = await erp.admin("GET", "log?method=PATCH");
    assert.equal(entries[0].headers.traceparent, traceparent);
    assert.equal(entries[0].headers.authorization, "Basic (kept back)");
    assert.deepEqual(entries.map((e) => e.changes[0].op), ["create", "same", "update"]);
    assert.deepEqual([entries[2].changes[0].fields, last], [["CreditLimit"], 3]);
    const { records } = await erp.admin("GET", "writes?object=BusinessPartners&id=A-1");
    assert.deepEqual([records[0].commits, records[0].versions.map((v) => [v.n, v.doc.CreditLimit])], [3, [[1, "10.50"], [3, "11"]]]);
  });

  test("a person's change is no request", async () => {
    await erp.admin("POST", "records/BusinessPartners", { PartnerNo: "U-1", Name: "typed", CreditLimit: "99.90" });
    await erp.admin("PATCH", "records/BusinessPartners/U-1", { Name: "typed again" });
    const { records } = await erp.admin("GET", "records/BusinessPartners/U-1");
    assert.deepEqual([records[0].doc.Name, records[0].doc.CreditLimit, records[0].doc.ModifiedBy], ["typed again", "99.90", "clerk"]);
    assert.equal((await erp.admin("GET", "log")).entries.length, 0);
    await erp.admin("DELETE", "records/BusinessPartners/U-1");
    assert.equal((await call("GET", "/BusinessPartners('U-1')")).status, 404);
  });
});

test("what was committed survives a kill, and a half-written line does not", async (t) => {
  const { appendFileSync } = await import("node:fs");
  const file = path.join(scratch(t), "state");
  let erp = await launch("odata", ["--state", file]);
  t.after(() => erp.stop());
  const call = (method, url, body) => caller(erp.base + root, auth)(method, url, body);
  for (let i = 0; i < 50; i++) assert.equal((await call("PATCH", `/BusinessPartners('K-${i}')`, `{"Name":"n","CreditLimit":${i}.10}`)).status, 201);
  await call("PATCH", "/BusinessPartners('K-0')", '{"Name":"m"}');
  await erp.kill();
  appendFileSync(file, '{"n":99,"t":1,"w":[["BusinessPartners",false,"torn"');
  erp = await launch("odata", ["--state", file]);
  const { objects } = await erp.admin("GET", "state");
  assert.equal(objects.BusinessPartners.length, 50);
  assert.deepEqual([objects.BusinessPartners[0].doc.Name, objects.BusinessPartners[0].doc.CreditLimit, objects.BusinessPartners[0].rev], ["m", "0.10", 2]);
  const { records } = await erp.admin("GET", "writes?id=K-0");
  assert.deepEqual(records[0].versions.map((v) => v.doc.Name), ["n", "m"]);
  assert.equal((await call("PATCH", "/BusinessPartners('K-50')", { Name: "after" })).status, 201);
  await erp.stop();
  erp = await launch("odata", ["--state", file]);
  assert.equal((await erp.admin("GET", "state")).objects.BusinessPartners.length, 51);
});

test("a port file appears, help is given, nonsense is refused", async (t) => {
  const { readFileSync } = await import("node:fs");
  const { spawnSync } = await import("node:child_process");
  const { fileURLToPath } = await import("node:url");
  const file = path.join(scratch(t), "port");
  const erp = await launch("odata", ["--port-file", file]);
  assert.equal(new URL(erp.base).port, readFileSync(file, "utf8").trim());
  assert.equal(await erp.stop(), 0);
  const server = fileURLToPath(new URL("../odata/server.mjs", import.meta.url));
  assert.match(spawnSync(process.execPath, [server, "--help"], { encoding: "utf8" }).stdout, /--csrf/);
  assert.equal(spawnSync(process.execPath, [server, "--nonsense"]).status, 64);
});

// One request by hand: what fetch would hide.
function raw(base, options, chunks) {
  const url = new URL(base);
  return new Promise((resolve) => {
    let bytes = 0;
    const request = http.request({ host: url.hostname, port: url.port, ...options }, (response) => {
      const done = (error) => resolve({ status: response.statusCode, headers: response.headers, bytes, error });
      response.on("data", (chunk) => { bytes += chunk.length; });
      response.on("end", () => done(null));
      response.on("error", (e) => done(e.code));
    });
    request.on("error", (e) => resolve({ error: e.code }));
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}
