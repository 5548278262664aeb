/* Records out: see encode.h. */
#include "encode.h"
#include "tryton.h"
#include "value.h"

void tr_encode(tlc_call *c, tlc_slice model, tlc_slice record, tlc_slice existing)
{
    struct tr_encoding *e = &tr_state(c)->encoding;
    struct tr_ref *refs = e->refs;

    memset(e, 0, sizeof *e);
    e->model = model;
    e->record = record;
    e->existing = existing;
    e->refs = refs;
}

static int write_record(tlc_call *c, struct tr_encoding *e, tlc_writer *writer, tlc_slice model, tlc_slice record,
                        tlc_slice existing);

static int wrong(tlc_call *c, struct tr_encoding *e, tlc_slice model, tlc_slice field, const char *why)
{
    e->wrong = TLC_JOIN(c, model, TLC_TEXT(": "), field, tlc_z(why));
    return 0;
}

/* ---- references ---- */

/* [["code","=","A-100"],…] of {"code": "A-100", …}; absent when a value is missing. */
static tlc_slice domain_of(tlc_call *c, tlc_slice natural)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, out = {0, 0};
    uint64_t at = 0, count = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    for (; c->host->json_next(c->scope, natural, &at, &name, &raw) == 1; count++) {
        if (tlc_is(raw, "null") || tlc_is(raw, "\"\""))
            return out;
        tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
        c->host->json_put(writer, TLC_JSON_STRING, name);
        c->host->json_put(writer, TLC_JSON_STRING, TLC_TEXT("="));
        c->host->json_put(writer, TLC_JSON_RAW, raw);
        tlc_json_mark(c->host, writer, TLC_JSON_END);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    if (count)
        c->host->json_finish(writer, &out);
    return out;
}

static const struct tr_ref *known_ref(const struct tr_encoding *e, tlc_slice model, tlc_slice domain)
{
    const struct tr_ref *ref = e->refs;

    while (ref && !(tlc_same(ref->model, model) && tlc_same(ref->domain, domain)))
        ref = ref->next;
    return ref;
}

/* An id as it is, or of a natural key. */
static int write_ref(tlc_call *c, struct tr_encoding *e, tlc_writer *writer, const struct tr_model *model,
                     tlc_slice field, tlc_slice raw)
{
    tlc_slice relation = tr_field_relation(c, model, field), domain, id;
    const struct tr_ref *ref;

    if (!raw.len || raw.ptr[0] != '{') {
        id = tr_value_out(c, TLC_TEXT("many2one"), raw);
        if (!id.len)
            return wrong(c, e, model->name, field, " must be an id or a natural key such as { code = \"A-100\" }");
        c->host->json_put(writer, TLC_JSON_RAW, id);
        return 1;
    }
    domain = domain_of(c, raw);
    if (!domain.len)
        return wrong(c, e, model->name, field, " is a natural key without a value");
    ref = known_ref(e, relation, domain);
    if (!ref) {
        e->need_model = relation;
        e->need_domain = domain;
        return 0;
    }
    c->host->json_put(writer, TLC_JSON_RAW, ref->id);
    return 1;
}

/* ---- lists ---- */

static void write_command(tlc_call *c, tlc_writer *writer, const char *command, tlc_slice ids)
{
    if (!ids.len || ids.ptr[0] != '[' || !tlc_json_count(c->host, c->scope, ids))
        return;
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    c->host->json_put(writer, TLC_JSON_STRING, tlc_z(command));
    c->host->json_put(writer, TLC_JSON_RAW, ids);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

/* Does an item hold a list itself, or is it of a kind that is made anew? Then it is not changed where it stands. */
static int is_made_anew(tlc_call *c, const struct tr_encoding *e, tlc_slice items)
{
    tlc_slice name, item, raw;
    uint64_t at = 0, inner;

    if (tlc_is(e->model, "sale.sale")) /* whose lines are filled in again: fill.c */
        return 1;
    while (c->host->json_next(c->scope, items, &at, &name, &item) == 1)
        for (inner = 0; c->host->json_next(c->scope, item, &inner, &name, &raw) == 1;)
            if (raw.ptr[0] == '[')
                return 1;
    return 0;
}

static int write_in_place(tlc_call *c, struct tr_encoding *e, tlc_writer *writer, tlc_slice relation, tlc_slice id,
                          tlc_slice item)
{
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    c->host->json_put(writer, TLC_JSON_STRING, TLC_TEXT("write"));
    c->host->json_put(writer, TLC_JSON_RAW, TLC_JOIN(c, TLC_TEXT("["), id, TLC_TEXT("]")));
    if (!write_record(c, e, writer, relation, item, tlc_text_n(0, 0)))
        return 0;
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return 1;
}

/* What is left of the list of ids. */
static tlc_slice rest_of(tlc_call *c, tlc_slice ids, uint64_t at)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, id, out = TLC_TEXT("[]");

    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (ids.len && c->host->json_next(c->scope, ids, &at, &name, &id) == 1)
        c->host->json_put(writer, TLC_JSON_RAW, id);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}

