/* The formats by name. */
#include "formats.h"
#include "base/nearest.h"
#include "codec/json_pointer.h"
#include "codec/uri_template.h"
#include "schema_node.h"
#include <string.h>

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool uuid(tl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text.ptr[i] != '-' : !is_hex(text.ptr[i]))
            return false;
    }
    return text.len == 36;
}

static bool json_pointer(tl_str text)
{
    return tl_json_pointer_check(text, NULL) == TL_OK;
}

static bool relative_json_pointer(tl_str text)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    if (!digits || (digits > 1 && text.ptr[0] == '0'))
        return false;
    tl_str rest = tl_str_from(text, digits);
    return tl_str_is(rest, "#") || json_pointer(rest);
}

static bool uri_template(tl_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] <= ' ' || strchr("\"<>\\^`|\x7f", text.ptr[i]))
            return false;
    return tl_uri_template_check(text, NULL) == TL_OK;
}

static bool regex(tl_str text)
{
    struct tl_regex *compiled;
    if (tl_regex_compile(text, &compiled, NULL) != TL_OK)
        return false;
    tl_regex_free(compiled);
    return true;
}

static const struct tl_format formats[] = {
    {"date", tl_format_date, "2026-05-17"},
    {"time", tl_format_time, "09:30:00Z"},
    {"date-time", tl_format_date_time, "2026-05-17T09:30:00Z"},
    {"duration", tl_format_duration, "P1DT12H"},
    {"email", tl_format_email, "ann@acme.example"},
    {"idn-email", tl_format_idn_email, "ann@acme.example"},
    {"hostname", tl_format_hostname, "www.acme.example"},
    {"ipv4", tl_format_ipv4, "192.0.2.1"},
    {"ipv6", tl_format_ipv6, "2001:db8::1"},
    {"uri", tl_format_uri, "https://acme.example/orders/1"},
    {"uri-reference", tl_format_uri_reference, "../orders/1"},
    {"iri", tl_format_iri, "https://acme.example/orders/1"},
    {"iri-reference", tl_format_iri_reference, "../orders/1"},
    {"uri-template", uri_template, "/orders/{no}"},
    {"uuid", uuid, "2f1b7f6c-7a0e-4f57-9d3c-3c1f7f6d2b11"},
    {"json-pointer", json_pointer, "/lines/0"},
    {"relative-json-pointer", relative_json_pointer, "1/total"},
    {"regex", regex, "^[A-Z]{3}$"},
};

const struct tl_format *tl_format_find(tl_str name)
{
    for (size_t i = 0; i < TL_COUNT_OF(formats); i++)
        if (tl_str_is(name, formats[i].name))
            return &formats[i];
    return NULL;
}

const char *tl_format_nearest(tl_str name)
{
    const char *names[TL_COUNT_OF(formats)];
    for (size_t i = 0; i < TL_COUNT_OF(formats); i++)
        names[i] = formats[i].name;
    return tl_nearest(name, names, TL_COUNT_OF(formats));
}

const char *tl_format_names(struct tl_arena *arena)
{
    const char *all = "";
    for (size_t i = 0; i < TL_COUNT_OF(formats); i++)
        all = tl_arena_printf(arena, "%s%s%s", all, i > 0 ? " " : "", formats[i].name);
    return all;
}

bool tl_format_is_missing(tl_str name)
{
    return tl_str_is(name, "idn-hostname");
}
