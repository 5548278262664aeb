// The objects and fields of the org. Custom ones end in __c; more are added over the admin API.

const f = (name, type, more = {}) => ({ name, type, nillable: true, ...more });
const text = (name, length = 255, more = {}) => f(name, "string", { length, ...more });
const money = (name, more = {}) => f(name, "currency", { precision: 18, scale: 2, ...more });
const number = (name, precision, scale, more = {}) => f(name, "double", { precision, scale, ...more });
const pick = (name, values, more = {}) => f(name, "picklist", { length: 255, picklist: values, ...more });
const ref = (name, to, relationship, more = {}) => f(name, "reference", { length: 18, referenceTo: to, relationshipName: relationship, ...more });
const external = (name, length = 80, more = {}) => text(name, length, { externalId: true, unique: true, idLookup: true, ...more });

const orderStatus = ["taken", "new", "accepted", "on hold", "backordered", "shipped", "invoiced", "paid", "refused", "cancelled"];
const address = (kind) => [
  f(`${kind}Street`, "textarea", { length: 255 }), text(`${kind}City`, 40), text(`${kind}State`, 80),
  text(`${kind}PostalCode`, 20), text(`${kind}Country`, 80),
];

const account = { name: "Account", prefix: "001", label: "Account", plural: "Accounts", fields: [
  text("Name", 255, { nillable: false, nameField: true }), text("AccountNumber", 40),
  pick("Type", ["Prospect", "Customer", "Customer - Direct", "Customer - Channel", "Partner", "Other"]),
  pick("Industry", ["Manufacturing", "Retail", "Technology", "Energy", "Finance", "Other"]),
  ref("ParentId", "Account", "Parent", { childRelationship: "ChildAccounts" }),
  f("Phone", "phone", { length: 40 }), f("Website", "url", { length: 255 }), f("Description", "textarea", { length: 32000 }),
  ...address("Billing"), ...address("Shipping"), money("AnnualRevenue", { scale: 0 }), f("NumberOfEmployees", "int", { digits: 8 }),
  external("Account_No__c", 40), text("Vat_Id__c", 40), text("Company_Code__c", 10), money("Credit_Limit__c"), f("On_Hold__c", "boolean"),
  pick("Support_Tier__c", ["basic", "standard", "premium"], { restricted: true }),
  pick("Onboarding_Status__c", ["in progress", "done", "refused"], { restricted: true }), text("Onboarding_Note__c", 255),
] };

const contact = { name: "Contact", prefix: "003", label: "Contact", plural: "Contacts", fields: [
  f("Name", "string", { length: 121, createable: false, updateable: false, nameField: true, calculated: true }),
  text("FirstName", 40), text("LastName", 80, { nillable: false }), ref("AccountId", "Account", "Account", { childRelationship: "Contacts" }),
  f("Email", "email", { length: 80, idLookup: true }), f("Phone", "phone", { length: 40 }), f("MobilePhone", "phone", { length: 40 }),
  text("Title", 128), text("Department", 80), f("Birthdate", "date"), f("HasOptedOutOfEmail", "boolean"), ...address("Mailing"),
  external("Contact_No__c", 40),
] };

const opportunity = { name: "Opportunity", prefix: "006", label: "Opportunity", plural: "Opportunities", fields: [
  text("Name", 120, { nillable: false, nameField: true }), ref("AccountId", "Account", "Account", { childRelationship: "Opportunities" }),
  pick("StageName", ["Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"], { nillable: false }),
  f("CloseDate", "date", { nillable: false }), money("Amount"), f("Probability", "percent", { precision: 3, scale: 0 }),
  pick("Type", ["New Business", "Existing Business"]), f("Description", "textarea", { length: 32000 }), text("NextStep", 255),
  f("IsClosed", "boolean", { createable: false, updateable: false, calculated: true }),
  f("IsWon", "boolean", { createable: false, updateable: false, calculated: true }),
  external("Order_No__c", 40), text("Company_Code__c", 10), pick("Order_Status__c", orderStatus, { restricted: true }),
  text("Shipment_No__c", 255), f("Shipped_At__c", "datetime"), text("Invoice_No__c", 255), money("Invoice_Total__c"), text("Currency__c", 3),
  f("Expected_On__c", "date"), f("Paid_At__c", "datetime"), text("Order_Note__c", 255), text("Order_Taken__c", 40),
  external("Renewal_No__c", 40), text("Contract_No__c", 40),
] };

