/* Forms: how declarations are read. Thread: one at a time. */
#include "form.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "value.h"
#include <ctype.h>
#include <string.h>

#define KEYS_MAX 40

static const char *type_word(unsigned takes)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {{TL_FORM_TEXT, "text"},
                 {TL_FORM_INTEGER, "a whole number"},
                 {TL_FORM_BOOLEAN, "true or false"},
                 {TL_FORM_TABLE, "a table"},
                 {TL_FORM_FUNCTION, "a function"}};
    static __thread char text[120];
    text[0] = '\0';
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if (takes & words[i].bit) {
            if (text[0])
                strcat(text, " or ");
            strcat(text, words[i].word);
        }
    return text;
}

static bool fits(lua_State *L, int index, unsigned takes)
{
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        return takes & TL_FORM_TEXT;
    case LUA_TNUMBER:
        return (takes & TL_FORM_INTEGER) && lua_isinteger(L, index);
    case LUA_TBOOLEAN:
        return takes & TL_FORM_BOOLEAN;
    case LUA_TTABLE:
        return takes & TL_FORM_TABLE;
    case LUA_TFUNCTION:
        return takes & TL_FORM_FUNCTION;
    default:
        return false;
    }
}

/* The token of `key =` between the braces that follow the declaration's line. */
struct tl_place tl_form_place(const struct tl_form *form, const char *key)
{
    struct tl_place place = form->place;
    const struct tl_source *source = tl_bundle_source(form->bundle, place.file, false);
    if (!source || !key)
        return place;
    struct tl_tokens tokens;
    tl_tokens_read(source->text, &tokens);
    size_t i = 0;
    while (i < tokens.count && tl_token(&tokens, i)->line < place.line)
        i++;
    for (; i < tokens.count; i++)
        if (tl_token_is(tl_token(&tokens, i), form->kind) && tl_str_is(tl_token(&tokens, i + 1)->text, form->name))
            break;
    bool inside = form->part[0] == '\0';
    int depth = 0;
    for (; i < tokens.count; i++) {
        const struct tl_token *t = tl_token(&tokens, i);
        if (tl_token_is(t, "{"))
            depth++;
        if (tl_token_is(t, "}") && --depth <= 0)
            break;
        bool names = tl_token_is(tl_token(&tokens, i + 1), "=") ||
                     (t->kind == TL_TOKEN_STRING && tl_token_is(tl_token(&tokens, i + 2), "="));
        if (!names || depth < 1 || (t->kind != TL_TOKEN_NAME && t->kind != TL_TOKEN_STRING))
            continue;
        if (!inside && tl_str_is(t->text, form->part)) {
            inside = true;
            place.line = t->line;
        } else if (inside && tl_str_is(t->text, key)) {
            place.line = t->line;
            break;
        }
    }
    tl_tokens_free(&tokens);
    return place;
}

void tl_form_error(struct tl_form *form, const char *key, const char *fmt, ...)
{
    char text[700];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tl_findings_add(&form->bundle->findings, TL_FINDING_ERROR, tl_form_place(form, key), "%s \"%s\"%s%s: %s",
                    form->kind, form->name, form->part[0] ? ", " : "", form->part, text);
}

static void check_one(struct tl_form *form, const char *key, const struct tl_declaration *rows)
{
    const char *names[KEYS_MAX];
    size_t usable = 0;
    const struct tl_form_key *row = tl_declaration_key(rows, key);
    if (row && row->later)
        tl_form_error(form, key, "'%s' comes with %s", key, row->later);
    else if (row && !fits(form->L, -1, row->takes))
        tl_form_error(form, key, "'%s' must be %s, not %s", key, type_word(row->takes), luaL_typename(form->L, -1));
    if (row)
        return;
    for (size_t i = 0; i < rows->key_count && usable < KEYS_MAX; i++)
        if (!rows->keys[i].later)
            names[usable++] = rows->keys[i].name;
    const char *nearest = tl_nearest(tl_str_z(key), names, usable);
    if (rows->others && !nearest)
        return;
    tl_form_error(form, key, "unknown key '%s'%s%s%s", key, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                  nearest ? "'?" : "");
}

