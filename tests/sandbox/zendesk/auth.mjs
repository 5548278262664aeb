// Who is calling: an API token in Basic, or an OAuth access token that expires (vendor doc: "OAuth migration").
import crypto from "node:crypto";
import { badToken, headers, unauthenticated } from "./errors.mjs";

export class Auth {
  constructor(platform) {
    this.platform = platform;
    this.tokens = platform.store.table("_tokens", { hidden: true });
  }

  check(request) {
    const header = request.headers.authorization ?? "";
    const { settings } = this.platform;
    if (/^Basic /i.test(header)) {
      const given = Buffer.from(header.slice(6), "base64").toString();
      if (!settings.api_token || given !== `${settings.mail}/token:${settings.api_token}`) throw unauthenticated();
      return;
    }
    if (!/^Bearer /i.test(header)) throw unauthenticated();
    const token = this.tokens.records.get(header.slice(7).trim());
    if (!token || token.gone || token.doc.kind !== "access" || this.platform.clock.now() >= token.doc.until) throw badToken();
  }

  /** POST /oauth/tokens: client_credentials, or refresh_token, which is good for one use. */
  grant(request) {
    const json = /json/i.test(request.headers["content-type"] ?? "");
    const form = json ? request.json() : Object.fromEntries(new URLSearchParams(request.body));
    const { settings } = this.platform;
    if (form.client_id !== settings.client_id || form.client_secret !== settings.client_secret) {
      return refusal(401, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.");
    }
    if (form.grant_type === "client_credentials") return this.issue(form, false);
    if (form.grant_type !== "refresh_token") return refusal(400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server.");
    const old = this.tokens.records.get(form.refresh_token);
    if (!old || old.gone || old.doc.kind !== "refresh") return refusal(400, "invalid_grant", "The provided authorization grant is invalid, expired, or revoked.");
    for (const id of [old.id, old.doc.access]) this.platform.store.drop("_tokens", id);
    return this.issue(form, true);
  }

  issue(form, refreshable) {
    const seconds = Number(form.expires_in ?? this.platform.settings.token_seconds);
    const access = crypto.randomBytes(32).toString("hex");
    this.platform.store.put("_tokens", access, { kind: "access", until: this.platform.clock.now() + seconds * 1000 });
    const body = { access_token: access, token_type: "bearer", scope: form.scope ?? "read write", expires_in: seconds };
    if (refreshable || form.scope?.includes("offline")) {
      body.refresh_token = crypto.randomBytes(32).toString("hex");
      body.refresh_token_expires_in = 30 * 86400;
      this.platform.store.put("_tokens", body.refresh_token, { kind: "refresh", access });
    }
    return { status: 200, headers, body };
  }

  expire() {
    const live = [...this.tokens.live()].filter((t) => t.doc.kind === "access");
    this.platform.store.write(() => live.forEach((t) => this.platform.store.drop("_tokens", t.id)));
    return live.length;
  }
}

const refusal = (status, error, error_description) => ({ status, headers, body: { error, error_description } });
