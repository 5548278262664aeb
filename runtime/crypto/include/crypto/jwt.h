/* JSON Web Tokens that Tidelock writes: the assertion of RFC 7523 with which a server logs in by its private
 * key. Thread: any. */
#pragma once
#include "base/buf.h"
#include "crypto/sign.h"

struct tl_jwt_claims {
    tl_str issuer, subject, audience; /* UTF-8, taken as they are and escaped; an empty one is left out */
    tl_str id;                        /* jti; empty: none */
    tl_str key_id;                    /* header kid; empty: none */
    int64_t issued_s;                 /* iat; 0: left out (Salesforce wants none) */
    int64_t expires_s;                /* exp, Unix seconds; required */
};

/* Appends header.claims.signature. The header is {"alg":…,"typ":"JWT"[,"kid":…]}. */
TL_MUST_CHECK tl_code tl_jwt_write(const struct tl_sign_key *key, const struct tl_jwt_claims *claims,
                                   struct tl_buf *out, struct tl_error *err);
