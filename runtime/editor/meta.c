/* Reading annotations line by line: comment lines gather in a block, which a line of code or a blank line ends. Thread:
 * one at a time. */
#include "meta.h"
#include "base/alloc.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PARTS_MAX = 200 };

struct reading {
    struct tl_meta *meta;
    const char *name;
    int line;
    struct tl_error *err;
    struct tl_meta_item block; /* what the comment lines say so far; its kind counts when `tagged` */
    bool begun, tagged;
};

static tl_code refuse(const struct reading *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tl_code code = tl_vfail(r->err, TL_EINPUT, fmt, ap);
    va_end(ap);
    tl_error_prefix(r->err, "%s:%d", r->name, r->line);
    return code;
}

/* ---- words and types ---- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* A name off the front; empty when there is none. */
static tl_str take_name(tl_str *rest)
{
    size_t n = 0;
    while (n < rest->len && is_name_char(rest->ptr[n]))
        n++;
    tl_str name = tl_str_n(rest->ptr, n);
    *rest = tl_str_from(*rest, n);
    return name;
}

static tl_code closing(const struct reading *r, char opened, char c)
{
    char wanted = opened == '(' ? ')' : opened == '{' ? '}' : opened == '<' ? '>' : ']';
    return c == wanted ? TL_OK : refuse(r, "a type opens with '%c' and closes with '%c'", opened, c);
}

