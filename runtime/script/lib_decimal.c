/* decimal: exact numbers. A decimal keeps the text it came with until it is computed with. Small ones are
 * kept parsed beside the text; large ones are parsed when used, so that no decimal owns memory outside the
 * state. Thread: that of the state. */
#include "codec/decimal.h"
#include "codec/json_writer.h"
#include "value.h"
#include <string.h>

struct boxed {
    struct tl_decimal value; /* with big == NULL; only when `parsed` */
    bool parsed;
    size_t len;
    char text[];
};

static struct boxed *box_at(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return NULL;
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->decimal_meta);
    bool is = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is ? lua_touserdata(L, index) : NULL;
}

static struct boxed *push_box(lua_State *L, tl_str text)
{
    struct boxed *box = lua_newuserdatauv(L, sizeof(*box) + text.len + 1, 0);
    box->parsed = false;
    box->value = TL_DECIMAL_ZERO;
    box->len = text.len;
    memcpy(box->text, text.ptr, text.len);
    box->text[text.len] = '\0';
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->decimal_meta);
    lua_setmetatable(L, -2);
    return box;
}

/* Pushes a computed value and releases it. */
static int push_value(lua_State *L, struct tl_decimal *value)
{
    char small[80];
    struct tl_buf text;
    tl_buf_init(&text, TL_DECIMAL_DIGITS + 64);
    tl_decimal_print(value, &text);
    tl_str s = tl_buf_str(&text);
    bool fits = s.len < sizeof small;
    if (fits) {
        memcpy(small, s.ptr, s.len);
        s.ptr = small;
        tl_buf_free(&text);
    }
    struct tl_decimal kept = *value;
    bool plain = kept.big == NULL;
    tl_decimal_free(value);
    if (!fits) {
        /* Through a Lua string, so that a refused allocation cannot leak the buffer's bytes for long. */
        char *copy = lua_newuserdatauv(L, s.len, 0);
        memcpy(copy, s.ptr, s.len);
        s.ptr = copy;
        tl_buf_free(&text);
    }
    struct boxed *box = push_box(L, s);
    box->parsed = plain;
    if (plain)
        box->value = kept;
    return 1;
}

void tl_decimal_push(lua_State *L, tl_str text)
{
    if (!tl_json_is_number(text)) {
        struct tl_decimal value = TL_DECIMAL_ZERO;
        struct tl_error err;
        if (tl_decimal_parse(text, &value, &err) != TL_OK)
            luaL_error(L, "decimal: %s", err.text);
        push_value(L, &value);
        return;
    }
    push_box(L, text);
}

void tl_decimal_push_number(lua_State *L, tl_str text)
{
    push_box(L, text);
}

tl_str tl_decimal_text_of(lua_State *L, int index)
{
    struct boxed *box = box_at(L, index);
    return box ? tl_str_n(box->text, box->len) : TL_STR_NONE;
}

/* The value at `index`; to be freed. Raises for what is no exact number. */
static void operand(lua_State *L, int index, struct tl_decimal *out, const char *what)
{
    *out = TL_DECIMAL_ZERO;
    struct boxed *box = box_at(L, index);
    if (box && box->parsed) {
        *out = box->value;
        return;
    }
    if (box) {
        struct tl_error err;
        if (tl_decimal_parse(tl_str_n(box->text, box->len), out, &err) != TL_OK)
            luaL_error(L, "%s: %s", what, err.text);
        if (!out->big) {
            box->value = *out;
            box->parsed = true;
        }
        return;
    }
    if (lua_isinteger(L, index)) {
        tl_decimal_set_int(out, lua_tointeger(L, index));
        return;
    }
    if (lua_type(L, index) == LUA_TNUMBER)
        luaL_error(L,
                   "%s: a decimal and the float %f: a float is not exact; write decimal \"%f\", or "
                   "amount:tofloat() to "
                   "compute with floats",
                   what, lua_tonumber(L, index), lua_tonumber(L, index));
    luaL_error(L, "%s: a decimal and a %s", what, luaL_typename(L, index));
}

typedef tl_code (*operation)(struct tl_decimal *, const struct tl_decimal *, const struct tl_decimal *,
                             struct tl_error *);

