// /composite: up to 25 requests in one, which may refer to one another (vendor doc: "Composite").
import { Failure } from "../lib/failure.mjs";
import { parse, stringify } from "../lib/json.mjs";
import { refuse } from "./errors.mjs";

const most = 25;
const halted = [{ errorCode: "PROCESSING_HALTED", message: "The transaction was rolled back since another operation in the same transaction failed." }];

export class Composite {
  constructor(platform) { this.platform = platform; }

  run(request) {
    const { allOrNone, compositeRequest: parts } = this.platform.json(request);
    if (!Array.isArray(parts)) throw refuse(400, "JSON_PARSER_ERROR", "compositeRequest is required");
    if (parts.length > most) throw refuse(400, "LIMIT_EXCEEDED", `Maximum of ${most} subrequests are allowed`);
    const { store } = this.platform;
    const start = store.mark();
    const done = new Map();
    const replies = parts.map((part) => this.part(request, part, done));
    const failed = replies.findIndex((r) => r.httpStatusCode >= 400);
    if (allOrNone !== true || failed < 0) return { compositeResponse: replies };
    store.undo(start);
    return { compositeResponse: replies.map((r, i) => (i === failed ? r : { ...r, body: halted, httpHeaders: {}, httpStatusCode: 400 })) };
  }

  part(request, part, done) {
    const { store } = this.platform;
    const mark = store.mark();
    const sub = Object.create(request);
    sub.params = undefined;
    const reply = this.answer(sub, part, done);
    if (reply.status >= 400) store.undo(mark);
    done.set(part.referenceId, reply.body);
    const httpHeaders = reply.headers?.location ? { Location: reply.headers.location } : {};
    return { body: reply.body ?? null, httpHeaders, httpStatusCode: reply.status, referenceId: part.referenceId };
  }

  answer(sub, part, done) {
    try {
      sub.method = part.method;
      sub.url = encodeURI(decodeURI(fill(part.url, done)));
      [sub.path, sub.search = ""] = sub.url.split(/\?(.*)/s);
      sub.body = part.body === undefined ? "" : fill(stringify(part.body), done);
      sub.json = () => parse(sub.body);
      return this.platform.resource(sub);
    } catch (error) {
      if (error instanceof Failure) return error.reply;
      throw error;
    }
  }
}

// @{ref.path.to[0].field} is replaced by what that earlier part answered.
function fill(text, done) {
  return text.replace(/@\{([^}]+)\}/g, (whole, path) => {
    let here = { ...Object.fromEntries(done) };
    for (const step of path.replace(/\[(\d+)\]/g, ".$1").split(".")) here = here?.[step];
    if (here === undefined || here === null) throw refuse(400, "PROCESSING_HALTED", `Invalid reference specified. No value for ${path} found in ${path.split(".")[0]}`);
    return String(here);
  });
}
