// The Zendesk look-alike against the documented Support API.
import test, { before, after, beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { basic, caller, launch } from "./help.mjs";

const auth = { authorization: basic("agent@sandbox.test/token", "sandbox-token") };

describe("Zendesk", () => {
  let zd, call;
  before(async () => { zd = await launch("zendesk", ["--export-delay", "0"]); call = caller(`${zd.base}/api/v2`, auth); });
  after(() => zd?.stop());
  beforeEach(async () => {
    await zd.admin("POST", "reset");
    await zd.admin("POST", "settings", { rate_limit: 0, export_per_minute: 0, export_delay: 0, links_host: null });
  });

  const org = (external_id, more = {}) => call("POST", "/organizations/create_or_update.json", { organization: { name: `Org ${external_id}`, external_id, ...more } });
  const ticket = (subject, more = {}) => call("POST", "/tickets.json", { ticket: { subject, comment: { body: `${subject}!` }, ...more } });

  test("two ways in, and what expired looks like", async () => {
    const stranger = await caller(`${zd.base}/api/v2`, { authorization: basic("x/token", "y") })("GET", "/tickets.json");
    assert.deepEqual([stranger.status, stranger.body], [401, { error: "Couldn't authenticate you" }]);
    const grant = (body) => caller(zd.base)("POST", "/oauth/tokens", body);
    assert.equal((await grant({ grant_type: "client_credentials", client_id: "sandbox-client", client_secret: "?" })).status, 401);
    const { body } = await grant({ grant_type: "client_credentials", client_id: "sandbox-client", client_secret: "sandbox-secret", scope: "read write", expires_in: 300 });
    assert.deepEqual([body.token_type, body.expires_in], ["bearer", 300]);
    const bearer = caller(`${zd.base}/api/v2`, { authorization: `Bearer ${body.access_token}` });
    assert.equal((await bearer("GET", "/users/me.json")).body.user.role, "admin");
    await zd.admin("POST", "clock", { advance_ms: 300000 });
    const late = await bearer("GET", "/users/me.json");
    assert.deepEqual([late.status, late.body.error], [401, "invalid_token"]);
    assert.ok(!JSON.stringify(await zd.admin("GET", "log")).includes(body.access_token));
  });

  test("a refresh token is good once", async () => {
    const grant = (body) => caller(zd.base)("POST", "/oauth/tokens", { client_id: "sandbox-client", client_secret: "sandbox-secret", ...body });
    const first = (await grant({ grant_type: "client_credentials", scope: "read offline" })).body;
    const second = await grant({ grant_type: "refresh_token", refresh_token: first.refresh_token });
    assert.equal(second.status, 200);
    assert.equal((await caller(zd.base, { authorization: `Bearer ${first.access_token}` })("GET", "/api/v2/tickets")).status, 401);
    assert.equal((await caller(zd.base, { authorization: `Bearer ${second.body.access_token}` })("GET", "/api/v2/tickets")).status, 200);
    assert.equal((await grant({ grant_type: "refresh_token", refresh_token: first.refresh_token })).body.error, "invalid_grant");
  });

  test("create, show, update and delete are wrapped and located", async () => {
    const made = await ticket("s", { external_id: "T-1", custom_fields: [{ id: 380001, value: "SO-1" }], tags: ["B", "a", "b"] });
    assert.deepEqual([made.status, made.headers.get("location")], [201, `${zd.base}/api/v2/tickets/1.json`]);
    assert.deepEqual([made.body.ticket.tags, made.body.ticket.custom_fields, made.body.ticket.description], [["a", "b"], [{ id: 380001, value: "SO-1" }], "s!"]);
    assert.match(made.body.ticket.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const changed = await call("PUT", "/tickets/1", { ticket: { status: "open", description: "new", custom_fields: [{ id: 380002, value: "8" }], comment: { body: "more", public: false } } });
    assert.deepEqual([changed.status, changed.body.ticket.status, changed.body.ticket.description, changed.body.ticket.custom_fields.length], [200, "open", "s!", 2]);
    assert.deepEqual((await call("GET", "/tickets/1/comments.json")).body.comments.map((c) => [c.body, c.public]), [["s!", true], ["more", false]]);
    assert.equal((await call("DELETE", "/tickets/1.json")).status, 204);
    assert.deepEqual([(await call("GET", "/tickets/1.json")).status, (await call("GET", "/tickets/1.json")).body], [404, { error: "RecordNotFound", description: "Not found" }]);
    assert.equal((await call("DELETE", "/organizations/9223372036854775807.json")).status, 404);
    assert.deepEqual((await call("GET", "/deleted_tickets.json")).body.deleted_tickets.map((t) => t.id), [1]);
    assert.equal((await call("PUT", "/deleted_tickets/1/restore")).status, 200);
    assert.equal((await call("GET", "/tickets/1.json")).status, 200);
  });

  test("validation is 422 with details", async () => {
    const blank = await call("POST", "/tickets.json", { ticket: { subject: "x" } });
    assert.deepEqual([blank.status, blank.body.error, blank.body.details.base[0].error], [422, "RecordInvalid", "BlankValue"]);
    await org("A");
    assert.equal((await call("POST", "/organizations.json", { organization: { name: "org a" } })).body.details.name[0].error, "DuplicateValue");
    assert.equal((await ticket("s", { priority: "huge" })).status, 422);
    assert.equal((await ticket("s", { organization_id: 5 })).status, 422);
    assert.equal((await org("B", { organization_fields: { credit_limit: "much" } })).status, 422);
    await ticket("s");
    await call("PUT", "/tickets/1", { ticket: { status: "closed" } });
    assert.equal((await call("PUT", "/tickets/1", { ticket: { status: "open" } })).status, 422);
  });

  test("unpermitted keys are dropped and told in a header", async () => {
    const reply = await org("A", { nope: 1, organization_fields: { account_no: "A-1", strange: 2 } });
    assert.equal(reply.status, 201);
    assert.deepEqual(reply.body.organization.organization_fields, { account_no: "A-1" });
    assert.match(reply.headers.get("x-zendesk-api-warn"), /:unpermitted_keys=>\["organization\.nope","organization\.organization_fields\.strange"\]/);
    assert.equal((await org("A")).headers.get("x-zendesk-api-warn"), null);
  });

  test("create_or_update and the searches by external id", async () => {
    assert.deepEqual([(await org("A-1")).status, (await org("a-1", { notes: "n" })).status], [201, 200]);
    const found = (await call("GET", "/organizations/search.json?external_id=A-1")).body;
    assert.deepEqual([found.count, found.organizations[0].notes], [1, "n"]);
    const user = (body) => call("POST", "/users/create_or_update", { user: body });
    assert.equal((await user({ name: "Eve", email: "eve@sandbox.test" })).status, 201);
    assert.equal((await user({ name: "Eve E", email: "EVE@sandbox.test", external_id: "C-1" })).status, 200);
    assert.equal((await call("GET", "/users/search?external_id=C-1")).body.users[0].name, "Eve E");
    assert.equal((await call("GET", "/users/show_many?external_ids=C-1,C-2")).body.users.length, 1);
    assert.equal((await call("GET", `/users/show_many?ids=${Array.from({ length: 101 }, (_, i) => i + 1)}`)).body.error, "TooManyValues");
    await ticket("s", { external_id: "T-9", requester: { name: "Eve", email: "eve@sandbox.test" } });
    assert.equal((await call("GET", "/tickets.json?external_id=T-9")).body.tickets.length, 1);
    assert.equal((await call("GET", `/search.json?query=${encodeURIComponent("type:ticket external_id:T-9")}`)).body.results[0].subject, "s");
    const { body } = await call("DELETE", `/users/${found.organizations[0].id + 1}`);
    assert.equal(body.error, "RecordNotFound");
  });

  test("many-jobs: 100 rows, results that are null until it has ended, then an array, an object or null", async () => {
    const rows = (n) => ({ organizations: Array.from({ length: n }, (_, i) => ({ external_id: `M-${i}`, name: i === 1 ? "" : `many ${i}` })) });
    const start = (n) => call("POST", "/organizations/create_or_update_many", rows(n));
    assert.equal((await start(101)).body.error, "TooManyValues");
    const ended = async (form) => {
      await zd.admin("POST", "settings", { job_results: form, job_ms: 1 });
      let { body: { job_status: job } } = await start(3);
      assert.equal(job.results, null);
      while (job.status !== "completed") job = (await call("GET", `/job_statuses/${job.id}`)).body.job_status;
      return job.results;
    };
    assert.deepEqual((await ended("array")).map((r) => r.success === true), [true, false, true]);
    assert.deepEqual(await ended("object"), { success: false });
    assert.equal(await ended("null"), null);
    await zd.admin("POST", "settings", { job_results: "array", job_ms: 100 });
  });

  test("an external id that two records carry is an error, not a guess", async () => {
    for (const name of ["x", "y"]) await call("POST", "/organizations.json", { organization: { name, external_id: "same" } });
    assert.equal((await call("GET", "/organizations/search?external_id=same")).body.count, 2);
    assert.equal((await org("same")).status, 422);
  });

  test("safe updates refuse what is out of date", async () => {
    const { updated_at } = (await ticket("s")).body.ticket;
    await zd.admin("POST", "clock", { advance_ms: 2000 });
    await call("PUT", "/tickets/1", { ticket: { priority: "high" } });
    const stale = await call("PUT", "/tickets/1", { ticket: { priority: "low", safe_update: true, updated_stamp: updated_at } });
    assert.deepEqual([stale.status, stale.body.error], [409, "UpdateConflict"]);
  });

  test("an idempotency key has one effect", async () => {
    const send = (subject, key = "k-1") => call("POST", "/tickets.json", { ticket: { subject, comment: { body: "b" } } }, { "idempotency-key": key });
    const first = await send("s"), second = await send("s");
    assert.deepEqual([first.headers.get("x-idempotency-lookup"), second.headers.get("x-idempotency-lookup")], ["miss", "hit"]);
    assert.deepEqual([second.status, second.body], [201, first.body]);
    assert.equal((await send("other")).body.error, "IdempotentRequestError");
    await zd.admin("POST", "faults", { fault: "drop_after_commit", times: 1 });
    await assert.rejects(send("s", "k-2"));
    assert.equal((await send("s", "k-2")).headers.get("x-idempotency-lookup"), "hit");
    assert.equal((await zd.admin("GET", "state?object=tickets")).objects.tickets.length, 2);
    await zd.admin("POST", "clock", { advance_ms: 2 * 3600 * 1000 });
    assert.equal((await send("s", "k-2")).headers.get("x-idempotency-lookup"), "miss");
  });

  test("cursor and offset paging give the same rows; offsets end after 100 pages", async () => {
    for (let i = 0; i < 7; i++) await org(`P-${i}`);
    const ids = [];
    let url = "/organizations.json?page%5Bsize%5D=3";
    while (url) {
      const { body } = await call("GET", url);
      ids.push(...body.organizations.map((o) => o.id));
      url = body.meta.has_more ? body.links.next : null;
      assert.ok(body.meta.after_cursor);
    }
    const offsets = [];
    for (let page = 1; page; ) {
      const { body } = await call("GET", `/organizations.json?per_page=2&page=${page}`);
      assert.equal(body.count, 7);
      offsets.push(...body.organizations.map((o) => o.id));
      page = body.next_page ? page + 1 : 0;
    }
    assert.deepEqual([ids.length, ids], [7, offsets]);
    assert.equal((await call("GET", "/organizations.json?per_page=1&page=101")).status, 400);
    assert.equal((await call("GET", "/organizations.json?page%5Bsize%5D=1000")).body.organizations.length, 7);
  });

  test("the cursor export tells every change in order, deletions too, and holds its cursor", async () => {
    for (let i = 0; i < 5; i++) await ticket(`t${i}`);
    const read = async (rest) => (await call("GET", `/incremental/tickets/cursor.json?${rest}&per_page=2`)).body;
    const seen = [];
    let page = await read("start_time=0");
    for (;;) {
      seen.push(...page.tickets.map((t) => t.id));
      if (page.end_of_stream) break;
      page = await read(`cursor=${page.after_cursor}`);
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    await call("PUT", "/tickets/2", { ticket: { status: "open" } });
    await call("DELETE", "/tickets/4");
    const next = await read(`cursor=${page.after_cursor}`);
    assert.deepEqual(next.tickets.map((t) => [t.id, t.status]), [[2, "open"], [4, "deleted"]]);
    const empty = await read(`cursor=${next.after_cursor}`);
    assert.deepEqual([empty.tickets, empty.end_of_stream, empty.after_cursor], [[], true, next.after_cursor]);
    const users = (await call("GET", "/incremental/users/cursor.json?start_time=0")).body;
    assert.equal(users.users.length, 2);
  });

  test("exports withhold the last minute", async () => {
    await zd.admin("POST", "settings", { export_delay: 60 });
    await ticket("fresh");
    const start = Math.floor(Date.now() / 1000) - 3600;
    const read = async () => (await call("GET", `/incremental/tickets/cursor.json?start_time=${start}`)).body.tickets.length;
    assert.equal(await read(), 0);
    await zd.admin("POST", "clock", { advance_ms: 61000 });
    assert.equal(await read(), 1);
    assert.equal((await call("GET", `/incremental/tickets/cursor.json?start_time=${start + 3660}`)).status, 422);
  });

  test("the time-based export never splits a second", async () => {
    for (let i = 0; i < 4; i++) await org(`E-${i}`);
    await zd.admin("POST", "clock", { advance_ms: 5000 });
    await org("E-9");
    const page = (await call("GET", "/incremental/organizations.json?start_time=0&per_page=4")).body;
    assert.ok(page.count >= 4 && !page.end_of_stream);
    const more = (await call("GET", page.next_page)).body;
    assert.deepEqual([more.organizations.at(-1).external_id, more.end_of_stream], ["E-9", true]);
    assert.equal(new Set([...page.organizations, ...more.organizations].map((o) => o.id)).size, 5);
  });

  test("rate limits are told and enforced", async () => {
    assert.equal((await call("GET", "/tickets")).headers.get("x-rate-limit"), "700");
    await zd.admin("POST", "reset");
    await zd.admin("POST", "settings", { rate_limit: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push(await call("GET", "/tickets"));
    assert.deepEqual(statuses.slice(0, 2).map((r) => r.headers.get("ratelimit-remaining")), ["1", "0"]);
    assert.equal(statuses[2].status, 429);
    assert.ok(Number(statuses[2].headers.get("retry-after")) > 0);
    await zd.admin("POST", "clock", { advance_ms: 60000 });
    assert.equal((await call("GET", "/tickets")).status, 200);
  });

  test("links may be on another host, as in recorded bodies", async () => {
    await zd.admin("POST", "settings", { links_host: "https://elsewhere.test" });
    assert.match((await org("L")).body.organization.url, /^https:\/\/elsewhere\.test\/api\/v2\/organizations\//);
  });
});
