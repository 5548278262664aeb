// Record ids: 15 case-sensitive characters, and 3 more that spell the upper-case bits
// (vendor doc: "What are 15 and 18 character IDs"; the recordings satisfy the rule).

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The 18-character form of a 15-character id. */
export function full(id15) {
  let suffix = "";
  for (let block = 0; block < 3; block++) {
    let bits = 0;
    for (let i = 0; i < 5; i++) {
      const c = id15.charCodeAt(block * 5 + i);
      if (c >= 65 && c <= 90) bits |= 1 << i;
    }
    suffix += letters[bits];
  }
  return id15 + suffix;
}

/** The n-th id of an object with that key prefix. */
export function make(prefix, n) {
  let tail = "";
  for (let rest = n; tail.length < 9; rest = Math.floor(rest / 62)) tail = base62[rest % 62] + tail;
  return full(`${prefix}5e0${tail}`);
}

/** Either form to the 18-character form; null when it is no id. The suffix must be right, as it must be there. */
export function canonical(text) {
  if (typeof text !== "string" || !/^[0-9A-Za-z]+$/.test(text)) return null;
  if (text.length === 15) return full(text);
  if (text.length !== 18) return null;
  const right = full(text.slice(0, 15));
  return right.toUpperCase() === text.toUpperCase() ? right : null;
}
