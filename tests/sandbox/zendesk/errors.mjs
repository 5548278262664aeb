// The Support API's errors: {"error", "description", "details"?} (shapes as recorded).
import { Failure } from "../lib/failure.mjs";

export const headers = { "content-type": "application/json; charset=utf-8" };

export function refuse(status, error, description, more = {}) {
  return new Failure({ status, headers, body: { error, description, ...more } });
}

export const notFound = () => refuse(404, "RecordNotFound", "Not found");
export const tooMany = (most = 100) => refuse(400, "TooManyValues", `Parameter  cannot specify more than ${most} values`, { max_count: most });

/** 422 with one complaint about one field. */
export function invalid(field, description, error) {
  const detail = error ? { description, error } : { description };
  return refuse(422, "RecordInvalid", "Record validation errors", { details: { [field]: [detail] } });
}

export function unauthenticated() {
  return new Failure({ status: 401, headers: { ...headers, "www-authenticate": 'Basic realm="Web Password"' }, body: { error: "Couldn't authenticate you" } });
}

export function badToken() {
  return new Failure({ status: 401, headers: { ...headers, "www-authenticate": 'Bearer error="invalid_token"' },
    body: { error: "invalid_token", error_description: "The access token provided is expired, revoked, malformed or invalid for other reasons." } });
}
