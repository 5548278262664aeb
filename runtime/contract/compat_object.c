/* Differences in arrays and objects. */
#include "compat_int.h"
#include "contract/regex.h"
#include <stdio.h>

enum { PATTERN_WORK = 1000000, NAMES_DEEP_MOST = 20 };

/* ---- arrays ---- */

static const struct tl_array_rules no_array_rules = {
    .most = TL_NO_LIMIT, .contains_least = 1, .contains_most = TL_NO_LIMIT};

static const struct tl_node *element(const struct tl_array_rules *rules, size_t index)
{
    return index < rules->prefix_count ? rules->prefix[index] : rules->items;
}

/* What only readers could mind who do not ignore what they do not know. Inside "not" and "oneOf" it decides whether the
 * whole is allowed, and there nobody ignores it. */
static unsigned new_to_readers(const struct tl_comparing *c)
{
    return c->turned || c->unsure ? TL_BREAKS_READERS : TL_BREAKS_NOBODY;
}

/* unevaluated*: closing and opening are understood, anything else is not. */
static void compare_unevaluated(struct tl_comparing *c, const struct tl_node *o, const struct tl_node *n,
                                const struct tl_node *before, const struct tl_node *after, const char *keyword,
                                const struct tl_way *way)
{
    bool old_closed = o && !o->types, new_closed = n && !n->types;
    if (o && n)
        tl_compare_step(c, o, n, way, TL_STR("*"));
    else if (new_closed)
        tl_compare_report(c, TL_BREAKS_WRITERS, after, keyword, way, "what is not named is now refused");
    else if (old_closed)
        tl_compare_report(c, new_to_readers(c), before, keyword, way, "what is not named is now allowed");
    else
        tl_compare_presence(c, o != NULL, n != NULL, before, after, keyword, way, "the rule for what is not named");
}

void tl_compare_arrays(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                       const struct tl_way *way)
{
    const struct tl_array_rules *o = before->array ? before->array : &no_array_rules;
    const struct tl_array_rules *n = after->array ? after->array : &no_array_rules;
    size_t prefix = o->prefix_count > n->prefix_count ? o->prefix_count : n->prefix_count;
    if (o == n)
        return;
    tl_compare_counts(c, o->least, n->least, false, after, "minItems", way, "elements");
    tl_compare_counts(c, o->most, n->most, true, after, "maxItems", way, "elements");
    tl_compare_presence(c, o->unique, n->unique, before, after, "uniqueItems", way, "the rule that elements differ");
    for (size_t i = 0; i < prefix; i++) {
        char index[24];
        int len = snprintf(index, sizeof index, "%zu", i);
        tl_compare_step(c, element(o, i), element(n, i), way, tl_str_n(index, (size_t)len));
    }
    tl_compare_step(c, o->items, n->items, way, TL_STR("*"));
    if (o->contains && n->contains) {
        bool unsure = c->unsure;
        c->unsure |=
            o->contains_most != TL_NO_LIMIT || n->contains_most != TL_NO_LIMIT; /* more that fit may be too many */
        tl_compare_step(c, o->contains, n->contains, way, TL_STR("*"));
        c->unsure = unsure;
        tl_compare_counts(c, o->contains_least, n->contains_least, false, after, "minContains", way,
                          "elements that fit 'contains'");
        tl_compare_counts(c, o->contains_most, n->contains_most, true, after, "maxContains", way,
                          "elements that fit 'contains'");
    } else {
        tl_compare_presence(c, o->contains, n->contains, before, after, "contains", way, "'contains'");
    }
    if (o->unevaluated || n->unevaluated)
        compare_unevaluated(c, o->unevaluated, n->unevaluated, before, after, "unevaluatedItems", way);
}

/* ---- objects ---- */

static const struct tl_object_rules no_object_rules = {.most = TL_NO_LIMIT};

static bool closed(const struct tl_object_rules *rules)
{
    return (rules->additional && !rules->additional->types) || (rules->unevaluated && !rules->unevaluated->types);
}