const line = { name: "OpportunityLineItem", prefix: "00k", label: "Opportunity Product", plural: "Opportunity Products", fields: [
  f("Name", "string", { length: 376, createable: false, updateable: false, nameField: true, calculated: true }),
  ref("OpportunityId", "Opportunity", "Opportunity", { nillable: false, childRelationship: "OpportunityLineItems", cascade: true, updateable: false }),
  ref("Product2Id", "Product2", "Product2"), text("ProductCode", 255, { updateable: false }), number("Quantity", 12, 2, { nillable: false }),
  money("UnitPrice"), money("TotalPrice"), f("ServiceDate", "date"), text("Description", 255), f("SortOrder", "int", { digits: 9 }),
  external("Line_No__c", 80),
] };

const product = { name: "Product2", prefix: "01t", label: "Product", plural: "Products", fields: [
  text("Name", 255, { nillable: false, nameField: true }), text("ProductCode", 255), f("Description", "textarea", { length: 4000 }),
  f("IsActive", "boolean"), pick("Family", ["None", "Hardware", "Service"]), external("Product_No__c", 40), money("List_Price__c"),
] };

const order = { name: "Order__c", prefix: "a00", label: "Order", plural: "Orders", fields: [
  text("Name", 80, { nameField: true }), external("Order_No__c", 40), ref("Account__c", "Account", "Account__r", { childRelationship: "Orders__r" }),
  ref("Opportunity__c", "Opportunity", "Opportunity__r", { childRelationship: "Orders__r" }), pick("Status__c", orderStatus, { restricted: true }),
  text("Shipment_No__c", 40), f("Shipped_At__c", "datetime"), text("Invoice_No__c", 40), money("Invoice_Total__c"), text("Currency__c", 3),
  number("Weight__c", 18, 6), f("Order_Date__c", "date"),
] };

const task = { name: "Task", prefix: "00T", label: "Task", plural: "Tasks", fields: [
  text("Subject", 255, { nameField: true }), pick("Status", ["Not Started", "In Progress", "Completed"]), pick("Priority", ["High", "Normal", "Low"]),
  ref("WhatId", "Account", "What"), f("ActivityDate", "date"), f("Description", "textarea", { length: 32000 }),
] };

// EndDate may be written: the org has "Auto-calculate Contract End Date" switched off.
const contract = { name: "Contract", prefix: "800", label: "Contract", plural: "Contracts", fields: [
  text("ContractNumber", 30, { nameField: true }), ref("AccountId", "Account", "Account", { nillable: false, childRelationship: "Contracts" }),
  f("StartDate", "date"), f("EndDate", "date"), f("ContractTerm", "int", { digits: 4 }), pick("Status", ["Draft", "In Approval Process", "Activated"]),
  external("Contract_No__c", 40), money("Yearly_Value__c"), text("Currency__c", 3), text("Company_Code__c", 10), f("Renewal_Mail__c", "email", { length: 80 }),
  text("Series_No__c", 40), text("Renews_No__c", 40),
  pick("Renewal_Status__c", ["quoted", "renewed", "closed", "refused"], { restricted: true }), text("Renewal_Note__c", 255), text("Renewed_By__c", 40),
] };

const quote = { name: "Quote", prefix: "0Q0", label: "Quote", plural: "Quotes", fields: [
  text("Name", 255, { nillable: false, nameField: true }), ref("OpportunityId", "Opportunity", "Opportunity", { nillable: false, childRelationship: "Quotes", updateable: false }),
  pick("Status", ["Draft", "Needs Review", "In Review", "Approved", "Rejected", "Presented", "Accepted", "Denied"]), f("ExpirationDate", "date"),
  f("Description", "textarea", { length: 32000 }), external("Quote_No__c", 40), money("Total__c"),
] };