/* A type off the front: up to a blank outside of brackets that follows neither ':' nor ','. */
static tl_code take_type(const struct reading *r, tl_str *rest, tl_str *type)
{
    char open[32];
    size_t depth = 0, n = 0;
    bool quoted = false;
    for (; n < rest->len; n++) {
        char c = rest->ptr[n];
        if (c == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        if (c == ' ' && depth == 0 && (n == 0 || (rest->ptr[n - 1] != ':' && rest->ptr[n - 1] != ',')))
            break;
        if (strchr("({<[", c) && depth < sizeof open)
            open[depth++] = c;
        else if (strchr(")}>]", c) && (depth == 0 || closing(r, open[--depth], c) != TL_OK))
            return refuse(r, "a type closes '%c' that is not open", c);
    }
    if (n == 0 || quoted || depth)
        return refuse(r, "a type is missing or does not close: '%.*s'", TL_STR_ARGS(*rest));
    *type = tl_str_n(rest->ptr, n);
    *rest = tl_str_from(*rest, n);
    return TL_OK;
}

static const char *keep(struct reading *r, tl_str text)
{
    return tl_arena_copy(&r->meta->arena, tl_str_trim(text));
}

static void add_part(struct reading *r, struct tl_meta_part **parts, size_t *count, struct tl_meta_part part)
{
    if (*count == 0)
        *parts = tl_arena_alloc(&r->meta->arena, PARTS_MAX * sizeof(**parts));
    if (*count < PARTS_MAX)
        (*parts)[(*count)++] = part;
}

/* ---- tags ---- */

/* name[?] type help, or [key] type help. */
static tl_code read_part(struct reading *r, tl_str rest, struct tl_meta_part *part)
{
    tl_str name, type;
    if (tl_str_starts(rest, TL_STR("["))) {
        ptrdiff_t end = tl_str_find(rest, ']');
        if (end < 0)
            return refuse(r, "a field's '[' does not close");
        name = tl_str_n(rest.ptr, (size_t)end + 1);
        rest = tl_str_from(rest, (size_t)end + 1);
    } else if (tl_str_starts(rest, TL_STR("..."))) {
        name = tl_str_n(rest.ptr, 3);
        rest = tl_str_from(rest, 3);
    } else {
        name = take_name(&rest);
    }
    if (name.len == 0)
        return refuse(r, "a name is missing");
    part->optional = tl_str_starts(rest, TL_STR("?"));
    rest = tl_str_trim(tl_str_from(rest, part->optional ? 1 : 0));
    tl_code code = take_type(r, &rest, &type);
    if (code != TL_OK)
        return code;
    part->name = keep(r, name);
    part->type = keep(r, type);
    part->help = keep(r, rest);
    return TL_OK;
}

/* type [name] [help] */
static tl_code read_return(struct reading *r, tl_str rest, struct tl_meta_part *part)
{
    tl_str type;
    tl_code code = take_type(r, &rest, &type);
    if (code != TL_OK)
        return code;
    rest = tl_str_trim(rest);
    part->type = keep(r, type);
    part->name = keep(r, take_name(&rest));
    part->help = keep(r, rest);
    return TL_OK;
}

static tl_code read_class(struct reading *r, tl_str rest)
{
    tl_str parent = TL_STR_NONE;
    r->block.name = keep(r, take_name(&rest));
    if (tl_str_starts(rest, TL_STR(": "))) {
        rest = tl_str_from(rest, 2);
        parent = take_name(&rest);
    }
    if (!r->block.name[0] || rest.len)
        return refuse(r, "a class is a name and perhaps ': ' and its parent");
    r->block.kind = TL_META_CLASS;
    r->block.type = keep(r, parent);
    r->tagged = true;
    return TL_OK;
}

static tl_code read_alias(struct reading *r, tl_str rest)
{
    tl_str type;
    r->block.kind = TL_META_ALIAS;
    r->block.name = keep(r, take_name(&rest));
    rest = tl_str_trim(rest);
    tl_code code = take_type(r, &rest, &type);
    if (code != TL_OK || rest.len)
        return code != TL_OK ? code : refuse(r, "an alias is a name and a type");
    r->block.type = keep(r, type);
    r->tagged = true;
    return TL_OK;
}

static void add_overload(struct reading *r, tl_str rest)
{
    if (r->block.overload_count == 0)
        r->block.overloads = tl_arena_alloc(&r->meta->arena, PARTS_MAX * sizeof(char *));
    if (r->block.overload_count < PARTS_MAX)
        r->block.overloads[r->block.overload_count++] = keep(r, rest);
}

static tl_code read_tag(struct reading *r, tl_str tag, tl_str rest)
{
    struct tl_meta_part part = {"", "", "", false};
    tl_code code = TL_OK;
    tl_str type, text = rest;
    if (tl_str_is(tag, "meta")) {
        r->meta->module = keep(r, rest);
    } else if (tl_str_is(tag, "class")) {
        code = read_class(r, rest);
    } else if (tl_str_is(tag, "alias")) {
        code = read_alias(r, rest);
    } else if (tl_str_is(tag, "field")) {
        if (!r->tagged || r->block.kind != TL_META_CLASS)
            return refuse(r, "a field stands below its class");
        code = read_part(r, rest, &part);
        if (code == TL_OK)
            add_part(r, &r->block.params, &r->block.param_count, part);
    } else if (tl_str_is(tag, "param")) {
        code = read_part(r, rest, &part);
        if (code == TL_OK)
            add_part(r, &r->block.params, &r->block.param_count, part);
    } else if (tl_str_is(tag, "return")) {
        code = read_return(r, rest, &part);
        if (code == TL_OK)
            add_part(r, &r->block.returns, &r->block.return_count, part);
    } else if (tl_str_is(tag, "overload")) {
        code = take_type(r, &text, &type);
        add_overload(r, rest);
    } else if (tl_str_is(tag, "type")) {
        code = take_type(r, &text, &type);
        r->block.type = keep(r, rest);
    } else if (!tl_str_is(tag, "operator") && !tl_str_is(tag, "generic")) {
        return refuse(r, "there is no ---@%.*s here", TL_STR_ARGS(tag));
    }
    return code;
}

/* ---- blocks ---- */

static void end_block(struct reading *r, bool keep_it)
{
    if (keep_it) {
        struct tl_meta *meta = r->meta;
        meta->items = tl_realloc(meta->items, (meta->count + 1) * sizeof(*meta->items));
        meta->items[meta->count++] = r->block;
    }
    r->block = (struct tl_meta_item){.name = "", .help = "", .type = ""};
    r->begun = r->tagged = false;
}

static tl_code blank_line(struct reading *r)
{
    bool odd = r->begun && !r->tagged && (r->block.param_count || r->block.return_count);
    if (odd)
        return refuse(r, "annotations of a function, and no function below them");
    end_block(r, r->tagged);
    return TL_OK;
}

static tl_code comment_line(struct reading *r, tl_str rest)
{
    if (!r->begun)
        r->block.line = r->line;
    r->begun = true;
    if (!tl_str_starts(rest, TL_STR("@"))) {
        r->block.help =
            tl_arena_printf(&r->meta->arena, "%s%s%.*s", r->block.help, r->block.help[0] ? " " : "", TL_STR_ARGS(rest));
        return TL_OK;
    }
    rest = tl_str_from(rest, 1);
    tl_str tag = take_name(&rest);
    return read_tag(r, tag, tl_str_trim(rest));
}

/* name(a, b, ...) end: the annotated parameters must be these. */
static tl_code function_line(struct reading *r, tl_str rest)
{
    size_t n = 0, at = 0;
    while (n < rest.len && (is_name_char(rest.ptr[n]) || rest.ptr[n] == ':'))
        n++;
    r->block.name = keep(r, tl_str_n(rest.ptr, n));
    rest = tl_str_from(rest, n);
    ptrdiff_t end = tl_str_find(rest, ')');
    if (n == 0 || !tl_str_starts(rest, TL_STR("(")) || end < 0 || !tl_str_is(tl_str_from(rest, (size_t)end), ") end"))
        return refuse(r, "a function is written 'function name(a, b) end'");
    tl_str params = tl_str_n(rest.ptr + 1, (size_t)end - 1), param;
    while (params.len && tl_str_cut(&params, ',', &param)) {
        param = tl_str_trim(param);
        if (at >= r->block.param_count || !tl_str_is(param, r->block.params[at].name))
            return refuse(r, "the parameter '%.*s' of %s has no ---@param in its place", TL_STR_ARGS(param),
                          r->block.name);
        at++;
    }
    if (at != r->block.param_count)
        return refuse(r, "%s has no parameter '%s'", r->block.name, r->block.params[at].name);
    r->block.kind = TL_META_FUNCTION;
    end_block(r, true);
    return TL_OK;
}

static tl_code code_line(struct reading *r, tl_str line)
{
    bool local = tl_str_starts(line, TL_STR("local "));
    tl_str rest = local ? tl_str_from(line, 6) : line;
    if (tl_str_starts(line, TL_STR("function ")))
        return function_line(r, tl_str_from(line, 9));
    if (tl_str_starts(line, TL_STR("return "))) {
        end_block(r, false);
        return TL_OK;
    }
    tl_str name = take_name(&rest);
    if (name.len == 0 || !tl_str_is(rest, " = {}"))
        return refuse(r, "neither an annotation, a function, nor 'name = {}': %.*s", TL_STR_ARGS(line));
    if (!r->tagged) {
        r->block.kind = TL_META_VALUE;
        r->block.name = keep(r, name);
    }
    end_block(r, r->tagged || !local);
    return TL_OK;
}

tl_code tl_meta_read(const char *name, tl_str text, struct tl_meta *meta, struct tl_error *err)
{
    struct reading r = {.meta = meta, .name = name, .err = err};
    tl_str rest = text, line;
    tl_code code = TL_OK;
    *meta = (struct tl_meta){.module = ""};
    tl_arena_init(&meta->arena);
    end_block(&r, false);
    while (code == TL_OK && rest.len && tl_str_cut(&rest, '\n', &line)) {
        r.line++;
        if (tl_str_trim(line).len == 0)
            code = blank_line(&r);
        else if (tl_str_starts(line, TL_STR("---")))
            code = comment_line(&r, tl_str_from(line, 3));
        else if (tl_str_starts(line, TL_STR("--")))
            continue;
        else
            code = code_line(&r, line);
    }
    return code == TL_OK ? blank_line(&r) : code;
}

void tl_meta_free(struct tl_meta *meta)
{
    tl_free(meta->items);
    tl_arena_free(&meta->arena);
}