static bool matches_pattern(const struct tl_object_rules *rules, tl_str name)
{
    for (size_t i = 0; i < rules->pattern_count; i++) {
        uint64_t work = PATTERN_WORK;
        if (tl_regex_search(rules->patterns[i].regex, name, &work) || work == 0)
            return true;
    }
    return false;
}

static bool may_name(const struct tl_node *node, tl_str name, size_t depth);

static bool list_may_name(const struct tl_node_list *list, tl_str name, size_t depth)
{
    for (size_t i = 0; i < list->count; i++) {
        if (may_name(list->items[i], name, depth))
            return true;
    }
    return false;
}

/* Do the rules beside those of the object itself allow a property of that name? Closed by unevaluatedProperties, it may
 * come from them. */
static bool beside_may_name(const struct tl_node *node, tl_str name, size_t depth)
{
    const struct tl_place_rules *p = node->place;
    for (size_t i = 0; node->object && i < node->object->dependency_count; i++) {
        if (may_name(node->object->dependencies[i].node, name, depth))
            return true;
    }
    return p && (may_name(p->ref, name, depth) || may_name(p->dynamic, name, depth) ||
                 may_name(p->condition, name, depth) || may_name(p->then, name, depth) ||
                 may_name(p->otherwise, name, depth) || list_may_name(&p->all, name, depth) ||
                 list_may_name(&p->any, name, depth) || list_may_name(&p->one, name, depth));
}

static bool may_name(const struct tl_node *node, tl_str name, size_t depth)
{
    if (!node)
        return false;
    if (depth == NAMES_DEEP_MOST)
        return true;
    const struct tl_object_rules *o = node->object;
    const struct tl_property *p = o ? tl_property_find(o, name) : NULL;
    return (p && p->node) || (o && (o->additional || o->unevaluated || matches_pattern(o, name))) ||
           beside_may_name(node, name, depth + 1);
}

static void property_gone(struct tl_comparing *c, const struct tl_property *p, const struct tl_node *after,
                          const struct tl_way *way)
{
    const struct tl_object_rules *n = after->object ? after->object : &no_object_rules;
    struct tl_way deeper = {way, p->name};
    if (matches_pattern(n, p->name))
        tl_compare_report(c, TL_BREAKS_BOTH, p->node, "", &deeper,
                          "the property is gone, and a pattern of names rules it now: cannot be judged");
    else if (closed(n))
        tl_compare_report(c, TL_BREAKS_BOTH, p->node, "", &deeper, "the property is gone, and refused now");
    else if (n->additional && !n->additional->everything)
        tl_compare_step(c, p->node, n->additional, way, p->name);
    else
        tl_compare_report(c, TL_BREAKS_READERS, p->node, "", &deeper, "the property is gone: it may be anything now");
}

/* An open object promised to take anything under that name, so what the property asks now refuses what was allowed. */
static void property_added(struct tl_comparing *c, const struct tl_property *p, const struct tl_node *before,
                           const struct tl_way *way)
{
    const struct tl_object_rules *o = before->object ? before->object : &no_object_rules;
    struct tl_way deeper = {way, p->name};
    bool by_seen = closed(o) && (!o->additional || o->additional->types); /* what other rules name is allowed too */
    bool was_named = matches_pattern(o, p->name) || (by_seen && beside_may_name(before, p->name, 0));
    unsigned breaks = closed(o) ? new_to_readers(c) : TL_BREAKS_NOBODY;
    if (!was_named && !closed(o) && o->additional && !o->additional->everything)
        tl_compare_step(c, o->additional, p->node, way, p->name);
    else if (was_named)
        tl_compare_report(c, TL_BREAKS_BOTH, p->node, "", &deeper,
                          "the property is new, and other rules had allowed it: cannot be judged");
    else if (!closed(o) && !p->node->everything)
        tl_compare_report(c, TL_BREAKS_WRITERS, p->node, "", &deeper,
                          "the property is new, and might be anything before: the object is open");
    else if (breaks || !p->required)
        tl_compare_report(c, breaks, p->node, "", &deeper, "the property is new%s",
                          p->required ? "" : ", and optional");
}

