// The ERP look-alike against OData V4's documented behaviour.
import test, { before, after, beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { basic, caller, launch } from "./help.mjs";

const root = "/odata/v4/erp";
const auth = { authorization: basic("sync", "sync-pw") };
const ieee = { "content-type": "application/json;IEEE754Compatible=true", accept: "application/json;IEEE754Compatible=true" };

describe("the ERP", () => {
  let erp, call;
  before(async () => { erp = await launch("odata"); call = caller(erp.base + root, auth); });
  after(() => erp?.stop());
  beforeEach(async () => {
    await erp.admin("POST", "reset");
    await erp.admin("POST", "settings", { require_etag: false, csrf: false, errors: "json" });
    await call("PATCH", "/BusinessPartners('A-1')", '{"Name":"Acme","CreditLimit":1000.50,"CreditUsed":10.25}');
  });

  const order = (no, more = {}) => call("PATCH", `/SalesOrders(OrderNo='${no}')`, { PartnerNo: "A-1", Items: [{ ProductNo: "P", Quantity: 2, UnitPrice: 1.5 }], ...more });
  const get = async (url) => (await call("GET", url)).body;

  test("asks for basic authentication", async () => {
    const reply = await caller(erp.base + root)("GET", "/BusinessPartners");
    assert.deepEqual([reply.status, reply.headers.get("www-authenticate")], [401, 'Basic realm="Erp"']);
  });

  test("shows its service document and metadata", async () => {
    assert.ok((await get("/")).value.some((s) => s.name === "SalesOrders"));
    const metadata = await call("GET", "/$metadata");
    assert.match(metadata.headers.get("content-type"), /^application\/xml/);
    for (const part of [/<EntityType Name="SalesOrder"><Key><PropertyRef Name="ID"\/>/, /Core\.AlternateKeys/, /<Action Name="Ship" IsBound="true">/, /<Function Name="CreditStatus">/, /Type="Edm.Decimal" Precision="15" Scale="2"/]) assert.match(metadata.text, part);
  });

  test("upserts by key and by alternate key: 201, then 200, with a new ETag", async () => {
    const first = await order("SO-1"), second = await order("SO-1", { Note: "n" });
    assert.deepEqual([first.status, second.status], [201, 200]);
    assert.equal(first.headers.get("location"), `${erp.base}${root}/SalesOrders(${first.body.ID})`);
    assert.notEqual(first.headers.get("etag"), second.headers.get("etag"));
    assert.equal(second.body["@odata.etag"], second.headers.get("etag"));
    assert.equal((await get(`/SalesOrders(${first.body.ID})`)).OrderNo, "SO-1");
    assert.equal((await call("GET", "/SalesOrders(OrderNo='nope')")).status, 404);
  });

  test("a key with a quote and a slash is one key", async () => {
    assert.equal((await call("PATCH", "/BusinessPartners('O''Neil%2F1')", { Name: "q" })).body.PartnerNo, "O'Neil/1");
    assert.equal((await get("/BusinessPartners('O''Neil%2F1')")).Name, "q");
  });

  test("return=minimal gives 204 with OData-EntityId", async () => {
    const reply = await call("PATCH", "/SalesOrders(OrderNo='SO-1')", { PartnerNo: "A-1" }, { prefer: "return=minimal" });
    assert.deepEqual([reply.status, reply.text, reply.headers.get("preference-applied")], [204, "", "return=minimal"]);
    assert.match(reply.headers.get("odata-entityid"), /\/SalesOrders\([0-9a-f-]{36}\)$/);
  });

  test("If-Match and If-None-Match decide, and 428 insists", async () => {
    const path = "/BusinessPartners('A-1')";
    const etag = (await call("GET", path)).headers.get("etag");
    assert.equal((await call("PATCH", path, { Name: "x" }, { "if-none-match": "*" })).status, 412);
    assert.equal((await call("PATCH", path, { Name: "x" }, { "if-match": 'W/"99"' })).status, 412);
    assert.equal((await call("PATCH", path, { Name: "x" }, { "if-match": etag })).status, 200);
    assert.equal((await call("PATCH", path, { Name: "y" }, { "if-match": etag })).status, 412);
    assert.equal((await call("PATCH", "/BusinessPartners('new')", { Name: "y" }, { "if-match": "*" })).status, 404);
    assert.equal((await call("PATCH", "/BusinessPartners('new')", { Name: "y" }, { "if-none-match": "*" })).status, 201);
    assert.equal((await call("GET", "/BusinessPartners('new')", undefined, { "if-none-match": 'W/"1"' })).status, 304);
    await erp.admin("POST", "settings", { require_etag: true });
    assert.equal((await call("PATCH", path, { Name: "z" })).status, 428);
    assert.equal((await call("DELETE", path, undefined, { "if-match": "*" })).status, 204);
  });

  test("PUT replaces all, PATCH merges", async () => {
    await call("PATCH", "/BusinessPartners('A-1')", { City: "Ulm" });
    assert.deepEqual([(await get("/BusinessPartners('A-1')")).City, (await get("/BusinessPartners('A-1')")).Name], ["Ulm", "Acme"]);
    await call("PUT", "/BusinessPartners('A-1')", { Name: "New" });
    const partner = await get("/BusinessPartners('A-1')");
    assert.deepEqual([partner.City, partner.Name, partner.PartnerNo], [null, "New", "A-1"]);
  });

  test("lines come by deep insert and are replaced by deep update", async () => {
    const made = await call("POST", "/SalesOrders", '{"OrderNo":"SO-2","PartnerNo":"A-1","Items":[{"ProductNo":"P","Quantity":3,"UnitPrice":1.10},{"LineNo":25,"ProductNo":"Q","Quantity":1,"UnitPrice":2}]}');
    assert.equal(made.status, 201);
    assert.match(made.text, /"NetAmount":5\.30,.*"Items":\[\{"LineNo":10,/);
    await call("PATCH", "/SalesOrders(OrderNo='SO-2')", '{"Items":[{"LineNo":25,"ProductNo":"Q","Quantity":2,"UnitPrice":2}]}');
    const read = await get("/SalesOrders(OrderNo='SO-2')?$expand=Items($select=LineNo,Quantity)");
    assert.deepEqual(read.Items, [{ LineNo: 25, Quantity: 2 }]);
    assert.equal((await call("POST", "/SalesOrders", { OrderNo: "SO-2", PartnerNo: "A-1" })).status, 409);
    assert.equal((await get("/SalesOrders(OrderNo='SO-2')/Items(25)")).ProductNo, "Q");
  });

  test("numbers keep every digit, as numbers or as strings", async () => {
    const big = '{"Name":"n","CreditLimit":1234567890123.45,"Revision":9007199254740993}';
    assert.equal((await call("PATCH", "/BusinessPartners('N')", big)).status, 201);
    assert.match((await call("GET", "/BusinessPartners('N')")).text, /"CreditLimit":1234567890123\.45,.*"Revision":9007199254740993,/);
    const text = await call("GET", "/BusinessPartners('N')", undefined, { accept: ieee.accept });
    assert.deepEqual([text.body.CreditLimit, text.body.Revision], ["1234567890123.45", "9007199254740993"]);
    assert.match(text.headers.get("content-type"), /IEEE754Compatible=true/);
    assert.equal((await call("PATCH", "/BusinessPartners('N')", { CreditLimit: "1.10" }, ieee)).status, 200);
    assert.equal((await call("PATCH", "/BusinessPartners('N')", { CreditLimit: "1.10" })).status, 400);
    assert.equal((await call("PATCH", "/BusinessPartners('N')", { CreditLimit: 1.5 }, ieee)).status, 400);
    const state = await erp.admin("GET", "state?object=BusinessPartners");
    assert.equal(state.objects.BusinessPartners.find((r) => r.id === "N").doc.CreditLimit, "1.10");
  });

  test("filters", async () => {
    for (const [no, city, limit] of [["F-1", "Ulm", 5], ["F-2", "Köln", 50.5], ["F-3", null, 500]]) await call("PATCH", `/BusinessPartners('${no}')`, { Name: `Firm ${no}`, City: city, CreditLimit: limit });
    const find = async (filter) => (await get(`/BusinessPartners?$select=PartnerNo&$filter=${encodeURIComponent(filter)}`)).value?.map((p) => p.PartnerNo);
    assert.deepEqual(await find("PartnerNo eq 'F-1'"), ["F-1"]);
    assert.deepEqual(await find("startswith(PartnerNo,'F-') and CreditLimit gt 5"), ["F-2", "F-3"]);
    assert.deepEqual(await find("CreditLimit ge 5.00 and CreditLimit le 50.50 and City ne null"), ["F-1", "F-2"]);
    assert.deepEqual(await find("City eq null and not (PartnerNo eq 'A-1')"), ["F-3"]);
    assert.deepEqual(await find("PartnerNo in ('F-1','F-3') or contains(tolower(Name),'acm')"), ["A-1", "F-1", "F-3"]);
    assert.deepEqual(await find("endswith(Name,'-2')"), ["F-2"]);
    assert.deepEqual(await find("ModifiedAt gt 2999-01-01T00:00:00Z"), []);
    assert.equal((await find("ModifiedAt ge 2000-01-01T00:00:00Z")).length, 4);
    await order("SO-F");
    assert.equal((await get("/SalesOrders?$filter=Customer/Name%20eq%20'Acme'%20and%20Items/any(i:i/ProductNo%20eq%20'P')")).value.length, 1);
  });

  test("refuses what it does not understand", async () => {
    const wrong = async (url) => (await call("GET", url)).status;
    assert.equal(await wrong("/BusinessPartners?$filter=PartnerNo+eq+'A-1'"), 400);
    assert.equal(await wrong("/BusinessPartners?$filter=Nope%20eq%201"), 400);
    assert.equal(await wrong("/BusinessPartners?$filter=CreditLimit%20eq%20'5'"), 400);
    assert.equal(await wrong("/BusinessPartners?$filter=(PartnerNo%20eq%20'A-1'"), 400);
    assert.equal(await wrong("/BusinessPartners?$select=Nope"), 400);
    assert.equal(await wrong("/BusinessPartners?$nope=1"), 400);
    assert.equal(await wrong("/Nope"), 404);
    const bad = await call("PATCH", "/BusinessPartners('A-1')", { Nope: 1 });
    assert.deepEqual([bad.status, bad.body.error.target], [400, "Nope"]);
    assert.equal((await call("PATCH", "/BusinessPartners('A-1')", { Name: "x".repeat(200) })).body.error.target, "Name");
    assert.equal((await call("PATCH", "/BusinessPartners('A-1')", '{"CreditLimit":1.234}')).status, 400);
    const missing = await call("PATCH", "/SalesOrders(OrderNo='X')", { Items: [{ Quantity: 1 }] });
    assert.deepEqual(missing.body.error.details.map((d) => d.target), ["Items[0]/ProductNo"]);
    assert.equal((await call("PATCH", "/SalesOrders(OrderNo='X')", { PartnerNo: "nobody" })).body.error.code, "UNKNOWN_PARTNER");
    assert.equal((await call("PATCH", "/BusinessPartners('A-1')", "{")).status, 400);
  });

  test("pages by next links that hold under change, with a count", async () => {
    for (let i = 0; i < 7; i++) await call("PATCH", `/BusinessPartners('P-${i}')`, { Name: `${i % 2}`, CreditLimit: i });
    const first = await call("GET", "/BusinessPartners?$count=true&$orderby=Name%20desc,CreditLimit&$filter=startswith(PartnerNo,'P-')&$top=6", undefined, { prefer: "odata.maxpagesize=2" });
    assert.deepEqual([first.body["@odata.count"], first.headers.get("preference-applied")], [7, "odata.maxpagesize=2"]);
    await call("DELETE", "/BusinessPartners('P-1')");
    const seen = first.body.value.map((p) => p.PartnerNo);
    let next = first.body["@odata.nextLink"];
    while (next) {
      const page = (await call("GET", next, undefined, { prefer: "odata.maxpagesize=2" })).body;
      assert.ok(page.value.length <= 2);
      seen.push(...page.value.map((p) => p.PartnerNo));
      next = page["@odata.nextLink"];
    }
    assert.deepEqual(seen, ["P-1", "P-3", "P-5", "P-0", "P-2", "P-4"]);
    assert.deepEqual((await get("/BusinessPartners?$orderby=PartnerNo&$skip=1&$top=1&$select=PartnerNo")).value.map((p) => p.PartnerNo), ["P-0"]);
    assert.equal((await call("GET", "/BusinessPartners/$count")).text, "7");
  });

  test("delta links tell changes and removals, and expire", async () => {
    await call("PATCH", "/BusinessPartners('D-1')", { Name: "d" });
    const start = (await call("GET", "/BusinessPartners", undefined, { prefer: "odata.track-changes" })).body;
    await call("PATCH", "/BusinessPartners('A-1')", { Name: "changed" });
    await call("DELETE", "/BusinessPartners('D-1')");
    const delta = (await call("GET", start["@odata.deltaLink"])).body;
    assert.deepEqual(delta.value.map((v) => v.Name ?? [v.id, v.reason]), ["changed", ["BusinessPartners('D-1')", "deleted"]]);
    const late = (await call("GET", start["@odata.deltaLink"], undefined, { "odata-maxversion": "4.01" })).body;
    assert.deepEqual(late.value[1]["@removed"], { reason: "deleted" });
    assert.deepEqual((await call("GET", delta["@odata.deltaLink"])).body.value, []);
    await erp.admin("POST", "expire_deltas");
    assert.equal((await call("GET", delta["@odata.deltaLink"])).status, 410);
  });

  test("a clerk's actions move the order and leave documents", async () => {
    await order("SO-1");
    const act = (name, body) => call("POST", `/SalesOrders(OrderNo='SO-1')/Erp.${name}`, body);
    assert.equal((await act("Ship")).status, 409);
    assert.equal((await act("Accept")).body.Status, "accepted");
    assert.equal((await act("Ship", { Carrier: "DHL", TrackingNo: "T1" })).body.Status, "shipped");
    assert.equal((await act("Ship", {})).body.error.code, "ORDER_STATUS");
    assert.equal((await act("Ship", { Nope: 1 })).status, 400);
    assert.equal((await act("Invoice")).body.Status, "invoiced");
    assert.deepEqual((await get("/Deliveries?$expand=Items")).value.map((d) => [d.OrderNo, d.TrackingNo, d.Items.length]), [["SO-1", "T1", 1]]);
    assert.deepEqual((await get("/SalesOrders(OrderNo='SO-1')/Invoices")).value.map((i) => i.TotalAmount), [3]);
    assert.equal((await order("SO-1")).body.error.code, "ORDER_LOCKED");
    await order("SO-2");
    assert.equal((await erp.admin("POST", "actions/Cancel/SO-2", { Reason: "r" })).record.doc.Status, "cancelled");
    await order("SO-3");
    const clerk = async (name, body) => (await erp.admin("POST", `actions/${name}/SO-3`, body ?? {})).record.doc;
    const late = await clerk("Backorder", { Reason: "castings", ExpectedOn: "2027-01-15" });
    assert.deepEqual([late.Status, late.StatusReason, late.ExpectedOn], ["backordered", "castings", "2027-01-15"]);
    await clerk("Ship");
    await assert.rejects(clerk("Pay"), /Pay needs invoiced/);
    await clerk("Invoice");
    assert.equal((await clerk("Pay", { PaidAt: "2027-02-01T09:00:00Z" })).Status, "paid");
    assert.deepEqual((await get("/SalesOrders(OrderNo='SO-3')/Invoices")).value.map((i) => [i.Status, i.PaidAt]), [["paid", "2027-02-01T09:00:00.000Z"]]);
  });

  test("a return is received once, and a credit memo is posted at the price that was billed, of no more than was billed", async () => {
    await order("SO-1");
    for (const name of ["Accept", "Ship", "Invoice"]) await erp.admin("POST", `actions/${name}/SO-1`, {});
    const [{ InvoiceNo }] = (await get("/Invoices")).value;
    await call("PATCH", "/ReturnOrders('RA-1')", { OrderNo: "SO-1", PartnerNo: "A-1", Status: "announced", Items: [{ ProductNo: "P", Quantity: 1 }] });
    const received = (await erp.admin("POST", "actions/Receive/RA-1", {})).record.doc;
    assert.deepEqual([received.Status, Date.parse(received.ReceivedAt) > 0], ["received", true]);
    await assert.rejects(erp.admin("POST", "actions/Receive/RA-1", {}), /Receive needs announced/);
    const post = (no, Items) => call("PATCH", `/CreditMemos('${no}')`, { PartnerNo: "A-1", InvoiceNo, Items }).then(() => call("POST", `/CreditMemos(CreditNo='${no}')/Erp.Post`, {}));
    const first = await post("RA-1", [{ ProductNo: "P", Quantity: 2 }]), again = await post("RA-1", [{ ProductNo: "P", Quantity: 2 }]);
    assert.deepEqual([first.body.DocumentNo, first.body.TotalAmount, again.body.DocumentNo], ["G-000001", 3, "G-000001"]);
    assert.equal((await post("SC-1", [{ NetAmount: 14.99 }])).body.TotalAmount, 14.99);
    assert.equal((await post("RA-2", [{ ProductNo: "Q", Quantity: 1 }])).body.error.code, "CREDIT_LINE");
    assert.deepEqual((await get("/Invoices?$expand=Items")).value[0].Items.map((i) => [i.ProductNo, i.Quantity]), [["P", 2]]);
    assert.equal((await post("RA-3", [{ ProductNo: "P", Quantity: 0.5 }])).body.error.code, "CREDIT_EXCEEDS");
    assert.equal((await get(`/CreditMemos?$filter=PostedOn ge ${first.body.PostedOn}`.replaceAll(" ", "%20"))).value.length, 2);
    assert.equal((await call("POST", "/SalesOrders(OrderNo='SO-1')/Erp.Post", {})).status, 404);
  });

  test("contracts have their revenue beside them, and a partner may be known by another system's id", async () => {
    const put = (path, body) => call("PATCH", path, body);
    assert.equal((await put("/BusinessPartners(ExternalId='001A')", { Name: "Nordwind" })).status, 201);
    assert.equal((await put("/BusinessPartners(ExternalId='001A')", { OnHold: true })).body.Name, "Nordwind");
    await put("/Contracts('C-1')", { PartnerNo: "A-1", YearlyValue: 100.01 });
    await put("/RevenueSchedules('C-1')", { TotalAmount: 100.01, Lines: [{ RecognizeOn: "2027-01-01", Amount: 50 }, { RecognizeOn: "2027-02-01", Amount: 50.01 }] });
    assert.deepEqual((await get("/Contracts('C-1')?$expand=Schedule")).Schedule.TotalAmount, 100.01);
    assert.deepEqual((await get("/RevenueSchedules('C-1')?$expand=Lines")).Lines.map((l) => [l.LineNo, l.Amount]), [[10, 50], [20, 50.01]]);
  });

  test("functions tell credit, and say 404 for a stranger", async () => {
    const credit = (await get("/CreditStatus(AccountNo='A-1')"));
    assert.deepEqual([credit.OnHold, credit.CreditAvailable], [false, 990.25]);
    assert.equal((await get("/CreditStatus(AccountNo=@a)?@a='A-1'")).AccountNo, "A-1");
    assert.equal((await call("GET", "/CreditStatus(AccountNo='?')")).status, 404);
    assert.equal((await call("GET", "/CreditStatus(AccountNo=5)")).status, 400);
  });

  test("an empty navigation and a null property are 204", async () => {
    await order("SO-1");
    assert.equal((await get("/SalesOrders(OrderNo='SO-1')/Customer")).Name, "Acme");
    await call("DELETE", "/BusinessPartners('A-1')");
    assert.equal((await call("GET", "/SalesOrders(OrderNo='SO-1')/Customer")).status, 204);
    assert.equal((await call("GET", "/SalesOrders(OrderNo='SO-1')/Note")).status, 204);
    assert.equal((await call("GET", "/SalesOrders(OrderNo='SO-1')/Status/$value")).text, "new");
  });

  test("errors come as XML when told so, whatever was asked for", async () => {
    await erp.admin("POST", "faults", { fault: "xml_error", code: 500, message: "a < b", times: 1 });
    const reply = await call("GET", "/BusinessPartners");
    assert.equal(reply.status, 500);
    assert.match(reply.text, /<m:error [^>]*><m:code \/><m:message>a &lt; b<\/m:message><\/m:error>$/);
    await erp.admin("POST", "settings", { errors: "xml" });
    assert.match((await call("GET", "/Nope")).headers.get("content-type"), /^application\/xml/);
  });

  test("CSRF tokens belong to their cookie", async () => {
    await erp.admin("POST", "settings", { csrf: true });
    const path = "/BusinessPartners('A-1')";
    const refused = await call("PATCH", path, { Name: "x" });
    assert.deepEqual([refused.status, refused.headers.get("x-csrf-token"), refused.text], [403, "Required", "CSRF token validation failed"]);
    const fetched = async () => {
      const reply = await call("HEAD", "/", undefined, { "x-csrf-token": "Fetch" });
      return { "x-csrf-token": reply.headers.get("x-csrf-token"), cookie: reply.headers.getSetCookie?.()[0].split(";")[0] ?? reply.headers.get("set-cookie").split(";")[0] };
    };
    const one = await fetched(), two = await fetched();
    assert.equal((await call("PATCH", path, { Name: "x" }, one)).status, 200);
    assert.equal((await call("PATCH", path, { Name: "x" }, { ...one, cookie: two.cookie })).status, 403);
    await erp.admin("POST", "expire_sessions");
    assert.equal((await call("PATCH", path, { Name: "x" }, one)).status, 403);
    assert.equal((await call("PATCH", path, { Name: "x" }, await fetched())).status, 200);
  });
});
