/* list: all records of a kind. Cursor paging by choosing page[size]; without it offset paging, which ends at
 * 10,000 rows. Links may name another host (recorded ones do): only their path and query are used. */
#include "zendesk.h"

#define ITEMS_MAX 10000

struct list {
    tlc_slice next;
    tlc_writer *writer;
    uint32_t count;
};

static const tlc_transfer *ask_first(tlc_call *c)
{
    tlc_slice size = tlc_arg(c, "/page_size"), path = TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT(".json"));

    if (tlc_is(size, "0"))
        return tlc_ask(c, "GET", path);
    return tlc_ask(c, "GET", TLC_JOIN(c, path, TLC_TEXT("?page%5Bsize%5D="), size.len ? size : TLC_TEXT("100")));
}

const tlc_transfer *zd_ask_next(tlc_call *c, tlc_slice link)
{
    static const char root[] = "/api/v2/";
    uint64_t i, n = sizeof root - 1;

    for (i = 0; i + n <= link.len; i++)
        if (memcmp(link.ptr + i, root, (size_t)n) == 0)
            return tlc_ask(c, "GET", tlc_text_n(link.ptr + i + n, link.len - i - n));
    return tlc_ask(c, "GET", link);
}

/* 0: not the answer of a list. */
static int take(tlc_call *c, struct list *s, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body), rows = zd_rows(c, body), key, raw;
    uint64_t at = 0;

    while (rows.len && c->host->json_next(c->scope, rows, &at, &key, &raw) == 1) {
        c->host->json_put(s->writer, TLC_JSON_RAW, raw);
        s->count++;
    }
    s->next.len = 0;
    if (tlc_is(tlc_json_raw(c->host, c->scope, body, "/meta/has_more"), "true"))
        s->next = tlc_json_text(c->host, c->scope, body, "/links/next");
    else if (!tlc_json_raw(c->host, c->scope, body, "/meta").len)
        s->next = tlc_json_text(c->host, c->scope, body, "/next_page");
    return rows.len > 0;
}

void zd_list(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct list *s = c->state;

    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    s = c->state = c->host->alloc(c->scope, sizeof *s);
    s->writer = c->host->json_writer(c->scope);
    c->host->json_put(s->writer, TLC_JSON_ARRAY, TLC_TEXT(""));
    do {
        TL_HTTP(s->next.len ? zd_ask_next(c, s->next) : ask_first(c));
        if (!take(c, s, in))
            TL_FAIL(TLC_RETRY, ZD_NO_ROWS);
        if (s->next.len && s->count >= ITEMS_MAX)
            TL_FAIL(TLC_DATA, TLC_TEXT("list: more than 10,000 records: use the changes of this object instead"));
    } while (s->next.len);
    c->host->json_put(s->writer, TLC_JSON_END, TLC_TEXT(""));
    if (c->host->json_finish(s->writer, &c->done.document) != 1)
        TL_FAIL(TLC_BUG, TLC_TEXT("list: the pages could not be joined"));
    TL_DONE(&c->done);
    TL_END;
}
