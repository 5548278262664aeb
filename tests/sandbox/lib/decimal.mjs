// Exact decimal arithmetic on text, just enough for money and quantities.
import { Num } from "./json.mjs";

const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Text, number or Num to {n: BigInt mantissa, s: scale}; null when it is no decimal. */
export function read(value) {
  const text = value instanceof Num ? value.text : String(value);
  const m = form.exec(text);
  if (!m || (!m[2] && !m[3])) return null;
  let scale = (m[3] ?? "").length - Number(m[4] ?? 0);
  let n = BigInt((m[2] ?? "") + (m[3] ?? "") || "0");
  if (m[1] === "-") n = -n;
  if (scale < 0) { n *= 10n ** BigInt(-scale); scale = 0; }
  return { n, s: scale };
}

function align(a, b) {
  const s = Math.max(a.s, b.s);
  return [a.n * 10n ** BigInt(s - a.s), b.n * 10n ** BigInt(s - b.s), s];
}

/** -1, 0 or 1. */
export function compare(a, b) {
  const [x, y] = align(read(a), read(b));
  return x < y ? -1 : x > y ? 1 : 0;
}

export function add(a, b) {
  const [x, y, s] = align(read(a), read(b));
  return text({ n: x + y, s });
}

export function subtract(a, b) {
  const [x, y, s] = align(read(a), read(b));
  return text({ n: x - y, s });
}

export function multiply(a, b) {
  const x = read(a), y = read(b);
  return text({ n: x.n * y.n, s: x.s + y.s });
}

/** {n, s} to plain text without an exponent. */
export function text({ n, s }) {
  const minus = n < 0n;
  let digits = (minus ? -n : n).toString().padStart(s + 1, "0");
  if (s > 0) digits = digits.slice(0, -s) + "." + digits.slice(-s);
  return (minus ? "-" : "") + digits;
}

/** Rounds half away from zero to a number of decimal places, always showing them. */
export function round(value, places) {
  const d = read(value);
  if (d.s <= places) return text({ n: d.n * 10n ** BigInt(places - d.s), s: places });
  const unit = 10n ** BigInt(d.s - places);
  const half = d.n < 0n ? -unit / 2n : unit / 2n;
  return text({ n: (d.n + half) / unit, s: places });
}

/** No trailing zeros; at least `least` decimal places. */
export function trim(value, least = 0) {
  const d = read(value);
  while (d.s > least && d.n % 10n === 0n) { d.n /= 10n; d.s--; }
  return round(text(d), Math.max(d.s, least));
}

/** Digits before the point and significant decimal places, for precision and scale checks. */
export function size(value) {
  const [whole, places = ""] = trim(value).replace("-", "").split(".");
  return { whole: whole === "0" ? 0 : whole.length, places: places.length };
}
