// node tests/sandbox/billing/server.mjs --port 0: the billing API as a program.
import { options } from "../lib/options.mjs";
import { run } from "../lib/kit.mjs";
import { Billing } from "./platform.mjs";

const given = options("billing", {
  "api-key": { type: "string", default: "sandbox-key", help: "what Authorization: Bearer must carry" },
  "client-id": { type: "string", default: "sandbox-client", help: "OAuth client of /oauth/token" },
  "client-secret": { type: "string", default: "sandbox-secret", help: "its secret" },
  "page-size": { type: "string", default: "100", help: "items on a page at most" },
  "rate-limit": { type: "string", default: "0", help: "requests a window before 429; 0 for no limit" },
  "rate-window": { type: "string", default: "60", help: "seconds of a window" },
  "webhook-url": { type: "string", help: "where to send webhooks" },
  "webhook-secret": { type: "string", help: "what to sign them with: whsec_…" },
});

await run(new Billing({
  api_key: given["api-key"], client_id: given["client-id"], client_secret: given["client-secret"], page_size: Number(given["page-size"]),
  rate_limit: Number(given["rate-limit"]), rate_window: Number(given["rate-window"]), webhook_url: given["webhook-url"] ?? null, webhook_secret: given["webhook-secret"] ?? null,
}, given.state), given);
