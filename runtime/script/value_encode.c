/* Lua values to JSON: members in the order of their sorted keys, so that equal values give equal bytes in
 * every process. Raises for what JSON cannot say, naming the place as a JSON pointer. Depth is bounded, so a
 * cycle ends too. Thread: that of the state. */
#include "codec/json_writer.h"
#include "value.h"
#include <math.h>
#include <stdlib.h>

#define KEYS_ON_STACK 32

struct step {
    tl_str key;
    lua_Integer index;
};

struct encoder {
    lua_State *L;
    struct tl_script *script;
    struct tl_json_writer writer;
    int depth;
    bool floats;  /* are written */
    size_t steps; /* since it asked for the budget */
    bool config;  /* functions are written as {"$function":"file:line"} */
    struct step path[TL_VALUE_DEPTH + 1];
};

static void encode(struct encoder *e, int index);

static int refuse(struct encoder *e, const char *what, const char *detail)
{
    char path[256];
    size_t len = 0;
    path[0] = '\0';
    for (int i = 0; i < e->depth && len < sizeof path - 48; i++) {
        struct step *s = &e->path[i];
        int n = s->key.ptr ? snprintf(path + len, sizeof path - len, "/%.*s", s->key.len > 40 ? 40 : (int)s->key.len,
                                      s->key.ptr)
                           : snprintf(path + len, sizeof path - len, "/%lld", (long long)s->index - 1);
        len += n > 0 ? (size_t)n : 0;
    }
    return luaL_error(e->L, "%s%s%s cannot be written as JSON%s%s", what, path[0] ? " at " : "", path,
                      detail[0] ? ": " : "", detail);
}

static void finish(const struct encoder *e)
{
    struct tl_error err;
    if (tl_json_writer_done(&e->writer, &err) != TL_OK)
        luaL_error(e->L, "%s", err.text);
}

/* Each value is a step, and so many bytes of a text. What is too long already is not written to its end. */
enum { STEP_BYTES = 64 };

static void look(struct encoder *e, size_t bytes)
{
    e->steps += 1 + bytes / STEP_BYTES;
    if (e->steps < 256)
        return;
    e->steps = 0;
    tl_script_check_budget(e->L);
    if (e->writer.out->overflow)
        finish(e);
}

static bool is_sequence(lua_State *L, int index, lua_Integer *length)
{
    lua_Unsigned n = lua_rawlen(L, index);
    *length = (lua_Integer)n;
    if (n == 0)
        return false;
    lua_Unsigned seen = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1)) {
            lua_pop(L, 1);
            return false;
        }
        seen++;
    }
    return seen == n;
}

bool tl_value_has_names(lua_State *L, int index)
{
    lua_Integer length;
    tl_real_table(L, index);
    int table = lua_gettop(L);
    bool is = !tl_array_is(L, table) && !is_sequence(L, table, &length);
    lua_pushnil(L);
    if (is && lua_next(L, table))
        lua_pop(L, 2);
    else
        is = false;
    lua_settop(L, table - 1);
    return is;
}

/* An array may have no members beside its elements: they would be lost. */
static void check_only_elements(struct encoder *e, int index, lua_Integer length)
{
    lua_State *L = e->L;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (lua_islightuserdata(L, -1))
            continue;
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 || lua_tointeger(L, -1) > length)
            refuse(e, "an array with gaps or named members", "");
    }
}

static void encode_array(struct encoder *e, int index, lua_Integer length)
{
    lua_State *L = e->L;
    tl_json_begin_array(&e->writer);
    for (lua_Integer i = 1; i <= length; i++) {
        e->path[e->depth++] = (struct step){TL_STR_NONE, i};
        lua_rawgeti(L, index, i);
        encode(e, lua_gettop(L));
        lua_pop(L, 1);
        e->depth--;
    }
    tl_json_end_array(&e->writer);
}

