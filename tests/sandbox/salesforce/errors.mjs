// The REST API's errors: a JSON array of {message, errorCode, fields?} (vendor doc: "Status Codes and Error Responses").
import { Failure } from "../lib/failure.mjs";

export const contentType = "application/json;charset=UTF-8";

/** A refusal; `fields` is shown only for errors that concern fields, as there. */
export function refuse(status, errorCode, message, fields) {
  return new Failure(errorReply(status, errorCode, message, fields), { statusCode: errorCode, message, fields: fields ?? [] });
}

export function errorReply(status, errorCode, message, fields) {
  return { status, headers: { "content-type": contentType }, body: [fields ? { message, errorCode, fields } : { message, errorCode }] };
}

export const notFound = () => refuse(404, "NOT_FOUND", "The requested resource does not exist");
export const deleted = () => refuse(404, "ENTITY_IS_DELETED", "entity is deleted", []);
export const badExternal = (field) =>
  refuse(404, "NOT_FOUND", `Provided external ID field does not exist or is not accessible: ${field}`);
export const deadSession = () => refuse(401, "INVALID_SESSION_ID", "Session expired or invalid");
export const noColumn = (field, object) => refuse(400, "INVALID_FIELD", `No such column '${field}' on sobject of type ${object}`);
export const locked = (id) =>
  refuse(400, "UNABLE_TO_LOCK_ROW", `unable to obtain exclusive access to this record or 1 records: ${id}`, []);
export const limitReached = () => refuse(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
export const badJson = (detail) => refuse(400, "JSON_PARSER_ERROR", detail);
