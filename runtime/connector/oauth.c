/* OAuth token requests (RFC 6749, RFC 7523): client credentials, JWT bearer, refresh token; by the manifest's scheme.
 * The answer is read in login.c. */
#include "oauth.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/random.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json_writer.h"
#include "codec/uri.h"
#include "crypto/jwt.h"
#include "request.h"

#define FORM_MAX (1u << 20)

struct grant {
    const struct tl_system *system; /* borrow */
    const struct tl_vars *vars;     /* borrow */
};

static tl_code text_of(const struct grant *grant, const char *key, const char *usual, tl_str *out, struct tl_error *err)
{
    const struct tl_json_value *value = tl_json_get(grant->system->auth_scheme, key);
    bool is_there = false;
    *out = TL_STR_NONE;
    tl_code code = tl_vars_text(grant->vars, value ? tl_json_text(value) : tl_str_z(usual), &is_there, out, err);
    return code;
}

static tl_code assertion(const struct grant *grant, tl_str token_url, struct tl_buf *out, struct tl_error *err)
{
    const struct tl_json_value *scheme = grant->system->auth_scheme;
    struct tl_jwt_claims claims = {0};
    struct tl_sign_key *key = NULL;
    int64_t lifetime_ms = 180000;
    uint8_t chance[16];
    char id[33];
    if (tl_json_get(scheme, "lifetime"))
        tl_must(tl_duration_parse(tl_json_get_text(scheme, "lifetime"), &lifetime_ms, NULL) == TL_OK);
    tl_random_bytes(chance, sizeof chance);
    tl_hex_write(id, chance, sizeof chance);
    claims.id = tl_str_z(id);
    claims.expires_s = (tl_wall_ms() + lifetime_ms) / 1000;
    tl_code code = text_of(grant, "issuer", "{auth.client_id}", &claims.issuer, err);
    if (code == TL_OK)
        code = text_of(grant, "subject", "{auth.user|auth.client_id}", &claims.subject, err);
    if (code == TL_OK)
        code = text_of(grant, "audience", "{auth.audience}", &claims.audience, err);
    if (claims.audience.len == 0)
        claims.audience = token_url;
    if (code == TL_OK)
        code = tl_sign_key_parse(tl_json_get_text(grant->vars->auth, "key"), &key, err);
    if (code == TL_OK)
        code = tl_jwt_write(key, &claims, out, err);
    tl_sign_key_free(key);
    return code;
}