void tl_form_check(struct tl_form *form)
{
    lua_State *L = form->L;
    const struct tl_declaration *rows = tl_declaration(form->kind, form->part);
    tl_must(rows != NULL);
    luaL_checkstack(L, 12, NULL);
    lua_pushnil(L);
    while (lua_next(L, form->table)) {
        if (lua_type(L, -2) == LUA_TSTRING)
            check_one(form, lua_tostring(L, -2), rows);
        else if (!lua_islightuserdata(L, -2))
            tl_form_error(form, NULL, "a value without a name; write key = value");
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < rows->key_count; i++)
        if ((rows->keys[i].takes & TL_FORM_REQUIRED) && !tl_form_has(form, rows->keys[i].name))
            tl_form_error(form, NULL, "'%s' is missing", rows->keys[i].name);
}

static int push(struct tl_form *form, const char *key)
{
    lua_pushstring(form->L, key);
    return lua_rawget(form->L, form->table);
}

bool tl_form_has(struct tl_form *form, const char *key)
{
    bool has = push(form, key) != LUA_TNIL;
    lua_pop(form->L, 1);
    return has;
}

const char *tl_form_text(struct tl_form *form, const char *key)
{
    const char *text = "";
    if (push(form, key) == LUA_TSTRING)
        text = tl_arena_copy(&form->bundle->arena, tl_str_z(lua_tostring(form->L, -1)));
    lua_pop(form->L, 1);
    return text;
}

int64_t tl_form_integer(struct tl_form *form, const char *key, int64_t least, int64_t most, int64_t otherwise)
{
    int64_t value = otherwise;
    if (push(form, key) == LUA_TNUMBER && lua_isinteger(form->L, -1)) {
        value = lua_tointeger(form->L, -1);
        if (value < least || value > most) {
            tl_form_error(form, key, "'%s' must be between %lld and %lld", key, (long long)least, (long long)most);
            value = otherwise;
        }
    }
    lua_pop(form->L, 1);
    return value;
}

int64_t tl_form_duration(struct tl_form *form, const char *key, int64_t otherwise)
{
    const char *text = tl_form_text(form, key);
    struct tl_error err;
    int64_t ms = otherwise;
    if (text[0] && tl_duration_parse(tl_str_z(text), &ms, &err) != TL_OK) {
        tl_form_error(form, key, "'%s': %s", key, err.text);
        ms = otherwise;
    }
    return ms;
}

bool tl_form_true(struct tl_form *form, const char *key)
{
    bool value = push(form, key) == LUA_TBOOLEAN && lua_toboolean(form->L, -1);
    lua_pop(form->L, 1);
    return value;
}

bool tl_form_is_function(struct tl_form *form, const char *key, struct tl_place *place)
{
    bool is = push(form, key) == LUA_TFUNCTION;
    if (is && place) {
        lua_Debug info;
        lua_pushvalue(form->L, -1);
        lua_getinfo(form->L, ">S", &info);
        place->file = tl_arena_copy(&form->bundle->arena, tl_str_z(info.source[0] == '@' ? info.source + 1 : ""));
        place->line = info.linedefined;
    }
    lua_pop(form->L, 1);
    return is;
}

const char *const *tl_form_texts(struct tl_form *form, const char *key, size_t *count)
{
    lua_State *L = form->L;
    *count = 0;
    const char **texts = NULL;
    int type = push(form, key);
    if (type == LUA_TSTRING) {
        texts = tl_arena_alloc(&form->bundle->arena, sizeof(char *));
        texts[(*count)++] = tl_arena_copy(&form->bundle->arena, tl_str_z(lua_tostring(L, -1)));
    } else if (type == LUA_TTABLE) {
        lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
        texts = tl_arena_alloc(&form->bundle->arena, (size_t)(n + 1) * sizeof(char *));
        for (lua_Integer i = 1; i <= n; i++) {
            if (lua_rawgeti(L, -1, i) == LUA_TSTRING)
                texts[(*count)++] = tl_arena_copy(&form->bundle->arena, tl_str_z(lua_tostring(L, -1)));
            else
                tl_form_error(form, key, "'%s' must be a list of texts", key);
            lua_pop(L, 1);
        }
        if (*count == 0)
            tl_form_error(form, key, "'%s' is an empty list", key);
    }
    lua_pop(L, 1);
    return texts;
}

