/* Bodies: numbers that IEEE754Compatible wants as strings, for a double would round them on the way. */
#include "odata.h"

#include <tidelock/json.h>

static void put_value(tlc_call *c, tlc_writer *writer, const struct od_type *type, tlc_slice raw, int depth);

static int is_exact(tlc_slice type)
{
    return tlc_is(type, "Edm.Decimal") || tlc_is(type, "Edm.Int64");
}

static int is_number(tlc_slice raw)
{
    return raw.len && (raw.ptr[0] == '-' || (raw.ptr[0] >= '0' && raw.ptr[0] <= '9'));
}

static void put_member(tlc_call *c, tlc_writer *writer, const struct od_type *type, tlc_slice name, tlc_slice raw,
                       int depth)
{
    const struct od_property *property = od_model_property(c->instance->model, type, name);

    c->host->json_put(writer, TLC_JSON_KEY, name);
    if (property && is_exact(property->type) && is_number(raw))
        c->host->json_put(writer, TLC_JSON_STRING, raw);
    else
        put_value(c, writer, property ? od_model_type(c->instance->model, property->type) : 0, raw, depth);
}

static void put_members(tlc_call *c, tlc_writer *writer, const struct od_type *type, tlc_slice object, int depth)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    while (c->host->json_next(c->scope, object, &at, &name, &raw) == 1)
        put_member(c, writer, type, name, raw, depth);
}

/* Only values of a known type are looked into. */
static void put_value(tlc_call *c, tlc_writer *writer, const struct od_type *type, tlc_slice raw, int depth)
{
    tlc_slice name, item;
    uint64_t at = 0;

    if (!type || depth == 0 || !raw.len || (raw.ptr[0] != '{' && raw.ptr[0] != '[')) {
        c->host->json_put(writer, TLC_JSON_RAW, raw);
        return;
    }
    if (raw.ptr[0] == '{') {
        tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
        put_members(c, writer, type, raw, depth - 1);
    } else {
        tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
        while (c->host->json_next(c->scope, raw, &at, &name, &item) == 1)
            put_value(c, writer, type, item, depth - 1);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

tlc_slice od_body(tlc_call *c, const struct od_type *type, tlc_slice record, tlc_slice key)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice body = record, name, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (key.len && key.ptr[0] == '{' && c->host->json_next(c->scope, key, &at, &name, &raw) == 1)
        if (!tlc_json_has(c->host, c->scope, record, name))
            put_member(c, writer, type, name, raw, 32);
    put_members(c, writer, type, record, 32);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &body);
    return body;
}

void od_send_body(tlc_call *c, const struct od_type *type, tlc_slice body)
{
    tlc_add_body(c, type ? "application/json;IEEE754Compatible=true" : "application/json", body);
}
