/* invoice_post: an invoice gets its number and its move; one that is posted or paid already stays as it is. */
#include "tryton.h"

static tlc_slice what(tlc_call *c)
{
    return TLC_JOIN(c, TLC_TEXT("invoice with the id "), tr_id(c, "/invoice"));
}

static void search(tlc_call *c)
{
    tr_search(c, "account.invoice", tr_domain(c, "id", tr_id(c, "/invoice")), tlc_text_n(0, 0));
}

static int is_posted(tlc_slice state)
{
    return tlc_is(state, "posted") || tlc_is(state, "paid");
}

void tr_invoice_post(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice record;

    TL_BEGIN(&c->async, in, out);
    search(c);
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_need_one(c, out, tr_found(c, &record), what(c)))
        return;
    tr_take(c, record);
    if (!is_posted(tlc_json_text(c->host, c->scope, record, "/state"))) {
        TL_CALL(TLC_TEXT("model.account.invoice.post"),
                TLC_JOIN(c, TLC_TEXT("["), tr_id(c, "/invoice"), TLC_TEXT("]")));
        search(c);
        TL_DO(tr_rpc_run(c, in, out));
        if (tr_need_one(c, out, tr_found(c, &record), what(c)))
            return;
        tr_take(c, record);
        if (!is_posted(tlc_json_text(c->host, c->scope, record, "/state")))
            TL_FAIL(TLC_CONFLICT,
                    TLC_JOIN(c, what(c), TLC_TEXT(" stays "), tlc_json_text(c->host, c->scope, record, "/state"),
                             TLC_TEXT(": Tryton does not post it and says nothing")));
    }
    c->done.created = TLC_CREATED_NO;
    TL_DONE(&c->done);
    TL_END;
}
