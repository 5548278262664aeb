/* The list of differences: each with its place, its rule and whom it breaks; and the sentences that several rules
 * share. */
#include "base/alloc.h"
#include "codec/json_pointer.h"
#include "compat_int.h"

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

/* ---- sentences that several rules share ---- */

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
