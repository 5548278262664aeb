// SOQL text to tokens, each with its column for the error messages.
import { refuse } from "./errors.mjs";

const pattern = /\s+|'((?:\\.|[^'\\])*)'|(\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))?)|(-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*(?::\d+)?)|(<>|!=|<=|>=|[=<>(),])/y;
const escapes = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

export function tokens(text) {
  const out = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const m = pattern.exec(text);
    if (!m) throw malformed(text, at, `unexpected token: '${text[at]}'`);
    if (m[1] !== undefined) out.push({ kind: "string", value: unescape(m[1]), at, text: m[0] });
    else if (m[2]) out.push({ kind: m[2].includes("T") ? "datetime" : "date", value: m[2], at, text: m[0] });
    else if (m[3]) out.push({ kind: "number", value: m[3], at, text: m[0] });
    else if (m[4]) out.push({ kind: "name", value: m[4], at, text: m[0] });
    else if (m[5]) out.push({ kind: "sign", value: m[5] === "<>" ? "!=" : m[5], at, text: m[0] });
  }
  out.push({ kind: "end", value: "", at: text.length, text: "<EOF>" });
  return out;
}

function unescape(text) {
  return text.replace(/\\(.)/g, (_, c) => escapes[c] ?? c);
}

/** MALFORMED_QUERY with the vendor's pointer at the place. */
export function malformed(text, at, what) {
  return refuse(400, "MALFORMED_QUERY", `\n${pointer(text, at)}\nERROR at Row:1:Column:${at + 1}\n${what}`);
}

export function pointer(text, at) {
  const from = Math.max(0, at - 30);
  return `${text.slice(from, at + 30)}\n${" ".repeat(at - from)}^`;
}
