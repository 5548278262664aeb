/* What the library needs of the host to compile and test maps and lenses: contracts, near words, functions that may not
 * wait. Thread: that of the state. */
#include "base/nearest.h"
#include "contracts.h"
#include "libs.h"
#include "load.h"
#include "run_private.h"
#include "value.h"

#define WORDS_MAX 400

static tl_str text_at(lua_State *L, int index)
{
    size_t len;
    const char *text = luaL_checklstring(L, index, &len);
    return tl_str_n(text, len);
}

static const struct tl_bundle *bundle_of(lua_State *L)
{
    struct tl_script *script = tl_script_of(L);
    return script->bundle ? script->bundle : script->loading ? script->loading->bundle : NULL;
}

/* nearest(word, list) → the word of the list that was probably meant, or nil */
static int host_nearest(lua_State *L)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 2);
    luaL_checkstack(L, WORDS_MAX + 4, NULL);
    for (lua_Integer i = 1; i <= n && count < WORDS_MAX; i++)
        if (lua_geti(L, 2, i) == LUA_TSTRING)
            words[count++] = lua_tostring(L, -1); /* kept alive by the stack */
    lua_pushstring(L, tl_nearest(text_at(L, 1), words, count));
    return 1;
}

/* contract(path or $id) → the contract's JSON as a table, or nil */
static int host_contract(lua_State *L)
{
    const struct tl_bundle *bundle = bundle_of(L);
    tl_str text;
    struct tl_error err;
    if (!bundle || !tl_contract_text(bundle, text_at(L, 1), &text) || !tl_value_decode(L, text, &err))
        lua_pushnil(L);
    return 1;
}

/* keeps(entity, record) → nil when the record keeps the entity's contract, else what is wrong */
static int host_keeps(lua_State *L)
{
    struct tl_error err;
    struct tl_buf *out = tl_scratch(L);
    tl_value_encode_floats(L, 2, out);
    tl_code code = tl_bundle_check_entity(bundle_of(L), text_at(L, 1), tl_buf_str(out), &err);
    if (code == TL_OK || code == TL_ENOTFOUND)
        lua_pushnil(L);
    else
        lua_pushstring(L, err.text);
    return 1;
}

void tl_lib_host_contract(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"nearest", host_nearest}, {"pure", tl_pure}, {"contract", host_contract}, {"keeps", host_keeps}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
