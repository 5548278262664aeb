// What a clerk does to an order, as bound actions, and what the ERP tells about credit, stock and price.
import { Num } from "../lib/json.mjs";
import { subtract } from "../lib/decimal.mjs";
import { actions, types } from "./model.mjs";
import { accept } from "./edm.mjs";
import { badRequest, refuse } from "./errors.mjs";

// From which status each action leads where. Anything else is a conflict, as in an ERP, not a silent no-op.
const moves = {
  Accept: { from: ["new"], to: "accepted" }, Backorder: { from: ["new", "accepted"], to: "backordered" },
  Ship: { from: ["accepted", "backordered"], to: "shipped" }, Invoice: { from: ["shipped"], to: "invoiced" }, Pay: { from: ["invoiced"], to: "paid" },
  Cancel: { from: ["new", "accepted", "backordered"], to: "cancelled" }, Refuse: { from: ["new"], to: "refused" },
};

export class Clerk {
  constructor(entities, clock) { this.entities = entities; this.clock = clock; }

  knows(type, name) { return type === types.SalesOrder && name in moves; }

  /** Carries out one action on one order. */
  act(name, record, parameters, actor) {
    const { from, to } = moves[name];
    const order = record.doc;
    const given = this.parameters(name, parameters ?? {});
    if (!from.includes(order.Status)) throw refuse(409, "ORDER_STATUS", `Order ${order.OrderNo} is ${order.Status}: ${name} needs ${from.join(" or ")}.`, { target: "Status" });
    if (name === "Ship") this.deliver(order, given, actor);
    if (name === "Invoice") this.bill(order, actor);
    if (name === "Pay") this.settle(order, given, actor);
    const ExpectedOn = name === "Backorder" ? given.ExpectedOn ?? null : order.ExpectedOn ?? null;
    const doc = { ...order, Status: to, StatusReason: given.Reason ?? order.StatusReason ?? null, ExpectedOn, ModifiedAt: this.clock.iso(), ModifiedBy: actor };
    return this.entities.store.put("SalesOrders", record.id, doc);
  }

  parameters(name, body) {
    const out = {};
    for (const [key, value] of Object.entries(body)) {
      const parameter = actions.SalesOrder[name][key];
      if (!parameter) throw badRequest(`The parameter '${key}' in the request payload is not a valid parameter for the operation '${name}'.`, key);
      out[key] = accept(key, parameter, value, false);
    }
    return out;
  }

  deliver(order, given, actor) {
    const Items = order.Items.map(({ LineNo, ProductNo, Quantity, Unit }) => ({ LineNo, ProductNo, Quantity, Unit: Unit ?? null }));
    this.entities.create(types.Delivery, { OrderNo: order.OrderNo, PartnerNo: order.PartnerNo, ShippedAt: this.clock.iso(), Carrier: given.Carrier ?? null, TrackingNo: given.TrackingNo ?? null, Items }, actor);
  }

  bill(order, actor) {
    const InvoiceDate = this.clock.iso().slice(0, 10);
    const DueDate = new Date(this.clock.now() + 30 * 86400000).toISOString().slice(0, 10);
    const { OrderNo, PartnerNo, Currency, NetAmount, TaxAmount, TotalAmount } = order;
    const Items = order.Items.map(({ LineNo, ProductNo, Quantity }) => ({ LineNo, ProductNo, Quantity }));
    this.entities.create(types.Invoice, { OrderNo, PartnerNo, InvoiceDate, DueDate, Currency, NetAmount, TaxAmount, TotalAmount, Status: "open", Items }, actor);
  }

  // The order's invoices are paid in full.
  settle(order, given, actor) {
    for (const invoice of this.entities.store.table("Invoices").find("OrderNo", order.OrderNo)) {
      const PaidAt = given.PaidAt ?? this.clock.iso();
      this.entities.store.put("Invoices", invoice.id, { ...invoice.doc, Status: "paid", PaidAt, ModifiedAt: this.clock.iso(), ModifiedBy: actor });
    }
  }

  /** The functions by name. */
  ask(name, parameters) {
    const need = (type, field) => {
      const found = this.entities.find(types[type], { field, value: parameters[field === "PartnerNo" ? "AccountNo" : field] });
      if (!found) throw refuse(404, "404", `There is no ${type} '${parameters[field === "PartnerNo" ? "AccountNo" : field]}'.`);
      return found.doc;
    };
    if (name === "CreditStatus") return creditOf(need("BusinessPartner", "PartnerNo"));
    const product = need("Product", "ProductNo");
    if (name === "Availability") return { ProductNo: product.ProductNo, Available: product.Stock ?? new Num("0"), Unit: product.Unit ?? null };
    const partner = need("BusinessPartner", "PartnerNo");
    return { ProductNo: product.ProductNo, AccountNo: partner.PartnerNo, UnitPrice: product.ListPrice ?? null, Currency: product.Currency ?? null };
  }
}

function creditOf(partner) {
  const limit = partner.CreditLimit?.text ?? null, used = partner.CreditUsed?.text ?? "0";
  return {
    AccountNo: partner.PartnerNo, OnHold: partner.OnHold ?? false, CreditLimit: partner.CreditLimit ?? null, CreditUsed: new Num(used),
    CreditAvailable: limit === null ? null : new Num(subtract(limit, used)), Currency: partner.Currency ?? null,
  };
}
