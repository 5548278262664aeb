/* A record with more children than one answer holds (lines of a large opportunity): the rest is read and put
 * in, since a cut record looks like a whole one. */
#include "children.h"

#include <tidelock/json.h>

/* The first child result of the record that is not complete. */
static int open_child(tlc_call *c, tlc_slice record, tlc_slice *name, tlc_slice *next)
{
    tlc_slice key, raw;
    uint64_t at = 0;

    while (c->host->json_next(c->scope, record, &at, &key, &raw) == 1) {
        if (raw.len == 0 || raw.ptr[0] != '{' || !tlc_is(tlc_json_raw(c->host, c->scope, raw, "/done"), "false"))
            continue;
        *next = tlc_json_text(c->host, c->scope, raw, "/nextRecordsUrl");
        *name = tlc_keep(c->host, c->scope, key);
        if (next->len)
            return 1;
    }
    return 0;
}

int sf_children_open(tlc_call *c, tlc_slice *records, uint32_t count, struct sf_child *out)
{
    for (; out->record < count; out->record++)
        if (open_child(c, records[out->record], &out->name, &out->next))
            return 1;
    return 0;
}

static void put_items(tlc_call *c, tlc_writer *writer, tlc_slice array)
{
    tlc_slice key, item;
    uint64_t at = 0;

    while (c->host->json_next(c->scope, array, &at, &key, &item) == 1)
        c->host->json_put(writer, TLC_JSON_RAW, item);
}

/* One result out of what was there and the page after it. */
static void put_joined(tlc_call *c, tlc_writer *writer, tlc_slice had, tlc_slice page)
{
    tlc_slice next = tlc_json_raw(c->host, c->scope, page, "/nextRecordsUrl");

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_member(c->host, writer, TLC_TEXT("totalSize"), TLC_JSON_RAW,
                    tlc_json_raw(c->host, c->scope, had, "/totalSize"));
    tlc_json_member(c->host, writer, TLC_TEXT("done"), TLC_JSON_RAW, tlc_json_raw(c->host, c->scope, page, "/done"));
    tlc_json_optional(c->host, writer, "nextRecordsUrl", TLC_JSON_RAW, next);
    c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("records"));
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    put_items(c, writer, tlc_json_raw(c->host, c->scope, had, "/records"));
    put_items(c, writer, tlc_json_raw(c->host, c->scope, page, "/records"));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

int sf_children_join(tlc_call *c, tlc_slice *record, const struct sf_child *child, tlc_slice page)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice key, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, *record, &at, &key, &raw) == 1) {
        c->host->json_put(writer, TLC_JSON_KEY, key);
        if (tlc_same(key, child->name))
            put_joined(c, writer, raw, page);
        else
            c->host->json_put(writer, TLC_JSON_RAW, raw);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return c->host->json_finish(writer, record) == 1;
}