static int compute(lua_State *L, operation run, const char *what)
{
    struct tl_decimal a, b, out = TL_DECIMAL_ZERO;
    struct tl_error err;
    if (lua_type(L, 1) != LUA_TUSERDATA) {
        operand(L, 1, &a, what);
        operand(L, 2, &b, what);
    } else {
        operand(L, 2, &b, what);
        operand(L, 1, &a, what);
    }
    tl_code code = run(&out, &a, &b, &err);
    tl_decimal_free(&a);
    tl_decimal_free(&b);
    if (code != TL_OK)
        return luaL_error(L, "%s: %s", what, err.text);
    return push_value(L, &out);
}

static int meta_add(lua_State *L)
{
    return compute(L, tl_decimal_add, "+");
}

static int meta_sub(lua_State *L)
{
    return compute(L, tl_decimal_sub, "-");
}

static int meta_mul(lua_State *L)
{
    return compute(L, tl_decimal_mul, "*");
}

static int meta_div(lua_State *L)
{
    return luaL_error(L, "dividing decimals needs a scale and a rounding: amount:div(3, 2, \"half-even\")");
}

static int meta_unm(lua_State *L)
{
    struct tl_decimal a;
    operand(L, 1, &a, "-");
    tl_decimal_neg(&a, &a);
    return push_value(L, &a);
}

static int compare(lua_State *L, const char *what)
{
    struct tl_decimal a, b;
    operand(L, 1, &a, what);
    operand(L, 2, &b, what);
    int order = tl_decimal_compare(&a, &b);
    tl_decimal_free(&a);
    tl_decimal_free(&b);
    return order;
}

static int meta_eq(lua_State *L)
{
    lua_pushboolean(L, box_at(L, 1) && box_at(L, 2) && compare(L, "==") == 0);
    return 1;
}

static int meta_lt(lua_State *L)
{
    lua_pushboolean(L, compare(L, "<") < 0);
    return 1;
}

static int meta_le(lua_State *L)
{
    lua_pushboolean(L, compare(L, "<=") <= 0);
    return 1;
}

static int meta_tostring(lua_State *L)
{
    tl_str text = tl_decimal_text_of(L, 1);
    luaL_argexpected(L, text.ptr, 1, "decimal");
    lua_pushlstring(L, text.ptr, text.len);
    return 1;
}

static int meta_concat(lua_State *L)
{
    lua_settop(L, 2);
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

/* amount:is(other): equal by value; other is a number or text. */
static int decimal_is(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING) {
        size_t len;
        const char *text = lua_tolstring(L, 2, &len);
        tl_decimal_push(L, tl_str_n(text, len));
        lua_replace(L, 2);
    }
    lua_pushboolean(L, compare(L, "is") == 0);
    return 1;
}

static int decimal_sign(lua_State *L)
{
    struct tl_decimal a;
    operand(L, 1, &a, "sign");
    lua_pushinteger(L, tl_decimal_sign(&a));
    tl_decimal_free(&a);
    return 1;
}

static int decimal_tofloat(lua_State *L)
{
    struct tl_decimal a;
    operand(L, 1, &a, "tofloat");
    lua_pushnumber(L, tl_decimal_to_double(&a));
    tl_decimal_free(&a);
    return 1;
}

/* An integer, or nil when it is not whole or does not fit. */
static int decimal_tointeger(lua_State *L)
{
    struct tl_decimal a;
    int64_t value;
    operand(L, 1, &a, "tointeger");
    if (tl_decimal_to_i64(&a, &value))
        lua_pushinteger(L, value);
    else
        lua_pushnil(L);
    tl_decimal_free(&a);
    return 1;
}

static enum tl_rounding rounding_at(lua_State *L, int index)
{
    enum tl_rounding rounding;
    const char *name = luaL_optstring(L, index, "");
    if (!tl_rounding_parse(tl_str_z(name), &rounding))
        luaL_error(L, "name the rounding: half-even, half-up, half-down, down, up, floor or ceiling");
    return rounding;
}

