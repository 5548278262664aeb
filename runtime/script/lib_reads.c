/* host.reads: what a function asks of what it is given, as its instructions show it. Thread: that of the state. */
#include "chunk.h"
#include "libs.h"
#include "script_state.h"

#define DUMP_MAX (4u * 1024 * 1024)

enum { OP_GETTABLE = 12, OP_GETI = 13 };

static int add_piece(lua_State *L, const void *piece, size_t size, void *ud)
{
    (void)L;
    return !tl_buf_add(ud, piece, size);
}

/* Does the instruction hand the first parameter on, to where it is not followed? */
static bool hands_on(uint32_t i)
{
    int op = TL_OP(i);
    if (op == TL_OP_MOVE || op == TL_OP_SELF || op == OP_GETTABLE || op == OP_GETI)
        return TL_B(i) == 0;
    if (op == TL_OP_RETURN || op == TL_OP_RETURN1)
        return TL_A(i) == 0 && TL_B(i) != 1;
    return op > TL_OP_SETTABUP && op <= TL_OP_SETFIELD && TL_C(i) == 0 && !TL_K(i);
}

static bool taken_inside(const struct tl_proto *p)
{
    for (int i = 0; i < p->proto_count; i++)
        for (int u = 0; u < p->protos[i].upvalue_count; u++)
            if (p->protos[i].upvalues[u].in_stack && p->protos[i].upvalues[u].index == 0)
                return true;
    return false;
}

/* Pushes the list of names and whether they are all. */
static void push_reads(lua_State *L, const struct tl_proto *p)
{
    bool sure = p->params > 0 && !taken_inside(p);
    lua_newtable(L);
    for (int pc = 0; pc < p->code_count && p->params > 0; pc++) {
        uint32_t i = p->code[pc];
        sure = sure && !hands_on(i);
        if (TL_OP(i) != TL_OP_GETFIELD || TL_B(i) != 0)
            continue;
        tl_str name = tl_proto_string(p, TL_C(i));
        lua_pushlstring(L, name.ptr ? name.ptr : "", name.len);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    lua_pushboolean(L, sure);
}

/* reads(function) → names of the members that it reads of its first parameter, and whether that is all it asks of it */
static int host_reads(lua_State *L)
{
    struct tl_arena arena;
    struct tl_buf dump;
    struct tl_proto *function;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    tl_buf_init(&dump, DUMP_MAX);
    tl_arena_init(&arena);
    if (!lua_iscfunction(L, 1) && lua_dump(L, add_piece, &dump, 0) == 0 &&
        tl_chunk_read(tl_buf_str(&dump), &arena, &function, NULL) == TL_OK) {
        push_reads(L, function);
    } else {
        lua_newtable(L);
        lua_pushboolean(L, false);
    }
    tl_arena_free(&arena);
    tl_buf_free(&dump);
    return 2;
}

void tl_lib_host_reads(lua_State *L)
{
    lua_pushcfunction(L, host_reads);
    lua_setfield(L, -2, "reads");
}
