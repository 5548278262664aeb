/* From shapes to classes. Thread: one at a time. */
#include "classes.h"
#include "base/alloc.h"
#include <ctype.h>
#include <string.h>

enum { TEXT_MAX = 64 * 1024, DEPTH_MAX = 8, HELP_MAX = 300 };

void tl_classes_init(struct tl_classes *classes)
{
    *classes = (struct tl_classes){.count = 0};
    tl_arena_init(&classes->arena);
}

void tl_classes_free(struct tl_classes *classes)
{
    tl_free(classes->items);
    tl_arena_free(&classes->arena);
}

/* ---- words ---- */

const char *tl_class_word(struct tl_arena *arena, tl_str text, bool dots)
{
    char *word = tl_arena_copy(arena, text);
    for (char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c) && !(dots && *c == '.'))
            *c = '_';
    return word;
}

const char *tl_class_help(struct tl_arena *arena, tl_str text)
{
    tl_str trimmed = tl_str_trim(text);
    if (trimmed.len == 0)
        return "";
    char *help = tl_arena_printf(arena, " %.*s%s", trimmed.len > HELP_MAX ? HELP_MAX : (int)trimmed.len, trimmed.ptr,
                                 trimmed.len > HELP_MAX ? " …" : "");
    for (char *c = help; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return help;
}

const char *tl_class_literal(struct tl_arena *arena, tl_str text)
{
    struct tl_buf out;
    tl_buf_init(&out, TEXT_MAX);
    tl_buf_add_char(&out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            tl_buf_add_char(&out, '\\');
        if (c < ' ')
            tl_buf_addf(&out, "\\%03u", c);
        else
            tl_buf_add_char(&out, (char)c);
    }
    tl_buf_add_char(&out, '"');
    const char *literal = tl_arena_copy(arena, tl_buf_str(&out));
    tl_buf_free(&out);
    return literal;
}

static bool is_identifier(tl_str name)
{
    static const char *const words[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
                                        "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
                                        "repeat",   "return", "then", "true", "until",  "while"};
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if (tl_str_is(name, words[i]))
            return false;
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && name.ptr[i] != '_')
            return false;
    return name.len && !isdigit((unsigned char)name.ptr[0]);
}

/* ---- names of classes ---- */

/* "/properties/lines/items" → ".lines.item"; the words of JSON Schema say nothing. */
static void add_steps(struct tl_buf *out, struct tl_arena *arena, const char *pointer)
{
    tl_str rest = tl_str_z(pointer[0] == '/' ? pointer + 1 : pointer), step;
    bool named = false; /* the next step is a name, whatever it says */
    while (rest.len && tl_str_cut(&rest, '/', &step)) {
        bool list = !named && (tl_str_is(step, "items") || tl_str_is(step, "prefixItems"));
        if (named || list)
            tl_buf_addf(out, ".%s", list ? "item" : tl_class_word(arena, step, false));
        named = !named && (tl_str_is(step, "properties") || tl_str_is(step, "$defs"));
    }
}

static const char *class_name(struct tl_classes *classes, tl_str document, const char *pointer)
{
    struct tl_buf out;
    tl_str base = document;
    bool args = tl_str_starts(document, TL_STR("args/"));
    tl_buf_init(&out, TEXT_MAX);
    if (tl_str_starts(base, TL_STR("contracts/")) || args)
        base = tl_str_from(base, (size_t)tl_str_find(base, '/') + 1);
    if (tl_str_ends(base, TL_STR(".json")))
        base.len -= 5;
    tl_buf_addf(&out, "%s.%s", args ? "Args" : "Contract", tl_class_word(&classes->arena, base, args));
    add_steps(&out, &classes->arena, pointer);
    const char *name = tl_arena_copy(&classes->arena, tl_buf_str(&out));
    tl_buf_free(&out);
    for (int number = 2; number < 100; number++) {
        bool taken = false;
        const char *candidate = number == 2 ? name : tl_arena_printf(&classes->arena, "%s_%d", name, number - 1);
        for (size_t i = 0; i < classes->count && !taken; i++)
            taken = strcmp(classes->items[i].name, candidate) == 0;
        if (!taken)
            return candidate;
    }
    return name;
}

/* NULL when it cannot be said where it is described. */
static const char *class_of(struct tl_classes *classes, const struct tl_shape *shape)
{
    tl_str document;
    const char *pointer;
    if (!tl_shape_place(shape, &document, &pointer))
        return NULL;
    for (size_t i = 0; i < classes->count; i++)
        if (tl_str_eq(classes->items[i].document, document) && strcmp(classes->items[i].pointer, pointer) == 0)
            return classes->items[i].name;
    const char *name = class_name(classes, document, pointer);
    classes->items = tl_realloc(classes->items, (classes->count + 1) * sizeof(*classes->items));
    classes->items[classes->count++] =
        (struct tl_class){.name = name, .document = document, .pointer = pointer, .shape = *shape};
    return name;
}

/* ---- types ---- */

static const char *type_of(struct tl_classes *classes, const struct tl_shape *shape, int depth);

static void either(struct tl_buf *out, const char *type)
{
    tl_buf_addf(out, "%s%s", out->len ? "|" : "", type);
}

static void add_literal(struct tl_classes *classes, struct tl_buf *out, const struct tl_json_value *value)
{
    tl_str raw = tl_json_raw(value);
    if (tl_json_is_string(value))
        either(out, tl_class_literal(&classes->arena, tl_json_text(value)));
    else if (tl_json_type(value) == TL_JSON_IS_NUMBER)
        either(out, tl_str_find(raw, '.') >= 0 ? "tidelock.Decimal" : "integer");
    else if (tl_json_type(value) == TL_JSON_IS_TRUE || tl_json_type(value) == TL_JSON_IS_FALSE)
        either(out, tl_json_type(value) == TL_JSON_IS_TRUE ? "true" : "false");
    else if (!tl_json_is_null(value))
        either(out, "table");
}

