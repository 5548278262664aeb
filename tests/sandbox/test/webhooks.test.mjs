// Webhooks of the Zendesk look-alike: signature, retry, doubles, order.
import test, { before, after, beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import { basic, caller, launch, until } from "./help.mjs";
import { sign } from "../zendesk/webhooks.mjs";

const auth = { authorization: basic("agent@sandbox.test/token", "sandbox-token") };
const secret = "not-a-real-secret";

test("the signature is the documented one", () => {
  // The vendor's documented inputs; timestamp before body.
  assert.equal(sign("HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA=", "2021-07-25T10:00:00Z", '{"say": "hello"}'), "Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk=");
});

describe("webhooks", () => {
  let zd, call, sink, answers, got;
  before(async () => {
    sink = http.createServer((request, response) => {
      let body = "";
      request.on("data", (c) => { body += c; });
      request.on("end", () => {
        got.push({ headers: request.headers, text: body, body: JSON.parse(body) });
        response.writeHead(answers.shift() ?? 200).end();
      });
    });
    await new Promise((resolve) => sink.listen(0, "127.0.0.1", resolve));
    zd = await launch("zendesk", ["--webhook-url", `http://127.0.0.1:${sink.address().port}/hook`, "--webhook-secret", secret, "--webhook-retry-ms", "5"]);
    call = caller(`${zd.base}/api/v2`, auth);
  });
  after(async () => { await zd?.stop(); sink.closeAllConnections(); sink.close(); });
  beforeEach(async () => { answers = []; got = []; await zd.admin("POST", "reset"); });

  const settled = () => until(async () => { const w = await zd.admin("GET", "webhooks"); return w.pending === w.held && w; });
  const ticket = (subject, more = {}) => call("POST", "/tickets", { ticket: { subject, comment: { body: "b" }, ...more } });
  const valid = (m) => m.headers["x-zendesk-webhook-signature"] === crypto.createHmac("sha256", secret).update(m.headers["x-zendesk-webhook-signature-timestamp"] + m.text).digest("base64");

  test("an event is signed and has the documented shape", async () => {
    await ticket("s", { priority: "low" });
    await settled();
    assert.equal(got.length, 1);
    const [{ body, headers }] = got;
    assert.ok(valid(got[0]));
    assert.deepEqual([body.type, body.subject, body.zendesk_event_version, body.event], ["zen:event-type:ticket.created", "zen:ticket:1", "2022-06-20", {}]);
    assert.deepEqual([body.detail.id, body.detail.organization_id, body.detail.external_id, body.detail.priority, typeof body.account_id], ["1", "0", "", "LOW", "number"]);
    assert.equal(headers["x-zendesk-account-id"], String(body.account_id));
    for (const name of ["x-zendesk-webhook-id", "x-zendesk-webhook-invocation-id"]) assert.match(headers[name], /^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test("each change is an event, and no change is none", async () => {
    await ticket("s");
    await call("PUT", "/tickets/1", { ticket: { status: "open", custom_fields: [{ id: 380001, value: "SO-1" }] } });
    await call("PUT", "/tickets/1", { ticket: { status: "open" } });
    await call("PUT", "/tickets/1", { ticket: { comment: { body: "c" } } });
    await zd.admin("PATCH", "records/tickets/1", { subject: "by hand" });
    await call("DELETE", "/tickets/1");
    await settled();
    assert.deepEqual(got.map((m) => m.body.type.slice(15)), ["ticket.created", "ticket.status_changed", "ticket.custom_field_changed", "ticket.comment_added", "ticket.subject_changed", "ticket.soft_deleted"]);
    assert.deepEqual(got[1].body.event, { current: "OPEN", previous: "NEW" });
    assert.deepEqual([got[2].body.event.current, got[2].body.event.previous, got[2].body.event.field.id], ["SO-1", null, "380001"]);
  });

  test("a refused delivery is retried with the same event and a new invocation", async () => {
    answers = [503, 429, 200];
    await ticket("s");
    const { deliveries } = await settled();
    assert.deepEqual(deliveries.map((d) => [d.status, d.attempt]), [[503, 1], [429, 2], [200, 3]]);
    assert.equal(new Set(got.map((m) => m.body.id)).size, 1);
    assert.equal(new Set(got.map((m) => m.headers["x-zendesk-webhook-invocation-id"])).size, 3);
    answers = [400];
    await ticket("t");
    await settled();
    assert.equal(got.length, 4);
  });

  test("deliveries are doubled, dropped, wrongly signed and reordered on demand", async () => {
    const arm = (fault, more = {}) => zd.admin("POST", "faults", { fault, times: 1, ...more });
    await arm("webhook_duplicate", { copies: 3 });
    await ticket("double");
    await settled();
    assert.deepEqual([got.length, new Set(got.map((m) => m.body.id)).size], [3, 1]);
    await arm("webhook_drop");
    await ticket("dropped");
    await arm("webhook_bad_signature");
    await ticket("forged");
    await settled();
    assert.deepEqual(got.slice(3).map((m) => [m.body.detail.subject, valid(m)]), [["forged", false]]);
    await arm("webhook_reorder", { after: 2, match: { path: "ticket.created" } });
    for (const subject of ["one", "two", "three"]) await ticket(subject);
    await settled();
    assert.deepEqual(got.slice(4).map((m) => m.body.detail.subject), ["two", "three", "one"]);
    await arm("webhook_reorder", { after: 9 });
    await ticket("held");
    assert.equal((await settled()).held, 1);
    await zd.admin("POST", "webhooks/release");
    await settled();
    assert.equal(got.at(-1).body.detail.subject, "held");
  });

  test("a webhook fault leaves requests alone", async () => {
    await zd.admin("POST", "faults", { fault: "webhook_drop" });
    assert.equal((await ticket("s")).status, 201);
    assert.deepEqual((await zd.admin("GET", "faults")).faults[0].hits, 1);
  });

  test("a second webhook gets only what it subscribed to", async () => {
    const hook = await zd.admin("POST", "webhooks", { url: `http://127.0.0.1:${sink.address().port}/second`, secret: "other", events: ["organization"] });
    await call("POST", "/organizations", { organization: { name: "o" } });
    await ticket("s");
    await settled();
    assert.equal(got.filter((m) => m.headers["x-zendesk-webhook-id"] === hook.id).length, 1);
    assert.equal(got.length, 3);
  });
});
