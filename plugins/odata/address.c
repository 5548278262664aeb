/* Addresses of entities and literals in URLs (OData URL Conventions 4.01, 4.3.1 and 5.1.1.6.1). */
#include "odata.h"

static int is_text(tlc_slice raw)
{
    return raw.len > 0 && raw.ptr[0] == '"';
}

/* Types whose literals are written without quotes although JSON has them as strings. */
static int is_bare(tlc_slice type)
{
    return type.len > 4 && memcmp(type.ptr, "Edm.", 4) == 0 && !tlc_is(type, "Edm.String") &&
           !tlc_is(type, "Edm.Duration") && !tlc_is(type, "Edm.Binary");
}

static tlc_slice quoted(tlc_call *c, tlc_slice text)
{
    char *out = c->host->alloc(c->scope, 2 * text.len + 3), *at = out;
    uint64_t i;

    *at++ = '\'';
    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            *at++ = '\'';
        *at++ = text.ptr[i];
    }
    *at++ = '\'';
    return tlc_text_n(out, (uint64_t)(at - out));
}

tlc_slice od_literal(tlc_call *c, tlc_slice type, tlc_slice raw)
{
    tlc_slice text = raw;

    c->host->json_text(c->scope, raw, &text);
    if (tlc_is(type, "Edm.String") || (is_text(raw) && !is_bare(type)))
        return quoted(c, text);
    return text;
}

static tlc_slice type_of(tlc_call *c, const struct od_type *type, tlc_slice field)
{
    const struct od_property *property = od_model_property(c->instance->model, type, field);
    tlc_slice none = {0, 0};
    return property ? property->type : none;
}

int od_key_needs_model(tlc_call *c, tlc_slice key)
{
    (void)c;
    return key.len > 0 && (key.ptr[0] == '"' || key.ptr[0] == '{');
}

/* The one key property of the type, when it has one. */
static tlc_slice single_key(tlc_call *c, const struct od_type *type)
{
    const struct od_key *keys = od_model_keys(c->instance->model, type);
    tlc_slice none = {0, 0};
    return keys && !keys->next ? keys->name : none;
}

/* {"OrderNo": "4711"} to OrderNo='4711'; the type's own single key goes without its name. */
static tlc_slice predicate(tlc_call *c, const struct od_type *type, tlc_slice key)
{
    tlc_slice own = single_key(c, type), out = {0, 0}, name, raw, only = {0, 0};
    uint64_t at = 0;
    int count = 0, is_own = 0;

    while (c->host->json_next(c->scope, key, &at, &name, &raw) == 1) {
        only = tlc_percent(c, od_literal(c, type_of(c, type, name), raw));
        is_own = tlc_same(name, own);
        out = TLC_JOIN(c, out.len ? out : TLC_TEXT(""), out.len ? TLC_TEXT(",") : TLC_TEXT(""), tlc_percent(c, name),
                       TLC_TEXT("="), only);
        count++;
    }
    return count == 1 && is_own ? only : out;
}

tlc_slice od_address(tlc_call *c, tlc_slice set, tlc_slice key)
{
    const struct od_type *type = od_model_set(c->instance->model, set);
    tlc_slice inside = {0, 0};

    if (key.len && key.ptr[0] == '{')
        inside = predicate(c, type, key);
    else if (key.len)
        inside = tlc_percent(c, od_literal(c, type_of(c, type, single_key(c, type)), key));
    if (!inside.len)
        return inside;
    return TLC_JOIN(c, tlc_percent(c, set), TLC_TEXT("("), inside, TLC_TEXT(")"));
}

/* 'it''s' to it's; anything else as it is. */
static tlc_slice unquoted(tlc_call *c, tlc_slice text)
{
    char *out;
    uint64_t i, n = 0;

    if (text.len < 2 || text.ptr[0] != '\'' || text.ptr[text.len - 1] != '\'')
        return text;
    out = c->host->alloc(c->scope, text.len);
    for (i = 1; i + 1 < text.len; i++) {
        out[n++] = text.ptr[i];
        if (text.ptr[i] == '\'' && text.ptr[i + 1] == '\'' && i + 2 < text.len)
            i++;
    }
    return tlc_text_n(out, n);
}

tlc_slice od_key_of_address(tlc_call *c, tlc_slice url)
{
    tlc_slice text = url, inside = {0, 0};
    uint64_t open, i, commas = 0, equals = 0;
    int in_quotes = 0;

    c->host->decode(c->scope, TLC_PERCENT, url, &text);
    if (text.len < 3 || text.ptr[text.len - 1] != ')')
        return inside;
    for (open = 0; open < text.len && text.ptr[open] != '('; open++)
        ;
    inside = tlc_text_n(text.ptr + open + 1, text.len - open - 2);
    for (i = 0; i < inside.len; i++) {
        in_quotes ^= inside.ptr[i] == '\'';
        commas += !in_quotes && inside.ptr[i] == ',';
        if (!in_quotes && inside.ptr[i] == '=' && !equals)
            equals = i + 1;
    }
    if (commas)
        return inside;
    return unquoted(c, tlc_text_n(inside.ptr + equals, inside.len - equals));
}

tlc_slice od_key_of_record(tlc_call *c, const struct od_type *type, tlc_slice record)
{
    const struct od_key *key = od_model_keys(c->instance->model, type);
    int several = key && key->next;
    tlc_slice out = {0, 0};

    for (; key; key = key->next) {
        tlc_slice raw = tlc_json_raw(c->host, c->scope, record, tlc_pointer_to(c, key->name));
        tlc_slice text = {0, 0};
        if (!raw.len || c->host->json_text(c->scope, raw, &text) != 1)
            return tlc_text_n(0, 0);
        if (!several)
            return text;
        out = TLC_JOIN(c, out.len ? out : TLC_TEXT(""), out.len ? TLC_TEXT(",") : TLC_TEXT(""), key->name,
                       TLC_TEXT("="), od_literal(c, type_of(c, type, key->name), raw));
    }
    return out;
}

tlc_slice od_bad_key(tlc_call *c)
{
    return TLC_JOIN(c, c->request->operation, TLC_TEXT(": key must be a value, or an object of key properties"));
}
