/* put, create, update, link. Our key is the text of a custom field: RT has no other place that a search finds. What was
 * written is read back (check.c). RT never refuses a custom field that the queue does not have, so the queue is asked
 * for them before a ticket is made: one without its key would never be found again. */
#include "rt.h"

/* ---- bodies ---- */

/* The custom fields of the record, with the key among them. */
static void put_fields(tlc_call *c, tlc_writer *writer, const struct rt_call *s)
{
    tlc_slice fields = tlc_json_raw(c->host, c->scope, s->record, "/CustomFields"), name, raw;
    uint64_t at = 0;

    c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("CustomFields"));
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (fields.len && c->host->json_next(c->scope, fields, &at, &name, &raw) == 1)
        if (!tlc_same(name, s->field)) /* RT takes "" for null */
            tlc_json_member(c->host, writer, name, TLC_JSON_RAW, tlc_is(raw, "null") ? TLC_TEXT("\"\"") : raw);
    if (s->field.len)
        tlc_json_member(c->host, writer, s->field, TLC_JSON_STRING, s->value);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

static tlc_slice queue_of(tlc_call *c, const struct rt_call *s)
{
    tlc_slice queue = tlc_json_text(c->host, c->scope, s->record, "/Queue");

    return queue.len ? queue : c->instance->queue;
}

/* Content makes a message, which only a new ticket gets by itself; a change is told by comment or reply. The key goes
 * among the custom fields. */
static int is_left_out(const struct rt_call *s, tlc_slice name, int is_new)
{
    return (s->field.len && tlc_same(name, s->field)) || tlc_is(name, "CustomFields") || tlc_is(name, "id") ||
           tlc_is(name, "version") ||
           (is_new ? tlc_is(name, "Queue") : tlc_is(name, "Content") || tlc_is(name, "ContentType"));
}

static tlc_slice body_of(tlc_call *c, const struct rt_call *s, int is_new)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, out = TLC_TEXT("{}");
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, s->record, &at, &name, &raw) == 1)
        if (!is_left_out(s, name, is_new))
            tlc_json_member(c->host, writer, name, TLC_JSON_RAW, raw);
    if (is_new)
        tlc_json_member(c->host, writer, TLC_TEXT("Queue"), TLC_JSON_STRING, queue_of(c, s));
    put_fields(c, writer, s);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

static const tlc_transfer *post(tlc_call *c, const struct rt_call *s)
{
    tlc_ask_any(c, "POST", TLC_TEXT("ticket"));
    tlc_add_body(c, "application/json", body_of(c, s, 1));
    return &c->transfer;
}

static const tlc_transfer *put_body(tlc_call *c, const struct rt_call *s, tlc_slice body)
{
    tlc_slice version = c->request->version.len ? c->request->version : tlc_arg(c, "/version");

    tlc_ask_any(c, "PUT", rt_ticket_url(c, s->id));
    tlc_add_body(c, "application/json", body);
    if (version.len)
        tlc_add_header(c, "If-Match", TLC_JOIN(c, TLC_TEXT("\""), version, TLC_TEXT("\"")));
    return &c->transfer;
}

/* ---- parts ---- */

/* The first custom field that the queue does not have; absent when it has all. */
static tlc_slice unknown_field(tlc_call *c, const struct rt_call *s)
{
    const struct rt_queue *queue = rt_queue(c, s->queue);
    tlc_slice fields = tlc_json_raw(c->host, c->scope, s->record, "/CustomFields"), name, raw, none = {0, 0};
    uint64_t at = 0;

    if (s->field.len && !rt_queue_has(c, queue, s->field))
        return s->field;
    while (fields.len && c->host->json_next(c->scope, fields, &at, &name, &raw) == 1)
        if (!rt_queue_has(c, queue, name))
            return tlc_keep(c->host, c->scope, name);
    return none;
}

/* A ticket of the record; its id is in the state. */
static int make_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_PART_BEGIN(&s->part);
    s->queue = queue_of(c, s);
    if (!s->queue.len)
        TL_PART_FAIL(TLC_DATA, TLC_TEXT("a new ticket needs a Queue (or the setting queue)"));
    s->inner.line = 0;
    TL_PART_DO(rt_queue_run(c, in, out));
    if (unknown_field(c, s).len)
        TL_PART_FAIL(TLC_DATA,
                     TLC_JOIN(c, TLC_TEXT("tickets of the queue "), s->queue, TLC_TEXT(" have no custom field "),
                              unknown_field(c, s), TLC_TEXT("; an administrator of RT applies it to the queue")));
    TL_PART_HTTP(post(c, s));
    if (in->outcome != TLC_SENT || in->status >= 300)
        TL_PART_FAIL(0, TLC_TEXT(""));
    s->id = tlc_json_text(c->host, c->scope, in->body, "/id");
    if (!s->id.len)
        TL_PART_FAIL(TLC_BUG, TLC_TEXT("RT made the ticket and gave no id"));
    c->done.created = TLC_CREATED_YES;
    TL_PART_END;
}

static int change_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_PART_BEGIN(&s->part);
    TL_PART_HTTP(put_body(c, s, body_of(c, s, 0)));
    if (in->outcome != TLC_SENT || in->status >= 300)
        TL_PART_FAIL(0, TLC_TEXT(""));
    s->messages = rt_sentences(c, in->body);
    c->done.created = TLC_CREATED_NO;
    TL_PART_END;
}

