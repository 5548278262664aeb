/* Rules that apply other schemas to the same value. */
#include "validate.h"
#include <string.h>

/* The outermost schema entered so far that has this dynamic anchor; else what $ref would find. */
static const struct tl_node *find_dynamic(const struct tl_eval *e, const struct tl_place_rules *rules)
{
    const struct tl_node *found = rules->dynamic;
    if (!rules->dynamic_anchor.len)
        return found;
    for (const struct tl_scope *s = e->scope; s; s = s->up)
        for (const struct tl_anchor *a = s->resource->anchors; a; a = a->next)
            if (a->dynamic && tl_str_eq(a->name, rules->dynamic_anchor))
                found = a->node;
    return found;
}

/* One choice; what it saw counts only when it fits. */
static bool try(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                const struct tl_step *path, struct tl_seen *seen)
{
    struct tl_seen own;
    if (!seen)
        return tl_eval_quietly(e, node, value, path, NULL);
    tl_seen_init(&own, value);
    bool good = tl_eval_quietly(e, node, value, path, &own);
    if (good)
        tl_seen_merge(seen, &own);
    tl_seen_free(&own);
    return good;
}

/* None fits: says what the choice asks that got deepest into the value. */
static bool report_none(struct tl_eval *e, const struct tl_node *node, const char *keyword,
                        const struct tl_node_list *list, const struct tl_json_value *value, const struct tl_step *path)
{
    struct tl_violations *out = e->out, nearest;
    size_t choice = 0, deepest = 0;
    if (!out)
        return false;
    tl_violations_init(&nearest, 1);
    for (size_t i = 0; i < list->count && !e->stopped; i++) {
        struct tl_violations one;
        tl_violations_init(&one, 1);
        e->out = &one;
        tl_eval_node(e, list->items[i], value, path, NULL);
        e->stopped = e->tired;
        bool better = one.count && (!nearest.count || strlen(one.items[0].pointer) > deepest);
        if (better) {
            struct tl_violations swap = nearest;
            nearest = one;
            one = swap;
            choice = i;
            deepest = strlen(nearest.items[0].pointer);
        }
        tl_violations_free(&one);
    }
    e->out = out;
    if (nearest.count)
        tl_eval_report(e, node, keyword, value, path, "fits none of the %zu choices; choice %zu says: %s %s",
                       list->count, choice + 1, nearest.items[0].pointer[0] ? nearest.items[0].pointer : "the document",
                       nearest.items[0].text);
    else
        tl_eval_report(e, node, keyword, value, path, "fits none of the %zu choices", list->count);
    tl_violations_free(&nearest);
    return false;
}

static bool check_any(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                      const struct tl_step *path, struct tl_seen *seen)
{
    const struct tl_node_list *any = &node->place->any;
    bool found = false;
    for (size_t i = 0; i < any->count && !e->stopped && (!found || seen); i++)
        found |= try(e, any->items[i], value, path, seen);
    return found || report_none(e, node, "anyOf", any, value, path);
}

static bool check_one(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                      const struct tl_step *path, struct tl_seen *seen)
{
    const struct tl_node_list *one = &node->place->one;
    size_t first = SIZE_MAX;
    for (size_t i = 0; i < one->count && !e->stopped; i++) {
        if (!try(e, one->items[i], value, path, seen))
            continue;
        if (first != SIZE_MAX)
            return tl_eval_report(e, node, "oneOf", value, path, "fits choices %zu and %zu, must fit exactly one",
                                  first + 1, i + 1);
        first = i;
    }
    return first != SIZE_MAX || report_none(e, node, "oneOf", one, value, path);
}

bool tl_eval_place(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                   const struct tl_step *path, struct tl_seen *seen)
{
    const struct tl_place_rules *rules = node->place;
    bool good = true;
    if (rules->ref)
        good = tl_eval_node(e, rules->ref, value, path, seen);
    if (rules->dynamic && (good || e->out))
        good &= tl_eval_node(e, find_dynamic(e, rules), value, path, seen);
    for (size_t i = 0; i < rules->all.count && !e->stopped && (good || e->out); i++)
        good &= tl_eval_node(e, rules->all.items[i], value, path, seen);
    if (rules->any.count && (good || e->out) && !e->stopped)
        good &= check_any(e, node, value, path, seen);
    if (rules->one.count && (good || e->out) && !e->stopped)
        good &= check_one(e, node, value, path, seen);
    if (rules->negated && (good || e->out) && !e->stopped && tl_eval_quietly(e, rules->negated, value, path, NULL))
        good = tl_eval_report(e, node, "not", value, path, "must not fit the schema of 'not'");
    if (rules->condition && (good || e->out) && !e->stopped) {
        const struct tl_node *follows = try(e, rules->condition, value, path, seen) ? rules->then : rules->otherwise;
        if (follows)
            good &= tl_eval_node(e, follows, value, path, seen);
    }
    return good;
}