static void compare_required(struct tl_comparing *c, const struct tl_object_rules *o, const struct tl_object_rules *n,
                             const struct tl_node *before, const struct tl_node *after, const struct tl_way *way)
{
    for (size_t i = 0; i < n->property_count; i++) {
        const struct tl_property *p = &n->properties[i], *was = tl_property_find(o, p->name);
        struct tl_way deeper = {way, p->name};
        if (p->required && !(was && was->required))
            tl_compare_report(c, TL_BREAKS_WRITERS, after, "required", &deeper, "the property is now required");
    }
    for (size_t i = 0; i < o->property_count; i++) {
        const struct tl_property *p = &o->properties[i], *is = tl_property_find(n, p->name);
        struct tl_way deeper = {way, p->name};
        bool gone = closed(n) && p->node && !(is && is->node);
        if (p->required && !(is && is->required) && !gone)
            tl_compare_report(c, TL_BREAKS_READERS, before, "required", &deeper, "the property is no longer required");
    }
}

static void compare_properties(struct tl_comparing *c, const struct tl_object_rules *o, const struct tl_object_rules *n,
                               const struct tl_node *before, const struct tl_node *after, const struct tl_way *way)
{
    for (size_t i = 0; i < o->property_count; i++) {
        const struct tl_property *p = &o->properties[i], *is = tl_property_find(n, p->name);
        if (p->node && is && is->node)
            tl_compare_step(c, p->node, is->node, way, p->name);
        else if (p->node)
            property_gone(c, p, after, way);
    }
    for (size_t i = 0; i < n->property_count; i++) {
        const struct tl_property *p = &n->properties[i], *was = tl_property_find(o, p->name);
        if (p->node && !(was && was->node))
            property_added(c, p, before, way);
    }
}

static void compare_additional(struct tl_comparing *c, const struct tl_object_rules *o, const struct tl_object_rules *n,
                               const struct tl_node *before, const struct tl_node *after, const struct tl_way *way)
{
    bool old_open = !o->additional || o->additional->everything, new_open = !n->additional || n->additional->everything;
    bool old_closed = !old_open && !o->additional->types, new_closed = !new_open && !n->additional->types;
    if ((old_open && new_open) || (old_closed && new_closed))
        return;
    if (new_closed)
        tl_compare_report(c, TL_BREAKS_WRITERS, after, "additionalProperties", way,
                          "properties that are not named are now refused");
    else if (old_closed)
        tl_compare_report(c, new_to_readers(c), new_open ? before : after, "additionalProperties", way,
                          "properties that are not named are now allowed");
    else
        tl_compare_step(c, o->additional, n->additional, way, TL_STR("*"));
}

static const struct tl_pattern_property *find_pattern(const struct tl_object_rules *rules, tl_str text)
{
    for (size_t i = 0; i < rules->pattern_count; i++)
        if (tl_str_eq(rules->patterns[i].text, text))
            return &rules->patterns[i];
    return NULL;
}

static bool is_open(const struct tl_object_rules *rules)
{
    return !closed(rules) && (!rules->additional || rules->additional->everything);
}

/* It widens a closed object, unless it also rules what has a name of its own; an open one it narrows. */
static unsigned pattern_added(const struct tl_object_rules *o, const struct tl_object_rules *n,
                              const struct tl_pattern_property *pattern)
{
    const struct tl_object_rules only = {.patterns = (struct tl_pattern_property *)(uintptr_t)pattern,
                                         .pattern_count = 1};
    if (is_open(o))
        return TL_BREAKS_WRITERS;
    if (!closed(o) || o->unevaluated || o->pattern_count)
        return TL_BREAKS_BOTH;
    for (size_t i = 0; i < o->property_count; i++) {
        if (matches_pattern(&only, o->properties[i].name))
            return TL_BREAKS_BOTH;
    }
    for (size_t i = 0; i < n->property_count; i++) {
        if (matches_pattern(&only, n->properties[i].name))
            return TL_BREAKS_BOTH;
    }
    return TL_BREAKS_READERS;
}

