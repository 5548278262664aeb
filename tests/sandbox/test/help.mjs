// Starting a platform as the program it is, and talking to it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const home = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Starts a platform on a free port; resolves when it says that it listens. */
export function launch(name, args = []) {
  const child = spawn(process.execPath, [path.join(home, name, "server.mjs"), "--port", "0", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return new Promise((resolve, reject) => {
    let text = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code} before it listened`)));
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const m = /^listening (http:\S+)\n/.exec(text);
      if (m) resolve({ base: m[1], admin: adminOf(m[1]), stop: () => end(child, "SIGTERM", ended), kill: () => end(child, "SIGKILL", ended) });
    });
  });
}

function end(child, signal, ended) {
  child.kill(signal);
  return ended;
}

/** admin("POST", "faults", {...}) */
function adminOf(base) {
  return async (method, route, body) => {
    const reply = await fetch(`${base}/_admin/${route}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const json = await reply.json();
    if (!reply.ok) throw new Error(`${method} ${route}: ${JSON.stringify(json)}`);
    return json;
  };
}

/** A caller with fixed headers: call("PATCH", "/path", body, headers) gives {status, headers, body, text}. */
export function caller(base, fixed = {}) {
  return async (method, url, body, more = {}) => {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const headers = { ...(text === undefined ? {} : { "content-type": "application/json" }), ...fixed, ...more };
    const reply = await fetch(url.startsWith("http") ? url : base + url, { method, headers, body: text, redirect: "manual" });
    const got = await reply.text();
    let json;
    try { json = JSON.parse(got); } catch { json = undefined; }
    return { status: reply.status, headers: reply.headers, body: json, text: got };
  };
}

export const basic = (user, password) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** A directory that goes when the test ends. */
export function scratch(t) {
  const dir = mkdtempSync(path.join(tmpdir(), "sandbox-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits until a condition holds, asking again as fast as it answers. */
export async function until(condition, ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error("the condition never held");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
