/* Sales by their reference (ours) or id: how far one is, and the steps quote, confirm, process, cancel and draft.
 * Tryton answers a step that the state does not allow with success and does nothing, so the state is read before and
 * after. */
#include "tryton.h"

/* Which states a step leads to, or has led to already: later ones are as good. */
static const struct {
    const char *operation, *method, *reached;
} steps[] = {
    {"sale_quote", "quote", "quotation confirmed processing done"},
    {"sale_confirm", "confirm", "confirmed processing done"},
    {"sale_process", "process", "processing done"},
    {"sale_cancel", "cancel", "cancelled"},
    {"sale_draft", "draft", "draft"},
};

struct sale {
    uint32_t step;
    tlc_slice id, state, version;
};

static tlc_slice what(tlc_call *c)
{
    tlc_slice reference = tlc_arg(c, "/reference"), id = tr_id(c, "/id");

    return reference.len ? TLC_JOIN(c, TLC_TEXT("sale with the reference "), reference)
                         : TLC_JOIN(c, TLC_TEXT("sale with the id "), id);
}

static void search(tlc_call *c, tlc_slice fields)
{
    tlc_slice reference = tlc_arg(c, "/reference"), id = tr_id(c, "/id");

    tr_search(c, "sale.sale",
              reference.len ? tr_domain(c, "reference", tr_quote(c, reference)) : tr_domain(c, "id", id), fields);
}

/* Is the word one of those in the list? */
static int among(tlc_slice word, const char *list)
{
    uint64_t n = strlen(list), at = 0, end;

    for (; at < n; at = end + 1) {
        for (end = at; end < n && list[end] != ' '; end++)
            ;
        if (tlc_same(word, tlc_text_n(list + at, end - at)))
            return 1;
    }
    return 0;
}

void tr_sale_status(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice record;

    TL_BEGIN(&c->async, in, out);
    search(c, tlc_text_n(0, 0));
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, tr_found(c, &record), what(c)))
        return;
    tr_take(c, record);
    TL_DONE(&c->done);
    TL_END;
}

/* ---- steps ---- */

static struct sale *prepare(tlc_call *c)
{
    struct sale *s = tr_state(c)->own = c->host->alloc(c->scope, sizeof *s);

    while (s->step + 1 < TLC_COUNT(steps) && !tlc_is(c->request->operation, steps[s->step].operation))
        s->step++;
    return s;
}

static void take(tlc_call *c, struct sale *s, tlc_slice record)
{
    s->id = tlc_json_text(c->host, c->scope, record, "/id");
    s->state = tlc_json_text(c->host, c->scope, record, "/state");
    tr_take(c, record);
}

static tlc_slice stays(tlc_call *c, const struct sale *s)
{
    return TLC_JOIN(c, what(c), TLC_TEXT(" stays "), s->state, TLC_TEXT(": Tryton does not "),
                    tlc_z(steps[s->step].method),
                    TLC_TEXT(" a sale in this state, and says nothing. Bring it into the state before, then retry"));
}

void tr_sale_step(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct sale *s = tr_state(c)->own;
    tlc_slice record;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    search(c, tlc_text_n(0, 0));
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, tr_found(c, &record), what(c)))
        return;
    take(c, s, record);
    if (!among(s->state, steps[s->step].reached)) {
        TL_CALL(TLC_JOIN(c, TLC_TEXT("model.sale.sale."), tlc_z(steps[s->step].method)),
                TLC_JOIN(c, TLC_TEXT("["), s->id, TLC_TEXT("]")));
        tr_search(c, "sale.sale", tr_domain(c, "id", s->id), tlc_text_n(0, 0));
        TL_DO(tr_rpc_run(c, in, out));
        if (tr_need_one(c, out, tr_found(c, &record), what(c)))
            return;
        take(c, s, record);
        if (!among(s->state, steps[s->step].reached))
            TL_FAIL(TLC_CONFLICT, stays(c, s));
    }
    c->done.created = TLC_CREATED_NO;
    TL_DONE(&c->done);
    TL_END;
}