/* The fields every grant has in common, then those of this one. */
static tl_code put_grant(const struct grant *grant, tl_str kind, tl_str token_url, struct tl_buf *form,
                         struct tl_error *err)
{
    tl_str refresh = TL_STR_NONE;
    tl_code code = TL_OK;
    if (tl_str_is(kind, "oauth2_jwt")) {
        struct tl_buf jwt;
        tl_buf_init(&jwt, 65536);
        code = assertion(grant, token_url, &jwt, err);
        tl_query_add(form, TL_STR("grant_type"), TL_STR("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        tl_query_add(form, TL_STR("assertion"), tl_buf_str(&jwt));
        tl_buf_free(&jwt);
        return code;
    }
    if (tl_str_is(kind, "oauth2_client_credentials")) {
        tl_query_add(form, TL_STR("grant_type"), TL_STR("client_credentials"));
        return TL_OK;
    }
    struct tl_var var = tl_vars_get(grant->vars, TL_STR("session.refresh_token|auth.refresh_token"));
    refresh = var.text;
    tl_query_add(form, TL_STR("grant_type"), TL_STR("refresh_token"));
    tl_query_add(form, TL_STR("refresh_token"), refresh);
    return refresh.len ? TL_OK : tl_fail(err, TL_EINPUT, "there is no refresh token");
}

static tl_code put_client(const struct grant *grant, tl_str kind, struct tl_buf *form, tl_str *basic,
                          struct tl_error *err)
{
    const struct tl_json_value *scheme = grant->system->auth_scheme, *auth = grant->vars->auth;
    tl_str id = tl_json_get_text(auth, "client_id"), secret = tl_json_get_text(auth, "client_secret"), scope, audience;
    tl_code code = text_of(grant, "scope", "{auth.scope}", &scope, err);
    if (code != TL_OK)
        return code;
    if (scope.len)
        tl_query_add(form, TL_STR("scope"), scope);
    if (tl_str_is(kind, "oauth2_jwt"))
        return TL_OK; /* the assertion names the client */
    code = text_of(grant, "audience", "{auth.audience}", &audience, err);
    if (code == TL_OK && audience.len)
        tl_query_add(form, TL_STR("audience"), audience);
    if (!tl_json_is(tl_json_get(scheme, "client"), "basic")) {
        tl_query_add(form, TL_STR("client_id"), id);
        if (secret.len)
            tl_query_add(form, TL_STR("client_secret"), secret);
        return code;
    }
    struct tl_buf pair, text; /* RFC 6749 section 2.3.1: each part form-encoded first */
    tl_buf_init(&pair, 16384);
    tl_buf_init(&text, 32768);
    tl_uri_encode(&pair, id, TL_URI_FORM);
    tl_buf_add_char(&pair, ':');
    tl_uri_encode(&pair, secret, TL_URI_FORM);
    tl_buf_add_z(&text, "Basic ");
    tl_base64_encode(&text, tl_buf_str(&pair));
    *basic = tl_arena_str(grant->vars->arena, tl_buf_str(&text));
    tl_buf_free(&pair);
    tl_buf_free(&text);
    return code;
}

/* Some token endpoints want the same fields as a JSON object. */
static tl_str form_as_json(const struct grant *grant, tl_str form)
{
    struct tl_buf text, decoded;
    struct tl_json_writer writer;
    tl_str name, value;
    tl_buf_init(&text, FORM_MAX);
    tl_buf_init(&decoded, FORM_MAX);
    tl_json_writer_init(&writer, &text);
    tl_json_begin_object(&writer);
    while (tl_query_next(&form, &name, &value)) {
        tl_buf_clear(&decoded);
        tl_must(tl_uri_decode(&decoded, value, true, NULL) == TL_OK);
        tl_json_key_str(&writer, name);
        tl_json_string(&writer, tl_buf_str(&decoded));
    }
    tl_json_end_object(&writer);
    tl_str out = tl_arena_str(grant->vars->arena, tl_buf_str(&text));
    tl_buf_free(&text);
    tl_buf_free(&decoded);
    return out;
}

tl_code tl_oauth_request(const struct tl_system *of, const struct tl_vars *vars, struct tl_exchange_request *out,
                         struct tl_error *err)
{
    const struct grant with = {of, vars}, *grant = &with;
    const struct tl_system *system = grant->system;
    bool json = tl_json_is(tl_json_get(system->auth_scheme, "body"), "json");
    tl_str basic = TL_STR_NONE, url;
    struct tl_buf form;
    tl_buf_init(&form, FORM_MAX);
    tl_code code = tl_vars_path(grant->vars, tl_json_get_text(system->auth_scheme, "token_url"), &url, err);
    if (code == TL_OK)
        code = put_grant(grant, system->auth_kind, url, &form, err);
    if (code == TL_OK)
        code = put_client(grant, system->auth_kind, &form, &basic, err);
    if (code == TL_OK)
        code = tl_request_form(tl_json_get(system->auth_scheme, "form"), grant->vars, &form, err);
    if (code == TL_OK) {
        struct tl_http_header *headers = tl_arena_alloc(grant->vars->arena, 3 * sizeof *headers);
        size_t count = 0;
        headers[count++] = (struct tl_http_header){
            TL_STR("Content-Type"), json ? TL_STR("application/json") : TL_STR("application/x-www-form-urlencoded")};
        if (basic.len)
            headers[count++] = (struct tl_http_header){TL_STR("Authorization"), basic};
        tl_str text = tl_arena_str(grant->vars->arena, tl_buf_str(&form));
        *out = (struct tl_exchange_request){.method = TL_STR("POST"),
                                            .url = url,
                                            .headers = headers,
                                            .header_count = count,
                                            .body = json ? form_as_json(grant, text) : text,
                                            .plain = true};
    }
    tl_buf_free(&form);
    return code;
}
