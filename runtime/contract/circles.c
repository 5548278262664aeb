/* Rules about one value must not lead back to themselves: {"$ref":"#"} would never end. Through properties and elements
 * they may: there the value gets smaller. References found in the dynamic scope are watched while validating. */
#include "base/alloc.h"
#include "compile.h"

enum { DEEP_MOST = 500 };
enum state { NEW, OPEN, DONE };

struct walk {
    struct tl_compiling *c;
    struct tl_map states; /* node → state + 1, as a pointer */
    int depth;
};

static enum state state_of(struct walk *w, const struct tl_node *node)
{
    return (enum state)(uintptr_t)tl_map_get(&w->states, tl_str_n(&node, sizeof node));
}

static void set_state(struct walk *w, const struct tl_node *node, enum state state)
{
    tl_map_put(&w->states, tl_str_n(&node, sizeof node), (void *)(uintptr_t)state);
}

static tl_code visit(struct walk *w, const struct tl_node *node);

static tl_code visit_list(struct walk *w, const struct tl_node_list *list)
{
    tl_code code = TL_OK;
    for (size_t i = 0; i < list->count && code == TL_OK; i++)
        code = visit(w, list->items[i]);
    return code;
}

static tl_code visit_rules(struct walk *w, const struct tl_node *node)
{
    const struct tl_place_rules *p = node->place;
    tl_code code = TL_OK;
    if (p) {
        const struct tl_node *single[] = {
            p->ref, p->dynamic_anchor.len ? NULL : p->dynamic, p->negated, p->condition, p->then, p->otherwise};
        for (size_t i = 0; i < TL_COUNT_OF(single) && code == TL_OK; i++)
            code = single[i] ? visit(w, single[i]) : TL_OK;
        if (code == TL_OK)
            code = visit_list(w, &p->all);
        if (code == TL_OK)
            code = visit_list(w, &p->any);
        if (code == TL_OK)
            code = visit_list(w, &p->one);
    }
    for (size_t i = 0; code == TL_OK && node->object && i < node->object->dependency_count; i++)
        if (node->object->dependencies[i].node)
            code = visit(w, node->object->dependencies[i].node);
    return code;
}

static tl_code visit(struct walk *w, const struct tl_node *node)
{
    enum state state = state_of(w, node);
    if (state == DONE || (!node->place && !node->object))
        return TL_OK;
    if (state == OPEN)
        return tl_compile_refuse(w->c, node, NULL, NULL, "refers to itself about the same value, which never ends");
    if (++w->depth > DEEP_MOST)
        return tl_compile_refuse(w->c, node, NULL, NULL, "references about one value more than %d deep", DEEP_MOST);
    set_state(w, node, OPEN);
    tl_code code = visit_rules(w, node);
    set_state(w, node, DONE);
    w->depth--;
    return code;
}

tl_code tl_compile_check_circles(struct tl_compiling *c)
{
    struct walk w = {.c = c};
    tl_code code = TL_OK;
    tl_map_init(&w.states);
    for (struct tl_node *node = c->schema->nodes; node && code == TL_OK; node = node->next)
        code = visit(&w, node);
    tl_map_free(&w.states);
    return code;
}