static void add_object(struct tl_classes *classes, struct tl_buf *out, const struct tl_shape *shape, int depth)
{
    size_t at = 0;
    tl_str name;
    struct tl_shape other;
    const char *class = tl_shape_next(shape, &at, &name) ? class_of(classes, shape) : NULL;
    if (class)
        either(out, class);
    else if (tl_shape_others(shape, &other))
        either(out, tl_arena_printf(&classes->arena, "table<string, %s>", type_of(classes, &other, depth + 1)));
    else
        either(out, "table");
}

static void add_list(struct tl_classes *classes, struct tl_buf *out, const struct tl_shape *shape, int depth)
{
    struct tl_shape element;
    const char *type = tl_shape_element(shape, &element) ? type_of(classes, &element, depth + 1) : "any";
    bool plain = strpbrk(type, "|?( ") == NULL;
    either(out, tl_arena_printf(&classes->arena, plain ? "%s[]" : "(%s)[]", type));
}

static void add_types(struct tl_classes *classes, struct tl_buf *out, const struct tl_shape *shape, int depth)
{
    size_t at = 0;
    tl_str name;
    bool object = tl_shape_may_be(shape, "object"), list = tl_shape_may_be(shape, "array");
    bool anything = object && list && tl_shape_may_be(shape, "boolean") && tl_shape_may_be(shape, "string");
    bool members = tl_shape_next(shape, &at, &name);
    if (anything && !members) {
        either(out, "any");
        return;
    }
    if (object)
        add_object(classes, out, shape, depth);
    if (anything)
        return; /* a contract that says no type and names members means an object */
    if (list)
        add_list(classes, out, shape, depth);
    if (tl_shape_may_be(shape, "string"))
        either(out, "string");
    if (tl_shape_may_be(shape, "number"))
        either(out, "tidelock.Number");
    else if (tl_shape_may_be(shape, "integer"))
        either(out, "integer");
    if (tl_shape_may_be(shape, "boolean"))
        either(out, "boolean");
}

static const char *type_of(struct tl_classes *classes, const struct tl_shape *shape, int depth)
{
    struct tl_buf out;
    const struct tl_json_value *one, *values = tl_shape_values(shape, &one);
    if (shape->unknown || depth > DEPTH_MAX)
        return "any";
    tl_buf_init(&out, TEXT_MAX);
    struct tl_json_iter i = tl_json_iter(values);
    while (tl_json_next(&i))
        add_literal(classes, &out, i.value);
    if (one)
        add_literal(classes, &out, one);
    if (!values && !one)
        add_types(classes, &out, shape, depth);
    const char *type = out.len && !out.overflow ? tl_arena_copy(&classes->arena, tl_buf_str(&out)) : "any";
    tl_buf_free(&out);
    return type;
}

const char *tl_classes_type(struct tl_classes *classes, const struct tl_shape *shape)
{
    return type_of(classes, shape, 0);
}

/* ---- printing ---- */

/* May it be null by what the contract says? One that says nothing does not mean that. */
static bool may_be_null(const struct tl_shape *shape)
{
    const struct tl_json_value *one, *values = tl_shape_values(shape, &one);
    struct tl_json_iter i = tl_json_iter(values);
    while (tl_json_next(&i))
        if (tl_json_is_null(i.value))
            return true;
    return !shape->unknown && !values && !one && tl_shape_may_be(shape, "null") &&
           !(tl_shape_may_be(shape, "object") && tl_shape_may_be(shape, "array") && tl_shape_may_be(shape, "boolean"));
}

const char *tl_class_field(struct tl_arena *arena, tl_str name)
{
    return is_identifier(name) ? tl_arena_copy(arena, name)
                               : tl_arena_printf(arena, "[%s]", tl_class_literal(arena, name));
}

static void print_field(struct tl_classes *classes, struct tl_buf *out, const struct tl_shape *shape, tl_str name)
{
    struct tl_shape member;
    tl_shape_member(shape, name, &member);
    const char *type = type_of(classes, &member, 0);
    bool maybe = (!tl_shape_requires(shape, name) || may_be_null(&member)) && strcmp(type, "any") != 0;
    const char *word = tl_class_field(&classes->arena, name);
    tl_buf_addf(out, "---@field %s%s %s%s%s\n", word, maybe && word[0] != '[' ? "?" : "", type,
                maybe && word[0] == '[' ? "|nil" : "", tl_class_help(&classes->arena, tl_shape_help(&member)));
}

void tl_classes_print(struct tl_classes *classes, struct tl_buf *out)
{
    for (; classes->printed < classes->count; classes->printed++) {
        struct tl_class class = classes->items[classes->printed]; /* the list may move */
        size_t at = 0;
        tl_str name;
        const char *help = tl_class_help(&classes->arena, tl_shape_help(&class.shape));
        if (help[0])
            tl_buf_addf(out, "---%s\n", help + 1);
        tl_buf_addf(out, "---@class %s\n", class.name);
        while (tl_shape_next(&class.shape, &at, &name))
            print_field(classes, out, &class.shape, name);
        tl_buf_add_char(out, '\n');
    }
}

void tl_classes_forget(struct tl_classes *classes, size_t from)
{
    for (size_t i = from; i < classes->printed; i++) {
        classes->items[i].document = TL_STR_NONE; /* found no more */
        classes->items[i].pointer = "";
    }
}
