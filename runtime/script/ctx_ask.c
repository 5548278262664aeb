/* Asking and being answered: the ids of asks, their options, the wait. An ask becomes outstanding when its coroutine
 * has really given up control, so that a wait that cannot be (inside a callback of C) leaves nothing behind.
 * Thread: that of the state. */
#include "base/duration.h"
#include "base/hash.h"
#include "base/nearest.h"
#include "codec/utf8.h"
#include "libs.h"
#include "run_private.h"
#include "value.h"
#include <string.h>

enum { ID_MAX = 1000, WORD_MAX = 200 };

struct tl_run *tl_ctx_run(lua_State *L, const char *method)
{
    struct tl_script *script = tl_script_of(L);
    if (!script->run)
        luaL_error(L, "ctx:%s: no run is going on", method);
    luaL_argexpected(L, lua_istable(L, 1) || lua_isuserdata(L, 1), 1, "ctx (write ctx:, not ctx.)");
    if (script->stop != TL_STOP_NONE)
        luaL_error(L, "ctx:%s: the run has been stopped", method);
    tl_run_check_memory(L, script->run);
    return script->run;
}

static tl_str json_by(lua_State *L, int index, struct tl_arena *arena,
                      void (*encode)(lua_State *, int, struct tl_buf *))
{
    struct tl_buf *buf = tl_scratch(L);
    encode(L, index, buf);
    if (buf->overflow)
        luaL_error(L, "a value of more than %d bytes", (int)buf->max);
    tl_str json = tl_arena_str(arena, tl_buf_str(buf));
    tl_buf_clear(buf);
    return json;
}

tl_str tl_ctx_json(lua_State *L, int index, struct tl_arena *arena)
{
    return json_by(L, index, arena, tl_value_encode);
}

tl_str tl_ctx_json_floats(lua_State *L, int index, struct tl_arena *arena)
{
    return json_by(L, index, arena, tl_value_encode_floats);
}

tl_str tl_ctx_text(lua_State *L, int index, struct tl_arena *arena)
{
    size_t len;
    const char *text = luaL_checklstring(L, index, &len);
    return tl_arena_str(arena, tl_str_n(text, len));
}

/* ---- ids ---- */

tl_str tl_ctx_join(struct tl_arena *arena, const tl_str *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = tl_arena_alloc(arena, len + 1), *at = text;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len)
            memcpy(at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return tl_str_n(text, len);
}

/* `name` lives as long as the run. */
static int count_name(struct tl_run *run, struct tl_tally **tallies, tl_str name)
{
    static const struct tl_hash_key key = {1, 2};
    uint64_t hash = tl_hash(&key, name.ptr, name.len);
    for (struct tl_tally *t = *tallies; t; t = t->next)
        if (t->hash == hash && tl_str_eq(t->name, name))
            return ++t->count;
    struct tl_tally *tally = TL_ARENA_NEW(&run->arena, struct tl_tally);
    *tally = (struct tl_tally){*tallies, hash, name, 1};
    *tallies = tally;
    return 1;
}

void tl_step_word(lua_State *L, tl_str word, const char *what)
{
    if (word.len == 0 || word.len > WORD_MAX || !tl_utf8_valid(word))
        luaL_error(L, "%s must be text of 1 to %d bytes", what, WORD_MAX);
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '/' || (unsigned char)word.ptr[i] < ' ' || word.ptr[i] == 127)
            luaL_error(L, "%s cannot contain '/' or control characters", what);
}

tl_str tl_step_id(lua_State *L, struct tl_run *run, const char *what, tl_str name)
{
    struct tl_branch *branch = run->branch;
    tl_str leaf = tl_str_z(what);
    if (name.len)
        leaf = tl_ctx_join(&run->arena, (tl_str[]){TL_STR("="), name}, 2);
    int count = count_name(run, &branch->tallies, leaf);
    if (name.len && count > 1)
        luaL_error(L,
                   "two steps of this branch are named \"%s\"; a name stands for one step, so that it can be found "
                   "again when the run is repeated (in a loop, make the item part of the name)",
                   name.ptr);
    char number[16] = "";
    if (!name.len)
        snprintf(number, sizeof number, "#%d", count);
    tl_str id = tl_ctx_join(&run->arena, (tl_str[]){branch->path, leaf, tl_str_z(number)}, 3);
    if (id.len > ID_MAX)
        luaL_error(L, "the id of this step would have more than %d bytes: nest less, or use shorter names", ID_MAX);
    return id;
}

/* ---- options ---- */

static void unknown_field(lua_State *L, const char *what, const char *key, const char *const *words, size_t count)
{
    const char *nearest = tl_nearest(tl_str_z(key), words, count);
    luaL_error(L, "%s: unknown key '%s'%s%s%s", what, key, nearest ? "; did you mean '" : "", nearest ? nearest : "",
               nearest ? "'?" : "");
}

void tl_fields_check(lua_State *L, int index, const char *const *words, size_t count, bool list, const char *what)
{
    tl_real_table(L, index);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            bool known = false;
            for (size_t i = 0; i < count && !known; i++)
                known = strcmp(lua_tostring(L, -1), words[i]) == 0;
            if (!known)
                unknown_field(L, what, lua_tostring(L, -1), words, count);
        } else if (!list && !lua_islightuserdata(L, -1)) {
            luaL_error(L, "%s: a table with named keys is expected, not a list", what);
        }
    }
    lua_pop(L, 1);
}

