// node tests/sandbox/odata/server.mjs --port 0: the ERP look-alike as a program.
import { options } from "../lib/options.mjs";
import { run } from "../lib/kit.mjs";
import { Erp } from "./platform.mjs";

const given = options("odata", {
  root: { type: "string", default: "/odata/v4/erp", help: "path of the service root" },
  user: { type: "string", default: "sync", help: "user for basic authentication; empty for none" },
  password: { type: "string", default: "sync-pw", help: "that user's password" },
  csrf: { type: "boolean", help: "ask for SAP's X-CSRF-Token on every change" },
  "require-etag": { type: "boolean", help: "answer 428 to an unconditional change" },
  "page-size": { type: "string", default: "1000", help: "most rows in a page" },
  errors: { type: "string", default: "json", help: "json or xml" },
  "default-return": { type: "string", default: "representation", help: "representation or minimal, when Prefer says nothing" },
});

const platform = new Erp({
  root: given.root.replace(/\/$/, ""), user: given.user, password: given.password, csrf: !!given.csrf, require_etag: !!given["require-etag"],
  page_size: Number(given["page-size"]), errors: given.errors, default_return: given["default-return"],
}, given.state);

await run(platform, given);
