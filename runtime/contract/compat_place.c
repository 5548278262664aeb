/* Differences in rules that apply other schemas to the same value. A list of choices is compared by taking out what is
 * the same on both sides; the rest is paired in order. */
#include "base/alloc.h"
#include "compat_int.h"

static const struct tl_place_rules no_rules;

static bool same(struct tl_comparing *c, const struct tl_node *a, const struct tl_node *b)
{
    struct tl_comparing quiet = {.work = c->work, .depth = c->depth};
    tl_map_init(&quiet.compared);
    tl_compare_nodes(&quiet, a, b, NULL);
    tl_map_free(&quiet.compared);
    return !quiet.differs;
}

struct rest {
    const struct tl_node **items;
    size_t count;
};

/* What of the lists is not on the other side too. */
static void take_out_same(struct tl_comparing *c, const struct tl_node_list *before, const struct tl_node_list *after,
                          struct rest *gone, struct rest *added)
{
    bool *used = tl_zalloc(after->count + 1, sizeof(*used));
    gone->items = tl_alloc((before->count + 1) * sizeof(*gone->items));
    added->items = tl_alloc((after->count + 1) * sizeof(*added->items));
    gone->count = added->count = 0;
    for (size_t i = 0; i < before->count; i++) {
        size_t k = 0;
        while (k < after->count && (used[k] || !same(c, before->items[i], after->items[k])))
            k++;
        if (k < after->count)
            used[k] = true;
        else
            gone->items[gone->count++] = before->items[i];
    }
    for (size_t k = 0; k < after->count; k++)
        if (!used[k])
            added->items[added->count++] = after->items[k];
    tl_free(used);
}

/* `more` is what one more entry breaks, `fewer` what one less does. */
static void compare_lists(struct tl_comparing *c, const struct tl_node_list *before, const struct tl_node_list *after,
                          const struct tl_node *old_node, const struct tl_node *new_node, const char *keyword,
                          unsigned more, unsigned fewer, const struct tl_way *way)
{
    struct rest gone, added;
    if (!before->count || !after->count) { /* a list that is not there asks nothing */
        if (before->count != after->count)
            tl_compare_presence(c, before->count > 0, after->count > 0, old_node, new_node, keyword, way, keyword);
        return;
    }
    take_out_same(c, before, after, &gone, &added);
    size_t pairs = gone.count < added.count ? gone.count : added.count;
    for (size_t i = 0; i < pairs; i++)
        tl_compare_nodes(c, gone.items[i], added.items[i], way);
    for (size_t i = pairs; i < gone.count; i++)
        tl_compare_report(c, fewer, gone.items[i], "", way, "a choice of %s is gone", keyword);
    for (size_t i = pairs; i < added.count; i++)
        tl_compare_report(c, more, added.items[i], "", way, "there is one more choice of %s", keyword);
    tl_free(gone.items);
    tl_free(added.items);
}

static void compare_condition(struct tl_comparing *c, const struct tl_place_rules *o, const struct tl_place_rules *n,
                              const struct tl_node *before, const struct tl_node *after, const struct tl_way *way)
{
    if (!o->condition || !n->condition) {
        tl_compare_presence(c, o->condition, n->condition, before, after, "if", way, "the condition");
        return;
    }
    if (!same(c, o->condition, n->condition)) {
        tl_compare_report(c, TL_BREAKS_BOTH, after, "if", way,
                          "the condition has changed: cannot be proved compatible");
        return;
    }
    tl_compare_nodes(c, o->then ? o->then : &tl_any_node, n->then ? n->then : &tl_any_node, way);
    tl_compare_nodes(c, o->otherwise ? o->otherwise : &tl_any_node, n->otherwise ? n->otherwise : &tl_any_node, way);
}

static void compare_refs(struct tl_comparing *c, const struct tl_node *o, const struct tl_node *n,
                         const struct tl_node *before, const struct tl_node *after, const char *keyword,
                         const struct tl_way *way)
{
    if (o && n)
        tl_compare_nodes(c, o, n, way);
    else if (o || n)
        tl_compare_report(c, TL_BREAKS_BOTH, o ? before : after, keyword, way,
                          "the reference is %s: cannot be proved compatible", o ? "gone" : "new");
}

void tl_compare_places(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                       const struct tl_way *way)
{
    const struct tl_place_rules *o = before->place ? before->place : &no_rules;
    const struct tl_place_rules *n = after->place ? after->place : &no_rules;
    bool unsure = c->unsure;
    compare_refs(c, o->ref, n->ref, before, after, "$ref", way);
    compare_refs(c, o->dynamic, n->dynamic, before, after, "$dynamicRef", way);
    compare_lists(c, &o->all, &n->all, before, after, "allOf", TL_BREAKS_WRITERS, TL_BREAKS_READERS, way);
    compare_lists(c, &o->any, &n->any, before, after, "anyOf", TL_BREAKS_READERS, TL_BREAKS_WRITERS, way);
    c->unsure |= o->one.count > 0 && n->one.count > 0; /* what fits more choices may fit too many */
    compare_lists(c, &o->one, &n->one, before, after, "oneOf", TL_BREAKS_READERS, TL_BREAKS_WRITERS, way);
    c->unsure = unsure;
    if (o->negated && n->negated) {
        c->turned = !c->turned;
        tl_compare_nodes(c, o->negated, n->negated, way);
        c->turned = !c->turned;
    } else {
        tl_compare_presence(c, o->negated, n->negated, before, after, "not", way, "'not'");
    }
    compare_condition(c, o, n, before, after, way);
}