static void compare_patterns(struct tl_comparing *c, const struct tl_object_rules *o, const struct tl_object_rules *n,
                             const struct tl_node *before, const struct tl_node *after, const struct tl_way *way)
{
    for (size_t i = 0; i < o->pattern_count; i++) {
        const struct tl_pattern_property *p = &o->patterns[i], *is = find_pattern(n, p->text);
        if (is)
            tl_compare_step(c, p->node, is->node, way, TL_STR("*"));
        else
            tl_compare_report(c, is_open(n) ? TL_BREAKS_READERS : TL_BREAKS_BOTH, before, "patternProperties", way,
                              "the rule for names like %.*s is gone", TL_STR_ARGS(p->text));
    }
    for (size_t i = 0; i < n->pattern_count; i++)
        if (!find_pattern(o, n->patterns[i].text))
            tl_compare_report(c, pattern_added(o, n, &n->patterns[i]), after, "patternProperties", way,
                              "there is a rule for names like %.*s", TL_STR_ARGS(n->patterns[i].text));
}

static bool needs(const struct tl_object_rules *rules, tl_str name, tl_str needed)
{
    for (size_t i = 0; i < rules->dependency_count; i++)
        for (size_t k = 0; k < rules->dependencies[i].need_count; k++)
            if (tl_str_eq(rules->dependencies[i].name, name) && tl_str_eq(rules->dependencies[i].needs[k], needed))
                return true;
    return false;
}

static const struct tl_node *dependent_schema(const struct tl_object_rules *rules, tl_str name)
{
    for (size_t i = 0; i < rules->dependency_count; i++)
        if (rules->dependencies[i].node && tl_str_eq(rules->dependencies[i].name, name))
            return rules->dependencies[i].node;
    return NULL;
}

/* What `from` asks of objects with some property and `other` does not. */
static void compare_dependencies(struct tl_comparing *c, const struct tl_object_rules *from,
                                 const struct tl_object_rules *other, const struct tl_node *node, bool added,
                                 const struct tl_way *way)
{
    unsigned breaks = added ? TL_BREAKS_WRITERS : TL_BREAKS_READERS;
    for (size_t i = 0; i < from->dependency_count; i++) {
        const struct tl_dependency *d = &from->dependencies[i];
        const struct tl_node *there = dependent_schema(other, d->name);
        for (size_t k = 0; k < d->need_count; k++)
            if (!needs(other, d->name, d->needs[k]))
                tl_compare_report(c, breaks, node, "dependentRequired", way, "'%.*s' %s required beside '%.*s'",
                                  TL_STR_ARGS(d->needs[k]), added ? "is now" : "is no longer", TL_STR_ARGS(d->name));
        if (d->node && !there)
            tl_compare_report(c, breaks, node, "dependentSchemas", way, "the rule for objects with '%.*s' is %s",
                              TL_STR_ARGS(d->name), added ? "new" : "gone");
        else if (d->node && added)
            tl_compare_nodes(c, there, d->node, way);
    }
}

void tl_compare_objects(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                        const struct tl_way *way)
{
    const struct tl_object_rules *o = before->object ? before->object : &no_object_rules;
    const struct tl_object_rules *n = after->object ? after->object : &no_object_rules;
    if (o == n)
        return;
    compare_required(c, o, n, before, after, way);
    compare_properties(c, o, n, before, after, way);
    compare_patterns(c, o, n, before, after, way);
    compare_additional(c, o, n, before, after, way);
    if (o->names && n->names)
        tl_compare_step(c, o->names, n->names, way, TL_STR("*"));
    else
        tl_compare_presence(c, o->names, n->names, before, after, "propertyNames", way, "the rule for names");
    tl_compare_counts(c, o->least, n->least, false, after, "minProperties", way, "properties");
    tl_compare_counts(c, o->most, n->most, true, after, "maxProperties", way, "properties");
    compare_dependencies(c, o, n, before, false, way);
    compare_dependencies(c, n, o, after, true, way);
    if (o->unevaluated || n->unevaluated)
        compare_unevaluated(c, o->unevaluated, n->unevaluated, before, after, "unevaluatedProperties", way);
}