static struct tl_ref ref_at_top(struct tl_form *form)
{
    lua_State *L = form->L;
    struct tl_ref ref = {TL_REF_NONE, ""};
    if (lua_type(L, -1) == LUA_TSTRING) {
        ref = (struct tl_ref){TL_REF_TEXT, tl_arena_copy(&form->bundle->arena, tl_str_z(lua_tostring(L, -1)))};
    } else if (lua_istable(L, -1)) {
        static const char *const markers[] = {"$setting", "$secret"};
        for (int i = 0; i < 2; i++) {
            lua_pushstring(L, markers[i]);
            if (lua_rawget(L, -2) == LUA_TSTRING)
                ref = (struct tl_ref){i ? TL_REF_SECRET : TL_REF_SETTING,
                                      tl_arena_copy(&form->bundle->arena, tl_str_z(lua_tostring(L, -1)))};
            lua_pop(L, 1);
        }
    }
    return ref;
}

struct tl_ref tl_form_ref(struct tl_form *form, const char *key)
{
    int type = push(form, key);
    struct tl_ref ref = ref_at_top(form);
    lua_pop(form->L, 1);
    if (type == LUA_TTABLE && ref.kind == TL_REF_NONE)
        tl_form_error(form, key, "'%s' must be text, a setting or a secret", key);
    return ref;
}

const char *tl_form_json(struct tl_form *form, const char *key, const char *otherwise)
{
    lua_State *L = form->L;
    if (key)
        push(form, key);
    else
        lua_pushvalue(L, form->table);
    const char *json = otherwise;
    if (!lua_isnil(L, -1)) {
        struct tl_buf *buf = &tl_script_of(L)->scratch;
        tl_buf_clear(buf);
        tl_value_encode_config(L, -1, buf);
        json = tl_arena_copy(&form->bundle->arena, tl_buf_str(buf));
        tl_buf_clear(buf);
    }
    lua_pop(L, 1);
    return json;
}

int tl_form_choice(struct tl_form *form, const char *key, int otherwise)
{
    const struct tl_form_key *row = tl_declaration_key(tl_declaration(form->kind, form->part), key);
    tl_must(row != NULL && row->values != NULL);
    const char *const *words = row->values;
    const char *text = tl_form_text(form, key);
    size_t count = 0;
    for (; words[count]; count++)
        if (strcmp(words[count], text) == 0)
            return (int)count;
    if (text[0]) {
        const char *nearest = tl_nearest(tl_str_z(text), words, count);
        tl_form_error(form, key, "'%s' cannot be \"%s\"; %s \"%s\"%s", key, text,
                      nearest ? "did you mean" : "one of its values is", nearest ? nearest : words[0],
                      nearest ? "?" : "");
    }
    return otherwise;
}

bool tl_form_open(struct tl_form *form, const char *key, struct tl_form *inner)
{
    if (push(form, key) != LUA_TTABLE) {
        lua_pop(form->L, 1);
        return false;
    }
    *inner = *form;
    inner->part = key;
    inner->table = lua_gettop(form->L);
    return true;
}

void tl_form_close(struct tl_form *inner)
{
    lua_settop(inner->L, inner->table - 1);
}

bool tl_is_versioned(tl_str name)
{
    size_t i = 0;
    while (i < name.len && (isalnum((unsigned char)name.ptr[i]) || strchr("._-", name.ptr[i])))
        i++;
    if (i == 0 || i >= name.len || name.ptr[i] != '@')
        return false;
    uint64_t version;
    return tl_str_u64(tl_str_from(name, i + 1), &version) && version > 0;
}

/* "lines[].sku": the key "sku" inside the part "lines"; "name": just the key. */
struct tl_place tl_form_field_place(const struct tl_form *form, const char *field)
{
    struct tl_form at = *form;
    char part[100] = "";
    size_t first = strcspn(field, ".[");
    const char *last = strrchr(field, '.');
    if (last && first < sizeof part) {
        memcpy(part, field, first);
        part[first] = '\0';
        at.part = part;
    }
    return tl_form_place(&at, !field[0] ? NULL : last ? last + 1 : field);
}
