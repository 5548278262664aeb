/* comment, reply, and finding one again. A message is a change of its ticket. Its name of ours stands in the metadata
 * of that change, which the ticket's audits keep and nobody sees in the ticket. */
#include "zendesk.h"

#include <tidelock/json.h>

#define PAGES_MAX 100

static int is_reply(tlc_slice kind)
{
    return tlc_is(kind, "reply");
}

static tlc_slice ticket_url(tlc_call *c, const char *rest)
{
    return TLC_JOIN(c, TLC_TEXT("tickets/"), tlc_percent(c, tlc_arg(c, "/ticket")), tlc_z(rest));
}

/* {"ticket": {"comment": {"body": …, "public": …}, "metadata": {"reference": …}}} */
static tlc_slice body_of(tlc_call *c)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice given = tlc_arg(c, "/reference"), text = tlc_json_raw(c->host, c->scope, c->request->args, "/text");
    tlc_slice body = TLC_TEXT("{}");
    int html = tlc_is(tlc_json_raw(c->host, c->scope, c->request->args, "/html"), "true");

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("ticket"));
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("comment"));
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_member(c->host, writer, html ? TLC_TEXT("html_body") : TLC_TEXT("body"), TLC_JSON_RAW, text);
    tlc_json_member(c->host, writer, TLC_TEXT("public"), TLC_JSON_RAW,
                    is_reply(c->request->operation) ? TLC_TEXT("true") : TLC_TEXT("false"));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_put(writer, TLC_JSON_KEY, TLC_TEXT("metadata"));
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_optional(c->host, writer, "reference", TLC_JSON_STRING, given.len ? given : c->request->marker);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &body);
    return body;
}

static const tlc_transfer *send(tlc_call *c)
{
    tlc_ask(c, "PUT", ticket_url(c, ".json"));
    tlc_add_body(c, "application/json", body_of(c));
    return &c->transfer;
}

/* The audit's id, and whose it is. */
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

void zd_message(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    TL_HTTP(send(c));
    take(c, tlc_json_text(c->host, c->scope, tlc_keep(c->host, c->scope, in->body), "/audit/id"));
    c->done.created = TLC_CREATED_YES;
    TL_DONE(&c->done);
    TL_END;
}

/* ---- found again ---- */

struct finding {
    tlc_slice next;
    uint32_t pages;
};

/* Does the change hold a comment that is as public as the kind asked for? */
static int is_of_kind(tlc_call *c, tlc_slice audit)
{
    tlc_slice events = tlc_json_raw(c->host, c->scope, audit, "/events"), key, event;
    const char *wanted = is_reply(tlc_arg(c, "/kind")) ? "true" : "false";
    uint64_t at = 0;

    while (events.len && c->host->json_next(c->scope, events, &at, &key, &event) == 1)
        if (tlc_is(tlc_json_text(c->host, c->scope, event, "/type"), "Comment") &&
            tlc_is(tlc_json_raw(c->host, c->scope, event, "/public"), wanted))
            return 1;
    return 0;
}

/* 0: not the answer of a list. */
static int look(tlc_call *c, struct finding *s, tlc_slice body)
{
    tlc_slice audits = tlc_json_raw(c->host, c->scope, body, "/audits"), key, audit, found;
    uint64_t at = 0;

    while (audits.len && c->host->json_next(c->scope, audits, &at, &key, &audit) == 1) {
        found = tlc_json_text(c->host, c->scope, audit, "/metadata/custom/reference");
        if (!found.len || !tlc_same(found, tlc_arg(c, "/reference")) || !is_of_kind(c, audit))
            continue;
        if (!c->done.matches++)
            take(c, tlc_json_text(c->host, c->scope, audit, "/id"));
    }
    s->next.len = 0;
    if (tlc_is(tlc_json_raw(c->host, c->scope, body, "/meta/has_more"), "true"))
        s->next = tlc_json_text(c->host, c->scope, body, "/links/next");
    s->pages++;
    return audits.len > 0;
}

void zd_message_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct finding *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = c->state = c->host->alloc(c->scope, sizeof *s);
    do {
        TL_HTTP(s->next.len ? zd_ask_next(c, s->next)
                            : tlc_ask(c, "GET", ticket_url(c, "/audits.json?page%5Bsize%5D=100")));
        if (!look(c, s, tlc_keep(c->host, c->scope, in->body)))
            TL_FAIL(TLC_RETRY, ZD_NO_ROWS);
    } while (s->next.len && s->pages < PAGES_MAX);
    TL_DONE(&c->done);
    TL_END;
}
