// Field values: what the API takes for a type, and how it gives it back.
import { Num } from "../lib/json.mjs";
import { read, size, trim } from "../lib/decimal.mjs";
import { canonical } from "./ids.mjs";
import { badJson, refuse } from "./errors.mjs";

const dateForm = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const instantForm = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)(Z|[+-]\d{2}:?\d{2})$/;
const texts = new Set(["string", "textarea", "email", "phone", "url", "picklist", "multipicklist"]);
const decimals = new Set(["currency", "double", "percent"]);

/** Second precision and an offset without a colon: 2015-06-26T19:57:52.000+0000. */
export function stamp(ms) { return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace("Z", "+0000"); }

/** Text of an instant to milliseconds; NaN when it is none. */
export function instant(text) {
  const m = instantForm.exec(text);
  if (!m) return NaN;
  const offset = m[2] === "Z" || m[2].includes(":") ? m[2] : `${m[2].slice(0, 3)}:${m[2].slice(3)}`;
  return Date.parse(m[1] + offset);
}

export function isDate(text) { return dateForm.test(text) && !Number.isNaN(Date.parse(text)); }

/** Checks a value that a client sent and turns it into what is stored; null clears. */
export function accept(field, value) {
  if (value === null || value === undefined || value === "") return field.type === "boolean" ? false : null;
  if (texts.has(field.type)) return acceptText(field, value);
  if (decimals.has(field.type)) return acceptDecimal(field, value);
  switch (field.type) {
    case "boolean": return acceptBoolean(field, value);
    case "int": return acceptInt(field, value);
    case "date": return acceptDate(field, value);
    case "datetime": return acceptInstant(field, value);
    case "reference": return acceptId(field, value);
    default: return value;
  }
}

// The message is the parser's own, as the vendor shows it.
function wrongType(field, value) {
  const kind = typeof value === "string" ? "VALUE_STRING" : typeof value === "boolean" ? `VALUE_${String(value).toUpperCase()}` : "START_OBJECT";
  return badJson(`Cannot deserialize instance of ${field.type} from ${kind} value ${typeof value === "object" ? "{" : value} or request may be missing a required field at [line:1, column:1]`);
}

function acceptText(field, value) {
  if (typeof value === "object" && !(value instanceof Num)) throw wrongType(field, value);
  const text = String(value);
  if (field.length && text.length > field.length) {
    throw refuse(400, "STRING_TOO_LONG", `${field.label ?? field.name}: data value too large: ${text} (max length=${field.length})`, [field.name]);
  }
  if (field.type === "email" && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text)) {
    throw refuse(400, "INVALID_EMAIL_ADDRESS", `${field.name}: invalid email address: ${text}`, [field.name]);
  }
  if (field.restricted && !field.picklist.includes(text)) {
    throw refuse(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", `${field.name}: bad value for restricted picklist field: ${text}`, [field.name]);
  }
  return text;
}

// Numbers arrive as numbers or as their text; what counts is digits, never a double.
function acceptDecimal(field, value) {
  const given = value instanceof Num ? value.text : typeof value === "number" || typeof value === "string" ? String(value) : null;
  if (given === null || !read(given)) throw wrongType(field, value);
  if (size(given).whole > field.precision - field.scale) {
    throw refuse(400, "NUMBER_OUTSIDE_VALID_RANGE", `${field.name}: value outside of valid range on numeric field: ${given}`, [field.name]);
  }
  return new Num(given);
}

function acceptInt(field, value) {
  const text = value instanceof Num ? value.text : String(value);
  if (typeof value === "boolean" || !read(text) || size(text).places) throw wrongType(field, value);
  return Number(text);
}

function acceptBoolean(field, value) {
  if (value === true || value === "true") return true;
  if (value === false || value === "false") return false;
  throw wrongType(field, value);
}

function acceptDate(field, value) {
  const day = typeof value === "string" ? value.slice(0, 10) : "";
  if (!isDate(day) || (value.length > 10 && Number.isNaN(instant(value)))) throw wrongType(field, value);
  return day;
}

function acceptInstant(field, value) {
  const ms = typeof value === "string" ? (isDate(value) ? Date.parse(value) : instant(value)) : NaN;
  if (Number.isNaN(ms)) throw wrongType(field, value);
  return stamp(ms);
}

function acceptId(field, value) {
  const id = canonical(value);
  if (!id) throw refuse(400, "MALFORMED_ID", `${field.name}: id value of incorrect type: ${value}`, [field.name]);
  return id;
}

/** A stored value as the REST API writes it: a decimal shows its digits without needless zeros, but with a point (23.0). */
export function show(field, value) {
  if (value === undefined || value === null) return field.type === "boolean" ? false : null;
  if (decimals.has(field.type)) return new Num(trim(value instanceof Num ? value.text : value, 1));
  return value;
}

export const isDecimal = (field) => decimals.has(field.type);
