// The token endpoint and the sessions it hands out. Its errors are OAuth objects, not REST arrays
// (vendor doc: "OAuth 2.0 JWT Bearer Flow", "OAuth 2.0 Client Credentials Flow", "Username-Password Flow").
import crypto from "node:crypto";
import { parse } from "../lib/json.mjs";

const bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const assertionLife = 300;                 // seconds ahead that exp may lie
const skew = 30;

export class OAuth {
  constructor(platform) {
    this.platform = platform;
    this.sessions = platform.store.table("_sessions", { hidden: true });
  }

  get settings() { return this.platform.settings; }

  /** POST /services/oauth2/token */
  token(request) {
    const form = new URLSearchParams(request.body);
    const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? "");
    if (basic) {                            // client credentials may come in the header as well
      const [id, secret] = Buffer.from(basic[1], "base64").toString().split(":").map(decodeURIComponent);
      form.set("client_id", id);
      form.set("client_secret", secret);
    }
    switch (form.get("grant_type")) {
      case bearer: return this.jwt(form);
      case "password": return this.password(form);
      case "client_credentials": return this.clientCredentials(form);
      case "refresh_token": return this.refresh(form);
      default: return refusal("unsupported_grant_type", "grant type not supported");
    }
  }

  client(form) {
    if (form.get("client_id") !== this.settings.client_id) return refusal("invalid_client_id", "client identifier invalid");
    if (form.get("client_secret") !== this.settings.client_secret) return refusal("invalid_client", "invalid client credentials");
    return null;
  }

  password(form) {
    const wrong = this.client(form);
    if (wrong) return wrong;
    const right = form.get("username") === this.settings.username && form.get("password") === this.settings.password;
    return right ? this.grant() : refusal("invalid_grant", "authentication failure");
  }

  clientCredentials(form) {
    const wrong = this.client(form);
    if (wrong) return wrong;
    return this.settings.run_as ? this.grant() : refusal("invalid_grant", "no client credentials user enabled");
  }

  refresh(form) {
    const wrong = this.client(form);
    if (wrong) return wrong;
    return form.get("refresh_token") === this.settings.refresh_token ? this.grant() : refusal("invalid_grant", "expired access/refresh token");
  }

  jwt(form) {
    const parts = (form.get("assertion") ?? "").split(".");
    const header = open(parts[0]), claims = open(parts[1]);
    if (parts.length !== 3 || !header || !claims) return refusal("invalid_grant", "invalid assertion");
    if (header.alg !== "RS256") return refusal("invalid_grant", "algorithm not supported");
    if (claims.iss !== this.settings.client_id) return refusal("invalid_client_id", "client identifier invalid");
    if (!this.signed(parts)) return refusal("invalid_grant", "invalid assertion");
    return this.claims(claims) ?? this.grant();
  }

  signed([header, claims, signature]) {
    const key = this.settings.public_key;
    if (!key) return false;
    const verify = crypto.createVerify("RSA-SHA256").update(`${header}.${claims}`);
    try { return verify.verify(key, signature, "base64url"); } catch { return false; }
  }

  claims({ sub, aud, exp }) {
    const now = this.platform.clock.now() / 1000;
    const audiences = ["https://login.salesforce.com", "https://test.salesforce.com", this.platform.base, ...this.settings.audiences];
    const given = (Array.isArray(aud) ? aud : [aud]).map((a) => String(a).replace(/\/(services\/oauth2\/token)?$/, ""));
    if (!given.some((a) => audiences.includes(a))) return refusal("invalid_grant", "audience is invalid");
    const expiry = Number(exp);
    if (!(expiry > now - skew) || expiry > now + assertionLife + skew) return refusal("invalid_grant", "expired authorization code");
    if (sub !== this.settings.username) return refusal("invalid_grant", "user hasn't approved this consumer");
    return null;
  }

  // No expires_in and no refresh token: the session lives as long as the org's policy says.
  grant() {
    const { organization, user } = this.platform;
    const token = `${organization.slice(0, 15)}!${crypto.randomBytes(48).toString("base64url")}`;
    const issued = this.platform.clock.now();
    this.platform.store.put("_sessions", token, { issued });
    const id = `${this.platform.base}/id/${organization}/${user}`;
    const signature = crypto.createHmac("sha256", this.settings.client_secret).update(id + issued).digest("base64");
    return ok({ access_token: token, signature, scope: "api id", instance_url: this.platform.base, id, token_type: "Bearer", issued_at: String(issued) });
  }

  /** True when the request carries a live session. */
  valid(request) {
    const m = /^(?:Bearer|OAuth)\s+(.+)$/i.exec(request.headers.authorization ?? "");
    const session = m && this.sessions.records.get(m[1]);
    if (!session || session.gone) return false;
    const life = this.settings.session_seconds;
    return !life || this.platform.clock.now() < session.doc.issued + life * 1000;
  }

  /** Ends every session, as an administrator or a session policy would. */
  expire() {
    const live = [...this.sessions.live()];
    this.platform.store.write(() => live.forEach((s) => this.platform.store.drop("_sessions", s.id)));
    return live.length;
  }

  revoke(request) {
    const token = new URLSearchParams(request.body || request.search).get("token");
    if (!this.sessions.records.has(token)) return refusal("unsupported_token_type", "this token type is not supported");
    this.platform.store.drop("_sessions", token);
    return { status: 200, headers: {}, body: "" };
  }

  /** What the id URL says about the user. */
  identity() {
    const { organization, user, base, settings } = this.platform;
    return ok({
      id: `${base}/id/${organization}/${user}`, asserted_user: true, user_id: user, organization_id: organization,
      username: settings.username, nick_name: "integration", display_name: "Integration User", email: settings.username,
      user_type: "STANDARD", language: "en_US", locale: "en_US", active: true,
      urls: { rest: `${base}/services/data/v{version}/`, sobjects: `${base}/services/data/v{version}/sobjects/`, query: `${base}/services/data/v{version}/query/` },
    });
  }
}

function open(part) {
  try { return parse(Buffer.from(part, "base64url").toString()); } catch { return null; }
}

const headers = { "content-type": "application/json;charset=UTF-8", "cache-control": "no-cache, no-store", pragma: "no-cache" };
const ok = (body) => ({ status: 200, headers, body });
const refusal = (error, description) => ({ status: 400, headers, body: { error, error_description: description } });
