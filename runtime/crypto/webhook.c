/* Verification of signed webhooks: see crypto/webhook.h. Order of checks: headers, time, secrets, signatures;
 * so that the verdict names the first thing a person would repair. Thread: any. */
#include "crypto/webhook.h"

#include "base/attr.h"
#include "codec/base64.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

#include <stdio.h>
#include <string.h>

#define SIGNATURES_MAX 16 /* in one header; more is an attempt to make us work */

/* ---- words ---- */

static const struct {
    const char *word, *sentence;
} verdicts[] = {
#define X(verdict, word, sentence) {word, sentence},
    TL_WEBHOOK_VERDICTS(X)
#undef X
};

const char *tl_webhook_verdict_word(enum tl_webhook_verdict verdict)
{
    return (size_t)verdict < TL_COUNT_OF(verdicts) ? verdicts[verdict].word : "?";
}

const char *tl_webhook_verdict_sentence(enum tl_webhook_verdict verdict)
{
    return (size_t)verdict < TL_COUNT_OF(verdicts) ? verdicts[verdict].sentence : "?";
}

bool tl_webhook_scheme_parse(tl_str name, enum tl_webhook_scheme *out)
{
    static const char *const names[] = {"standard", "zendesk", "github"};

    for (size_t i = 0; i < TL_COUNT_OF(names); i++)
        if (tl_str_is(name, names[i])) {
            *out = (enum tl_webhook_scheme)i;
            return true;
        }
    return false;
}

/* ---- headers ---- */

/* The single value of a header, trimmed; `missing` when absent or empty, TWICE when two differ. */
static enum tl_webhook_verdict find_header(const struct tl_webhook_input *in, const char *name,
                                           enum tl_webhook_verdict missing, tl_str *value)
{
    bool found = false;

    *value = TL_STR_NONE;
    for (size_t i = 0; i < in->header_count; i++) {
        if (!tl_str_ieq(in->headers[i].name, tl_str_z(name)))
            continue;
        tl_str one = tl_str_trim(in->headers[i].value);
        if (found && !tl_str_eq(*value, one))
            return TL_WEBHOOK_TWICE;
        found = true;
        *value = one;
    }
    return found && value->len > 0 ? TL_WEBHOOK_ACCEPTED : missing;
}

/* ---- time ---- */

static enum tl_webhook_verdict check_time(const struct tl_webhook_input *in, int64_t signed_s)
{
    int64_t tolerance = in->tolerance_s ? in->tolerance_s : TL_WEBHOOK_TOLERANCE_S;
    int64_t now_s = in->now_ms / 1000;

    if (tolerance < 0)
        return TL_WEBHOOK_ACCEPTED;
    if (signed_s < now_s - tolerance)
        return TL_WEBHOOK_TOO_OLD;
    if (signed_s > now_s + tolerance)
        return TL_WEBHOOK_TOO_NEW;
    return TL_WEBHOOK_ACCEPTED;
}

