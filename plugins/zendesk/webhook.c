/* Webhooks, verified by the host. Their bodies carry no version of the record that could be compared, so each
 * is a hint: the host reads the record (rule 13). Ids come as strings here and as numbers elsewhere; both are
 * the same text. A trigger's own body is understood as {"ticket": {"id": …}}. */
#include "zendesk.h"

static void hint(tlc_call *c, const tlc_kind *kind, tlc_slice id)
{
    tlc_event *event = c->host->alloc(c->scope, sizeof *event);

    event->size = (uint32_t)sizeof *event;
    event->hint = 1;
    event->object = tlc_z(kind->path);
    event->key = id;
    c->done.events = event;
    c->done.event_count = 1;
}

/* {"ticket": {"id": 7}} */
static int read_own(tlc_call *c)
{
    const tlc_kind *kind;
    int i;

    for (i = 0; (kind = zd_kind_at(i)); i++) {
        tlc_slice pointer = TLC_JOIN(c, TLC_TEXT("/"), tlc_z(kind->one), TLC_TEXT("/id"), tlc_text_n("\0", 1));
        tlc_slice id = tlc_json_text(c->host, c->scope, c->request->body, pointer.ptr);
        if (!id.len)
            continue;
        hint(c, kind, id);
        return 1;
    }
    return 0;
}

void zd_webhook(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice type, id;
    const tlc_kind *kind;

    TL_BEGIN(&c->async, in, out);
    if (!c->request->body.len)
        TL_DONE(&c->done); /* allowed, and says nothing */
    if (c->host->json_check(c->scope, c->request->body) != 1)
        TL_FAIL(TLC_DATA, TLC_TEXT("the body is no JSON"));
    type = tlc_json_text(c->host, c->scope, c->request->body, "/type");
    id = tlc_json_text(c->host, c->scope, c->request->body, "/detail/id");
    kind = zd_kind_of_event(type);
    if (kind && id.len && kind->external)
        hint(c, kind, id);
    else if (!type.len && !read_own(c))
        TL_FAIL(TLC_DATA,
                TLC_TEXT("the body is neither an event (type, detail.id) nor of the form {\"ticket\": {\"id\": …}}"));
    TL_DONE(&c->done); /* events of other things are none of ours */
    TL_END;
}
