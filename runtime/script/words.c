/* What the libraries of a state hold. Thread: any one. */
#include "inspect.h"
#include "load.h"
#include "script/declarations.h"
#include "script/state.h"
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MAX = 500 };

struct listing {
    void (*each)(void *ctx, const char *global, const char *member);
    void *ctx;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The members of the table on the top. */
static void list_table(lua_State *L, const struct listing *listing, const char *global)
{
    const char *names[MEMBERS_MAX];
    size_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) == LUA_TSTRING && count < MEMBERS_MAX)
            names[count++] = lua_tostring(L, -2); /* lives as long as the table */
        lua_pop(L, 1);
    }
    qsort(names, count, sizeof(*names), by_text);
    for (size_t i = 0; i < count; i++)
        listing->each(listing->ctx, global, names[i]);
}

static int list_all(lua_State *L)
{
    const struct listing *listing = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->globals);
    int globals = lua_gettop(L);
    for (size_t i = 0; i < tl_global_count; i++) {
        lua_pushstring(L, tl_global_names[i]);
        bool own = strcmp(tl_global_names[i], "_G") == 0;
        if (lua_rawget(L, globals) == LUA_TTABLE && !own)
            list_table(L, listing, tl_global_names[i]);
        lua_settop(L, globals);
    }
    return 0;
}

tl_code tl_word_members(void (*each)(void *ctx, const char *global, const char *member), void *ctx,
                        struct tl_error *err)
{
    struct listing listing = {each, ctx};
    struct tl_script *script = tl_state_new(NULL);
    tl_code code = tl_load_libraries(script, err);
    if (code == TL_OK)
        code = tl_script_protected(script, list_all, &listing, 10000, err);
    tl_script_free(script);
    return code;
}
