/* put, create, update, delete: records of any model.
 *
 * put looks for the record by its key, then writes or creates it. Tryton keeps few keys unique by itself (a party's
 * code, not a sale's reference), so it is not repeated before what a lost request did can be seen (`settle` in the
 * manifest).
 *
 * A write with a version compares it with the record, and then with Tryton's own time stamp in the write itself, so
 * that a change between the two is a conflict too. */
#include "tryton.h"
#include "value.h"

struct write {
    tlc_slice object, record, id, version, field, value;
    tlc_slice lists; /* names of the record's lists */
    tlc_slice stamp; /* updates with a version: Tryton's time stamp */
};

static struct write *prepare(tlc_call *c)
{
    struct write *w = tr_state(c)->own = c->host->alloc(c->scope, sizeof *w);

    w->object = tlc_keep(c->host, c->scope, tlc_arg(c, "/object"));
    w->record = tlc_json_raw(c->host, c->scope, c->request->args, "/record");
    w->version = c->request->version.len ? c->request->version : tlc_arg(c, "/version");
    w->id = tr_id(c, "/id");
    return w;
}

static tlc_slice method(tlc_call *c, const struct write *w, const char *name)
{
    return TLC_JOIN(c, TLC_TEXT("model."), w->object, TLC_TEXT("."), tlc_z(name));
}

/* ---- parts ---- */

/* Encodes, fills in and creates; the id is in the state. */
static int create(tlc_call *c, const tlc_input *in, tlc_action *out, tl_async *async)
{
    struct tr_call *s = tr_state(c);
    struct write *w = s->own;

    TL_PART_BEGIN(async);
    tr_encode(c, w->object, w->record, tlc_text_n(0, 0));
    TL_PART_DO(tr_encode_run(c, in, out));
    tr_fill_begin(c);
    TL_PART_DO(tr_fill(c, in, out));
    tr_rpc(c, method(c, w, "create"), TLC_JOIN(c, TLC_TEXT("["), s->encoding.values, TLC_TEXT("]")));
    TL_PART_DO(tr_rpc_run(c, in, out));
    w->id = tlc_json_text(c->host, c->scope, s->rpc.result, "/0");
    if (!w->id.len)
        TL_PART_FAIL(TLC_BUG, TLC_TEXT("Tryton created the record and gave no id"));
    c->done.created = TLC_CREATED_YES;
    TL_PART_END;
}

/* A list of fields with one more. */
static tlc_slice plus(tlc_call *c, tlc_slice list, const char *field)
{
    int empty = !tlc_json_count(c->host, c->scope, list);

    return TLC_JOIN(c, tlc_text_n(list.ptr, list.len - 1), empty ? TLC_TEXT("") : TLC_TEXT(","),
                    tr_quote(c, tlc_z(field)), TLC_TEXT("]"));
}

/* The lists that will be changed, Tryton's time stamp, and what lines of a sale are filled in by. */
static tlc_slice read_first(tlc_call *c, const struct write *w)
{
    tlc_slice fields = plus(c, tr_encode_lists(c, w->object, w->record), "_timestamp");

    return tlc_is(w->object, "sale.sale") ? plus(c, plus(c, plus(c, fields, "party"), "company"), "currency") : fields;
}

/* Reads what the change starts from, and writes. */
static int write_there(tlc_call *c, const tlc_input *in, tlc_action *out, tl_async *async)
{
    struct tr_call *s = tr_state(c);
    struct write *w = s->own;
    tlc_slice there;

    TL_PART_BEGIN(async);
    tr_encode(c, w->object, w->record, tlc_text_n(0, 0));
    TL_PART_DO(tr_model_run(c, in, out));
    tr_search(c, w->object.ptr, tr_domain(c, "id", w->id), read_first(c, w));
    TL_PART_DO(tr_rpc_run(c, in, out));
    if (!tr_found(c, &there))
        TL_PART_FAIL(TLC_MISSING, TLC_JOIN(c, TLC_TEXT("there is no "), w->object, TLC_TEXT(" with id "), w->id));
    if (w->version.len && !tlc_same(w->version, tr_version(c, there)))
        TL_PART_FAIL(TLC_CONFLICT, TLC_JOIN(c, TLC_TEXT("the record has changed since it was read; it is of "),
                                            tr_version(c, there), TLC_TEXT(" now, not of "), w->version));
    w->stamp = w->version.len ? tlc_json_text(c->host, c->scope, there, "/_timestamp") : tlc_text_n(0, 0);
    tr_encode(c, w->object, w->record, there);
    TL_PART_DO(tr_encode_run(c, in, out));
    tr_fill_begin(c);
    TL_PART_DO(tr_fill(c, in, out));
    tr_rpc(c, method(c, w, "write"), TLC_JOIN(c, TLC_TEXT("["), w->id, TLC_TEXT("],"), s->encoding.values));
    if (w->stamp.len)
        s->rpc.context =
            TLC_JOIN(c, TLC_TEXT(",\"_timestamp\":{"), tr_quote(c, TLC_JOIN(c, w->object, TLC_TEXT(","), w->id)),
                     TLC_TEXT(":"), tr_quote(c, w->stamp), TLC_TEXT("}"));
    TL_PART_DO(tr_rpc_run(c, in, out));
    if (!c->done.created)
        c->done.created = TLC_CREATED_NO;
    TL_PART_END;
}