static bool read_digits(tl_str text, size_t at, size_t count, int64_t *out)
{
    uint64_t n = 0;

    if (at + count > text.len || !tl_str_u64(tl_str_n(text.ptr + at, count), &n))
        return false;
    *out = (int64_t)n;
    return true;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar; March is the first month, so that leap days come
 * last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

/* "2021-07-25T10:00:00[.fff](Z|±hh:mm)" to Unix seconds. */
static bool read_rfc3339(tl_str text, int64_t *out)
{
    int64_t year, month, day, hour, minute, second, zone_hour, zone_minute;
    size_t at = 19;

    if (text.len < 20 || text.ptr[4] != '-' || text.ptr[7] != '-' || text.ptr[10] != 'T' || text.ptr[13] != ':' ||
        text.ptr[16] != ':')
        return false;
    if (!read_digits(text, 0, 4, &year) || !read_digits(text, 5, 2, &month) || !read_digits(text, 8, 2, &day) ||
        !read_digits(text, 11, 2, &hour) || !read_digits(text, 14, 2, &minute) || !read_digits(text, 17, 2, &second))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    if (text.ptr[at] == '.') {
        size_t first = ++at;
        while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9')
            at++;
        if (at == first)
            return false;
    }
    *out = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    if (at + 1 == text.len && text.ptr[at] == 'Z')
        return true;
    if (at + 6 != text.len || (text.ptr[at] != '+' && text.ptr[at] != '-') || text.ptr[at + 3] != ':' ||
        !read_digits(text, at + 1, 2, &zone_hour) || !read_digits(text, at + 4, 2, &zone_minute) || zone_hour > 23 ||
        zone_minute > 59)
        return false;
    *out -= (text.ptr[at] == '-' ? -1 : 1) * (zone_hour * 3600 + zone_minute * 60);
    return true;
}

/* ---- Standard Webhooks ---- */

/* `prefix` may be absent only where `optional`. */
static bool read_secret(tl_str secret, tl_str prefix, bool optional, struct tl_buf *out)
{
    tl_str text = tl_str_trim(secret);

    tl_buf_clear(out);
    if (tl_str_starts(text, prefix))
        text = tl_str_from(text, prefix.len);
    else if (!optional)
        return false;
    return text.len > 0 && tl_base64_decode(out, text, NULL) == TL_OK;
}

static bool hmac_matches(tl_str key, const tl_str parts[], size_t count, tl_str signature)
{
    uint8_t digest[TL_SHA256_SIZE];

    tl_hmac_sha256(key, parts, count, digest);
    return tl_secret_equal(tl_str_n(digest, sizeof(digest)), signature);
}

static bool ed25519_matches(tl_str public_key, const tl_str parts[], size_t count, tl_str signature)
{
    struct tl_sign_key *key = NULL;
    struct tl_buf text;
    bool ok = false;

    tl_buf_init(&text, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++)
        tl_buf_add_str(&text, parts[i]);
    if (tl_sign_key_ed25519(public_key, &key, NULL) == TL_OK)
        ok = tl_sign_verify(key, tl_buf_str(&text), signature, NULL) == TL_OK;
    tl_sign_key_free(key);
    tl_buf_free(&text);
    return ok;
}

/* One "v1,…" or "v1a,…" against one secret. `*usable` is set when the secret is of the kind and form for it.
 */
static bool standard_one(const struct tl_webhook_input *in, bool asymmetric, tl_str signature, const tl_str parts[],
                         bool *usable)
{
    struct tl_buf key;
    bool matches = false;

    tl_buf_init(&key, 256);
    for (size_t i = 0; i < in->secret_count && !matches; i++) {
        bool read = asymmetric ? read_secret(in->secrets[i], TL_STR("whpk_"), false, &key)
                               : read_secret(in->secrets[i], TL_STR("whsec_"), true, &key);
        if (!read || (asymmetric ? key.len != 32 : key.len < 24 || key.len > 64))
            continue;
        *usable = true;
        matches = asymmetric ? ed25519_matches(tl_buf_str(&key), parts, 5, signature)
                             : hmac_matches(tl_buf_str(&key), parts, 5, signature);
    }
    tl_secret_wipe(key.ptr, key.cap);
    tl_buf_free(&key);
    return matches;
}

static enum tl_webhook_verdict standard_signatures(const struct tl_webhook_input *in, tl_str list, const tl_str parts[])
{
    bool readable = false, usable = false, matches = false;
    struct tl_buf signature;
    tl_str one;

    tl_buf_init(&signature, 64);
    for (int n = 0; n < SIGNATURES_MAX && !matches && tl_str_cut(&list, ' ', &one); n++) {
        bool asymmetric = tl_str_starts(one, TL_STR("v1a,"));
        if (!asymmetric && !tl_str_starts(one, TL_STR("v1,")))
            continue; /* a version of the future, or a blank too many */
        tl_buf_clear(&signature);
        if (tl_base64_decode(&signature, tl_str_from(one, asymmetric ? 4 : 3), NULL) != TL_OK ||
            signature.len != (asymmetric ? 64 : 32))
            continue;
        readable = true;
        matches = standard_one(in, asymmetric, tl_buf_str(&signature), parts, &usable);
    }
    tl_buf_free(&signature);
    if (matches)
        return TL_WEBHOOK_ACCEPTED;
    return !readable ? TL_WEBHOOK_BAD_SIGNATURE : !usable ? TL_WEBHOOK_BAD_SECRET : TL_WEBHOOK_MISMATCH;
}

static enum tl_webhook_verdict verify_standard(const struct tl_webhook_input *in)
{
    tl_str id, time, list;
    uint64_t signed_s;
    enum tl_webhook_verdict verdict;

    if ((verdict = find_header(in, "webhook-id", TL_WEBHOOK_NO_ID, &id)) != TL_WEBHOOK_ACCEPTED ||
        (verdict = find_header(in, "webhook-timestamp", TL_WEBHOOK_NO_TIMESTAMP, &time)) != TL_WEBHOOK_ACCEPTED ||
        (verdict = find_header(in, "webhook-signature", TL_WEBHOOK_NO_SIGNATURE, &list)) != TL_WEBHOOK_ACCEPTED)
        return verdict;
    if (time.len > 12 || !tl_str_u64(time, &signed_s))
        return TL_WEBHOOK_BAD_TIMESTAMP;
    if ((verdict = check_time(in, (int64_t)signed_s)) != TL_WEBHOOK_ACCEPTED)
        return verdict;
    const tl_str parts[] = {id, TL_STR("."), time, TL_STR("."), in->body};
    return standard_signatures(in, list, parts);
}

tl_code tl_webhook_sign(tl_str secret, tl_str id, int64_t time_s, tl_str body, char out[TL_WEBHOOK_SIGNATURE_SIZE],
                        struct tl_error *err)
{
    struct tl_buf key, text;
    char time[24];
    uint8_t digest[TL_SHA256_SIZE];

    tl_buf_init(&key, 256);
    tl_buf_init(&text, TL_WEBHOOK_SIGNATURE_SIZE);
    snprintf(time, sizeof(time), "%lld", (long long)time_s);
    bool usable = read_secret(secret, TL_STR("whsec_"), true, &key) && key.len >= 24 && key.len <= 64;
    if (usable) {
        const tl_str parts[] = {id, TL_STR("."), tl_str_z(time), TL_STR("."), body};
        tl_hmac_sha256(tl_buf_str(&key), parts, 5, digest);
        (void)tl_base64_encode(&text, tl_str_n(digest, sizeof(digest)));
        snprintf(out, TL_WEBHOOK_SIGNATURE_SIZE, "v1,%s", text.ptr);
    }
    tl_secret_wipe(key.ptr, key.cap);
    tl_buf_free(&key);
    tl_buf_free(&text);
    return usable ? TL_OK : tl_fail(err, TL_EINPUT, "the secret for webhooks is not whsec_<base64> of 24 to 64 bytes");
}

/* ---- Zendesk ---- */

static enum tl_webhook_verdict verify_zendesk(const struct tl_webhook_input *in)
{
    tl_str time, text;
    int64_t signed_s;
    enum tl_webhook_verdict verdict;
    struct tl_buf signature;
    bool usable = false, matches = false;

    if ((verdict = find_header(in, "x-zendesk-webhook-signature-timestamp", TL_WEBHOOK_NO_TIMESTAMP, &time)) !=
            TL_WEBHOOK_ACCEPTED ||
        (verdict = find_header(in, "x-zendesk-webhook-signature", TL_WEBHOOK_NO_SIGNATURE, &text)) !=
            TL_WEBHOOK_ACCEPTED)
        return verdict;
    if (!read_rfc3339(time, &signed_s))
        return TL_WEBHOOK_BAD_TIMESTAMP;
    if ((verdict = check_time(in, signed_s)) != TL_WEBHOOK_ACCEPTED)
        return verdict;
    tl_buf_init(&signature, 64);
    bool readable = tl_base64_decode(&signature, text, NULL) == TL_OK && signature.len == TL_SHA256_SIZE;
    /* Timestamp first: the order of 2021 was the other one, and must not be accepted. */
    const tl_str parts[] = {time, in->body};
    for (size_t i = 0; readable && i < in->secret_count && !matches; i++) {
        tl_str secret = tl_str_trim(in->secrets[i]);
        usable = usable || secret.len > 0;
        matches = secret.len > 0 && hmac_matches(secret, parts, 2, tl_buf_str(&signature));
    }
    tl_buf_free(&signature);
    if (matches)
        return TL_WEBHOOK_ACCEPTED;
    return !readable ? TL_WEBHOOK_BAD_SIGNATURE : !usable ? TL_WEBHOOK_BAD_SECRET : TL_WEBHOOK_MISMATCH;
}

/* ---- GitHub ---- */

static enum tl_webhook_verdict verify_github(const struct tl_webhook_input *in)
{
    tl_str text;
    bool usable = false, matches = false;
    enum tl_webhook_verdict verdict = find_header(in, "x-hub-signature-256", TL_WEBHOOK_NO_SIGNATURE, &text);

    if (verdict != TL_WEBHOOK_ACCEPTED)
        return verdict;
    if (!tl_str_starts(text, TL_STR("sha256=")) || text.len != 7 + 64)
        return TL_WEBHOOK_BAD_SIGNATURE;
    for (size_t i = 0; i < in->secret_count && !matches; i++) {
        uint8_t digest[TL_SHA256_SIZE];
        char hex[65];
        tl_str secret = tl_str_trim(in->secrets[i]);
        if (secret.len == 0)
            continue;
        usable = true;
        tl_hmac_sha256(secret, &in->body, 1, digest);
        tl_sha256_hex(digest, hex);
        matches = tl_secret_equal(tl_str_n(hex, 64), tl_str_from(text, 7));
    }
    return matches ? TL_WEBHOOK_ACCEPTED : usable ? TL_WEBHOOK_MISMATCH : TL_WEBHOOK_BAD_SECRET;
}

enum tl_webhook_verdict tl_webhook_verify(const struct tl_webhook_input *input)
{
    switch (input->scheme) {
    case TL_WEBHOOK_STANDARD:
        return verify_standard(input);
    case TL_WEBHOOK_ZENDESK:
        return verify_zendesk(input);
    case TL_WEBHOOK_GITHUB:
        return verify_github(input);
    }
    return TL_WEBHOOK_BAD_SIGNATURE;
}