/* ["create", [items from there on]], or ["add", [ids]]; nothing when there is none. */
static int write_new(tlc_call *c, struct tr_encoding *e, tlc_writer *writer, const struct tr_model *model,
                     tlc_slice field, tlc_slice items, uint64_t at, int own)
{
    tlc_slice name, item;
    uint64_t peek = at;

    if (c->host->json_next(c->scope, items, &peek, &name, &item) != 1)
        return 1;
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    c->host->json_put(writer, TLC_JSON_STRING, own ? TLC_TEXT("create") : TLC_TEXT("add"));
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (c->host->json_next(c->scope, items, &at, &name, &item) == 1)
        if (!(own ? write_record(c, e, writer, tr_field_relation(c, model, field), item, tlc_text_n(0, 0))
                  : write_ref(c, e, writer, model, field, item)))
            return 0;
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return 1;
}

/* Own lines ("one2many") are changed where they stand, one after another, because other records may refer to them (a
 * sale to its address); what is left over is deleted, what is missing is made. Of references ("many2many") the old ones
 * are removed and the new ones added. A list of commands is left as it is. */
static int write_list(tlc_call *c, struct tr_encoding *e, tlc_writer *writer, const struct tr_model *model,
                      tlc_slice field, tlc_slice raw, tlc_slice existing, int own)
{
    tlc_slice first, name, item, id;
    uint64_t at = 0, there = 0, next = 0;

    if (!raw.len || raw.ptr[0] != '[')
        return wrong(c, e, model->name, field, " must be a list");
    tlc_json_first(c->host, c->scope, raw, &first);
    if (first.len && first.ptr[0] == '[') {
        c->host->json_put(writer, TLC_JSON_RAW, raw);
        return 1;
    }
    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (own && existing.len && !is_made_anew(c, e, raw) &&
           c->host->json_next(c->scope, raw, &next, &name, &item) == 1 &&
           c->host->json_next(c->scope, existing, &there, &name, &id) == 1) {
        if (!write_in_place(c, e, writer, tr_field_relation(c, model, field), id, item))
            return 0;
        at = next;
    }
    write_command(c, writer, own ? "delete" : "remove", rest_of(c, existing, there));
    if (!write_new(c, e, writer, model, field, raw, at, own))
        return 0;
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return 1;
}

/* ---- records ---- */

static int is_list(tlc_slice type)
{
    return tlc_is(type, "one2many") || tlc_is(type, "many2many");
}

static int write_field(tlc_call *c, struct tr_encoding *e, tlc_writer *writer, const struct tr_model *model,
                       tlc_slice name, tlc_slice raw, tlc_slice existing)
{
    tlc_slice type = tr_field_type(c, model, name), value, there = {0, 0};

    if (!type.len)
        return wrong(c, e, model->name, name, " is no field of this model");
    c->host->json_put(writer, TLC_JSON_KEY, name);
    if (is_list(type) && !tlc_is(raw, "null")) {
        if (existing.len)
            there = tlc_json_raw(c->host, c->scope, existing, tlc_pointer_to(c, name));
        return write_list(c, e, writer, model, name, raw, there, tlc_is(type, "one2many"));
    }
    if (tlc_is(type, "many2one"))
        return write_ref(c, e, writer, model, name, raw);
    value = tr_value_out(c, type, raw);
    if (!value.len) {
        e->wrong = TLC_JOIN(c, model->name, TLC_TEXT(": "), name, TLC_TEXT(" is of type "), type,
                            TLC_TEXT(", which this cannot be: "), raw);
        return 0;
    }
    c->host->json_put(writer, TLC_JSON_RAW, value);
    return 1;
}