/* A member of an object: its key, and where its value is on the stack. */
struct member {
    uint64_t head; /* the key's first eight bytes as a number, so that most keys are compared without looking at them */
    tl_str key;
    int at;
};

static uint64_t head_of(const char *key, size_t len)
{
    uint64_t head = 0;
    size_t count = len < 8 ? len : 8;
    for (size_t i = 0; i < count; i++)
        head = head << 8 | (unsigned char)key[i];
    return count == 0 ? 0 : head << (8 - count) * 8;
}

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return tl_str_cmp(x->key, y->key);
}

static void sort_members(struct member *members, size_t count)
{
    if (count > KEYS_ON_STACK) {
        qsort(members, count, sizeof(*members), compare_members);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct member member = members[i];
        size_t j = i;
        for (; j > 0 && compare_members(&members[j - 1], &member) > 0; j--)
            members[j] = members[j - 1];
        members[j] = member;
    }
}

/* Pushes key, value, key, value … of the table's members; the nulls it remembers come with nil. */
static void push_members(struct encoder *e, int from, bool values)
{
    lua_State *L = e->L;
    lua_pushnil(L);
    while (lua_next(L, from)) {
        int type = lua_type(L, -2);
        if (type == LUA_TLIGHTUSERDATA) {
            lua_pop(L, 1);
            continue;
        }
        if (type != LUA_TSTRING)
            refuse(e, "a table with mixed or sparse keys", "strings make an object, 1, 2, 3 … an array");
        if (!lua_checkstack(L, 16))
            refuse(e, "an object", "too many members");
        if (!values) {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        lua_pushvalue(L, -2);
    }
}

static void encode_object(struct encoder *e, int index)
{
    lua_State *L = e->L;
    int base = lua_gettop(L);
    push_members(e, index, true);
    bool nulls = lua_rawgetp(L, index, &tl_nulls_key) == LUA_TTABLE;
    if (nulls) {
        int at = lua_gettop(L);
        push_members(e, at, false);
        lua_remove(L, at);
    } else {
        lua_pop(L, 1);
    }
    int count = (lua_gettop(L) - base) / 2;
    struct member small[KEYS_ON_STACK];
    struct member *members = small;
    if (count > KEYS_ON_STACK)
        members = lua_newuserdatauv(L, (size_t)count * sizeof(*members), 0);
    for (int i = 0; i < count; i++) {
        size_t len;
        const char *text = lua_tolstring(L, base + 1 + i * 2, &len);
        members[i] = (struct member){head_of(text, len), {text, len}, base + 2 + i * 2};
    }
    sort_members(members, (size_t)count);
    tl_json_begin_object(&e->writer);
    for (int i = 0; i < count; i++) {
        e->path[e->depth++] = (struct step){members[i].key, 0};
        look(e, members[i].key.len);
        tl_json_key_str(&e->writer, members[i].key);
        encode(e, members[i].at);
        e->depth--;
    }
    tl_json_end_object(&e->writer);
    lua_settop(L, base);
}

static void encode_table(struct encoder *e, int index)
{
    lua_State *L = e->L;
    if (e->depth >= TL_VALUE_DEPTH)
        refuse(e, "a table nested deeper than 128", "perhaps it holds itself");
    if (!lua_checkstack(L, 16))
        refuse(e, "a table", "too many members");
    tl_script_check_budget(L);
    lua_Integer length;
    if (!lua_getmetatable(L, index)) { /* neither frozen nor marked */
        if (is_sequence(L, index, &length))
            encode_array(e, index, length);
        else
            encode_object(e, index);
        return;
    }
    lua_pop(L, 1);
    tl_real_table(L, index);
    int table = lua_gettop(L);
    if (tl_array_is(L, table)) {
        length = tl_value_length(L, table);
        check_only_elements(e, table, length);
        encode_array(e, table, length);
    } else if (is_sequence(L, table, &length)) {
        encode_array(e, table, length);
    } else {
        encode_object(e, table);
    }
    lua_pop(L, 1);
}

static void encode_userdata(struct encoder *e, int index)
{
    tl_str text = tl_decimal_text_of(e->L, index);
    if (!text.ptr)
        refuse(e, luaL_typename(e->L, index), "");
    tl_json_raw_value(&e->writer, text);
}

static void encode_string(struct encoder *e, int index)
{
    size_t len;
    const char *text = lua_tolstring(e->L, index, &len);
    look(e, len);
    tl_json_string(&e->writer, tl_str_n(text, len));
    if (e->writer.why)
        refuse(e, "a string", e->writer.why);
}

/* Digits by hand: printf is slower than all the rest of a number. */
static void encode_integer(struct encoder *e, lua_Integer value)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    tl_json_raw_value(&e->writer, tl_str_n(digits + at, sizeof digits - at));
}

