/* The kinds of authentication there are, and what each needs of a system's settings. */
#include "auth_kind.h"
#include "base/attr.h"

struct auth_kind {
    const char *kind;
    const char *fields[6]; /* the usual ones; a leading '!' marks a required one */
};

static const struct auth_kind auth_kinds[] = {
    {"none", {NULL}},
    {"basic", {"!user", "!password", NULL}},
    {"token", {"!token", NULL}},
    {"oauth2_client_credentials", {"!client_id", "!client_secret", "scope", NULL}},
    {"oauth2_jwt", {"!client_id", "!key", "user", "audience", NULL}},
    {"oauth2_refresh", {"!client_id", "client_secret", "!refresh_token", "scope", NULL}},
    {"session", {"user", "password", NULL}},
};

static const struct auth_kind *auth_kind(tl_str kind)
{
    for (size_t i = 0; i < TL_COUNT_OF(auth_kinds); i++)
        if (tl_str_is(kind, auth_kinds[i].kind))
            return &auth_kinds[i];
    return NULL;
}

bool tl_auth_kind_known(tl_str kind)
{
    return auth_kind(kind) != NULL;
}

const char *tl_auth_field(tl_str kind, size_t i, bool *required)
{
    const struct auth_kind *of = auth_kind(kind);
    const char *field = of && i < TL_COUNT_OF(of->fields) ? of->fields[i] : NULL;
    *required = field && field[0] == '!';
    return field && field[0] == '!' ? field + 1 : field;
}
