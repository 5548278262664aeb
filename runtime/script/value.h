/* JSON as Lua values and back, without losing anything (design.md section 3, rules 3 and 4):
 *   object  a table; with nulls it carries them under a hidden key, and a metatable that keeps them up to
 * date array   a table with the array metatable, so that [] stays []; nulls in it as in an object, with its
 * length null    reads as nil; a script writes it with `null` number  digits that fit 64 bits: an integer;
 * any other: a decimal with its text Thread: that of the state. */
#pragma once
#include "base/buf.h"
#include "script_state.h"

#define TL_VALUE_DEPTH 128

/* Pushes the value. False: nothing pushed, `err` says line:column. May raise for memory. */
bool tl_value_decode(lua_State *L, tl_str json, struct tl_error *err);
/* Appends the value at `index` as JSON with sorted keys. Raises when it is not JSON (function, cycle, NaN,
 * text that is not UTF-8, mixed keys) and for floats, which are not what anybody computed exactly; `out` keeps what was
 * written so far. */
void tl_value_encode(lua_State *L, int index, struct tl_buf *out);
/* The same with floats, shortest digits: for what people read, and for values of tests. */
void tl_value_encode_floats(lua_State *L, int index, struct tl_buf *out);

/* The same for declarations: a function is written as {"$function":"file:line"}. */
void tl_value_encode_config(lua_State *L, int index, struct tl_buf *out);

/* Addresses of the hidden keys of a table with nulls: its table of null members, and in that the array's
 * length. */
extern const char tl_nulls_key, tl_length_key;

/* The null sentinel (also cjson.null). */
void tl_null_push(lua_State *L);
bool tl_null_is(lua_State *L, int index);
/* Remembers / asks / forgets a null member; key on the top of the stack (popped). `index` absolute. */
void tl_null_set(lua_State *L, int index);
bool tl_null_get(lua_State *L, int index);
/* Length of an array with its nulls; otherwise the raw length of the real table. */
lua_Integer tl_value_length(lua_State *L, int index);
/* Pushes the table that holds the members of the one at `index`: itself, or what a frozen table stands for.
 */
void tl_real_table(lua_State *L, int index);
/* Is the table at `index` an object with at least one member? `{}` may stand for either. */
bool tl_value_has_names(lua_State *L, int index);
/* Marks the table at `index` as an array. */
void tl_array_mark(lua_State *L, int index);
bool tl_array_is(lua_State *L, int index);
/* Registers null, isnull, setnull, array, keys in the table on the top, and makes the metatables. */
void tl_null_open(lua_State *L);

/* A key for sorting: numbers before strings. */
struct tl_key_ref {
    int kind; /* LUA_TNUMBER, LUA_TSTRING, LUA_TBOOLEAN */
    double number;
    int64_t integer;
    bool is_integer;
    tl_str text;
    int at; /* what the caller likes */
};
/* Raises for keys that have only an address (tables, functions, userdata). */
void tl_key_read(lua_State *L, int index, struct tl_key_ref *key);
int tl_key_compare(const struct tl_key_ref *a, const struct tl_key_ref *b);
void tl_key_sort(struct tl_key_ref *keys, size_t count);

/* Decimals (lib_decimal.c). */
void tl_decimal_open(lua_State *L);
/* Pushes a decimal with this text (a number of the JSON grammar or what tl_decimal_parse reads). */
void tl_decimal_push(lua_State *L, tl_str text);
/* The same for text that is known to be a JSON number. */
void tl_decimal_push_number(lua_State *L, tl_str text);
/* The text of the decimal at `index`, or ptr NULL. */
tl_str tl_decimal_text_of(lua_State *L, int index);
