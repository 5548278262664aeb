// The billing API's webhooks: one signed message (Standard Webhooks) with the customers that a transaction changed.
import crypto from "node:crypto";
import { stringify } from "../lib/json.mjs";

export class Announcer {
  constructor(platform) {
    this.platform = platform;
    this.deliveries = [];                  // {id, status}; status 0: nobody answered
    this.number = 0;
  }

  announce(changes) {
    const { webhook_url: url } = this.platform.settings;
    const customers = changes.filter((c) => c.object === "customers");
    if (!url || !customers.length) return;
    const messages = customers.map(({ id }) => {
      const { doc } = this.platform.store.get("customers", id);
      return { type: doc.deleted ? "customer.deleted" : "customer.changed", data: doc };
    });
    this.send(url, `msg_${++this.number}`, stringify({ messages }));
  }

  async send(url, id, body) {
    const stamp = String(Math.floor(Date.now() / 1000));
    const key = Buffer.from(this.platform.settings.webhook_secret.replace(/^whsec_/, ""), "base64");
    const signature = crypto.createHmac("sha256", key).update(`${id}.${stamp}.${body}`).digest("base64");
    const headers = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": `v1,${signature}` };
    const reply = await fetch(url, { method: "POST", headers, body }).catch(() => null);
    this.deliveries.push({ id, status: reply?.status ?? 0 });
  }

}
