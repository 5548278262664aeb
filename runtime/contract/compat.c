/* The comparison of two contracts: pairs of nodes, each once. */
#include "contract/compat.h"
#include "compat_int.h"

enum { WORK_MOST = 1000000, DEEP_MOST = 1000 };

const struct tl_node tl_any_node = {.types = TL_TYPE_ANY, .everything = true, .pointer = ""};

void tl_compare_step(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                     const struct tl_way *way, tl_str step)
{
    struct tl_way deeper = {way, step};
    tl_compare_nodes(c, before ? before : &tl_any_node, after ? after : &tl_any_node, &deeper);
}

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
