/* Fields of models: see model.h. Of the answer, which is large, only types and relations are kept. */
#include "tryton.h"

const struct tr_model *tr_model(const tlc_call *c, tlc_slice name)
{
    const struct tr_model *model = c->instance->models;

    while (model && !tlc_same(model->name, name))
        model = model->next;
    return model;
}

static void put_field(tlc_call *c, tlc_writer *writer, tlc_slice name, tlc_slice field)
{
    c->host->json_put(writer, TLC_JSON_KEY, name);
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_optional(c->host, writer, "type", TLC_JSON_STRING, tlc_json_text(c->host, c->scope, field, "/type"));
    tlc_json_optional(c->host, writer, "relation", TLC_JSON_STRING,
                      tlc_json_text(c->host, c->scope, field, "/relation"));
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

int tr_model_learn(tlc_call *c, tlc_slice name, tlc_slice answer)
{
    tlc_instance *instance = c->instance;
    struct tr_model *model;
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice field, raw, fields;
    uint64_t at = 0;

    if (!answer.len || answer.ptr[0] != '{')
        return 0;
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, answer, &at, &field, &raw) == 1)
        put_field(c, writer, field, raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    if (c->host->json_finish(writer, &fields) != 1)
        return 0;
    model = instance->host->alloc(instance->scope, sizeof *model);
    model->name = tlc_keep(c->host, instance->scope, name);
    model->fields = tlc_keep(c->host, instance->scope, fields);
    model->next = instance->models;
    instance->models = model;
    return 1;
}

static tlc_slice part_of(tlc_call *c, const struct tr_model *model, tlc_slice field, const char *part)
{
    tlc_slice raw = tlc_json_raw(c->host, c->scope, model->fields, tlc_pointer_to(c, field));

    return raw.len ? tlc_json_text(c->host, c->scope, raw, part) : raw;
}

tlc_slice tr_field_type(tlc_call *c, const struct tr_model *model, tlc_slice field)
{
    return part_of(c, model, field, "/type");
}

tlc_slice tr_field_relation(tlc_call *c, const struct tr_model *model, tlc_slice field)
{
    return part_of(c, model, field, "/relation");
}
