// OData errors: {"error":{code,message,target?,details?}}; XML where a server was told, or has decided, to answer so.
import { Failure } from "../lib/failure.mjs";

export function refuse(status, code, message, { target, details, headers } = {}) {
  return new Failure(errorReply(status, code, message, { target, details, headers }));
}

export function errorReply(status, code, message, { target, details = [], headers = {} } = {}) {
  const error = { code, message };
  if (target) error.target = target;
  if (details.length) error.details = details;
  return { status, headers: { "content-type": "application/json;odata.metadata=minimal;charset=utf-8", "odata-version": "4.0", ...headers }, body: { error } };
}

export const notFound = (what) => refuse(404, "404", `Resource not found for the segment '${what}'.`);
export const badRequest = (message, target) => refuse(400, "400", message, { target });

// As the reference service does it: an empty code, and XML although JSON was asked for (seen in recordings).
export function xmlReply(status, message) {
  const text = String(message).replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]);
  const body = `<?xml version="1.0" encoding="utf-8"?><m:error xmlns:m="http://docs.oasis-open.org/odata/ns/metadata"><m:code /><m:message>${text}</m:message></m:error>`;
  return { status, headers: { "content-type": "application/xml;charset=utf-8", "odata-version": "4.0" }, body };
}