int64_t tl_duration_at(lua_State *L, int index, const char *what)
{
    if (lua_isnoneornil(L, index))
        return 0;
    int64_t ms = 0;
    struct tl_error err = {TL_OK, ""};
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "%s: a duration like \"30s\" is expected, not %s", what, luaL_typename(L, index));
    if (tl_duration_parse(tl_str_z(lua_tostring(L, index)), &ms, &err) != TL_OK)
        luaL_error(L, "%s: %s", what, err.text);
    if (ms <= 0)
        luaL_error(L, "%s: a duration above zero is expected", what);
    return ms;
}

void tl_options_read(lua_State *L, int index, unsigned allowed, const char *what, struct tl_options *options)
{
    static const char *const all[] = {"name", "undo", "once", "within"};
    *options = (struct tl_options){.undo = 0};
    if (lua_isnoneornil(L, index)) {
        lua_pushnil(L);
        return;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    const char *words[TL_COUNT_OF(all)];
    size_t count = 0;
    for (size_t i = 0; i < TL_COUNT_OF(all); i++)
        if (allowed & (1u << i))
            words[count++] = all[i];
    tl_fields_check(L, index, words, count, false, what);
    struct tl_run *run = tl_script_of(L)->run;
    if (lua_getfield(L, index, "name") != LUA_TNIL) {
        options->name = tl_ctx_text(L, -1, &run->arena);
        tl_step_word(L, options->name, "'name'");
    }
    if (lua_getfield(L, index, "once") != LUA_TNIL) {
        options->once = tl_ctx_text(L, -1, &run->arena);
        if (options->once.len == 0 || options->once.len > WORD_MAX)
            luaL_error(L, "'once' must be text of 1 to %d bytes: the effect's name in the business", WORD_MAX);
    }
    lua_getfield(L, index, "within");
    options->within_ms = tl_duration_at(L, -1, "'within'");
    lua_pop(L, 3);
    if (lua_getfield(L, index, "undo") == LUA_TNIL)
        return;
    luaL_argcheck(L, lua_isfunction(L, -1), index, "'undo' must be a function");
    if (run->undoing)
        luaL_error(L, "%s: what an undo function does is not undone itself", what);
    options->undo = lua_gettop(L);
}

/* ---- waiting ---- */

static bool can_wait(lua_State *L)
{
    return lua_isyieldable(L) && !tl_is_pure(L);
}

static int cannot_wait(lua_State *L, const char *what)
{
    return luaL_error(
        L, "no waiting here: %s was called inside a map, a lens, a `when` or a metamethod that C calls; ask before it",
        what);
}

static struct tl_undo *make_undo(lua_State *L, struct tl_run *run, int function, tl_str id)
{
    struct tl_undo *undo = TL_ARENA_NEW(&run->arena, struct tl_undo);
    undo->id = id;
    lua_pushvalue(L, function);
    undo->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    return undo;
}

int tl_ask(lua_State *L, struct tl_run *run, const struct tl_run_ask *request, const char *what,
           const struct tl_options *options, lua_KFunction answered)
{
    if (!can_wait(L))
        return cannot_wait(L, what);
    struct tl_asked *asked = TL_ARENA_NEW(&run->arena, struct tl_asked);
    asked->ask = *request;
    if (!asked->ask.id.len) {
        asked->ask.id = tl_step_id(L, run, what, options ? options->name : TL_STR_NONE);
        asked->ask.place = tl_run_place(L, &run->arena);
        if (!asked->ask.place.line && run->branch->group)
            asked->ask.place = run->branch->group->place;
    }
    if (options && options->undo) {
        asked->undo = make_undo(L, run, options->undo, asked->ask.id);
        asked->ask.undo = true;
    }
    run->pending_ask = asked;
    tl_script_of(L)->asking = true;
    return lua_yieldk(L, 0, (lua_KContext)asked, answered);
}

int tl_join(lua_State *L, struct tl_run *run, struct tl_group *group, const char *what, lua_KFunction joined)
{
    if (!can_wait(L))
        return cannot_wait(L, what);
    group->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    run->pending_group = group;
    tl_script_of(L)->asking = true;
    return lua_yieldk(L, 0, (lua_KContext)group, joined);
}

void tl_wait_check(lua_State *L)
{
    struct tl_run *run = tl_script_of(L)->run;
    if (!run->refuse_wait)
        return;
    run->refuse_wait = false;
    tl_pending_drop(run);
    cannot_wait(L, "ctx");
}

const struct tl_run_result *tl_answer(lua_State *L, const struct tl_asked *asked)
{
    tl_wait_check(L);
    const struct tl_run_result *result = tl_script_of(L)->run->result;
    if (!result->ok) {
        tl_error_push(L, result);
        lua_pushlstring(L, asked->ask.id.ptr, asked->ask.id.len);
        lua_setfield(L, -2, "step");
        lua_error(L);
    }
    return result;
}

int tl_answer_document(lua_State *L, int status, lua_KContext asked)
{
    (void)status;
    const struct tl_run_result *result = tl_answer(L, (const struct tl_asked *)asked);
    struct tl_error err;
    if (!result->document.len)
        lua_pushnil(L);
    else if (!tl_value_decode(L, result->document, &err))
        return luaL_error(L, "the answer is not JSON: %s", err.text);
    return 1;
}