static int32_t scale_at(lua_State *L, int index)
{
    int is_integer = 0;
    lua_Integer scale = lua_tointegerx(L, index, &is_integer);
    if (!is_integer)
        luaL_error(L, "say to how many digits after the point, and how it is rounded: a:div(b, scale, rounding), "
                      "a:round(scale, rounding)");
    luaL_argcheck(L, scale >= -1000 && scale <= 1000, index, "a scale between -1000 and 1000");
    return (int32_t)scale;
}

static int decimal_round(lua_State *L)
{
    int32_t scale = scale_at(L, 2);
    enum tl_rounding rounding = rounding_at(L, 3);
    struct tl_decimal a;
    struct tl_error err;
    operand(L, 1, &a, "round");
    if (tl_decimal_quantize(&a, &a, scale, rounding, &err) != TL_OK) {
        tl_decimal_free(&a);
        return luaL_error(L, "round: %s", err.text);
    }
    return push_value(L, &a);
}

static int decimal_div(lua_State *L)
{
    int32_t scale = scale_at(L, 3);
    enum tl_rounding rounding = rounding_at(L, 4);
    struct tl_decimal a, b, out = TL_DECIMAL_ZERO;
    struct tl_error err;
    operand(L, 1, &a, "div");
    operand(L, 2, &b, "div");
    tl_code code = tl_decimal_div(&out, &a, &b, scale, rounding, &err);
    tl_decimal_free(&a);
    tl_decimal_free(&b);
    return code == TL_OK ? push_value(L, &out) : luaL_error(L, "div: %s", err.text);
}

static int decimal_abs(lua_State *L)
{
    struct tl_decimal a;
    operand(L, 1, &a, "abs");
    tl_decimal_abs(&a, &a);
    return push_value(L, &a);
}

static int decimal_scale(lua_State *L)
{
    struct tl_decimal a;
    operand(L, 1, &a, "scale");
    lua_pushinteger(L, a.scale);
    tl_decimal_free(&a);
    return 1;
}

/* Text without exponent. */
static int decimal_plain(lua_State *L)
{
    struct tl_decimal a;
    struct tl_error err;
    struct tl_buf text;
    operand(L, 1, &a, "plain");
    tl_buf_init(&text, TL_DECIMAL_DIGITS * 2);
    tl_code code = tl_decimal_print_plain(&a, &text, &err);
    tl_decimal_free(&a);
    if (code == TL_OK)
        lua_pushlstring(L, text.ptr, text.len);
    tl_buf_free(&text);
    return code == TL_OK ? 1 : luaL_error(L, "plain: %s", err.text);
}

/* decimal(text | integer | decimal) */
static int decimal_new(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (box_at(L, 1))
        return 1;
    if (lua_type(L, 1) == LUA_TNUMBER && !lua_isinteger(L, 1))
        return luaL_error(L, "decimal(%f): a float is not exact; write decimal \"%f\"", lua_tonumber(L, 1),
                          lua_tonumber(L, 1));
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    tl_decimal_push(L, tl_str_trim(tl_str_n(text, len)));
    return 1;
}

void tl_decimal_open(lua_State *L)
{
    static const luaL_Reg methods[] = {{"is", decimal_is},           {"sign", decimal_sign},
                                       {"tofloat", decimal_tofloat}, {"tointeger", decimal_tointeger},
                                       {"round", decimal_round},     {"div", decimal_div},
                                       {"abs", decimal_abs},         {"scale", decimal_scale},
                                       {"plain", decimal_plain},     {NULL, NULL}};
    static const luaL_Reg meta[] = {
        {"__add", meta_add},  {"__sub", meta_sub}, {"__mul", meta_mul},           {"__div", meta_div},
        {"__idiv", meta_div}, {"__mod", meta_div}, {"__unm", meta_unm},           {"__eq", meta_eq},
        {"__lt", meta_lt},    {"__le", meta_le},   {"__tostring", meta_tostring}, {"__concat", meta_concat},
        {NULL, NULL}};
    luaL_newlib(L, meta);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "decimal");
    lua_setfield(L, -2, "__metatable");
    lua_pushliteral(L, "decimal");
    lua_setfield(L, -2, "__name");
    tl_script_of(L)->decimal_meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushcfunction(L, decimal_new);
    lua_setfield(L, -2, "decimal");
}
