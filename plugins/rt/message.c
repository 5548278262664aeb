/* comment, reply, and finding one again. A message has no field for a name of ours but its subject, which is written
 * together with it (a custom field of the transaction would be set afterwards, and a crash could fall between). The
 * name stands in round brackets, because RT takes a query with square ones for JSON. */
#include "rt.h"

#define SUBJECT_MAX 100

static int is_reply(const tlc_call *c)
{
    return tlc_is(c->request->operation, "reply");
}

/* Cut at a character. */
static tlc_slice cut(tlc_slice text)
{
    if (text.len <= SUBJECT_MAX)
        return text;
    text.len = SUBJECT_MAX;
    while (text.len && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
        text.len--;
    return text;
}

static tlc_slice reference(tlc_call *c)
{
    tlc_slice given = tlc_arg(c, "/reference");

    return given.len ? given : c->request->marker;
}

/* "Re: Broken pump (ref reply:CASE-1)": customers see the subject of a reply. */
static tlc_slice subject(tlc_call *c)
{
    tlc_slice of = cut(tlc_json_text(c->host, c->scope, rt_state(c)->answer, "/Subject")), name = reference(c);

    return TLC_JOIN(c, is_reply(c) ? TLC_TEXT("Re: ") : TLC_TEXT(""), is_reply(c) && of.len ? of : TLC_TEXT(""),
                    is_reply(c) && name.len ? TLC_TEXT(" ") : TLC_TEXT(""), name.len ? TLC_TEXT("(ref ") : TLC_TEXT(""),
                    name.len ? name : TLC_TEXT(""), name.len ? TLC_TEXT(")") : TLC_TEXT(""));
}

static const tlc_transfer *post(tlc_call *c)
{
    struct rt_call *s = rt_state(c);
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice body = TLC_TEXT("{}"), text = tlc_json_raw(c->host, c->scope, c->request->args, "/text");
    int html = tlc_is(tlc_json_raw(c->host, c->scope, c->request->args, "/html"), "true");

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_member(c->host, writer, TLC_TEXT("Content"), TLC_JSON_RAW, text);
    tlc_json_member(c->host, writer, TLC_TEXT("ContentType"), TLC_JSON_STRING,
                    html ? TLC_TEXT("text/html") : TLC_TEXT("text/plain"));
    tlc_json_optional(c->host, writer, "Subject", TLC_JSON_STRING, subject(c));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &body);
    tlc_ask(c, "POST",
            TLC_JOIN(c, rt_ticket_url(c, s->id), is_reply(c) ? TLC_TEXT("/correspond") : TLC_TEXT("/comment")));
    tlc_add_body(c, "application/json", body);
    return &c->transfer;
}

/* "/REST/2.0/transaction/41" */
static tlc_slice id_of(tlc_call *c, tlc_slice location)
{
    uint64_t at = location.len;

    while (at && location.ptr[at - 1] != '/')
        at--;
    return tlc_keep(c->host, c->scope, tlc_text_n(location.ptr + at, location.len - at));
}

static void take(tlc_call *c, tlc_slice id)
{
    tlc_writer *writer = c->host->json_writer(c->scope);

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_member(c->host, writer, TLC_TEXT("id"), TLC_JSON_STRING, id);
    tlc_json_member(c->host, writer, TLC_TEXT("ticket"), TLC_JSON_STRING, tlc_arg(c, "/ticket"));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &c->done.document);
    c->done.id = id;
}

void rt_message(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_BEGIN(&c->async, in, out);
    s->id = tlc_arg(c, "/ticket");
    TL_DO(rt_ticket_run(c, in, out));
    if (!s->answer.len)
        TL_FAIL(TLC_MISSING, TLC_JOIN(c, TLC_TEXT("there is no ticket "), s->id));
    TL_HTTP(post(c));
    take(c, id_of(c, tlc_header_get(in->headers, in->header_count, "Location")));
    c->done.created = TLC_CREATED_YES;
    TL_DONE(&c->done);
    TL_END;
}

/* ---- found again ---- */

/* '(ref reply:CASE-1)', where "[" becomes the character that stands for any. */
static tlc_slice pattern(tlc_call *c)
{
    tlc_slice text =
        tlc_keep(c->host, c->scope, TLC_JOIN(c, TLC_TEXT("(ref "), tlc_arg(c, "/reference"), TLC_TEXT(")")));
    char *at = c->host->alloc(c->scope, text.len + 1);
    uint64_t i;

    for (i = 0; i < text.len; i++)
        at[i] = (char)(text.ptr[i] == '[' ? '_' : text.ptr[i]);
    return rt_quoted(c, tlc_text_n(at, text.len));
}

/* "0", which no ticket has, when it is no number. */
static tlc_slice number(tlc_slice id)
{
    uint64_t i;

    for (i = 0; i < id.len; i++)
        if (id.ptr[i] < '0' || id.ptr[i] > '9')
            return TLC_TEXT("0");
    return id;
}

static tlc_slice query(tlc_call *c)
{
    return TLC_JOIN(c, TLC_TEXT("ObjectType = 'RT::Ticket' AND ObjectId = "), number(tlc_arg(c, "/ticket")),
                    tlc_is(tlc_arg(c, "/kind"), "reply") ? TLC_TEXT(" AND Type = 'Correspond'")
                                                         : TLC_TEXT(" AND Type = 'Comment'"),
                    TLC_TEXT(" AND Subject LIKE "), pattern(c));
}

void rt_message_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice items, first = {0, 0};

    TL_BEGIN(&c->async, in, out);
    TL_HTTP(tlc_ask(c, "GET", TLC_JOIN(c, TLC_TEXT("transactions?per_page=2&query="), tlc_percent(c, query(c)))));
    items = tlc_json_raw(c->host, c->scope, in->body, "/items");
    if (!items.len)
        TL_FAIL(TLC_RETRY, TLC_TEXT("the answer to the search has no items"));
    c->done.matches = tlc_json_first(c->host, c->scope, items, &first);
    if (c->done.matches)
        take(c, tlc_json_text(c->host, c->scope, first, "/id"));
    TL_DONE(&c->done);
    TL_END;
}
