// Edm values: what a client may send for a type, and how it goes out (vendor doc: OData JSON Format 4.01, section 7.1).
import { Num } from "../lib/json.mjs";
import { read, size } from "../lib/decimal.mjs";
import { badRequest } from "./errors.mjs";

const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const instantForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,12})?)?(Z|[+-]\d{2}:\d{2})$/;

function wrong(name, property, value) {
  return badRequest(`Cannot convert the value '${value}' of property '${name}' to the expected type '${property.type}'.`, name);
}

/** Checks one value. With IEEE754Compatible=true decimals and 64-bit integers are strings, without it they are numbers. */
export function accept(name, property, value, compatible) {
  if (value === null || value === undefined) {
    if (property.nullable === false) throw badRequest(`The property '${name}' is not nullable.`, name);
    return null;
  }
  switch (property.type) {
    case "Edm.String": return string(name, property, value);
    case "Edm.Boolean": if (typeof value !== "boolean") throw wrong(name, property, value); return value;
    case "Edm.Decimal": return decimal(name, property, value, compatible);
    case "Edm.Int64": return long(name, property, value, compatible);
    case "Edm.Int32": return int(name, property, value);
    case "Edm.Date": if (!/^\d{4}-\d{2}-\d{2}$/.test(value) || Number.isNaN(Date.parse(value))) throw wrong(name, property, value); return value;
    case "Edm.DateTimeOffset": if (!instantForm.test(value) || Number.isNaN(Date.parse(value))) throw wrong(name, property, value); return new Date(value).toISOString();
    case "Edm.Guid": if (!guidForm.test(value)) throw wrong(name, property, value); return value.toLowerCase();
    default: throw wrong(name, property, value);
  }
}

function string(name, property, value) {
  if (typeof value !== "string") throw wrong(name, property, value);
  if (value.length > property.length) throw badRequest(`The value of property '${name}' exceeds the maximum length of ${property.length}.`, name);
  return value;
}

function lexeme(name, property, value, compatible) {
  const quoted = typeof value === "string";
  if (quoted !== compatible) {
    throw badRequest(`Cannot convert a value of property '${name}' to target type '${property.type}' because of conflict between input format string/number and parameter 'IEEE754Compatible' false/true.`, name);
  }
  const text = value instanceof Num ? value.text : String(value);
  if (typeof value === "boolean" || !read(text)) throw wrong(name, property, value);
  return text;
}

function decimal(name, property, value, compatible) {
  const text = lexeme(name, property, value, compatible);
  const { whole, places } = size(text);
  if (places > property.scale || whole > property.precision - property.scale) {
    throw badRequest(`The value '${text}' of property '${name}' exceeds precision ${property.precision} and scale ${property.scale}.`, name);
  }
  return new Num(text);
}

function long(name, property, value, compatible) {
  const text = lexeme(name, property, value, compatible);
  if (!/^-?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) throw wrong(name, property, value);
  return new Num(text);
}

function int(name, property, value) {
  if (typeof value !== "number" || (value | 0) !== value) throw wrong(name, property, value);
  return value;
}

/** A stored value as it goes out. */
export function show(property, value, compatible) {
  if (value === undefined || value === null) return null;
  if (value instanceof Num && compatible) return value.text;
  return value;
}

/** A literal of a URL as the value it stands for; the key predicate is written with the same rules. */
export function keyValue(property, literal) {
  const text = /^'(.*)'$/s.exec(literal);
  if (property.type === "Edm.String") return text ? text[1].replace(/''/g, "'") : null;
  if (text) return null;
  if (property.type === "Edm.Guid") return guidForm.test(literal) ? literal.toLowerCase() : null;
  return /^-?\d+$/.test(literal) ? Number(literal) : null;
}

/** A stored value as a URL literal. */
export function literal(property, value) {
  return property.type === "Edm.String" ? `'${encodeURIComponent(String(value).replace(/'/g, "''"))}'` : String(value);
}
