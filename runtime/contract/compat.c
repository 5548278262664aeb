/* The comparison of two contracts, and its list. */
#include "contract/compat.h"
#include "base/alloc.h"
#include "codec/json_pointer.h"
#include "compat_int.h"

enum { WORK_MOST = 1000000, DEEP_MOST = 1000 };

const struct tl_node tl_any_node = {.types = TL_TYPE_ANY, .everything = true, .pointer = ""};

/* ---- the list ---- */

void tl_differences_free(struct tl_differences *differences)
{
    tl_arena_free(&differences->arena);
    tl_free(differences->items);
    differences->items = NULL;
    differences->count = 0;
}

const char *tl_breaks_words(unsigned breaks)
{
    static const char *const words[] = {"nobody", "readers", "writers", "readers and writers"};
    return words[breaks & TL_BREAKS_BOTH];
}

static void add_way(struct tl_buf *out, const struct tl_way *way)
{
    if (!way)
        return;
    add_way(out, way->up);
    tl_json_pointer_add(out, way->step);
}

static const char *keep(struct tl_differences *d, struct tl_buf *text)
{
    const char *kept = tl_arena_copy(&d->arena, tl_buf_str(text));
    tl_buf_free(text);
    return kept;
}

static const char *rule_of(struct tl_differences *d, const struct tl_node *node, const char *keyword)
{
    struct tl_buf text;
    tl_buf_init(&text, SIZE_MAX / 2);
    if (node->resource)
        tl_buf_add_str(&text, node->resource->document->name);
    tl_buf_add_char(&text, '#');
    tl_buf_add_z(&text, node->pointer);
    if (keyword[0])
        tl_json_pointer_add(&text, tl_str_z(keyword));
    return keep(d, &text);
}

static unsigned judge(const struct tl_comparing *c, unsigned breaks)
{
    if (c->unsure && breaks)
        return TL_BREAKS_BOTH;
    if (c->turned)
        return (breaks & 1u) << 1 | breaks >> 1;
    return breaks;
}

void tl_compare_report(struct tl_comparing *c, unsigned breaks, const struct tl_node *node, const char *keyword,
                       const struct tl_way *way, const char *fmt, ...)
{
    struct tl_differences *d = c->out;
    struct tl_buf text, pointer;
    c->differs = true;
    if (!d)
        return;
    breaks = judge(c, breaks);
    d->breaks |= breaks;
    if (d->count >= TL_DIFFERENCES_MOST)
        return;
    tl_buf_init(&text, SIZE_MAX / 2);
    tl_buf_init(&pointer, SIZE_MAX / 2);
    va_list ap;
    va_start(ap, fmt);
    tl_buf_vaddf(&text, fmt, ap);
    va_end(ap);
    add_way(&pointer, way);
    d->items = tl_realloc(d->items, (d->count + 1) * sizeof(*d->items));
    d->items[d->count++] = (struct tl_difference){breaks, keep(d, &pointer), rule_of(d, node, keyword), keep(d, &text)};
}

/* ---- shapes that several rules share ---- */

void tl_compare_step(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                     const struct tl_way *way, tl_str step)
{
    struct tl_way deeper = {way, step};
    tl_compare_nodes(c, before ? before : &tl_any_node, after ? after : &tl_any_node, &deeper);
}

void tl_compare_counts(struct tl_comparing *c, uint64_t before, uint64_t after, bool most, const struct tl_node *node,
                       const char *keyword, const struct tl_way *way, const char *what)
{
    if (before == after)
        return;
    unsigned breaks = (after > before) == most ? TL_BREAKS_READERS : TL_BREAKS_WRITERS;
    const char *limit = most ? "at most" : "at least";
    if (before == TL_NO_LIMIT)
        tl_compare_report(c, breaks, node, keyword, way, "now has %s %llu %s, had no limit", limit,
                          (unsigned long long)after, what);
    else if (after == TL_NO_LIMIT)
        tl_compare_report(c, breaks, node, keyword, way, "now has any number of %s, had %s %llu", what, limit,
                          (unsigned long long)before);
    else
        tl_compare_report(c, breaks, node, keyword, way, "now has %s %llu %s, had %s %llu", limit,
                          (unsigned long long)after, what, limit, (unsigned long long)before);
}

void tl_compare_presence(struct tl_comparing *c, bool before, bool after, const struct tl_node *old_node,
                         const struct tl_node *new_node, const char *keyword, const struct tl_way *way,
                         const char *what)
{
    if (before && !after)
        tl_compare_report(c, TL_BREAKS_READERS, old_node, keyword, way, "%s is gone", what);
    if (after && !before)
        tl_compare_report(c, TL_BREAKS_WRITERS, new_node, keyword, way, "%s is new", what);
}

/* ---- one pair ---- */

static bool only_refers(const struct tl_node *node)
{
    const struct tl_place_rules *p = node->place;
    return p && p->ref && !p->dynamic && !p->all.count && !p->any.count && !p->one.count && !p->negated &&
           !p->condition && node->types == TL_TYPE_ANY && !node->constant && !node->enumeration && !node->number &&
           !node->string && !node->array && !node->object;
}

static const struct tl_node *behind_refs(const struct tl_node *node)
{
    while (only_refers(node))
        node = node->place->ref;
    return node;
}

static bool compared_already(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after)
{
    uintptr_t pair[] = {(uintptr_t)before, (uintptr_t)after, (uintptr_t)c->turned | (uintptr_t)c->unsure << 1};
    return tl_map_put(&c->compared, tl_str_n(pair, sizeof pair), c) != NULL;
}

static void compare_pair(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                         const struct tl_way *way)
{
    uint8_t both = tl_possible_types(before) & tl_possible_types(after);
    tl_compare_types(c, before, after, way);
    tl_compare_values(c, before, after, way);
    if (both & (TL_TYPE_NUMBER | TL_TYPE_INTEGER))
        tl_compare_numbers(c, before, after, way);
    if (both & TL_TYPE_STRING)
        tl_compare_strings(c, before, after, way);
    if (both & TL_TYPE_ARRAY)
        tl_compare_arrays(c, before, after, way);
    if (both & TL_TYPE_OBJECT)
        tl_compare_objects(c, before, after, way);
    if (before->place || after->place)
        tl_compare_places(c, before, after, way);
}

void tl_compare_nodes(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                      const struct tl_way *way)
{
    before = behind_refs(before);
    after = behind_refs(after);
    if (before == after || (before->everything && after->everything) || compared_already(c, before, after))
        return;
    if (*c->work == 0 || c->depth >= DEEP_MOST) {
        tl_compare_report(c, TL_BREAKS_BOTH, after, "", way, "cannot be proved compatible: too much to compare");
        return;
    }
    --*c->work;
    c->depth++;
    compare_pair(c, before, after, way);
    c->depth--;
}

void tl_schema_compare(const struct tl_schema *before, const struct tl_schema *after, struct tl_differences *out)
{
    uint64_t work = WORK_MOST;
    struct tl_comparing c = {.out = out, .work = &work};
    *out = (struct tl_differences){.items = NULL};
    tl_arena_init(&out->arena);
    tl_map_init(&c.compared);
    tl_compare_nodes(&c, before->root, after->root, NULL);
    tl_map_free(&c.compared);
}
