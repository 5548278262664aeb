/* Shapes: the nodes that speak about one place, and what they say together. Thread: any. */
#include "contract/shape.h"
#include "schema_node.h"
#include <string.h>

#define DEPTH_MAX 12

/* ---- which rules speak about a place ---- */

static void gather(struct tl_shape *shape, const struct tl_node *node, bool sure, int depth);

static void gather_list(struct tl_shape *shape, const struct tl_node_list *list, bool sure, int depth)
{
    for (size_t i = 0; i < list->count; i++)
        gather(shape, list->items[i], sure, depth);
}

static void gather(struct tl_shape *shape, const struct tl_node *node, bool sure, int depth)
{
    if (!node)
        return;
    for (size_t i = 0; i < shape->count; i++)
        if (shape->rules[i] == node) {
            shape->sure[i] = shape->sure[i] || sure;
            return;
        }
    if (shape->count == TL_SHAPE_RULES || depth > DEPTH_MAX) {
        shape->unknown = true;
        return;
    }
    shape->rules[shape->count] = node;
    shape->sure[shape->count++] = sure;
    const struct tl_place_rules *place = node->place;
    if (!place)
        return;
    shape->unknown = shape->unknown || place->dynamic_anchor.len;
    gather(shape, place->ref, sure, depth + 1);
    gather(shape, place->dynamic, sure, depth + 1);
    gather_list(shape, &place->all, sure, depth + 1);
    gather_list(shape, &place->any, sure && place->any.count == 1, depth + 1);
    gather_list(shape, &place->one, sure && place->one.count == 1, depth + 1);
    gather(shape, place->condition, false, depth + 1);
    gather(shape, place->then, false, depth + 1);
    gather(shape, place->otherwise, false, depth + 1);
}

struct tl_shape tl_shape_of(const struct tl_schema *schema)
{
    struct tl_shape shape = {.unknown = !schema};
    gather(&shape, schema ? schema->root : NULL, true, 0);
    return shape;
}

/* ---- members ---- */

/* Names that nobody lists: false ("additionalProperties": false) and everything (true) say nothing of that. */
static bool frees_names(const struct tl_node *others)
{
    return others && !others->everything && others->types != 0;
}

static bool has_free_names(const struct tl_object_rules *rules)
{
    return rules->pattern_count || rules->names || frees_names(rules->additional) || frees_names(rules->unevaluated);
}

enum tl_member tl_shape_member(const struct tl_shape *shape, tl_str name, struct tl_shape *member)
{
    struct tl_shape found = {.count = 0}, *out = member ? member : &found;
    bool known = false, listed = false, free_names = shape->unknown;
    *out = (struct tl_shape){.count = 0};
    for (size_t i = 0; i < shape->count; i++) {
        const struct tl_object_rules *rules = shape->rules[i]->object;
        if (!rules)
            continue;
        listed = listed || rules->has_properties;
        free_names = free_names || has_free_names(rules);
        for (size_t k = 0; k < rules->dependency_count; k++)
            free_names = free_names || rules->dependencies[k].node;
        const struct tl_property *property = tl_property_find(rules, name);
        known = known || property;
        gather(out, property ? property->node : NULL, shape->sure[i], 0);
    }
    out->unknown = out->unknown || out->count == 0;
    return known ? TL_MEMBER_KNOWN : listed && !free_names ? TL_MEMBER_UNKNOWN : TL_MEMBER_ANY;
}

bool tl_shape_is_closed(const struct tl_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct tl_object_rules *rules = shape->sure[i] ? shape->rules[i]->object : NULL;
        if (rules && ((rules->additional && rules->additional->types == 0) ||
                      (rules->unevaluated && rules->unevaluated->types == 0)))
            return true;
    }
    return false;
}

static bool named_before(const struct tl_shape *shape, size_t rule, tl_str name)
{
    for (size_t i = 0; i < rule; i++) {
        const struct tl_property *p = shape->rules[i]->object ? tl_property_find(shape->rules[i]->object, name) : NULL;
        if (p && p->node)
            return true;
    }
    return false;
}