struct async_pair {
    tl_async part, back;
};

/* What the record is now. */
static int read_back(tlc_call *c, const tlc_input *in, tlc_action *out, tl_async *async)
{
    struct write *w = tr_state(c)->own;
    tlc_slice record;

    TL_PART_BEGIN(async);
    tr_search(c, w->object.ptr, tr_domain(c, "id", w->id), tlc_text_n(0, 0));
    TL_PART_DO(tr_rpc_run(c, in, out));
    if (tr_found(c, &record))
        tr_take(c, record);
    c->done.id = w->id;
    TL_PART_END;
}

/* ---- operations ---- */

struct put {
    struct write write; /* first */
    struct async_pair async;
};

/* 0: the key is not one field and its value. */
static int read_key(tlc_call *c, struct write *w)
{
    tlc_slice key = tlc_json_raw(c->host, c->scope, c->request->args, "/key"), name, more;
    uint64_t at = 0;

    if (c->host->json_next(c->scope, key, &at, &name, &w->value) != 1)
        return 0;
    w->field = TLC_JOIN(c, name, tlc_text_n("\0", 1));
    w->field.len--;
    return !tlc_is(w->value, "null") && c->host->json_next(c->scope, key, &at, &name, &more) != 1;
}

static struct put *prepare_put(tlc_call *c)
{
    struct put *p = c->host->alloc(c->scope, sizeof *p);

    p->write = *prepare(c);
    tr_state(c)->own = p;
    return p;
}

static tlc_slice key_text(tlc_call *c, const struct write *w)
{
    return TLC_JOIN(c, w->object, TLC_TEXT(" whose "), w->field, TLC_TEXT(" is "), w->value);
}

void tr_put(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct put *p = tr_state(c)->own;
    tlc_slice record;
    uint32_t count;

    TL_BEGIN(&c->async, in, out);
    p = prepare_put(c);
    if (!read_key(c, &p->write))
        TL_FAIL(TLC_DATA, TLC_TEXT("put: key must be one field and its value, {\"code\": \"A-100\"}"));
    tr_search(c, p->write.object.ptr, tr_domain(c, p->write.field.ptr, p->write.value), TLC_TEXT("[]"));
    TL_DO(tr_rpc_run(c, in, out));
    count = tr_found(c, &record);
    if (count > 1 && tr_need_one(c, out, count, key_text(c, &p->write)))
        return;
    p->write.id = count ? tlc_json_text(c->host, c->scope, record, "/id") : tlc_text_n(0, 0);
    if (p->write.id.len) {
        TL_DO(write_there(c, in, out, &p->async.part));
    } else {
        TL_DO(create(c, in, out, &p->async.part));
    }
    TL_DO(read_back(c, in, out, &p->async.back));
    TL_DONE(&c->done);
    TL_END;
}

void tr_create(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct put *p = tr_state(c)->own;

    TL_BEGIN(&c->async, in, out);
    p = prepare_put(c);
    TL_DO(create(c, in, out, &p->async.part));
    c->done.id = p->write.id;
    TL_DO(read_back(c, in, out, &p->async.back));
    TL_DONE(&c->done);
    TL_END;
}

void tr_update(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct put *p = tr_state(c)->own;

    TL_BEGIN(&c->async, in, out);
    p = prepare_put(c);
    TL_DO(write_there(c, in, out, &p->async.part));
    TL_DO(read_back(c, in, out, &p->async.back));
    TL_DONE(&c->done);
    TL_END;
}

/* A sale with our reference: create, for the one record that must never be there twice. */
void tr_sale_create(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct put *p = tr_state(c)->own;
    tlc_slice reference;

    TL_BEGIN(&c->async, in, out);
    p = prepare_put(c);
    p->write.object = TLC_TEXT("sale.sale");
    p->write.record = tlc_json_raw(c->host, c->scope, c->request->args, "/sale");
    reference = tlc_json_text(c->host, c->scope, p->write.record, "/reference");
    if (!reference.len)
        TL_FAIL(TLC_DATA, TLC_TEXT("sale_create: the sale needs a reference, by which it is found again"));
    TL_DO(create(c, in, out, &p->async.part));
    TL_DO(read_back(c, in, out, &p->async.back));
    TL_DONE(&c->done);
    TL_END;
}

void tr_delete(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct write *w = tr_state(c)->own;
    tlc_slice record;

    TL_BEGIN(&c->async, in, out);
    w = prepare(c);
    tr_search(c, w->object.ptr, tr_domain(c, "id", w->id), TLC_TEXT("[]"));
    TL_DO(tr_rpc_run(c, in, out));
    if (tr_found(c, &record)) {
        TL_CALL(method(c, w, "delete"), TLC_JOIN(c, TLC_TEXT("["), w->id, TLC_TEXT("]")));
    }
    c->done.id = w->id;
    TL_DONE(&c->done);
    TL_END;
}
