// jsforce, the published Salesforce client, against the Salesforce look-alike.
import test, { before, after, describe } from "node:test";
import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { launch } from "./help.mjs";
import { assertion, claims, keys } from "./jwt.mjs";

const jsforce = await import("jsforce").then((m) => m.default ?? m).catch(() => null);
const skip = jsforce ? false : "jsforce is not installed: npm ci in tests/sandbox";

describe("jsforce", { skip }, () => {
  let platform, dir, pair;
  const client = { clientId: "sandbox-client", clientSecret: "sandbox-secret" };
  const connect = async () => {
    const conn = new jsforce.Connection({ oauth2: { loginUrl: platform.base, ...client }, version: "60.0" });
    await conn.login("integration@sandbox.test", "sandbox-password");
    return conn;
  };

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "sandbox-"));
    pair = keys();
    writeFileSync(path.join(dir, "key.pem"), pair.publicKey);
    platform = await launch("salesforce", ["--public-key", path.join(dir, "key.pem")]);
  });
  after(async () => { await platform?.stop(); rmSync(dir, { recursive: true, force: true }); });

  test("logs in with a password and knows who it is", async () => {
    const conn = await connect();
    assert.equal(conn.instanceUrl, platform.base);
    const identity = await conn.identity();
    assert.equal(identity.username, "integration@sandbox.test");
    assert.equal(identity.user_id, conn.userInfo.id);
  });

  test("authorizes with a JWT bearer assertion", async () => {
    const conn = new jsforce.Connection({ oauth2: { loginUrl: platform.base, ...client }, version: "60.0" });
    await conn.authorize({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: assertion(pair.privateKey, claims()) });
    assert.ok((await conn.describeGlobal()).sobjects.some((s) => s.name === "Opportunity"));
    const stranger = keys();
    await assert.rejects(conn.authorize({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: assertion(stranger.privateKey, claims()) }), { name: "invalid_grant" });
  });

  test("authorizes with client credentials", async () => {
    const conn = new jsforce.Connection({ oauth2: { loginUrl: platform.base, ...client }, version: "60.0" });
    await conn.authorize({ grant_type: "client_credentials" });
    assert.ok((await conn.limits()).DailyApiRequests.Remaining > 0);
  });

  test("creates, retrieves, updates and deletes one record", async () => {
    const conn = await connect();
    const made = await conn.sobject("Account").create({ Name: "One", Industry: "Retail", Credit_Limit__c: 10.5 });
    assert.deepEqual([made.success, made.id.length], [true, 18]);
    const read = await conn.sobject("Account").retrieve(made.id);
    assert.deepEqual([read.Name, read.Credit_Limit__c, read.IsDeleted], ["One", 10.5, false]);
    assert.equal((await conn.sobject("Account").update({ Id: made.id, Name: "Two" })).success, true);
    assert.equal((await conn.sobject("Account").retrieve(made.id)).Name, "Two");
    assert.equal((await conn.sobject("Account").destroy(made.id)).success, true);
    await assert.rejects(conn.sobject("Account").retrieve(made.id), { errorCode: "ENTITY_IS_DELETED" });
  });

  test("upserts one and many by external id", async () => {
    const conn = await connect();
    const first = await conn.sobject("Opportunity").upsert({ Order_No__c: "J-1", Name: "J", StageName: "Closed Won", CloseDate: "2024-05-01" }, "Order_No__c");
    assert.equal(first.success, true);
    await conn.sobject("Opportunity").upsert({ Order_No__c: "J-1", Order_Status__c: "shipped" }, "Order_No__c");
    const rows = await conn.sobject("Opportunity").find({ Order_No__c: "J-1" }, ["Id", "Order_Status__c"]);
    assert.deepEqual(rows.map((r) => r.Order_Status__c), ["shipped"]);
    const many = await conn.sobject("Account").upsert([{ Account_No__c: "J-A", Name: "a" }, { Account_No__c: "J-B", Name: "b" }], "Account_No__c");
    assert.deepEqual(many.map((r) => r.success), [true, true]);
    assert.equal(await conn.sobject("Account").count({ Account_No__c: { $in: ["J-A", "J-B"] } }), 2);
  });

  test("creates, retrieves, updates and deletes many", async () => {
    const conn = await connect();
    const made = await conn.sobject("Contact").create([{ LastName: "x" }, { LastName: "y" }, { FirstName: "nobody" }]);
    assert.deepEqual(made.map((r) => r.success), [true, true, false]);
    assert.equal(made[2].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
    const ids = made.slice(0, 2).map((r) => r.id);
    assert.deepEqual((await conn.sobject("Contact").retrieve(ids)).map((r) => r.LastName), ["x", "y"]);
    assert.deepEqual((await conn.sobject("Contact").update(ids.map((Id) => ({ Id, Title: "t" })))).map((r) => r.success), [true, true]);
    assert.deepEqual((await conn.sobject("Contact").destroy(ids)).map((r) => r.success), [true, true]);
    assert.deepEqual(await conn.sobject("Contact").find({ Id: { $in: ids } }), []);
  });

  test("rolls back all rows when one fails and all or none is asked for", async () => {
    const conn = await connect();
    const made = await conn.sobject("Account").create([{ Name: "kept?" }, { Industry: "Retail" }], { allOrNone: true });
    assert.deepEqual(made.map((r) => r.errors[0].statusCode), ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]);
    assert.equal(await conn.sobject("Account").count({ Name: "kept?" }), 0);
  });

  test("pages by autoFetch and by queryMore", async () => {
    const conn = await connect();
    await conn.sobject("Product2").create(Array.from({ length: 7 }, (_, i) => ({ Name: `P${i}`, ProductCode: `p-${i}` })));
    await platform.admin("POST", "settings", { page_size: 3 });
    try {
      const names = [];
      await new Promise((resolve, reject) => conn.query("SELECT Name FROM Product2 ORDER BY Name").on("record", (r) => names.push(r.Name)).on("end", resolve).on("error", reject).run({ autoFetch: true, maxFetch: 100 }));
      assert.deepEqual(names, ["P0", "P1", "P2", "P3", "P4", "P5", "P6"]);
      const first = await conn.query("SELECT Name FROM Product2 ORDER BY Name");
      assert.deepEqual([first.totalSize, first.done, first.records.length], [7, false, 3]);
      const second = await conn.queryMore(first.nextRecordsUrl);
      assert.deepEqual(second.records.map((r) => r.Name), ["P3", "P4", "P5"]);
      await platform.admin("POST", "expire_cursors");
      await assert.rejects(conn.queryMore(second.nextRecordsUrl), { errorCode: "INVALID_QUERY_LOCATOR" });
    } finally {
      await platform.admin("POST", "settings", { page_size: null });
    }
  });

  test("reads parents and children in one query", async () => {
    const conn = await connect();
    const account = await conn.sobject("Account").create({ Name: "Parent" });
    const deal = await conn.sobject("Opportunity").create({ Name: "Deal", AccountId: account.id, StageName: "Closed Won", CloseDate: "2024-05-01" });
    await conn.sobject("OpportunityLineItem").create({ OpportunityId: deal.id, Quantity: 2, UnitPrice: 1.25 });
    const { records } = await conn.query(`SELECT Name, Account.Name, (SELECT Quantity, TotalPrice FROM OpportunityLineItems) FROM Opportunity WHERE Id = '${deal.id}'`);
    assert.equal(records[0].Account.Name, "Parent");
    assert.deepEqual(records[0].OpportunityLineItems.records.map((r) => r.TotalPrice), [2.5]);
  });

  test("describes an object and lists deleted and updated ids", async () => {
    const conn = await connect();
    const about = await conn.sobject("Opportunity").describe();
    const field = about.fields.find((f) => f.name === "Order_No__c");
    assert.deepEqual([field.externalId, field.unique, field.type], [true, true, "string"]);
    const { id } = await conn.sobject("Account").create({ Name: "Going" });
    await conn.sobject("Account").destroy(id);
    const [start, end] = [new Date(Date.now() - 3600000), new Date(Date.now() + 60000)];
    assert.ok((await conn.sobject("Account").deleted(start, end)).deletedRecords.some((r) => r.id === id));
    assert.ok(!(await conn.sobject("Account").updated(start, end)).ids.includes(id));
    const { id: kept } = await conn.sobject("Account").create({ Name: "Staying" });
    const got = await conn.sobject("Account").updated(start, end);
    assert.ok(got.ids.includes(kept));
    assert.ok(Date.parse(got.latestDateCovered.replace("+0000", "Z")) > +start);
    await assert.rejects(conn.sobject("Account").updated(new Date(end - 1000), end), { errorCode: "INVALID_REPLICATION_DATE" });
    await assert.rejects(conn.sobject("Account").updated(new Date(end - 31 * 86400000), end), { errorCode: "INVALID_REPLICATION_DATE" });
  });

  test("reports the API's error codes", async () => {
    const conn = await connect();
    await assert.rejects(conn.sobject("Account").create({ Nope: 1 }), { errorCode: "INVALID_FIELD" });
    await assert.rejects(conn.sobject("Account").create({}), { errorCode: "REQUIRED_FIELD_MISSING" });
    await assert.rejects(conn.query("SELECT Nope FROM Account"), { errorCode: "INVALID_FIELD" });
    await assert.rejects(conn.query("SELECT Id FRUM Account"), { errorCode: "MALFORMED_QUERY" });
    await assert.rejects(conn.query("SELECT Id FROM Nope"), { errorCode: "INVALID_TYPE" });
    await conn.sobject("Account").create({ Name: "u", Account_No__c: "UNIQUE-1" });
    await assert.rejects(conn.sobject("Account").create({ Name: "v", Account_No__c: "UNIQUE-1" }), { errorCode: "DUPLICATE_VALUE" });
    await assert.rejects(conn.sobject("Opportunity").create({ Name: "n", StageName: "x", CloseDate: "2024-01-01", Order_Status__c: "odd" }), { errorCode: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" });
  });

  test("renews a dead session and repeats the call", async () => {
    let renewed = 0;
    const conn = new jsforce.Connection({ instanceUrl: platform.base, accessToken: "dead", refreshToken: "sandbox-refresh", oauth2: { loginUrl: platform.base, ...client }, version: "60.0" });
    conn.on("refresh", () => { renewed++; });
    await conn.sobject("Account").create({ Name: "after a refresh" });
    await platform.admin("POST", "expire_sessions");
    assert.equal(await conn.sobject("Account").count({ Name: "after a refresh" }), 1);
    assert.equal(renewed, 2);
  });
});
