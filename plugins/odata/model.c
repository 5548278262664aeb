/* The model behind $metadata: see model.h. */
#include "model.h"

#include "edmx.h"

#include <tidelock/text.h>

struct reader {
    const tlc_host *host;
    tlc_scope *scope;
    struct od_model *model;
    struct od_type *type; /* the one we are in */
    int in_key;
};

/* "Collection(Erp.SalesOrderItem)" to SalesOrderItem and `many`. Edm types keep their prefix. */
static tlc_slice plain_type(tlc_slice type, int *many)
{
    static const char collection[] = "Collection(";
    uint64_t i, n = sizeof collection - 1;

    *many = type.len > n && memcmp(type.ptr, collection, (size_t)n) == 0 && type.ptr[type.len - 1] == ')';
    if (*many) {
        type.ptr += n;
        type.len -= n + 1;
    }
    if (type.len > 4 && memcmp(type.ptr, "Edm.", 4) == 0)
        return type;
    for (i = type.len; i > 0; i--)
        if (type.ptr[i - 1] == '.') {
            type.ptr += i;
            type.len -= i;
            break;
        }
    return type;
}

static tlc_slice keep(struct reader *r, tlc_slice s)
{
    return s.ptr ? tlc_keep(r->host, r->scope, s) : s;
}

static void add_type(struct reader *r, const struct od_tag *tag)
{
    struct od_type *type = r->host->alloc(r->scope, sizeof *type);
    int many;

    type->name = keep(r, od_tag_attribute(tag, "Name"));
    type->base = keep(r, plain_type(od_tag_attribute(tag, "BaseType"), &many));
    type->next = r->model->types;
    r->model->types = type;
    r->type = tag->empty ? 0 : type;
}

static void add_property(struct reader *r, const struct od_tag *tag, int navigation)
{
    struct od_property *property = r->host->alloc(r->scope, sizeof *property);

    property->name = keep(r, od_tag_attribute(tag, "Name"));
    property->type = keep(r, plain_type(od_tag_attribute(tag, "Type"), &property->many));
    property->navigation = navigation;
    property->next = r->type->properties;
    r->type->properties = property;
}

/* In the order of the metadata, which is the order of a key predicate. */
static void add_key(struct reader *r, const struct od_tag *tag)
{
    struct od_key *key = r->host->alloc(r->scope, sizeof *key), **end = &r->type->keys;

    key->name = keep(r, od_tag_attribute(tag, "Name"));
    while (*end)
        end = &(*end)->next;
    *end = key;
}

static void add_set(struct reader *r, const struct od_tag *tag)
{
    struct od_set *set = r->host->alloc(r->scope, sizeof *set);
    int many;

    set->name = keep(r, od_tag_attribute(tag, "Name"));
    set->type = keep(r, plain_type(od_tag_attribute(tag, "EntityType"), &many));
    set->next = r->model->sets;
    r->model->sets = set;
}

static void take(struct reader *r, const struct od_tag *tag)
{
    int is_type = od_tag_is(tag, "EntityType") || od_tag_is(tag, "ComplexType");

    if (tag->closing) {
        if (is_type)
            r->type = 0;
        if (od_tag_is(tag, "Key"))
            r->in_key = 0;
    } else if (is_type) {
        add_type(r, tag);
    } else if (od_tag_is(tag, "EntitySet")) {
        add_set(r, tag);
    } else if (r->type && od_tag_is(tag, "Property")) {
        add_property(r, tag, 0);
    } else if (r->type && od_tag_is(tag, "NavigationProperty")) {
        add_property(r, tag, 1);
    } else if (r->type && od_tag_is(tag, "Key")) {
        r->in_key = 1;
    } else if (r->type && r->in_key && od_tag_is(tag, "PropertyRef")) {
        add_key(r, tag);
    }
}

struct od_model *od_model_read(const tlc_host *host, tlc_scope *scope, tlc_slice edmx)
{
    struct reader r;
    struct od_tag tag;
    uint64_t at = 0;

    memset(&r, 0, sizeof r);
    r.host = host;
    r.scope = scope;
    r.model = host->alloc(scope, sizeof *r.model);
    while (od_tag_next(edmx, &at, &tag))
        take(&r, &tag);
    return r.model;
}

const struct od_type *od_model_type(const struct od_model *model, tlc_slice name)
{
    const struct od_type *type;
    for (type = model ? model->types : 0; type; type = type->next)
        if (tlc_same(type->name, name))
            return type;
    return 0;
}

const struct od_type *od_model_set(const struct od_model *model, tlc_slice set)
{
    const struct od_set *s;
    for (s = model ? model->sets : 0; s; s = s->next)
        if (tlc_same(s->name, set))
            return od_model_type(model, s->type);
    return 0;
}

/* Base types at most this deep: metadata may be wrong and go round. */
#define DEPTH 16

const struct od_property *od_model_property(const struct od_model *model, const struct od_type *type, tlc_slice name)
{
    const struct od_property *property;
    int depth;

    for (depth = 0; type && depth < DEPTH; depth++, type = type->base.len ? od_model_type(model, type->base) : 0)
        for (property = type->properties; property; property = property->next)
            if (tlc_same(property->name, name))
                return property;
    return 0;
}

const struct od_key *od_model_keys(const struct od_model *model, const struct od_type *type)
{
    int depth;

    for (depth = 0; type && depth < DEPTH; depth++, type = type->base.len ? od_model_type(model, type->base) : 0)
        if (type->keys)
            return type->keys;
    return 0;
}
