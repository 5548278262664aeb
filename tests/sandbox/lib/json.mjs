// Lossless JSON: a number that a double would change keeps its text.
// RFC 8259 leaves number precision to the implementation; a look-alike that rounded would hide a client that rounds.

/** A number kept as the text it arrived in. */
export class Num {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
  // Only reached when plain JSON.stringify is used by mistake: text is the honest form.
  toJSON() { return this.text; }
}

// Integers of up to 15 digits survive a double; everything else (fractions, exponents, long integers, -0) might not.
const risky = /[[:,\s](?:-0|-?\d+[.eE]|-?\d{16})|^\s*-?\d/;
const numeric = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Parses JSON text; throws SyntaxError. */
export function parse(text) {
  if (!risky.test(text)) return JSON.parse(text);
  JSON.parse(text);                       // the engine's own parser judges the grammar
  return new Reader(text).value();
}

// Reads text already known to be well-formed.
class Reader {
  constructor(text) { this.text = text; this.at = 0; }

  skip() {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return c;
      this.at++;
    }
  }

  value() {
    switch (this.skip()) {
      case 123: return this.object();
      case 91: return this.array();
      case 34: return this.string();
      case 116: this.at += 4; return true;
      case 102: this.at += 5; return false;
      case 110: this.at += 4; return null;
      default: return this.number();
    }
  }

  object() {
    const out = {};
    this.at++;
    if (this.skip() === 125) { this.at++; return out; }
    for (;;) {
      this.skip();
      const key = this.string();
      this.skip(); this.at++;             // the colon
      const value = this.value();
      if (key === "__proto__") Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
      else out[key] = value;
      if (this.skip() === 125) { this.at++; return out; }
      this.at++;                          // the comma
    }
  }

  array() {
    const out = [];
    this.at++;
    if (this.skip() === 93) { this.at++; return out; }
    for (;;) {
      out.push(this.value());
      if (this.skip() === 93) { this.at++; return out; }
      this.at++;
    }
  }

  string() {
    const from = this.at;
    let at = from + 1;
    let escaped = false;
    for (;;) {
      const c = this.text.charCodeAt(at);
      if (c === 34) break;
      if (c === 92) { escaped = true; at++; }
      at++;
    }
    this.at = at + 1;
    return escaped ? JSON.parse(this.text.slice(from, at + 1)) : this.text.slice(from + 1, at);
  }

  number() {
    numeric.lastIndex = this.at;
    const text = numeric.exec(this.text)[0];
    this.at += text.length;
    return fromText(text);
  }
}

/** A JS number where that is exact, else a Num. */
export function fromText(text) {
  if (text.length <= 16 && /^-?(?:0|[1-9]\d{0,14})$/.test(text) && text !== "-0") return Number(text);
  return new Num(text);
}

/** Writes a value; Num comes out as the number it was. */
export function stringify(value) { return write(value, false); }

/** As stringify, but every Num becomes a string: what the admin API shows, safe for any JSON reader. */
export function stringifyText(value) { return write(value, true); }

function write(value, quoted) {
  switch (typeof value) {
    case "string": return JSON.stringify(value);
    case "number": case "boolean": return JSON.stringify(value);
    case "object": break;
    default: return "null";
  }
  if (value === null) return "null";
  if (value instanceof Num) return quoted ? `"${value.text}"` : value.text;
  if (Array.isArray(value)) return writeArray(value, quoted);
  if (typeof value.toJSON === "function") return JSON.stringify(value);
  return writeObject(value, quoted);
}

function writeArray(list, quoted) {
  let out = "[";
  for (let i = 0; i < list.length; i++) out += (i ? "," : "") + write(list[i], quoted);
  return out + "]";
}

function writeObject(object, quoted) {
  let out = "{";
  let first = true;
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    out += (first ? "" : ",") + JSON.stringify(key) + ":" + write(value, quoted);
    first = false;
  }
  return out + "}";
}

/** Deep equality of parsed values; 1.0 and 1.00 are different texts, hence different. */
export function same(a, b) {
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  return stringify(a) === stringify(b);
}
