/* entity, event, flow, and the calls that a flow makes. Thread: one at a time. */
#include "codec/json.h"
#include "codec/json_pointer.h"
#include "collect.h"
#include "inspect.h"
#include <stdlib.h>
#include <string.h>

static void check_versioned(struct tl_form *form)
{
    if (!tl_is_versioned(tl_str_z(form->name)))
        tl_form_error(form, NULL, "names of entities and events carry a version: \"%s@1\"", form->name);
}

static const char *read_contract(struct tl_form *form, const struct tl_schema **schema)
{
    const char *path = tl_form_text(form, "contract");
    *schema = NULL;
    if (path[0] && !tl_bundle_file(form->bundle, path).ptr)
        tl_form_error(form, "contract", "there is no file %s", path);
    else if (path[0])
        *schema = tl_contract_need(form->bundle, path);
    return path;
}

const char *tl_form_pointer(struct tl_form *form, const char *key, const char *text)
{
    const char *pointer = text[0] == '/' ? text : tl_arena_printf(&form->bundle->arena, "/%s", text);
    struct tl_error err;
    if (tl_json_pointer_check(tl_str_z(pointer), &err) != TL_OK)
        tl_form_error(form, key, "'%s': %s", key, err.text);
    return pointer;
}

void tl_collect_entity(struct tl_form *form)
{
    tl_form_check(form);
    check_versioned(form);
    struct tl_entity *entity = TL_LIST_ADD(form->bundle->entities);
    entity->name = form->name;
    entity->place = form->place;
    entity->contract = read_contract(form, &entity->schema);
    entity->steward = tl_form_text(form, "steward");
    entity->owner = tl_form_text(form, "owner");
    if (tl_form_has(form, "key"))
        entity->key = tl_form_texts(form, "key", &entity->key_count);
    tl_form_choice(form, "on_conflict", 0);
    tl_form_choice(form, "on_delete", 0);
    entity->config = tl_form_json(form, NULL, "{}");
    struct tl_form owners;
    if (tl_form_open(form, "owners", &owners)) {
        lua_pushnil(form->L);
        while (lua_next(form->L, owners.table)) {
            int type = lua_type(form->L, -1);
            if (type == LUA_TSTRING && !tl_bundle_is_target(form->bundle, tl_str_z(lua_tostring(form->L, -1))))
                tl_form_error(form, "owners", "'owners' names \"%s\", which is no system or kind",
                              lua_tostring(form->L, -1));
            else if (type != LUA_TSTRING && type != LUA_TFUNCTION)
                tl_form_error(form, "owners", "an owner is a system, a kind, or a function of the record");
            lua_pop(form->L, 1);
        }
        tl_form_close(&owners);
    }
}

void tl_collect_event(struct tl_form *form)
{
    tl_form_check(form);
    check_versioned(form);
    struct tl_event_type *event = TL_LIST_ADD(form->bundle->events);
    event->name = form->name;
    event->place = form->place;
    event->flow = -1;
    event->contract = read_contract(form, &event->schema);
    event->steward = tl_form_text(form, "steward");
    event->key.function = tl_form_is_function(form, "key", NULL);
    if (!event->key.function)
        event->key.pointer = tl_form_pointer(form, "key", tl_form_text(form, "key"));
    event->from = tl_form_text(form, "from");
    event->map = tl_form_text(form, "map");
    event->entity = event->key_field = "";
    event->when = tl_form_is_function(form, "when", &event->when_place);
    if (!event->from[0] && (event->map[0] || event->when))
        tl_form_error(form, NULL, "'when' and 'map' need 'from': the object whose changes become this event");
    tl_check_event_fields(form, event);
}

/* order = { "scope", "/pointer" } or { "scope", function(e) … end } */
static void read_order(struct tl_form *form, struct tl_flow *flow)
{
    lua_State *L = form->L;
    struct tl_form inner;
    flow->scope = flow->name;
    if (!tl_form_open(form, "order", &inner))
        return;
    if (lua_rawgeti(L, inner.table, 1) == LUA_TSTRING)
        flow->scope = tl_arena_copy(&form->bundle->arena, tl_str_z(lua_tostring(L, -1)));
    else
        tl_form_error(form, "order", "'order' begins with the name of its scope: order = { \"order\", \"/order_no\" }");
    int type = lua_rawgeti(L, inner.table, 2);
    if (type == LUA_TFUNCTION)
        flow->order.function = true;
    else if (type == LUA_TSTRING)
        flow->order.pointer =
            tl_form_pointer(form, "order", tl_arena_copy(&form->bundle->arena, tl_str_z(lua_tostring(L, -1))));
    else if (type != LUA_TNIL)
        tl_form_error(form, "order", "the key of 'order' is a JSON pointer or a function of the event");
    tl_form_close(&inner);
}