const entitlement = { name: "Entitlement", prefix: "550", label: "Entitlement", plural: "Entitlements", fields: [
  text("Name", 255, { nillable: false, nameField: true }), ref("AccountId", "Account", "Account", { childRelationship: "Entitlements" }),
  pick("Type", ["basic", "standard", "premium"]), f("StartDate", "date"), f("EndDate", "date"), external("Entitlement_No__c", 40),
] };

const user = { name: "User", prefix: "005", label: "User", plural: "Users", fields: [
  text("Name", 121, { nameField: true }), text("Username", 80), f("Email", "email", { length: 128 }), f("IsActive", "boolean"),
] };

export const standard = [account, contact, opportunity, line, product, order, task, contract, quote, entitlement, user];

const system = [
  f("Id", "id", { length: 18, nillable: false, idLookup: true, createable: false, updateable: false }),
  f("IsDeleted", "boolean", { nillable: false, createable: false, updateable: false }),
  f("CreatedDate", "datetime", { nillable: false, createable: false, updateable: false }),
  ref("CreatedById", "User", "CreatedBy", { nillable: false, createable: false, updateable: false }),
  f("LastModifiedDate", "datetime", { nillable: false, createable: false, updateable: false }),
  ref("LastModifiedById", "User", "LastModifiedBy", { nillable: false, createable: false, updateable: false }),
  f("SystemModstamp", "datetime", { nillable: false, createable: false, updateable: false }),
  ref("OwnerId", "User", "Owner", { nillable: false }),
];

/** Fields that every write moves. */
export const stamps = ["LastModifiedDate", "LastModifiedById", "SystemModstamp"];

/** All objects by name, with case-insensitive field look-up as the API has it. */
export class Schema {
  constructor(objects) {
    this.objects = new Map();
    this.added = Date.now();
    for (const object of objects) this.add(object);
  }

  add({ name, prefix, label, plural, fields }) {
    const own = fields.map((field) => ({ createable: true, updateable: true, ...field, nillable: field.nillable ?? true }));
    const all = [...system.map((s) => ({ createable: true, updateable: true, ...s })), ...own];
    const object = { name, label: label ?? name, plural: plural ?? `${name}s`, prefix: prefix ?? this.freePrefix(), fields: new Map(), lower: new Map() };
    this.objects.set(name.toLowerCase(), object);
    for (const field of all) this.addField(name, field);
    return object;
  }

  addField(objectName, field) {
    const object = this.find(objectName);
    const whole = { createable: true, updateable: true, nillable: true, ...field };
    object.fields.set(field.name, whole);
    object.lower.set(field.name.toLowerCase(), whole);
    this.added = Date.now();
    return whole;
  }

  // Custom objects get a00, a01, ... in the order they are made.
  freePrefix() {
    const used = new Set([...this.objects.values()].map((o) => o.prefix));
    for (let i = 0; ; i++) {
      const prefix = `a0${i.toString(36)}`;
      if (!used.has(prefix)) return prefix;
    }
  }

  find(name) { return this.objects.get(name.toLowerCase()); }

  field(object, name) { return object.lower.get(name.toLowerCase()); }

  byPrefix(id) {
    for (const object of this.objects.values()) if (id.startsWith(object.prefix)) return object;
    return null;
  }

  /** The reference field that a relationship name (`Account`, `Opportunity__r`) stands for. */
  relation(object, name) {
    for (const field of object.fields.values()) {
      if (field.relationshipName && field.relationshipName.toLowerCase() === name.toLowerCase()) return field;
    }
    return null;
  }

  /** The child object and field behind a child relationship name (`OpportunityLineItems`). */
  children(object, name) {
    for (const child of this.objects.values()) {
      for (const field of child.fields.values()) {
        if (field.referenceTo === object.name && field.childRelationship?.toLowerCase() === name.toLowerCase()) return { child, field };
      }
    }
    return null;
  }
}
