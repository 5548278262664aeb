// Basic authentication, and SAP's cross-site request forgery tokens where they are switched on.
import crypto from "node:crypto";
import { refuse } from "./errors.mjs";

const cookieName = "SAP_SESSIONID_ERP_100";
const life = 30 * 60 * 1000;

export class Sessions {
  constructor(settings, clock) {
    this.settings = settings;
    this.clock = clock;
    this.tokens = new Map();               // session cookie to {token, until}
  }

  authenticate(request) {
    const { user, password } = this.settings;
    if (!user) return "anonymous";
    const m = /^Basic (.+)$/i.exec(request.headers.authorization ?? "");
    const given = m ? Buffer.from(m[1], "base64").toString() : null;
    if (given !== `${user}:${password}`) {
      throw refuse(401, "401", "Unauthorized", { headers: { "www-authenticate": 'Basic realm="Erp"' } });
    }
    return user;
  }

  cookie(request) {
    const m = new RegExp(`(?:^|;\\s*)${cookieName}=([^;]+)`).exec(request.headers.cookie ?? "");
    const session = m && this.tokens.get(m[1]);
    return session && session.until > this.clock.now() ? { id: m[1], ...session } : null;
  }

  /** Headers of a reply to `X-CSRF-Token: Fetch`; a session is begun when there is none. */
  fetch(request) {
    if (!this.settings.csrf || !/^fetch$/i.test(request.headers["x-csrf-token"] ?? "") || !["GET", "HEAD"].includes(request.method)) return {};
    const known = this.cookie(request);
    if (known) return { "x-csrf-token": known.token };
    const id = crypto.randomBytes(18).toString("base64url");
    const token = crypto.randomBytes(16).toString("base64url");
    this.tokens.set(id, { token, until: this.clock.now() + life });
    return { "x-csrf-token": token, "set-cookie": [`${cookieName}=${id}; path=/; HttpOnly`, "sap-usercontext=sap-client=100; path=/"] };
  }

  /** A token is good only with the cookie of its own session. */
  check(request) {
    if (!this.settings.csrf || ["GET", "HEAD"].includes(request.method)) return;
    const session = this.cookie(request);
    if (session && session.token === request.headers["x-csrf-token"]) return;
    const failure = refuse(403, "403", "");
    failure.reply = required();
    throw failure;
  }

  expire() { const n = this.tokens.size; this.tokens.clear(); return n; }
}

export function required() {
  return { status: 403, headers: { "content-type": "text/plain;charset=utf-8", "x-csrf-token": "Required" }, body: "CSRF token validation failed" };
}
