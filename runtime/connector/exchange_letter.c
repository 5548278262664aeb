/* Envelope and credentials of a letter. What stands in it is the connector's. */
#include "exchange_letter.h"
#include "net/smtp.h"

#define RECEIVERS_MAX 500

bool tl_url_is_mail(tl_str url)
{
    return tl_str_starts(url, TL_STR("smtp://")) || tl_str_starts(url, TL_STR("smtps://"));
}

/* ---- credentials ---- */

/* A template of the scheme, or the usual one; empty when its names are absent. */
static tl_code read_template(struct tl_exchange *x, const char *key, const char *usual, tl_str *out,
                             struct tl_error *err)
{
    const struct tl_json_value *given = tl_json_get(x->lane->system->auth_scheme, key);
    bool is_there = false;
    tl_code code = tl_vars_text(x->vars, given ? tl_json_text(given) : tl_str_z(usual), &is_there, out, err);
    if (code == TL_OK && !is_there)
        *out = TL_STR_NONE;
    return code;
}

static tl_code read_credentials(struct tl_exchange *x, struct tl_smtp_request *letter, struct tl_error *err)
{
    const struct tl_system *system = x->lane->system;
    if (x->request->plain || tl_str_is(system->auth_kind, "none"))
        return TL_OK;
    tl_code code = read_template(x, "user", "{auth.user}", &letter->user, err);
    if (code != TL_OK)
        return code;
    if (tl_str_is(system->auth_kind, "basic"))
        return read_template(x, "password", "{auth.password}", &letter->password, err);
    return read_template(x, "value", system->renewable ? "{session.token}" : "{auth.token}", &letter->token, err);
}

/* ---- the envelope ---- */

static tl_code read_tls(tl_str word, enum tl_smtp_tls *tls, struct tl_error *err)
{
    static const char *const words[] = {"offered", "required", "never"}; /* as enum tl_smtp_tls */
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if (tl_str_is(word, words[i])) {
            *tls = (enum tl_smtp_tls)i;
            return TL_OK;
        }
    return tl_fail(err, TL_EINPUT, "tls of a letter is offered, required or never, not \"%.*s\"", TL_STR_ARGS(word));
}

static tl_code read_envelope(struct tl_exchange *x, struct tl_smtp_request *letter, struct tl_error *err)
{
    const struct tl_exchange_request *request = x->request;
    tl_str *to = tl_arena_alloc(x->arena, (request->header_count + 1) * sizeof *to);
    tl_code code = TL_OK;
    letter->to = to;
    letter->tls = TL_SMTP_TLS_REQUIRED;
    for (size_t i = 0; code == TL_OK && i < request->header_count; i++) {
        const struct tl_http_header *field = &request->headers[i];
        if (tl_str_is(field->name, "from"))
            letter->from = field->value;
        else if (tl_str_is(field->name, "to"))
            to[letter->to_count++] = field->value;
        else if (tl_str_is(field->name, "tls"))
            code = read_tls(field->value, &letter->tls, err);
        else
            code = tl_fail(err, TL_EINPUT, "the envelope of a letter has from, to and tls, not \"%.*s\"",
                           TL_STR_ARGS(field->name));
    }
    if (code == TL_OK && letter->to_count > RECEIVERS_MAX)
        code =
            tl_fail(err, TL_EINPUT, "a letter goes to %d receivers at most, not %zu", RECEIVERS_MAX, letter->to_count);
    return code;
}

struct tl_transfer *tl_exchange_letter(struct tl_exchange *x, tl_str url, int64_t left_ms, tl_transfer_done *done,
                                       struct tl_error *err)
{
    struct tl_smtp_request letter = {.url = url, .letter = x->request->body, .total_ms = left_ms};
    if (read_envelope(x, &letter, err) != TL_OK || read_credentials(x, &letter, err) != TL_OK)
        return NULL;
    return tl_smtp_send(x->lane->client, &letter, done, x);
}
