/* Cursors of captures as flat JSON objects: texts by name, and "more": true while pages of a backlog are to come.
 * A table says which member is which text of the connector's own struct:
 *
 *     struct acme_cursor { tlc_slice t, id; int more; };
 *     static const tlc_cursor_text texts[] = {{"/t", offsetof(struct acme_cursor, t)},
 *                                             {"/id", offsetof(struct acme_cursor, id)}};
 *
 * A cursor is stored, and read again by later versions of the connector: names are never reused for something else. */
#ifndef TIDELOCK_CURSOR_H
#define TIDELOCK_CURSOR_H

#include <stddef.h>
#include <tidelock/connector.h>
#include <tidelock/json.h>
#include <tidelock/text.h>

typedef struct tlc_cursor_text {
    const char *pointer; /* "/t": the member is what follows the slash */
    size_t at;           /* offset of a tlc_slice in the struct */
} tlc_cursor_text;

/* Texts that are not there become absent. 0: `json` is no JSON, so none of ours, and nothing was set. */
static inline int tlc_cursor_read(const tlc_host *host, tlc_scope *scope, tlc_slice json, const tlc_cursor_text *texts,
                                  uint32_t count, void *cursor, int *more)
{
    uint32_t i;
    if (host->json_check(scope, json) != 1)
        return 0;
    for (i = 0; i < count; i++)
        *(tlc_slice *)(void *)((char *)cursor + texts[i].at) = tlc_json_text(host, scope, json, texts[i].pointer);
    *more = tlc_is(tlc_json_raw(host, scope, json, "/more"), "true");
    return 1;
}

/* In the order of the table, without absent texts. */
static inline tlc_slice tlc_cursor_write(const tlc_host *host, tlc_scope *scope, const tlc_cursor_text *texts,
                                         uint32_t count, const void *cursor, int more)
{
    tlc_writer *writer = host->json_writer(scope);
    tlc_slice out = tlc_z(0);
    uint32_t i;

    tlc_json_mark(host, writer, TLC_JSON_OBJECT);
    for (i = 0; i < count; i++)
        tlc_json_optional(host, writer, texts[i].pointer + 1, TLC_JSON_STRING,
                          *(const tlc_slice *)(const void *)((const char *)cursor + texts[i].at));
    if (more)
        tlc_json_optional(host, writer, "more", TLC_JSON_RAW, tlc_z("true"));
    tlc_json_mark(host, writer, TLC_JSON_END);
    host->json_finish(writer, &out);
    return out;
}

#endif