static int write_record(tlc_call *c, struct tr_encoding *e, tlc_writer *writer, tlc_slice model, tlc_slice record,
                        tlc_slice existing)
{
    const struct tr_model *known = tr_model(c, model);
    tlc_slice name, raw;
    uint64_t at = 0;

    if (!known) {
        e->need_model = model;
        return 0;
    }
    if (!record.len || record.ptr[0] != '{')
        return wrong(c, e, model, record.len ? record : TLC_TEXT("nothing"), " is no record");
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, record, &at, &name, &raw) == 1)
        if (!tlc_is(name, "id") && !write_field(c, e, writer, known, name, raw, existing))
            return 0;
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    return 1;
}

static int encode_once(tlc_call *c, struct tr_encoding *e)
{
    tlc_writer *writer = c->host->json_writer(c->scope);

    e->need_model = e->need_domain = e->wrong = tlc_text_n(0, 0);
    return write_record(c, e, writer, e->model, e->record, e->existing) &&
           c->host->json_finish(writer, &e->values) == 1;
}

/* ---- what was missing ---- */

static tlc_slice method_of(tlc_call *c, tlc_slice model, const char *method)
{
    return TLC_JOIN(c, TLC_TEXT("model."), model, TLC_TEXT("."), tlc_z(method));
}

/* How many records fit; one is kept. */
static uint32_t learn_ref(tlc_call *c, struct tr_encoding *e, tlc_slice ids)
{
    struct tr_ref *ref;
    tlc_slice first;
    uint32_t count = tlc_json_first(c->host, c->scope, ids, &first);

    if (count != 1)
        return count;
    ref = c->host->alloc(c->scope, sizeof *ref);
    ref->model = e->need_model;
    ref->domain = e->need_domain;
    ref->id = first;
    ref->next = e->refs;
    e->refs = ref;
    return 1;
}

static tlc_slice not_one(tlc_call *c, const struct tr_encoding *e, uint32_t count)
{
    return TLC_JOIN(c, count ? TLC_TEXT("more than one ") : TLC_TEXT("there is no "), e->need_model, TLC_TEXT(" with "),
                    e->need_domain);
}

int tr_encode_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct tr_encoding *e = &tr_state(c)->encoding;
    uint32_t count;

    TL_PART_BEGIN(&e->async);
    while (!encode_once(c, e)) {
        if (!e->need_model.len)
            TL_PART_FAIL(TLC_DATA, e->wrong.len ? e->wrong : TLC_TEXT("the record cannot be written as JSON"));
        if (!e->need_domain.len) {
            TL_PART_CALL(method_of(c, e->need_model, "fields_get"), TLC_TEXT("[]"));
            if (!tr_model_learn(c, e->need_model, tr_state(c)->rpc.result))
                TL_PART_FAIL(TLC_RETRY, TLC_TEXT("Tryton did not say which fields the model has"));
        } else {
            TL_PART_CALL(method_of(c, e->need_model, "search"), TLC_JOIN(c, e->need_domain, TLC_TEXT(",0,2,null")));
            count = learn_ref(c, e, tr_state(c)->rpc.result);
            if (count != 1)
                TL_PART_FAIL(count ? TLC_DATA : TLC_MISSING, not_one(c, e, count));
        }
    }
    TL_PART_END;
}

int tr_model_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct tr_encoding *e = &tr_state(c)->encoding;

    TL_PART_BEGIN(&e->async);
    if (!tr_model(c, e->model)) {
        TL_PART_CALL(method_of(c, e->model, "fields_get"), TLC_TEXT("[]"));
        if (!tr_model_learn(c, e->model, tr_state(c)->rpc.result))
            TL_PART_FAIL(TLC_RETRY, TLC_TEXT("Tryton did not say which fields the model has"));
    }
    TL_PART_END;
}

tlc_slice tr_encode_lists(tlc_call *c, tlc_slice model, tlc_slice record)
{
    const struct tr_model *known = tr_model(c, model);
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice name, raw, out = TLC_TEXT("[]");
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (known && c->host->json_next(c->scope, record, &at, &name, &raw) == 1)
        if (is_list(tr_field_type(c, known, name)))
            c->host->json_put(writer, TLC_JSON_STRING, name);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &out);
    return out;
}
