/* put: one record by external_id. Users and organizations have create_or_update. Tickets have not, and
 * external_id is not unique: they are looked up first, and made under an idempotency key that says what is
 * made, so that a repeat within two hours of a lost answer makes no second one. */
#include "zendesk.h"

#include <tidelock/json.h>

struct put {
    tlc_slice record, field, raw, value; /* the key: its one field, the value as JSON and as text */
    tlc_slice found;                     /* id of the ticket */
    uint32_t found_count;
};

/* 0: the key is no single external_id, id or email. */
static int read_key(tlc_call *c, struct put *s)
{
    tlc_slice key = tlc_json_raw(c->host, c->scope, c->request->args, "/key"), name, more;
    uint64_t at = 0;

    if (c->host->json_next(c->scope, key, &at, &name, &s->raw) != 1 ||
        c->host->json_text(c->scope, s->raw, &s->value) != 1)
        return 0;
    s->field = tlc_keep(c->host, c->scope, name);
    if (!s->value.len || c->host->json_next(c->scope, key, &at, &name, &more) == 1)
        return 0;
    if (tlc_is(s->field, "external_id"))
        return c->kind->external;
    return tlc_is(s->field, "id") ||
           (tlc_is(s->field, "email") && c->kind->upserts && tlc_is(tlc_z(c->kind->one), "user"));
}

static const tlc_transfer *send_by_id(tlc_call *c, const struct put *s, tlc_slice id)
{
    tlc_slice none = {0, 0};

    tlc_ask(c, "PUT", TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/"), tlc_percent(c, id), TLC_TEXT(".json")));
    tlc_add_body(c, "application/json", zd_wrap(c, s->record, tlc_is(s->field, "id") ? none : s->field, s->raw));
    return &c->transfer;
}

static const tlc_transfer *create_or_update(tlc_call *c, const struct put *s)
{
    tlc_ask(c, "POST", TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/create_or_update.json")));
    tlc_add_body(c, "application/json", zd_wrap(c, s->record, s->field, s->raw));
    return &c->transfer;
}

/* The key names the content as well, because the same key with other parameters is refused. */
static const tlc_transfer *make(tlc_call *c, const struct put *s)
{
    tlc_slice body = zd_wrap(c, s->record, s->field, s->raw), digest = {0, 0}, hex = {0, 0};

    tlc_ask(c, "POST", TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT(".json")));
    tlc_add_body(c, "application/json", body);
    c->host->hash(c->scope, TLC_SHA256, body, &digest);
    c->host->encode(c->scope, TLC_HEX, digest, &hex);
    tlc_add_header(c, "Idempotency-Key", TLC_JOIN(c, TLC_TEXT("tidelock-put-"), hex));
    return &c->transfer;
}

/* How many there are, and the first one's id. 0: not the answer of a search. */
static int take_found(tlc_call *c, struct put *s, const tlc_input *in)
{
    tlc_slice rows = zd_rows(c, tlc_keep(c->host, c->scope, in->body)), first;

    s->found_count = tlc_json_first(c->host, c->scope, rows, &first);
    if (s->found_count)
        s->found = tlc_json_text(c->host, c->scope, first, "/id");
    return rows.len > 0;
}

void zd_put(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct put *s = c->state;

    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    s = c->state = c->host->alloc(c->scope, sizeof *s);
    s->record = tlc_json_raw(c->host, c->scope, c->request->args, "/record");
    if (!read_key(c, s))
        TL_FAIL(TLC_DATA, TLC_TEXT("put: key must be {external_id} of a ticket, user or organization, {id}, "
                                   "or {email} of a user"));
    if (tlc_is(s->field, "id")) {
        TL_HTTP(send_by_id(c, s, s->value));
    } else if (c->kind->upserts) {
        TL_HTTP(create_or_update(c, s));
    } else {
        TL_HTTP(tlc_ask(c, "GET", zd_find_url(c, s->value)));
        if (!take_found(c, s, in))
            TL_FAIL(TLC_RETRY, ZD_NO_ROWS);
        if (s->found_count > 1)
            TL_FAIL(TLC_DATA, TLC_TEXT("put: several records have this external_id; nothing was written. "
                                       "Leave it to one of them in Zendesk"));
        if (s->found.len) {
            TL_HTTP(send_by_id(c, s, s->found));
        } else {
            TL_HTTP(make(c, s));
        }
    }
    zd_take_record(c, in);
    c->done.created = in->status == 201 ? TLC_CREATED_YES : TLC_CREATED_NO;
    TL_DONE(&c->done);
    TL_END;
}
