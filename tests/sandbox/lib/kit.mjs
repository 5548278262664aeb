// The HTTP kit: reads requests whole, lets faults strike, runs the platform in one transaction, writes the log.
import http from "node:http";
import fs from "node:fs";
import { parse, stringify } from "./json.mjs";
import { Faults } from "./faults.mjs";
import { Log, keptHeaders } from "./log.mjs";
import { Failure } from "./failure.mjs";
import { admin } from "./admin.mjs";

/** One request as a platform sees it. */
export class Request {
  constructor(raw, body, clock) {
    this.method = raw.method;
    this.url = raw.url;
    this.headers = raw.headers;
    this.body = body;
    this.time = clock.now();
    const mark = raw.url.indexOf("?");
    this.path = mark < 0 ? raw.url : raw.url.slice(0, mark);
    this.search = mark < 0 ? "" : raw.url.slice(mark + 1);
  }

  get query() { return (this.params ??= new URLSearchParams(this.search)); }

  /** The body as lossless JSON; throws SyntaxError. */
  json() { return parse(this.body); }
}

/** Starts a platform and announces its address. Returns {server, port, stop}. */
export function start(platform, options) {
  platform.log = new Log(Number(options["log-keep"]));
  platform.faults = new Faults(Object.keys(platform.special ?? {}));
  const kept = platform.store.load();
  platform.log.n = platform.store.lastRequest;
  platform.seed?.(kept);
  const server = http.createServer((raw, res) => receive(platform, raw, res));
  server.keepAliveTimeout = 120000;        // clients keep connections; the five seconds of Node would race with them
  server.requestTimeout = 0;
  const stop = () => {
    platform.stop?.();
    server.close();
    server.closeAllConnections();
    platform.store.close();
  };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(options.port), options.host, () => {
      const { port } = server.address();
      platform.base = `http://${options.host}:${port}`;
      if (options["port-file"]) publish(options["port-file"], port);
      resolve({ server, port, stop, base: platform.base });
    });
  });
}

/** Starts a platform as the main program: prints one line, ends on SIGTERM. */
export async function run(platform, options) {
  let server; // the handlers come first: whoever sees the line or the port file may end us at once
  const end = () => { server?.stop(); process.exit(0); };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  server = await start(platform, options);
  process.stdout.write(`listening ${server.base}\n`);
}

// A reader never sees half a port number: the file appears whole.
function publish(file, port) {
  fs.writeFileSync(`${file}.tmp`, `${port}\n`);
  fs.renameSync(`${file}.tmp`, file);
}

function receive(platform, raw, res) {
  const chunks = [];
  raw.on("data", (chunk) => chunks.push(chunk));
  raw.on("error", () => {});
  raw.on("end", () => {
    const body = chunks.length === 0 ? "" : chunks.length === 1 ? chunks[0].toString() : Buffer.concat(chunks).toString();
    const request = new Request(raw, body, platform.clock);
    if (request.path.startsWith("/_admin")) return send(res, admin(platform, request), request);
    request.n = platform.log.number();
    serve(platform, request, res);
  });
}

function serve(platform, request, res) {
  const fault = platform.faults.pick(request);
  if (!fault) return answer(platform, request, res, null);
  const early = fault.ms !== undefined && fault.when !== "after";
  const go = () => answer(platform, request, res, fault);
  if (early) setTimeout(go, fault.ms); else go();
}

function answer(platform, request, res, fault) {
  const own = fault ? refusal(platform, fault, request) : null;
  if (own === "drop") {
    record(platform, request, { status: 0 }, [], fault);
    return res.socket?.destroy();
  }
  const { reply, changes } = own ? { reply: own, changes: [] } : perform(platform, request);
  record(platform, request, reply, changes, fault);
  if (!fault || own) return send(res, reply, request);
  if (fault.fault === "drop_after_commit") return res.socket?.destroy();
  if (fault.fault === "hang") return undefined;
  if (fault.fault === "truncate") return cut(res, reply);
  if (fault.when === "after") return setTimeout(() => send(res, reply, request), fault.ms);
  return send(res, reply, request);
}

// The reply of a fault that stops a request before it does anything; null when the request is to be carried out.
function refusal(platform, fault, request) {
  switch (fault.fault) {
    case "drop_before_commit": return "drop";
    case "hang": return fault.when === "before" ? hung : null;
    case "status": return { status: fault.code ?? 500, headers: { "content-type": "text/plain", ...fault.headers }, body: fault.body ?? "" };
    case "429": return { status: 429, headers: retry(fault, 1), body: fault.body ?? "Too Many Requests" };
    case "503": return { status: 503, headers: retry(fault, fault.retry_after), body: fault.body ?? "Service Unavailable" };
    case "drop_after_commit": case "truncate": case "slow": return null;
    default: return platform.special[fault.fault](fault, request) ?? null;
  }
}

const hung = { status: 0, hang: true };

function retry(fault, fallback) {
  const after = fault.retry_after ?? fallback;
  return { "content-type": "text/plain", ...(after === undefined ? {} : { "retry-after": String(after) }), ...fault.headers };
}

// Runs the platform in one transaction: a refusal takes back everything.
function perform(platform, request) {
  const { store } = platform;
  store.begin();
  try {
    const reply = platform.handle(request);
    const changes = store.commit(request.n);
    platform.committed?.(request, changes);
    return { reply, changes };
  } catch (error) {
    store.rollback();
    if (error instanceof Failure) return { reply: error.reply, changes: [] };
    process.stderr.write(`${platform.name}: ${request.method} ${request.url}: ${error.stack}\n`);
    return { reply: platform.crash?.(error) ?? { status: 500, headers: { "content-type": "text/plain" }, body: String(error.message) }, changes: [] };
  }
}

function record(platform, request, reply, changes, fault) {
  platform.decorate?.(request, reply);
  platform.log.add({
    n: request.n, time: new Date(request.time).toISOString(), method: request.method, path: request.url,
    headers: keptHeaders(request.headers), body: platform.redact?.(request) ?? request.body, status: reply.status,
    committed: changes.length > 0, changes, fault: fault ? fault.fault : null,
  });
}

function payload(reply) {
  if (reply.body === undefined || reply.body === null) return Buffer.alloc(0);
  if (typeof reply.body === "string") return Buffer.from(reply.body);
  return Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(stringify(reply.body));
}

function send(res, reply, request) {
  if (reply.hang) return;
  const headers = { ...reply.headers };
  if (reply.status === 204 || reply.status === 304) { res.writeHead(reply.status, headers); res.end(); return; }
  const bytes = payload(reply);
  headers["content-length"] = bytes.length;
  if (bytes.length && !headers["content-type"]) headers["content-type"] = "application/json;charset=UTF-8";
  res.writeHead(reply.status, headers);
  res.end(request.method === "HEAD" ? undefined : bytes);
}

// Promises more bytes than it sends, then closes. A reply without a body is promised one.
function cut(res, reply) {
  const bytes = payload(reply);
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  const headers = { "content-type": "application/json;charset=UTF-8", ...reply.headers, "content-length": Math.max(bytes.length, half.length + 1, 16) };
  res.writeHead(reply.status === 204 ? 200 : reply.status, headers);
  res.write(half.length ? half : "{", () => res.socket?.end(() => res.socket?.destroy()));
}
