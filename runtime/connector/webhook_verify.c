/* Signature schemes. A wrong signature, a stale one and a missing one are all 401; what is wrong with our own settings
 * is 503, because the sender may try again when it is repaired. */
#include "webhook_verify.h"
#include "base/clock.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/digest.h"
#include "crypto/webhook.h"
#include <stdio.h>

#define SECRETS_MAX 8
#define HEADERS_MAX 128

static int refuse(int status, char *why, size_t why_size, const char *text)
{
    snprintf(why, why_size, "%s", text);
    return status;
}

static size_t secrets_of(const struct tl_system *system, const struct tl_json_value *spec, tl_str *out)
{
    size_t count = 0;
    tl_str name = tl_json_get_text(spec, "secret");
    while (count < SECRETS_MAX && tl_system_secret(system, name, count, &out[count]))
        count++;
    return count;
}

/* The one scheme, or of a list the one that the system's `scheme` names. */
static tl_str scheme_of(const struct tl_system *system, const struct tl_json_value *spec)
{
    const struct tl_json_value *schemes = tl_json_get(spec, "scheme");
    if (tl_json_type(schemes) != TL_JSON_IS_ARRAY)
        return tl_json_text(schemes);
    tl_str chosen = tl_json_get_text(tl_json_root(system->config), "scheme");
    struct tl_json_iter i = tl_json_iter(schemes);
    while (tl_json_next(&i))
        if (tl_str_eq(tl_json_text(i.value), chosen))
            return chosen;
    return tl_json_text(tl_json_item(schemes, 0));
}

static int check_known(enum tl_webhook_scheme scheme, const tl_str *secrets, size_t count,
                       const struct tl_webhook_request *request, char *why, size_t why_size)
{
    struct tl_webhook_header headers[HEADERS_MAX];
    size_t n = request->header_count < HEADERS_MAX ? request->header_count : HEADERS_MAX;
    for (size_t i = 0; i < n; i++)
        headers[i] = (struct tl_webhook_header){request->headers[i].name, request->headers[i].value};
    struct tl_webhook_input input = {.scheme = scheme,
                                     .secrets = secrets,
                                     .secret_count = count,
                                     .headers = headers,
                                     .header_count = n,
                                     .body = request->body,
                                     .now_ms = tl_wall_ms()};
    enum tl_webhook_verdict verdict = tl_webhook_verify(&input);
    if (verdict == TL_WEBHOOK_ACCEPTED)
        return 0;
    return refuse(verdict == TL_WEBHOOK_BAD_SECRET ? 503 : 401, why, why_size, tl_webhook_verdict_sentence(verdict));
}

/* The header the manifest or, as a template, the system names. */
static tl_str signed_header(const struct tl_json_value *spec, const struct tl_vars *vars,
                            const struct tl_webhook_request *request)
{
    bool is_there = false;
    tl_str name;
    if (tl_vars_text(vars, tl_json_get_text(spec, "header"), &is_there, &name, NULL) != TL_OK || !is_there)
        return TL_STR_NONE;
    return tl_http_header_value(request->headers, request->header_count, tl_arena_copy(vars->arena, name));
}

static bool mac_matches(const struct tl_json_value *spec, tl_str given, tl_str secret, tl_str body)
{
    uint8_t mac[TL_SHA256_SIZE];
    struct tl_buf raw;
    tl_str prefix = tl_json_get_text(spec, "prefix");
    bool base64 = tl_json_is(tl_json_get(spec, "form"), "base64");
    if (!tl_str_starts(given, prefix))
        return false;
    given = tl_str_from(given, prefix.len);
    tl_buf_init(&raw, 256);
    tl_code code = base64 ? tl_base64_decode(&raw, given, NULL) : tl_hex_decode(&raw, given, NULL);
    tl_hmac_sha256(secret, &body, 1, mac);
    bool same = code == TL_OK && tl_secret_equal(tl_buf_str(&raw), tl_str_n(mac, sizeof mac));
    tl_buf_free(&raw);
    return same;
}

static int check_header(const struct tl_json_value *spec, const struct tl_vars *vars, bool is_mac,
                        const tl_str *secrets, size_t count, const struct tl_webhook_request *request, char *why,
                        size_t why_size)
{
    tl_str given = signed_header(spec, vars, request);
    if (given.len == 0)
        return refuse(401, why, why_size, is_mac ? "the signature header is missing" : "the token header is missing");
    for (size_t i = 0; i < count; i++)
        if (is_mac ? mac_matches(spec, given, secrets[i], request->body) : tl_secret_equal(given, secrets[i]))
            return 0;
    return refuse(401, why, why_size, is_mac ? "no signature matches" : "the token is wrong");
}

int tl_webhook_check(const struct tl_system *system, const struct tl_json_value *spec, const struct tl_vars *vars,
                     const struct tl_webhook_request *request, bool *verified, char *why, size_t why_size)
{
    tl_str scheme = scheme_of(system, spec), secrets[SECRETS_MAX];
    enum tl_webhook_scheme known;
    *verified = false;
    if (tl_str_is(scheme, "code"))
        return 0;
    if (tl_str_is(scheme, "none"))
        return request->loopback ? 0
                                 : refuse(401, why, why_size,
                                          "unsigned messages are taken from this machine only: choose a scheme and set "
                                          "a secret");
    size_t count = secrets_of(system, spec, secrets);
    if (count == 0)
        return refuse(503, why, why_size, "no secret is configured for this webhook");
    *verified = true;
    if (tl_webhook_scheme_parse(scheme, &known))
        return check_known(known, secrets, count, request, why, why_size);
    return check_header(spec, vars, tl_str_is(scheme, "hmac"), secrets, count, request, why, why_size);
}
