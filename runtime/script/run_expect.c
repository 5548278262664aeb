/* The internal flow of an expectation: the function of scripts/lib/expectation.lua with what was declared. Thread: that
 * of the state. */
#include "bundle_private.h"
#include "codec/json_pointer.h"
#include "load.h"
#include "run_private.h"

static const struct tl_expectation *expectation_of(const struct tl_run *run)
{
    size_t count;
    const struct tl_expectation *list = tl_bundle_expectations(run->script->bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].flow == run->flow)
            return &list[i];
    tl_must(false);
    return NULL;
}

/* Pushes the key, the function that tells it, or nil: the event's own. */
static void push_key(lua_State *L, const struct tl_run *run, const struct tl_expectation *expectation)
{
    struct tl_error err;
    tl_str key;
    if (expectation->key.function) {
        tl_declared_push(L, "expect", expectation->title, "key");
        return;
    }
    if (!expectation->key.pointer) {
        lua_pushnil(L);
        return;
    }
    struct tl_buf *scratch = tl_scratch(L);
    if (tl_json_pointer_text(run->event.payload, tl_str_z(expectation->key.pointer), scratch, &key, &err) != TL_OK)
        luaL_error(L, "expect \"%s\": the event has no key at %s: %s", expectation->title, expectation->key.pointer,
                   err.text);
    lua_pushlstring(L, key.ptr, key.len);
}

void tl_run_expect_push(lua_State *L, const struct tl_run *run)
{
    const struct tl_expectation *expectation = expectation_of(run);
    tl_load_standard(L, "expectation.lua");
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->script->ctx);
    tl_run_event_push(L, run);
    lua_createtable(L, 0, 4);
    lua_pushstring(L, expectation->title);
    lua_setfield(L, -2, "title");
    lua_pushstring(L, expectation->within);
    lua_setfield(L, -2, "within");
    push_key(L, run, expectation);
    lua_setfield(L, -2, "key");
    lua_createtable(L, (int)expectation->event_count, 0);
    for (size_t i = 0; i < expectation->event_count; i++) {
        lua_pushstring(L, expectation->events[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "events");
}