/* Reads back; ends the call when a member is not as it was written. */
static int confirm_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);
    tlc_slice bad;

    if (rt_ticket_run(c, in, out))
        return 1;
    if (!s->answer.len)
        TL_PART_FAIL(TLC_MISSING, TLC_JOIN(c, TLC_TEXT("there is no ticket "), s->id));
    rt_take(c);
    bad = rt_check(c, s->record, c->done.document);
    if (!bad.len)
        return 0;
    c->async.fail.code = TLC_TEXT("partial");
    TL_PART_FAIL(TLC_DATA,
                 TLC_JOIN(c, TLC_TEXT("ticket "), s->id,
                          c->done.created == TLC_CREATED_YES ? TLC_TEXT(" was made") : TLC_TEXT(" was changed"),
                          TLC_TEXT(", but RT did not take "), bad, s->messages.len ? TLC_TEXT(": ") : TLC_TEXT(""),
                          s->messages.len ? s->messages : TLC_TEXT("")));
}

/* ---- operations ---- */

static const char many[] = "several tickets have this key; nothing was written. Leave it to one of them in RT";

static void prepare(tlc_call *c)
{
    rt_state(c)->record = tlc_json_raw(c->host, c->scope, c->request->args, "/record");
}

/* {"id": …}: the ticket itself. */
static int key_is_id(tlc_call *c)
{
    struct rt_call *s = rt_state(c);

    if (!tlc_is(s->field, "id"))
        return 0;
    s->id = s->value;
    s->field.len = 0;
    return 1;
}

void rt_put(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_BEGIN(&c->async, in, out);
    prepare(c);
    if (!rt_read_key(c))
        TL_FAIL(TLC_DATA,
                TLC_TEXT("put: key must be one custom field and its text, {\"OrderNo\": \"SO-1\"}, or {\"id\"}"));
    if (!key_is_id(c)) {
        TL_DO(rt_find_run(c, in, out));
        if (s->found > 1)
            TL_FAIL(TLC_DATA, tlc_z(many));
    }
    s->part.line = 0;
    if (s->id.len) {
        TL_DO(change_run(c, in, out));
    } else {
        TL_DO(make_run(c, in, out));
    }
    s->part.line = 0;
    TL_DO(confirm_run(c, in, out));
    TL_DONE(&c->done);
    TL_END;
}

/* Also looks first: a ticket with this key that is there already is the one. */
void rt_create(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_BEGIN(&c->async, in, out);
    prepare(c);
    if (!rt_read_key(c) || tlc_is(s->field, "id"))
        TL_FAIL(TLC_DATA, TLC_TEXT("create: key must be one custom field and its text, {\"OrderNo\": \"SO-1\"}"));
    TL_DO(rt_find_run(c, in, out));
    if (s->found > 1)
        TL_FAIL(TLC_DATA, tlc_z(many));
    c->done.created = TLC_CREATED_NO;
    if (!s->id.len) {
        s->part.line = 0;
        TL_DO(make_run(c, in, out));
    }
    s->part.line = 0;
    if (c->done.created == TLC_CREATED_NO)
        s->record.len = 0; /* what was made then may have moved on */
    TL_DO(confirm_run(c, in, out));
    TL_DONE(&c->done);
    TL_END;
}

void rt_update(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_BEGIN(&c->async, in, out);
    prepare(c);
    s->id = tlc_arg(c, "/id");
    TL_DO(change_run(c, in, out));
    s->part.line = 0;
    TL_DO(confirm_run(c, in, out));
    TL_DONE(&c->done);
    TL_END;
}

/* Is a link to `to`, an address or a ticket's id, among those of the answer? */
static int is_linked(tlc_call *c, tlc_slice answer, tlc_slice to)
{
    tlc_slice links = tlc_json_raw(c->host, c->scope, answer, "/_hyperlinks"), name, raw;
    uint64_t at = 0;

    while (links.len && c->host->json_next(c->scope, links, &at, &name, &raw) == 1)
        if (!tlc_is(tlc_json_text(c->host, c->scope, raw, "/ref"), "self") &&
            (tlc_same(tlc_json_text(c->host, c->scope, raw, "/_url"), to) ||
             (tlc_is(tlc_json_text(c->host, c->scope, raw, "/type"), "ticket") &&
              tlc_same(tlc_json_text(c->host, c->scope, raw, "/id"), to))))
            return 1;
    return 0;
}

static tlc_slice link_body(tlc_call *c)
{
    return TLC_JOIN(c, TLC_TEXT("{\"Add"), tlc_arg(c, "/kind"), TLC_TEXT("\":"),
                    tlc_json_raw(c->host, c->scope, c->request->args, "/to"), TLC_TEXT("}"));
}

/* Again does no harm: "Link already exists". */
void rt_link(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_BEGIN(&c->async, in, out);
    s->id = tlc_arg(c, "/ticket");
    TL_HTTP(put_body(c, s, link_body(c)));
    if (in->outcome != TLC_SENT || in->status >= 300)
        TL_FAIL(0, TLC_TEXT(""));
    s->messages = rt_sentences(c, in->body);
    TL_HTTP(tlc_ask(c, "GET", rt_ticket_url(c, s->id)));
    if (!is_linked(c, in->body, tlc_arg(c, "/to")))
        TL_FAIL(TLC_DATA, TLC_JOIN(c, TLC_TEXT("RT did not take the link: "), s->messages));
    c->done.id = s->id;
    c->done.created = TLC_CREATED_NO;
    TL_DONE(&c->done);
    TL_END;
}
