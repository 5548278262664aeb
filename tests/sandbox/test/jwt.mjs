// Keys and assertions for the JWT bearer flow, made when they are needed.
import crypto from "node:crypto";

export function keys() {
  return crypto.generateKeyPairSync("rsa", { modulusLength: 2048, publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function assertion(privateKey, claims, header = { alg: "RS256", typ: "JWT" }) {
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${crypto.createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
}

export const claims = (more = {}) => ({ iss: "sandbox-client", sub: "integration@sandbox.test", aud: "https://login.salesforce.com", exp: Math.floor(Date.now() / 1000) + 120, ...more });
