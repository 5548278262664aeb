/* Verifies that a webhook came from who holds the secret, and that it is fresh; and signs our own.
 *
 *  standard  Standard Webhooks: webhook-id, webhook-timestamp (Unix seconds), webhook-signature =
 * blank-separated list of "v1,<base64 HMAC>" and "v1a,<base64 Ed25519>" over id.timestamp.body. Secrets:
 * whsec_<base64> or plain base64 for v1, whpk_<base64> (public key) for v1a. Any signature with any secret is
 * enough (rotation). zendesk   X-Zendesk-Webhook-Signature = base64 HMAC over TIMESTAMP + BODY, in that
 * order; the secret is used as the ASCII it is shown as; X-Zendesk-Webhook-Signature-Timestamp is RFC 3339.
 * Zendesk states no window. github    X-Hub-Signature-256 = "sha256=" + lower-case hex HMAC over the body. No
 * timestamp, so no window.
 *
 * The body must be the bytes as received. Pure. Thread: any. */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum tl_webhook_scheme { TL_WEBHOOK_STANDARD, TL_WEBHOOK_ZENDESK, TL_WEBHOOK_GITHUB };

#define TL_WEBHOOK_TOLERANCE_S 300 /* our policy for both schemes that carry a time */

/* enum, word for logs and the command line, sentence for people */
#define TL_WEBHOOK_VERDICTS(X)                                                                                         \
    X(TL_WEBHOOK_ACCEPTED, "accepted", "the signature is right")                                                       \
    X(TL_WEBHOOK_NO_ID, "no-id", "the header with the message id is missing or empty")                                 \
    X(TL_WEBHOOK_NO_TIMESTAMP, "no-timestamp", "the header with the time of signing is missing")                       \
    X(TL_WEBHOOK_BAD_TIMESTAMP, "bad-timestamp", "the time of signing cannot be read")                                 \
    X(TL_WEBHOOK_TOO_OLD, "too-old", "signed longer ago than the tolerance allows: a repeat, or a clock is wrong")     \
    X(TL_WEBHOOK_TOO_NEW, "too-new", "signed in the future, beyond the tolerance: a clock is wrong")                   \
    X(TL_WEBHOOK_NO_SIGNATURE, "no-signature", "the header with the signature is missing or empty")                    \
    X(TL_WEBHOOK_BAD_SIGNATURE, "bad-signature",                                                                       \
      "the signature header has no signature of a kind that can be checked")                                           \
    X(TL_WEBHOOK_TWICE, "header-twice", "a header that must be single came more than once with different values")      \
    X(TL_WEBHOOK_BAD_SECRET, "bad-secret", "no configured secret can be used: wrong encoding or length")               \
    X(TL_WEBHOOK_MISMATCH, "mismatch", "no signature matches: another secret, or the body was changed on the way")

enum tl_webhook_verdict {
#define X(verdict, word, sentence) verdict,
    TL_WEBHOOK_VERDICTS(X)
#undef X
};

struct tl_webhook_header {
    tl_str name, value; /* borrow */
};

struct tl_webhook_input {
    enum tl_webhook_scheme scheme;
    const tl_str *secrets; /* borrow; the current one and those being rotated out */
    size_t secret_count;
    const struct tl_webhook_header *headers; /* borrow; names in any case */
    size_t header_count;
    tl_str body;
    int64_t now_ms;      /* Unix time */
    int64_t tolerance_s; /* 0: TL_WEBHOOK_TOLERANCE_S; negative: the time is not checked */
};

enum tl_webhook_verdict tl_webhook_verify(const struct tl_webhook_input *input);
/* "standard", "zendesk", "github". */
bool tl_webhook_scheme_parse(tl_str name, enum tl_webhook_scheme *out);
const char *tl_webhook_verdict_word(enum tl_webhook_verdict verdict);
const char *tl_webhook_verdict_sentence(enum tl_webhook_verdict verdict);

#define TL_WEBHOOK_SIGNATURE_SIZE 48 /* "v1,", 44 characters of base64 and a NUL */
/* The value of webhook-signature (Standard Webhooks) for these values of webhook-id and webhook-timestamp. TL_EINPUT:
 * the secret is not whsec_<base64> or plain base64 of 24 to 64 bytes. */
TL_MUST_CHECK tl_code tl_webhook_sign(tl_str secret, tl_str id, int64_t time_s, tl_str body,
                                      char out[TL_WEBHOOK_SIGNATURE_SIZE], struct tl_error *err);
