/* Rules about objects: one pass over the members. */
#include "base/nearest.h"
#include "codec/json_writer.h"
#include "validate.h"

enum { NAMES_SHOWN = 100 };

/* "is no property of this object", with the nearest name that is one. */
static bool report_unknown(struct tl_eval *e, const struct tl_node *node, const char *keyword, tl_str name,
                           const struct tl_json_value *value, const struct tl_step *path)
{
    const struct tl_object_rules *rules = node->object;
    if (!e->out)
        return false;
    const char *words[NAMES_SHOWN];
    size_t count = 0;
    for (size_t i = 0; i < rules->property_count && count < NAMES_SHOWN; i++)
        if (rules->properties[i].node)
            words[count++] = tl_arena_copy(&e->out->arena, rules->properties[i].name);
    const char *nearest = tl_nearest(name, words, count);
    return tl_eval_report(e, node, keyword, value, path, "'%.*s' is no property of this object%s%s%s",
                          TL_STR_ARGS(name), nearest ? "; did you mean '" : "", nearest ? nearest : "",
                          nearest ? "'?" : "");
}

/* A name as a value of its own. */
static bool check_name(struct tl_eval *e, const struct tl_node *node, tl_str name, const struct tl_step *path)
{
    struct tl_buf quoted;
    struct tl_json_doc *doc;
    bool good = true;
    tl_buf_init(&quoted, SIZE_MAX / 2);
    if (tl_json_quote(&quoted, name) && tl_json_parse_borrowed(tl_buf_str(&quoted), NULL, &doc, NULL) == TL_OK) {
        good = tl_eval_node(e, node, tl_json_root(doc), path, NULL);
        tl_json_free(doc);
    }
    tl_buf_free(&quoted);
    return good;
}

static bool check_member(struct tl_eval *e, const struct tl_node *node, const struct tl_property *property,
                         const struct tl_json_iter *member, const struct tl_step *step, bool *covered)
{
    const struct tl_object_rules *rules = node->object;
    bool good = true;
    if (property && property->node) {
        *covered = true;
        good = tl_eval_node(e, property->node, member->value, step, NULL);
    }
    for (size_t i = 0; i < rules->pattern_count && !e->stopped; i++)
        if (tl_regex_search(rules->patterns[i].regex, member->key, &e->work)) {
            *covered = true;
            good &= tl_eval_node(e, rules->patterns[i].node, member->value, step, NULL);
        }
    if (!*covered && rules->additional) {
        *covered = true;
        if (!rules->additional->types)
            good = report_unknown(e, node, "additionalProperties", member->key, member->value, step);
        else
            good &= tl_eval_node(e, rules->additional, member->value, step, NULL);
    }
    if (rules->names && !e->stopped)
        good &= check_name(e, rules->names, member->key, step);
    return good;
}

/* Documents tend to have their members in the order of the contract: the one after the last is tried first. */
static const struct tl_property *find(const struct tl_object_rules *rules, tl_str name, size_t *next)
{
    const struct tl_property *property = NULL;
    if (*next < rules->property_count && tl_str_eq(rules->properties[*next].name, name))
        property = &rules->properties[*next];
    else
        property = tl_property_find(rules, name);
    if (property)
        *next = (size_t)(property - rules->properties) + 1;
    return property;
}

static bool check_members(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                          const struct tl_step *path, struct tl_seen *seen)
{
    const struct tl_object_rules *rules = node->object;
    uint32_t required = 0;
    size_t next = 0;
    bool good = true;
    struct tl_json_iter i = tl_json_iter(value);
    for (size_t index = 0; tl_json_next(&i) && !e->stopped && (good || e->out); index++) {
        struct tl_step step = {.up = path, .key = i.key};
        const struct tl_property *property = find(rules, i.key, &next);
        bool covered = false;
        required += property && property->required;
        good &= check_member(e, node, property, &i, &step, &covered);
        if (covered)
            tl_seen_mark(seen, index);
    }
    if (required == rules->required_count || e->stopped || (!good && !e->out))
        return good;
    for (size_t p = 0; p < rules->property_count; p++)
        if (rules->properties[p].required && !tl_json_get_str(value, rules->properties[p].name))
            tl_eval_report(e, node, "required", value, path, "must have the property '%.*s'",
                           TL_STR_ARGS(rules->properties[p].name));
    return false;
}

static bool check_dependencies(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                               const struct tl_step *path, struct tl_seen *seen)
{
    bool good = true;
    for (size_t i = 0; i < node->object->dependency_count && !e->stopped && (good || e->out); i++) {
        const struct tl_dependency *d = &node->object->dependencies[i];
        if (!tl_json_get_str(value, d->name))
            continue;
        if (d->node)
            good &= tl_eval_node(e, d->node, value, path, seen);
        for (size_t n = 0; n < d->need_count; n++)
            if (!tl_json_get_str(value, d->needs[n]))
                good = tl_eval_report(e, node, "dependentRequired", value, path,
                                      "must have the property '%.*s', since it has '%.*s'", TL_STR_ARGS(d->needs[n]),
                                      TL_STR_ARGS(d->name));
    }
    return good;
}

bool tl_eval_object(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                    const struct tl_step *path, struct tl_seen *seen)
{
    const struct tl_object_rules *rules = node->object;
    size_t count = tl_json_count(value);
    bool good = true;
    if (count < rules->least)
        good = tl_eval_report(e, node, "minProperties", value, path, "must have at least %llu properties, has %zu",
                              (unsigned long long)rules->least, count);
    if (count > rules->most)
        good = tl_eval_report(e, node, "maxProperties", value, path, "must have at most %llu properties, has %zu",
                              (unsigned long long)rules->most, count);
    if (good || e->out)
        good &= check_members(e, node, value, path, seen);
    if ((good || e->out) && rules->dependency_count)
        good &= check_dependencies(e, node, value, path, seen);
    return good;
}

bool tl_eval_unevaluated(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                         const struct tl_step *path, struct tl_seen *seen)
{
    bool object = tl_json_type(value) == TL_JSON_IS_OBJECT, good = true;
    const struct tl_node *rest =
        object ? (node->object ? node->object->unevaluated : NULL) : (node->array ? node->array->unevaluated : NULL);
    struct tl_json_iter i = tl_json_iter(value);
    for (size_t index = 0; rest && tl_json_next(&i) && !e->stopped && (good || e->out); index++) {
        struct tl_step step = {.up = path, .key = i.key, .index = index, .in_array = !object};
        if (tl_seen_has(seen, index))
            continue;
        if (rest->types || rest->everything)
            good &= tl_eval_node(e, rest, i.value, &step, NULL);
        else if (object)
            good = report_unknown(e, node, "unevaluatedProperties", i.key, i.value, &step);
        else
            good = tl_eval_report(e, node, "unevaluatedItems", i.value, &step, "is not allowed here");
        tl_seen_mark(seen, index);
    }
    return good;
}
