// The ERP's entity types: properties, keys, navigation.

const text = (length) => ({ type: "Edm.String", length });
const decimal = (precision, scale) => ({ type: "Edm.Decimal", precision, scale });
const flag = { type: "Edm.Boolean" };
const day = { type: "Edm.Date" };
const instant = { type: "Edm.DateTimeOffset", precision: 3 };
const computed = (property) => ({ ...property, computed: true });
const needed = (property) => ({ ...property, nullable: false });

const stamped = { CreatedAt: computed(instant), CreatedBy: computed(text(40)), ModifiedAt: computed(instant), ModifiedBy: computed(text(40)) };

const BusinessPartner = { name: "BusinessPartner", set: "BusinessPartners", key: "PartnerNo", range: ["BP-", 6], alternate: ["ExternalId"],
  properties: {
    PartnerNo: needed(text(20)), ExternalId: text(80), Name: needed(text(120)), VatId: text(20), Street: text(120), City: text(60), PostalCode: text(20),
    Country: text(2), Phone: text(40), Email: text(120), Industry: text(40), CompanyCode: text(10), Currency: text(3), PaymentTerms: text(20),
    CreditLimit: decimal(15, 2), CreditUsed: decimal(15, 2), OnHold: flag, SupportTier: text(20), Revision: { type: "Edm.Int64" }, ...stamped,
  },
  navigation: { SalesOrders: { to: "SalesOrder", many: true, by: "PartnerNo" } } };

const SalesOrderItem = { name: "SalesOrderItem", key: "LineNo",
  properties: {
    LineNo: needed({ type: "Edm.Int32" }), ProductNo: needed(text(40)), Description: text(255), Quantity: needed(decimal(13, 3)), Unit: text(10),
    UnitPrice: decimal(15, 4), NetAmount: decimal(15, 2), ExternalLineNo: text(80),
  },
  navigation: { Product: { to: "Product", by: "ProductNo", theirs: "ProductNo" } } };

const SalesOrder = { name: "SalesOrder", set: "SalesOrders", key: "ID", alternate: ["OrderNo"],
  properties: {
    ID: needed({ type: "Edm.Guid" }), OrderNo: text(40), PartnerNo: needed(text(20)), CompanyCode: text(10), CustomerReference: text(80),
    OrderDate: day, RequestedDate: day, Currency: text(3), NetAmount: decimal(15, 2), TaxAmount: decimal(15, 2), TotalAmount: decimal(15, 2),
    Note: text(1000), Status: computed(text(20)), StatusReason: computed(text(255)),
    ExpectedOn: computed(day), ...stamped,
  },
  navigation: {
    Items: { to: "SalesOrderItem", many: true, contained: true }, Customer: { to: "BusinessPartner", by: "PartnerNo", theirs: "PartnerNo" },
    Deliveries: { to: "Delivery", many: true, by: "OrderNo" }, Invoices: { to: "Invoice", many: true, by: "OrderNo" },
  } };

const DeliveryItem = { name: "DeliveryItem", key: "LineNo", navigation: {},
  properties: { LineNo: needed({ type: "Edm.Int32" }), ProductNo: text(40), Quantity: decimal(13, 3), Unit: text(10) } };

const Delivery = { name: "Delivery", set: "Deliveries", key: "DeliveryNo", range: ["8", 8],
  properties: { DeliveryNo: needed(text(20)), OrderNo: text(40), PartnerNo: text(20), ShippedAt: instant, Carrier: text(40), TrackingNo: text(80), ...stamped },
  navigation: { Items: { to: "DeliveryItem", many: true, contained: true }, Order: { to: "SalesOrder", by: "OrderNo", theirs: "OrderNo" } } };

const InvoiceItem = { name: "InvoiceItem", key: "LineNo", navigation: {},
  properties: { LineNo: needed({ type: "Edm.Int32" }), ProductNo: text(40), Quantity: decimal(13, 3) } };

const Invoice = { name: "Invoice", set: "Invoices", key: "InvoiceNo", range: ["9", 8],
  properties: {
    InvoiceNo: needed(text(20)), OrderNo: text(40), PartnerNo: text(20), InvoiceDate: day, DueDate: day, Currency: text(3), NetAmount: decimal(15, 2),
    TaxAmount: decimal(15, 2), TotalAmount: decimal(15, 2), Status: text(20), PaidAt: computed(instant), ...stamped,
  },
  navigation: { Items: { to: "InvoiceItem", many: true, contained: true }, Order: { to: "SalesOrder", by: "OrderNo", theirs: "OrderNo" } } };

