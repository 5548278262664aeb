/* get, and a ticket as a plain record: people and queues by name, custom fields by name, times that are not set as
 * null, and `version`, the number of its last transaction, which is RT's ETag. */
#include "rt.h"

#define PATIENCE 6
#define PAUSE_MS 500

tlc_slice rt_ticket_url(tlc_call *c, tlc_slice id)
{
    return TLC_JOIN(c, TLC_TEXT("ticket/"), tlc_percent(c, id));
}

/* "40" in quotes, perhaps weak. */
static tlc_slice unquoted(tlc_call *c, tlc_slice etag)
{
    uint64_t from = 0, to = etag.len;

    while (from < to && etag.ptr[from] != '"')
        from++;
    if (from == to)
        return etag.len ? tlc_keep(c->host, c->scope, etag) : etag;
    while (etag.ptr[to - 1] != '"')
        to--;
    return tlc_keep(c->host, c->scope, tlc_text_n(etag.ptr + from + 1, to > from + 1 ? to - from - 2 : 0));
}

int rt_ticket_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_PART_BEGIN(&s->part);
    s->answer = tlc_text_n(0, 0);
    TL_PART_HTTP(tlc_ask_any(c, "GET", rt_ticket_url(c, s->id)));
    if (in->outcome != TLC_SENT || (in->status >= 300 && in->status != 404))
        TL_PART_FAIL(0, TLC_TEXT(""));
    if (in->status != 404) {
        s->answer = tlc_keep(c->host, c->scope, in->body);
        s->version = unquoted(c, tlc_header_get(in->headers, in->header_count, "ETag"));
        s->queue = tlc_json_text(c->host, c->scope, s->answer, "/Queue/id");
        s->inner.line = 0;
        TL_PART_DO(rt_queue_run(c, in, out));
    }
    TL_PART_END;
}

/* ---- the record ---- */

/* Of {"id": "sync", "type": "user", "_url": …} the id. */
static void put_named(tlc_call *c, tlc_writer *writer, tlc_slice raw)
{
    tlc_slice id = tlc_json_text(c->host, c->scope, raw, "/id");

    c->host->json_put(writer, id.len ? TLC_JSON_STRING : TLC_JSON_RAW, id.len ? id : raw);
}

static void put_list(tlc_call *c, tlc_writer *writer, tlc_slice list)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (c->host->json_next(c->scope, list, &at, &name, &raw) == 1)
        if (raw.ptr[0] == '{')
            put_named(c, writer, raw);
        else
            c->host->json_put(writer, TLC_JSON_RAW, raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

/* One value as it is, several as a list, none as null. */
static void put_field(tlc_call *c, tlc_writer *writer, tlc_slice field)
{
    tlc_slice values = tlc_json_raw(c->host, c->scope, field, "/values"), first = {0, 0};
    uint32_t count = tlc_json_first(c->host, c->scope, values, &first);

    c->host->json_put(writer, TLC_JSON_KEY, tlc_json_text(c->host, c->scope, field, "/name"));
    c->host->json_put(writer, TLC_JSON_RAW, count == 0 ? TLC_TEXT("null") : count == 1 ? first : values);
}

static void put_fields(tlc_call *c, tlc_writer *writer, tlc_slice list)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, list, &at, &name, &raw) == 1)
        put_field(c, writer, raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

static void put_member(tlc_call *c, tlc_writer *writer, tlc_slice name, tlc_slice raw)
{
    const struct rt_queue *queue;

    if (name.len && name.ptr[0] == '_')
        return; /* links for machines */
    c->host->json_put(writer, TLC_JSON_KEY, name);
    if (tlc_is(name, "CustomFields") && raw.ptr[0] == '[') {
        put_fields(c, writer, raw);
    } else if (tlc_is(name, "Queue")) {
        queue = rt_queue(c, tlc_json_text(c->host, c->scope, raw, "/id"));
        c->host->json_put(writer, queue ? TLC_JSON_STRING : TLC_JSON_RAW, queue ? queue->name : TLC_TEXT("null"));
    } else if (raw.ptr[0] == '[') {
        put_list(c, writer, raw);
    } else if (raw.ptr[0] == '{') {
        put_named(c, writer, raw);
    } else {
        c->host->json_put(writer, TLC_JSON_RAW, tlc_is(raw, "\"1970-01-01T00:00:00Z\"") ? TLC_TEXT("null") : raw);
    }
}

tlc_slice rt_ticket_plain(tlc_call *c)
{
    struct rt_call *s = rt_state(c);
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, out = TLC_TEXT("null");
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, s->answer, &at, &name, &raw) == 1)
        put_member(c, writer, name, raw);
    tlc_json_optional(c->host, writer, "version", TLC_JSON_STRING, s->version);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

void rt_take(tlc_call *c)
{
    struct rt_call *s = rt_state(c);

    c->done.document = rt_ticket_plain(c);
    c->done.id = tlc_json_text(c->host, c->scope, s->answer, "/id");
    c->done.version = s->version;
    c->done.url = TLC_JOIN(c, c->instance->url, TLC_TEXT("/Ticket/Display.html?id="), c->done.id);
}

/* A ticket that a webhook names may not be there yet: RT calls out before it commits. `patient` waits for it. */
void rt_get(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_BEGIN(&c->async, in, out);
    s->id = tlc_arg(c, "/id");
    s->tries = tlc_is(tlc_json_raw(c->host, c->scope, c->request->args, "/patient"), "true") ? PATIENCE : 1;
    for (;;) {
        s->part.line = 0;
        TL_DO(rt_ticket_run(c, in, out));
        if (s->answer.len || --s->tries == 0)
            break;
        TL_WAIT(PAUSE_MS);
    }
    if (s->answer.len)
        rt_take(c);
    TL_DONE(&c->done);
    TL_END;
}
