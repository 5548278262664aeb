// node tests/sandbox/salesforce/server.mjs --port 0: the Salesforce look-alike as a program.
import fs from "node:fs";
import { options } from "../lib/options.mjs";
import { run } from "../lib/kit.mjs";
import { Salesforce } from "./platform.mjs";

const given = options("salesforce", {
  "client-id": { type: "string", default: "sandbox-client", help: "consumer key" },
  "client-secret": { type: "string", default: "sandbox-secret", help: "consumer secret" },
  username: { type: "string", default: "integration@sandbox.test", help: "the user the API acts as (JWT sub)" },
  password: { type: "string", default: "sandbox-password", help: "that user's password and security token" },
  "refresh-token": { type: "string", default: "sandbox-refresh", help: "the refresh token that is accepted" },
  "public-key": { type: "string", help: "PEM file, certificate or public key, that signs JWT assertions" },
  audience: { type: "string", help: "a further accepted JWT audience" },
  "session-seconds": { type: "string", default: "0", help: "life of a session; 0 for no end" },
  "page-size": { type: "string", help: "rows in a query page, below what the API allows, for tests" },
  "api-limit": { type: "string", default: "1000000", help: "requests a day" },
});

const platform = new Salesforce({
  client_id: given["client-id"], client_secret: given["client-secret"], username: given.username, password: given.password,
  refresh_token: given["refresh-token"], public_key: given["public-key"] ? fs.readFileSync(given["public-key"], "utf8") : null,
  audiences: given.audience ? [given.audience] : [], session_seconds: Number(given["session-seconds"]),
  page_size: given["page-size"] ? Number(given["page-size"]) : null, api_limit: Number(given["api-limit"]),
}, given.state);

await run(platform, given);