bool tl_shape_next(const struct tl_shape *shape, size_t *at, tl_str *name)
{
    size_t seen = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct tl_object_rules *rules = shape->rules[i]->object;
        for (size_t k = 0; rules && k < rules->property_count; k++) {
            if (seen++ < *at || !rules->properties[k].node || named_before(shape, i, rules->properties[k].name))
                continue;
            *at = seen;
            *name = rules->properties[k].name;
            return true;
        }
    }
    return false;
}

bool tl_shape_requires(const struct tl_shape *shape, tl_str name)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct tl_property *p = shape->rules[i]->object ? tl_property_find(shape->rules[i]->object, name) : NULL;
        if (p && p->required && shape->sure[i])
            return true;
    }
    return false;
}

bool tl_shape_element(const struct tl_shape *shape, struct tl_shape *element)
{
    *element = (struct tl_shape){.unknown = shape->unknown};
    for (size_t i = 0; i < shape->count; i++) {
        const struct tl_array_rules *rules = shape->rules[i]->array;
        for (size_t k = 0; rules && k < rules->prefix_count; k++)
            gather(element, rules->prefix[k], false, 0);
        gather(element, rules ? rules->items : NULL, shape->sure[i], 0);
    }
    element->unknown = element->unknown || element->count == 0;
    return element->count != 0;
}

bool tl_shape_others(const struct tl_shape *shape, struct tl_shape *other)
{
    *other = (struct tl_shape){.unknown = shape->unknown};
    for (size_t i = 0; i < shape->count; i++) {
        const struct tl_object_rules *rules = shape->rules[i]->object;
        if (rules && frees_names(rules->additional))
            gather(other, rules->additional, shape->sure[i], 0);
    }
    return other->count != 0;
}

/* ---- values ---- */

static unsigned types_of(const struct tl_shape *shape)
{
    unsigned sure = TL_TYPE_ANY, either = 0;
    for (size_t i = 0; i < shape->count; i++) {
        if (shape->sure[i])
            sure &= shape->rules[i]->types;
        else
            either |= shape->rules[i]->types;
    }
    return either && (sure & either) ? sure & either : sure;
}

bool tl_shape_may_be(const struct tl_shape *shape, const char *type)
{
    static const struct {
        const char *word;
        unsigned bits;
    } words[] = {{"object", TL_TYPE_OBJECT},
                 {"array", TL_TYPE_ARRAY},
                 {"string", TL_TYPE_STRING},
                 {"number", TL_TYPE_NUMBER},
                 {"integer", TL_TYPE_NUMBER | TL_TYPE_INTEGER},
                 {"boolean", TL_TYPE_BOOLEAN},
                 {"null", TL_TYPE_NULL}};
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if (strcmp(words[i].word, type) == 0)
            return types_of(shape) & words[i].bits;
    return false;
}

const struct tl_json_value *tl_shape_values(const struct tl_shape *shape, const struct tl_json_value **one)
{
    *one = NULL;
    for (size_t i = 0; i < shape->count; i++) {
        if (!shape->sure[i])
            continue;
        if (shape->rules[i]->enumeration)
            return shape->rules[i]->enumeration;
        if (shape->rules[i]->constant) {
            *one = shape->rules[i]->constant;
            return NULL;
        }
    }
    return NULL;
}

/* ---- for people ---- */

tl_str tl_shape_help(const struct tl_shape *shape)
{
    static const char *const words[] = {"description", "title"};
    for (size_t w = 0; w < TL_COUNT_OF(words); w++)
        for (size_t i = 0; i < shape->count; i++) {
            tl_str text = tl_json_get_text(shape->rules[i]->json, words[w]);
            if (text.len && shape->sure[i])
                return text;
        }
    return TL_STR_NONE;
}

bool tl_shape_place(const struct tl_shape *shape, tl_str *document, const char **pointer)
{
    if (shape->count == 0)
        return false;
    const struct tl_node *node = shape->rules[0];
    for (int depth = 0; depth < DEPTH_MAX && !node->object && node->place && node->place->ref; depth++)
        node = node->place->ref;
    *document = node->resource->document->name;
    *pointer = node->pointer;
    return true;
}
