// $batch as multipart/mixed (OData 4.0, part 1, 11.7): requests one after the other, change sets that hold or fail as one.
// Without Prefer: odata.continue-on-error it stops at the first request that fails.
import { Failure } from "../lib/failure.mjs";
import { stringify } from "../lib/json.mjs";
import { preferences, queryOptions } from "./uri.mjs";
import { checkOptions } from "./collection.mjs";
import { styleOf } from "./render.mjs";
import { badRequest } from "./errors.mjs";

const most = 1000;

const boundaryOf = (type) => /boundary="?([^";]+)"?/i.exec(type ?? "")?.[1];

function headersOf(text) {
  const headers = {};
  for (const line of text.split("\r\n")) {
    const at = line.indexOf(":");
    if (at > 0) headers[line.slice(0, at).trim().toLowerCase()] = line.slice(at + 1).trim();
  }
  return headers;
}

function cut(text) {
  const at = text.indexOf("\r\n\r\n");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 4)];
}

function parts(text, boundary) {
  const found = `\r\n${text}`.split(`\r\n--${boundary}`);
  if (found.length < 2 || !found.at(-1).startsWith("--")) throw badRequest("The batch is not closed by its boundary.");
  return found.slice(1, -1).map((part) => part.replace(/^[ \t]*\r\n/, ""));
}

export class Batches {
  constructor(platform) { this.platform = platform; }

  answer(request) {
    const boundary = boundaryOf(request.headers["content-type"]);
    if (!boundary) throw badRequest("A batch is multipart/mixed with a boundary.");
    const bodies = parts(request.body, boundary);
    if (bodies.length > most) throw badRequest(`A batch has at most ${most} parts.`);
    const goOn = request.prefer.has("continue-on-error") || request.prefer.has("odata.continue-on-error");
    const answers = [];
    for (const body of bodies) {
      const [mime, inner] = cut(body);
      const nested = boundaryOf(headersOf(mime)["content-type"]);
      const { text, failed } = nested ? this.changeSet(request, parts(inner, nested)) : this.one(request, inner);
      answers.push(text);
      if (failed && !goOn) break;
    }
    const own = "batchresponse_1";
    return { status: 200, headers: { "content-type": `multipart/mixed; boundary=${own}` }, body: answers.map((a) => `--${own}\r\n${a}\r\n`).join("") + `--${own}--\r\n` };
  }

  // One request: what it wrote is taken back when it fails.
  one(outer, text) {
    const [head, body] = cut(text);
    const [line, ...fields] = head.split("\r\n");
    const [, method, target] = /^(\w+) (\S+) HTTP\/1\.1$/.exec(line) ?? [];
    if (!method) throw badRequest(`'${line}' is no request line.`);
    const mark = this.platform.store.mark();
    let reply;
    try {
      reply = this.platform.route(this.request(outer, method, target, headersOf(fields.join("\r\n")), body), this.path(target));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.platform.store.undo(mark);
      reply = error.reply;
    }
    return { text: written(reply), failed: reply.status >= 400 };
  }

  changeSet(outer, texts) {
    const mark = this.platform.store.mark();
    const answers = [];
    for (const text of texts) {
      const answer = this.one(outer, cut(text)[1]);
      if (answer.failed) { this.platform.store.undo(mark); return answer; } // one answer for all of them
      answers.push(answer.text);
    }
    const own = "changesetresponse_1";
    return { text: `Content-Type: multipart/mixed; boundary=${own}\r\n\r\n${answers.map((a) => `--${own}\r\n${a}\r\n`).join("")}--${own}--`, failed: false };
  }

  path(target) {
    const { settings } = this.platform;
    const path = target.replace(/^https?:\/\/[^/]+/, "").replace(/\?.*$/, "");
    return path.startsWith("/") ? path.slice(settings.root.length) : `/${path}`;
  }

  request(outer, method, target, headers, body) {
    const mark = target.indexOf("?"), search = mark < 0 ? "" : target.slice(mark + 1);
    const inner = { method, url: target, path: this.path(target), search, headers, body: body.replace(/\r\n$/, ""), time: outer.time, actor: outer.actor, prefer: preferences(headers.prefer), options: queryOptions(search) };
    checkOptions(inner.options);
    inner.style = styleOf({ ...outer, headers: { ...outer.headers, ...headers } });
    inner.json = () => outer.constructor.prototype.json.call(inner);
    return inner;
  }
}

function written({ status, headers = {}, body }) {
  const text = body === undefined ? "" : typeof body === "string" ? body : stringify(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 ${status} ${status < 300 ? "OK" : "Error"}\r\n${lines.map((l) => `${l}\r\n`).join("")}\r\n${text}`;
}