static void encode_function(struct encoder *e, int index)
{
    lua_Debug info;
    lua_pushvalue(e->L, index);
    lua_getinfo(e->L, ">S", &info);
    char text[300];
    snprintf(text, sizeof text, "%.250s:%d", info.source[0] == '@' ? info.source + 1 : "", info.linedefined);
    tl_json_begin_object(&e->writer);
    tl_json_key(&e->writer, "$function");
    tl_json_string_z(&e->writer, text);
    tl_json_end_object(&e->writer);
}

/* 99 * 1.19 is 117.80999999999999: a document says what was computed exactly, or how it was rounded. */
static void refuse_float(struct encoder *e, double number)
{
    char what[60];
    snprintf(what, sizeof what, "the float %.17g", number);
    refuse(e, what,
           "a float is not exact; compute with decimals, decimal \"1.19\", or say how it is rounded, "
           "decimal((\"%.2f\"):format(x))");
}

static void encode(struct encoder *e, int index)
{
    lua_State *L = e->L;
    look(e, 0);
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        tl_json_null(&e->writer);
        break;
    case LUA_TBOOLEAN:
        tl_json_write_bool(&e->writer, lua_toboolean(L, index));
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            encode_integer(e, lua_tointeger(L, index));
        else if (!isfinite(lua_tonumber(L, index)))
            refuse(e, "a number that is infinite or not a number", "");
        else if (!e->floats)
            refuse_float(e, lua_tonumber(L, index));
        else
            tl_json_double(&e->writer, lua_tonumber(L, index));
        break;
    case LUA_TSTRING:
        encode_string(e, index);
        break;
    case LUA_TTABLE:
        encode_table(e, index);
        break;
    case LUA_TUSERDATA:
        encode_userdata(e, index);
        break;
    case LUA_TLIGHTUSERDATA:
        if (!tl_null_is(L, index))
            refuse(e, "userdata", "");
        tl_json_null(&e->writer);
        break;
    case LUA_TFUNCTION:
        if (e->config) {
            encode_function(e, index);
            break;
        }
        refuse(e, "a function", "");
        break;
    default:
        refuse(e, lua_type(L, index) == LUA_TFUNCTION ? "a function" : luaL_typename(L, index), "");
    }
}

static void encode_whole(lua_State *L, int index, struct tl_buf *out, bool floats, bool config)
{
    struct encoder e = {.L = L, .script = tl_script_of(L), .depth = 0, .floats = floats, .config = config};
    tl_json_writer_init(&e.writer, out);
    luaL_checkstack(L, 16, NULL);
    encode(&e, lua_absindex(L, index));
    finish(&e);
}

void tl_value_encode(lua_State *L, int index, struct tl_buf *out)
{
    encode_whole(L, index, out, false, false);
}

void tl_value_encode_floats(lua_State *L, int index, struct tl_buf *out)
{
    encode_whole(L, index, out, true, false);
}

void tl_value_encode_config(lua_State *L, int index, struct tl_buf *out)
{
    encode_whole(L, index, out, true, true);
}