/* The runs of one value stand in one line, so the value is the order's key too. */
static void read_one_per(struct tl_form *form, struct tl_flow *flow)
{
    flow->again = (enum tl_again)tl_form_choice(form, "again", TL_AGAIN_IGNORE);
    if (!tl_form_has(form, "one_per")) {
        if (tl_form_has(form, "again"))
            tl_form_error(form, "again",
                          "'again' says what a second event does to an open run: it needs 'one_per', the field of "
                          "which there is one run at most");
        return;
    }
    flow->one_per = tl_form_pointer(form, "one_per", tl_form_text(form, "one_per"));
    if (!flow->order.function && !flow->order.pointer)
        flow->order.pointer = flow->one_per;
    else if (flow->order.function || strcmp(flow->order.pointer, flow->one_per) != 0)
        tl_form_error(form, "order",
                      "'order' must go by the field of 'one_per', { \"%s\", \"%s\" }: the runs of one value have to "
                      "stand in one line, or two of them could begin at once",
                      flow->scope, flow->one_per);
}

void tl_flow_policies(struct tl_form *form, struct tl_flow *flow, enum tl_after_failure otherwise)
{
    flow->after_failure = (enum tl_after_failure)tl_form_choice(form, "after_failure", (int)otherwise);
    flow->on_failure = (enum tl_on_failure)tl_form_choice(form, "on_failure", TL_FAILURE_PARK);
    flow->priority = (enum tl_priority)tl_form_choice(form, "priority", TL_NORMAL);
    flow->deadline_ms = tl_form_duration(form, "deadline", 0);
    read_order(form, flow);
}

void tl_collect_flow(struct tl_form *form)
{
    tl_form_check(form);
    struct tl_flow *flow = TL_LIST_ADD(form->bundle->flows);
    flow->name = form->name;
    flow->place = form->place;
    if (tl_str_starts(tl_str_z(form->name), TL_STR(TL_EXPECT_FLOW)))
        tl_form_error(form, NULL, "names that begin with \"" TL_EXPECT_FLOW "\" belong to expectations; take another");
    if (tl_form_has(form, "on"))
        flow->on = tl_form_texts(form, "on", &flow->on_count);
    flow->steward = tl_form_text(form, "steward");
    flow->latest = tl_form_true(form, "latest");
    tl_flow_policies(form, flow, TL_AFTER_HOLD);
    read_one_per(form, flow);
    tl_check_flow_code(form, flow);
    tl_check_flow_fields(form, flow);
}

/* ---- the code of a flow ---- */

static int add_piece(lua_State *L, const void *piece, size_t size, void *ud)
{
    (void)L;
    return !tl_buf_add(ud, piece, size);
}

static enum tl_effect_class effect_class(void *ctx, tl_str target, tl_str operation, const char **nearest)
{
    return tl_bundle_effect(ctx, target, operation, nearest);
}

static size_t list_targets(const struct tl_bundle *bundle, const char **targets, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < bundle->systems.count; i++) {
        const char *names[] = {bundle->systems.items[i].name, bundle->systems.items[i].kind};
        for (size_t n = 0; n < 2; n++) {
            bool known = count == most;
            for (size_t k = 0; k < count && !known; k++)
                known = strcmp(targets[k], names[n]) == 0;
            if (!known)
                targets[count++] = names[n];
        }
    }
    return count;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void keep_calls(struct tl_form *form, struct tl_flow *flow, const struct tl_flow_check *check)
{
    struct tl_flow_call *calls = tl_arena_alloc(&form->bundle->arena, check->call_count * sizeof *calls);
    for (size_t i = 0; i < check->call_count; i++)
        calls[i] = check->calls[i];
    flow->calls = calls;
    flow->call_count = check->call_count;
}

static void keep_targets(struct tl_form *form, struct tl_flow *flow, const struct tl_flow_check *check)
{
    const char **named = tl_arena_alloc(&form->bundle->arena, TL_COUNT_OF(check->named) * sizeof(char *));
    for (size_t i = 0; i < check->target_count; i++)
        if (i < TL_COUNT_OF(check->named) && check->named[i])
            named[flow->target_count++] = check->targets[i];
    qsort(named, flow->target_count, sizeof(*named), by_name);
    flow->targets = named;
}

void tl_check_flow_code(struct tl_form *form, struct tl_flow *flow)
{
    lua_State *L = form->L;
    lua_pushliteral(L, "run");
    if (lua_rawget(L, form->table) != LUA_TFUNCTION) {
        lua_pop(L, 1);
        return;
    }
    lua_Debug info;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &info);
    const char *targets[64];
    struct tl_flow_check check = {.targets = targets,
                                  .target_count = list_targets(form->bundle, targets, TL_COUNT_OF(targets)),
                                  .effect_class = form->bundle->options.effect_class ? effect_class : NULL,
                                  .ctx = form->bundle,
                                  .findings = &form->bundle->findings,
                                  .arena = &form->bundle->arena,
                                  .file = info.source[0] == '@' ? info.source + 1 : form->place.file};
    struct tl_buf dump;
    tl_buf_init(&dump, 64u * 1024 * 1024);
    struct tl_arena arena;
    tl_arena_init(&arena);
    struct tl_proto *run;
    if (*info.what != 'C' && lua_dump(L, add_piece, &dump, 0) == 0 &&
        tl_chunk_read(tl_buf_str(&dump), &arena, &run, NULL) == TL_OK)
        tl_inspect_flow(run, &check);
    keep_targets(form, flow, &check);
    keep_calls(form, flow, &check);
    tl_arena_free(&arena);
    tl_buf_free(&dump);
    lua_pop(L, 1);
}
