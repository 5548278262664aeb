// node tests/sandbox/zendesk/server.mjs --port 0: the Zendesk look-alike as a program.
import { options } from "../lib/options.mjs";
import { run } from "../lib/kit.mjs";
import { Zendesk } from "./platform.mjs";

const given = options("zendesk", {
  mail: { type: "string", default: "agent@sandbox.test", help: "the agent the API acts as" },
  "api-token": { type: "string", default: "sandbox-token", help: "API token for Basic mail/token:TOKEN; empty for none" },
  "client-id": { type: "string", default: "sandbox-client", help: "OAuth client" },
  "client-secret": { type: "string", default: "sandbox-secret", help: "its secret" },
  "token-seconds": { type: "string", default: "7200", help: "life of an access token" },
  "rate-limit": { type: "string", default: "0", help: "requests a minute before 429; 0 for no limit" },
  "export-per-minute": { type: "string", default: "0", help: "export requests a minute before 429 (10 there); 0 for no limit" },
  "export-delay": { type: "string", default: "60", help: "seconds of newest data that exports withhold" },
  "webhook-url": { type: "string", help: "where to send webhooks" },
  "webhook-secret": { type: "string", help: "what to sign them with" },
  "webhook-retry-ms": { type: "string", default: "1000", help: "wait before the first retry of a webhook" },
  "links-host": { type: "string", help: "origin to show in url and next_page instead of our own" },
});

const platform = new Zendesk({
  mail: given.mail, api_token: given["api-token"], client_id: given["client-id"], client_secret: given["client-secret"],
  token_seconds: Number(given["token-seconds"]), rate_limit: Number(given["rate-limit"]), export_per_minute: Number(given["export-per-minute"]),
  export_delay: Number(given["export-delay"]), webhook_retry_ms: Number(given["webhook-retry-ms"]), links_host: given["links-host"] ?? null,
}, given.state);
if (given["webhook-url"]) platform.webhooks.add({ url: given["webhook-url"], secret: given["webhook-secret"] });

await run(platform, given);
