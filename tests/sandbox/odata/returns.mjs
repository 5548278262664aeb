// What the warehouse does to a return and an accountant to a credit memo, as bound actions.
import { Num } from "../lib/json.mjs";
import { add, compare, multiply, round } from "../lib/decimal.mjs";
import { types } from "./model.mjs";
import { badRequest, refuse } from "./errors.mjs";

export class Returns {
  constructor(entities, clock) { this.entities = entities; this.clock = clock; }

  knows(type, name) { return (type === types.ReturnOrder && name === "Receive") || (type === types.CreditMemo && name === "Post"); }

  act(name, record, parameters, actor) {
    const [unknown] = Object.keys(parameters ?? {});
    if (unknown) throw badRequest(`The parameter '${unknown}' in the request payload is not a valid parameter for the operation '${name}'.`, unknown);
    return name === "Receive" ? this.receive(record, actor) : this.post(record, actor);
  }

  receive({ id, doc }, actor) {
    if (doc.Status !== "announced") throw refuse(409, "RETURN_STATUS", `Return ${doc.ReturnNo} is ${doc.Status}: Receive needs announced.`, { target: "Status" });
    return this.keep("ReturnOrders", id, { ...doc, Status: "received", ReceivedAt: this.clock.iso() }, actor);
  }

  // One that is posted stays as it is.
  post(record, actor) {
    const { id, doc } = record;
    if (doc.DocumentNo) return record;
    for (const item of doc.Items ?? []) this.within(doc, item);
    const total = (doc.Items ?? []).reduce((sum, item) => add(sum, this.worth(doc, item)), "0");
    const DocumentNo = `G-${String(this.posted() + 1).padStart(6, "0")}`;
    return this.keep("CreditMemos", id, { ...doc, DocumentNo, PostedOn: this.clock.iso().slice(0, 10), TotalAmount: new Num(round(total, 2)) }, actor);
  }

  // What an item says it is worth; else its quantity at the price of the order that was billed.
  worth(memo, item) {
    if (item.NetAmount) return item.NetAmount.text;
    const invoice = this.entities.follow(types.CreditMemo, memo, "Billed");
    const order = invoice && this.entities.follow(types.Invoice, invoice, "Order");
    const line = order?.Items.find((l) => l.ProductNo === item.ProductNo);
    if (!line?.UnitPrice || !item.Quantity) throw refuse(409, "CREDIT_LINE", `Line ${item.LineNo} of credit memo ${memo.CreditNo} is no line of the invoice and has no amount.`, { target: "Items" });
    return multiply(item.Quantity.text, line.UnitPrice.text);
  }

  // No more of a product than the invoice bills and earlier memos have left of it.
  within(memo, item) {
    const billed = memo.InvoiceNo && item.ProductNo && this.entities.follow(types.CreditMemo, memo, "Billed")?.Items?.filter((l) => l.ProductNo === item.ProductNo);
    if (!billed?.length || !item.Quantity) return;
    const before = this.memos().filter((r) => r.doc.DocumentNo && r.doc.InvoiceNo === memo.InvoiceNo).flatMap((r) => r.doc.Items ?? []).filter((i) => i.ProductNo === item.ProductNo);
    const sum = (items) => items.reduce((total, { Quantity }) => add(total, Quantity?.text ?? "0"), "0");
    const credited = add(sum(before), item.Quantity.text);
    if (compare(credited, sum(billed)) > 0) {
      throw refuse(409, "CREDIT_EXCEEDS", `Credit memo ${memo.CreditNo} would credit ${credited} of ${item.ProductNo}; invoice ${memo.InvoiceNo} has ${sum(billed)}.`, { target: "Items" });
    }
  }

  memos() { return [...this.entities.store.table("CreditMemos").live()]; }

  posted() { return this.memos().filter((r) => r.doc.DocumentNo).length; }

  keep(set, id, doc, actor) { return this.entities.store.put(set, id, { ...doc, ModifiedAt: this.clock.iso(), ModifiedBy: actor }); }
}