const Contract = { name: "Contract", set: "Contracts", key: "ContractNo", range: ["7", 8],
  properties: {
    ContractNo: needed(text(40)), PartnerNo: needed(text(20)), CompanyCode: text(10), PreviousNo: text(40), StartDate: day, EndDate: day, Currency: text(3),
    YearlyValue: decimal(15, 2), ...stamped,
  },
  navigation: { Schedule: { to: "RevenueSchedule", by: "ContractNo", theirs: "ContractNo" } } };

const RevenueLine = { name: "RevenueLine", key: "LineNo", navigation: {},
  properties: { LineNo: needed({ type: "Edm.Int32" }), RecognizeOn: needed(day), Amount: needed(decimal(15, 2)) } };

const RevenueSchedule = { name: "RevenueSchedule", set: "RevenueSchedules", key: "ContractNo", range: ["6", 8],
  properties: { ContractNo: needed(text(40)), Currency: text(3), TotalAmount: decimal(15, 2), ...stamped },
  navigation: { Lines: { to: "RevenueLine", many: true, contained: true } } };

const ReturnOrderItem = { name: "ReturnOrderItem", key: "LineNo", navigation: {},
  properties: { LineNo: needed({ type: "Edm.Int32" }), ProductNo: needed(text(40)), Quantity: needed(decimal(13, 3)), UnitPrice: decimal(15, 4) } };

const ReturnOrder = { name: "ReturnOrder", set: "ReturnOrders", key: "ReturnNo", range: ["5", 8],
  properties: { ReturnNo: needed(text(40)), OrderNo: text(40), PartnerNo: needed(text(20)), Status: text(20), ReceivedAt: computed(instant), ...stamped },
  navigation: { Items: { to: "ReturnOrderItem", many: true, contained: true }, Order: { to: "SalesOrder", by: "OrderNo", theirs: "OrderNo" } } };

const CreditMemoItem = { name: "CreditMemoItem", key: "LineNo", navigation: {},
  properties: { LineNo: needed({ type: "Edm.Int32" }), ProductNo: text(40), Quantity: decimal(13, 3), NetAmount: decimal(15, 2) } };

const CreditMemo = { name: "CreditMemo", set: "CreditMemos", key: "CreditNo", range: ["4", 8],
  properties: {
    CreditNo: needed(text(40)), InvoiceNo: text(20), PartnerNo: needed(text(20)), Currency: text(3), Reason: text(255), DocumentNo: computed(text(20)),
    PostedOn: computed(day), TotalAmount: computed(decimal(15, 2)), ...stamped,
  },
  navigation: { Items: { to: "CreditMemoItem", many: true, contained: true }, Billed: { to: "Invoice", by: "InvoiceNo", theirs: "InvoiceNo" } } };

const Product = { name: "Product", set: "Products", key: "ProductNo", range: ["P-", 6],
  properties: { ProductNo: needed(text(40)), Name: needed(text(120)), Unit: text(10), ListPrice: decimal(15, 4), Currency: text(3), Stock: decimal(13, 3), ...stamped },
  navigation: {} };

export const types = Object.fromEntries([BusinessPartner, SalesOrder, SalesOrderItem, Delivery, DeliveryItem, Invoice, InvoiceItem, Contract, RevenueLine, RevenueSchedule, ReturnOrder, ReturnOrderItem, CreditMemo,
  CreditMemoItem, Product].map((t) => [t.name, t]));
export const sets = Object.fromEntries(Object.values(types).filter((t) => t.set).map((t) => [t.set, t]));
export const stamps = ["ModifiedAt", "ModifiedBy"];

/** Results of functions. */
export const complex = {
  CreditStatus: { AccountNo: text(20), OnHold: flag, CreditLimit: decimal(15, 2), CreditUsed: decimal(15, 2), CreditAvailable: decimal(15, 2), Currency: text(3) },
  Availability: { ProductNo: text(40), Available: decimal(13, 3), Unit: text(10) },
  Price: { ProductNo: text(40), AccountNo: text(20), UnitPrice: decimal(15, 4), Currency: text(3) },
};

export const functions = {
  CreditStatus: { parameters: ["AccountNo"], returns: "CreditStatus" },
  Availability: { parameters: ["ProductNo"], returns: "Availability" },
  ContractPrice: { parameters: ["AccountNo", "ProductNo"], returns: "Price" },
};

/** Bound actions by entity type, and their parameters. */
export const actions = {
  SalesOrder: {
    Accept: {}, Ship: { Carrier: text(40), TrackingNo: text(80) }, Invoice: {}, Backorder: { Reason: text(255), ExpectedOn: day },
    Pay: { PaidAt: instant }, Cancel: { Reason: text(255) }, Refuse: { Reason: text(255) },
  },
  ReturnOrder: { Receive: {} },
  CreditMemo: { Post: {} },
};
