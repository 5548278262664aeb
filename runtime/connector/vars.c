/* Looking up template names, and the three ways of putting values in. Plain templates are cut into literal pieces and
 * {names}; paths are handed to the codec with a JSON object of just the names they use. */
#include "vars.h"
#include "base/buf.h"
#include "codec/uri_template.h"
#include <stdio.h>
#include <string.h>

#define TEXT_MAX (1u << 20)

static struct tl_var var_of_text(const struct tl_vars *vars, tl_str text)
{
    if (text.len == 0)
        return (struct tl_var){0};
    struct tl_buf quoted;
    tl_buf_init(&quoted, TEXT_MAX * 8);
    if (!tl_json_quote(&quoted, text)) {
        tl_buf_free(&quoted);
        return (struct tl_var){0};
    }
    struct tl_var var = {.is_there = true, .is_scalar = true, .text = text};
    var.raw = tl_arena_str(vars->arena, tl_buf_str(&quoted));
    tl_buf_free(&quoted);
    return var;
}

static struct tl_var var_of_value(const struct tl_json_value *value)
{
    struct tl_var var = {.is_there = value != NULL};
    if (!value)
        return var;
    var.raw = tl_json_raw(value);
    switch (tl_json_type(value)) {
    case TL_JSON_IS_NUMBER:
    case TL_JSON_IS_STRING:
        var.text = tl_json_text(value);
        var.is_scalar = true;
        break;
    case TL_JSON_IS_TRUE:
    case TL_JSON_IS_FALSE:
        var.text = var.raw;
        var.is_scalar = true;
        break;
    default:
        break;
    }
    return var;
}

/* Walks "a.b.c" through nested objects. */
static const struct tl_json_value *walk(const struct tl_json_value *at, tl_str path)
{
    tl_str part;
    while (at && tl_str_cut(&path, '.', &part))
        at = tl_json_get_str(at, part);
    return at;
}

static struct tl_var request_var(const struct tl_vars *vars, tl_str name)
{
    const struct {
        const char *name;
        tl_str value;
    } fields[] = {{"key", vars->key},           {"version", vars->version},
                  {"once_key", vars->once_key}, {"idempotency_key", vars->idempotency_key},
                  {"marker", vars->marker},     {"object", vars->object}};
    for (size_t i = 0; i < TL_COUNT_OF(fields); i++)
        if (tl_str_is(name, fields[i].name))
            return var_of_text(vars, fields[i].value);
    return (struct tl_var){0};
}

static struct tl_var get_one(const struct tl_vars *vars, tl_str name)
{
    const struct {
        tl_str prefix;
        const struct tl_json_value *root;
    } roots[] = {{TL_STR("config."), vars->config},
                 {TL_STR("auth."), vars->auth},
                 {TL_STR("session."), vars->session},
                 {TL_STR("option."), vars->option},
                 {TL_STR("args."), vars->args}};
    if (tl_str_is(name, "args"))
        return var_of_value(vars->args);
    if (tl_str_is(name, "cursor"))
        return var_of_text(vars, vars->cursor);
    if (tl_str_is(name, "start"))
        return var_of_text(vars, vars->start);
    if (tl_str_starts(name, TL_STR("request.")))
        return request_var(vars, tl_str_from(name, 8));
    for (size_t i = 0; i < TL_COUNT_OF(roots); i++)
        if (tl_str_starts(name, roots[i].prefix))
            return var_of_value(walk(roots[i].root, tl_str_from(name, roots[i].prefix.len)));
    return var_of_value(walk(vars->args, name));
}

struct tl_var tl_vars_get(const struct tl_vars *vars, tl_str names)
{
    tl_str one;
    while (tl_str_cut(&names, '|', &one)) {
        struct tl_var var = get_one(vars, tl_str_trim(one));
        if (var.is_there)
            return var;
    }
    return (struct tl_var){0};
}

/* ---- cutting plain templates ---- */

struct piece {
    bool is_name;
    tl_str text;
};

/* The next piece of a plain template; false at the end or, with *bad set, at an unbalanced brace. "{{" and "}}" come as
 * a literal of one brace. */
static bool next_piece(tl_str *rest, struct piece *piece, bool *bad)
{
    if (rest->len == 0)
        return false;
    char first = rest->ptr[0];
    if ((first == '{' || first == '}') && rest->len > 1 && rest->ptr[1] == first) {
        *piece = (struct piece){false, {rest->ptr, 1}};
        *rest = tl_str_from(*rest, 2);
        return true;
    }
    if (first == '{') {
        ptrdiff_t close = tl_str_find(*rest, '}');
        if (close <= 1) {
            *bad = true;
            return false;
        }
        *piece = (struct piece){true, {rest->ptr + 1, (size_t)close - 1}};
        *rest = tl_str_from(*rest, (size_t)close + 1);
        return true;
    }
    if (first == '}') {
        *bad = true;
        return false;
    }
    size_t n = 0;
    while (n < rest->len && rest->ptr[n] != '{' && rest->ptr[n] != '}')
        n++;
    *piece = (struct piece){false, {rest->ptr, n}};
    *rest = tl_str_from(*rest, n);
    return true;
}

/* The name of a template that is exactly "{name}". */
static bool whole_name(tl_str text, tl_str *name)
{
    struct piece piece;
    bool bad = false;
    tl_str rest = text;
    if (!next_piece(&rest, &piece, &bad) || bad || !piece.is_name || rest.len)
        return false;
    *name = piece.text;
    return true;
}

static bool has_line_break(tl_str s)
{
    return s.len && (memchr(s.ptr, '\r', s.len) || memchr(s.ptr, '\n', s.len) || memchr(s.ptr, 0, s.len));
}

static tl_code put_pieces(const struct tl_vars *vars, tl_str text, bool one_line, struct tl_buf *out, size_t *names,
                          size_t *absent, struct tl_error *err)
{
    tl_str rest = text;
    struct piece piece;
    bool bad = false;
    tl_str missing = TL_STR_NONE;
    while (next_piece(&rest, &piece, &bad)) {
        if (!piece.is_name) {
            tl_buf_add_str(out, piece.text);
            continue;
        }
        (*names)++;
        struct tl_var var = tl_vars_get(vars, piece.text);
        if (!var.is_there || (!var.is_scalar && tl_str_is(var.raw, "null"))) {
            (*absent)++;
            missing = piece.text;
            continue;
        }
        if (!var.is_scalar)
            return tl_fail(err, TL_EINPUT, "template \"%.*s\": %.*s is an object or a list, text is wanted",
                           TL_STR_ARGS(text), TL_STR_ARGS(piece.text));
        if (one_line && has_line_break(var.text))
            return tl_fail(err, TL_EINPUT, "template \"%.*s\": the value of %.*s holds a line break", TL_STR_ARGS(text),
                           TL_STR_ARGS(piece.text));
        tl_buf_add_str(out, var.text);
    }
    if (bad)
        return tl_fail(err, TL_EINPUT, "template \"%.*s\": unbalanced brace", TL_STR_ARGS(text));
    if (*absent && *absent < *names)
        return tl_fail(err, TL_EINPUT, "template \"%.*s\": no value for %.*s", TL_STR_ARGS(text), TL_STR_ARGS(missing));
    if (out->overflow)
        return tl_fail(err, TL_EFULL, "template \"%.*s\": the value is too long", TL_STR_ARGS(text));
    return TL_OK;
}

tl_code tl_vars_text(const struct tl_vars *vars, tl_str text, bool *is_there, tl_str *out, struct tl_error *err)
{
    struct tl_buf buf;
    size_t names = 0, absent = 0;
    tl_buf_init(&buf, TEXT_MAX);
    tl_code code = put_pieces(vars, text, true, &buf, &names, &absent, err);
    if (code == TL_OK) {
        *is_there = absent == 0;
        *out = tl_arena_str(vars->arena, tl_buf_str(&buf));
    }
    tl_buf_free(&buf);
    return code;
}

/* ---- JSON bodies ---- */

static bool is_absent(const struct tl_vars *vars, const struct tl_json_value *body)
{
    tl_str name;
    return tl_json_is_string(body) && whole_name(tl_json_text(body), &name) && !tl_vars_get(vars, name).is_there;
}

static tl_code write_string(const struct tl_vars *vars, tl_str text, struct tl_json_writer *writer,
                            struct tl_error *err)
{
    tl_str name;
    if (whole_name(text, &name)) {
        struct tl_var var = tl_vars_get(vars, name);
        if (var.is_there)
            tl_json_raw_value(writer, var.raw);
        else
            tl_json_null(writer);
        return TL_OK;
    }
    struct tl_buf buf;
    size_t names = 0, absent = 0;
    tl_buf_init(&buf, TEXT_MAX);
    tl_code code = put_pieces(vars, text, false, &buf, &names, &absent, err);
    if (code == TL_OK)
        tl_json_string(writer, tl_buf_str(&buf));
    tl_buf_free(&buf);
    return code;
}

tl_code tl_vars_json(const struct tl_vars *vars, const struct tl_json_value *body, struct tl_json_writer *writer,
                     struct tl_error *err)
{
    enum tl_json_type type = tl_json_type(body);
    if (type == TL_JSON_IS_STRING)
        return write_string(vars, tl_json_text(body), writer, err);
    if (type != TL_JSON_IS_OBJECT && type != TL_JSON_IS_ARRAY) {
        tl_json_value(writer, body);
        return TL_OK;
    }
    if (type == TL_JSON_IS_OBJECT)
        tl_json_begin_object(writer);
    else
        tl_json_begin_array(writer);
    struct tl_json_iter i = tl_json_iter(body);
    while (tl_json_next(&i)) {
        if (is_absent(vars, i.value))
            continue;
        if (type == TL_JSON_IS_OBJECT)
            tl_json_key_str(writer, i.key);
        tl_code code = tl_vars_json(vars, i.value, writer, err);
        if (code != TL_OK)
            return code;
    }
    if (type == TL_JSON_IS_OBJECT)
        tl_json_end_object(writer);
    else
        tl_json_end_array(writer);
    return TL_OK;
}

/* ---- paths ---- */

/* Cuts the variable list of an RFC 6570 expression into operator, then names with their modifiers. */
static tl_str expression_list(tl_str expression, tl_str *op)
{
    bool has_op = expression.len && strchr("+#./;?&", expression.ptr[0]);
    *op = (tl_str){expression.ptr, has_op ? 1 : 0};
    return tl_str_from(expression, has_op ? 1 : 0);
}

/* "name:3" or "name*" without the modifier. */
static tl_str bare_name(tl_str spec, tl_str *modifier)
{
    ptrdiff_t colon = tl_str_find(spec, ':');
    size_t end = colon >= 0 ? (size_t)colon : spec.len;
    if (colon < 0 && end && spec.ptr[end - 1] == '*')
        end--;
    *modifier = tl_str_from(spec, end);
    return (tl_str){spec.ptr, end};
}

/* Rewrites {a|b} to {vN}, and collects {"vN": value}: alternatives and dots never meet the codec's own names; ";x",
 * "?x" and "&x" print the name, so those keep it. */
static void rewrite_expression(const struct tl_vars *vars, tl_str expression, size_t *count, struct tl_buf *out,
                               struct tl_json_writer *writer)
{
    tl_str op, spec, modifier;
    tl_str list = expression_list(expression, &op);
    bool named = op.len && strchr(";?&", op.ptr[0]), first = true;
    tl_buf_add_char(out, '{');
    tl_buf_add_str(out, op);
    while (tl_str_cut(&list, ',', &spec)) {
        tl_str names = bare_name(tl_str_trim(spec), &modifier);
        struct tl_var var = tl_vars_get(vars, names);
        if (!first)
            tl_buf_add_char(out, ',');
        first = false;
        char own[24];
        snprintf(own, sizeof own, "v%zu", (*count)++);
        tl_str name = named && tl_str_find(names, '|') < 0 ? names : tl_str_z(own);
        tl_buf_add_str(out, name);
        tl_buf_add_str(out, modifier);
        if (var.is_there) {
            tl_json_key_str(writer, name);
            tl_json_raw_value(writer, var.raw);
        }
    }
    tl_buf_add_char(out, '}');
}

/* A simple {x} or {+x} in a path that has no value would silently name another resource; {x|} says that it may. */
static tl_code needed_is_there(const struct tl_vars *vars, tl_str text, tl_str expression, struct tl_error *err)
{
    tl_str op, spec, modifier;
    tl_str list = expression_list(expression, &op);
    if (op.len && op.ptr[0] != '+')
        return TL_OK;
    while (tl_str_cut(&list, ',', &spec)) {
        tl_str names = bare_name(tl_str_trim(spec), &modifier);
        struct tl_var var = tl_vars_get(vars, names);
        if (tl_str_ends(names, TL_STR("|")))
            continue;
        if (!var.is_there || tl_str_is(var.raw, "null") || (var.is_scalar && var.text.len == 0))
            return tl_fail(err, TL_EINPUT, "path \"%.*s\": no value for %.*s", TL_STR_ARGS(text), TL_STR_ARGS(names));
    }
    return TL_OK;
}

static tl_code rewrite_path(const struct tl_vars *vars, tl_str text, struct tl_buf *out, struct tl_json_writer *writer,
                            struct tl_error *err)
{
    size_t count = 0;
    tl_str rest = text;
    tl_json_begin_object(writer);
    while (rest.len) {
        ptrdiff_t open = tl_str_find(rest, '{');
        tl_buf_add_str(out, (tl_str){rest.ptr, open < 0 ? rest.len : (size_t)open});
        if (open < 0)
            break;
        rest = tl_str_from(rest, (size_t)open);
        ptrdiff_t close = tl_str_find(rest, '}');
        if (close <= 1)
            return tl_fail(err, TL_EINPUT, "path \"%.*s\": unbalanced brace", TL_STR_ARGS(text));
        tl_str expression = {rest.ptr + 1, (size_t)close - 1};
        tl_code code = needed_is_there(vars, text, expression, err);
        if (code != TL_OK)
            return code;
        rewrite_expression(vars, expression, &count, out, writer);
        rest = tl_str_from(rest, (size_t)close + 1);
    }
    tl_json_end_object(writer);
    return tl_json_writer_done(writer, err);
}

tl_code tl_vars_path(const struct tl_vars *vars, tl_str text, tl_str *out, struct tl_error *err)
{
    if (tl_str_find(text, '{') < 0) {
        *out = text;
        return TL_OK;
    }
    struct tl_buf plain, variables, expanded;
    struct tl_json_writer writer;
    struct tl_json_doc *doc = NULL;
    tl_buf_init(&plain, TEXT_MAX);
    tl_buf_init(&variables, TEXT_MAX);
    tl_buf_init(&expanded, TEXT_MAX);
    tl_json_writer_init(&writer, &variables);
    tl_code code = rewrite_path(vars, text, &plain, &writer, err);
    if (code == TL_OK)
        code = tl_json_parse_borrowed(tl_buf_str(&variables), NULL, &doc, err);
    if (code == TL_OK)
        code = tl_uri_template_expand(tl_buf_str(&plain), tl_json_root(doc), &expanded, err);
    if (code == TL_OK)
        *out = tl_arena_str(vars->arena, tl_buf_str(&expanded));
    tl_json_free(doc);
    tl_buf_free(&plain);
    tl_buf_free(&variables);
    tl_buf_free(&expanded);
    return code;
}

/* ---- load time ---- */

static tl_code each_alternative(tl_str text, tl_str names, bool (*each)(void *ctx, tl_str name), void *ctx,
                                struct tl_error *err)
{
    tl_str one;
    while (tl_str_cut(&names, '|', &one))
        if (tl_str_trim(one).len && !each(ctx, tl_str_trim(one))) /* {x|}: nothing at all is an alternative */
            return tl_fail(err, TL_EINPUT, "template \"%.*s\": there is nothing called %.*s", TL_STR_ARGS(text),
                           TL_STR_ARGS(one));
    return TL_OK;
}

static tl_code path_names(tl_str text, bool (*each)(void *ctx, tl_str name), void *ctx, struct tl_error *err)
{
    tl_str rest = text, op, spec, modifier;
    for (;;) {
        ptrdiff_t open = tl_str_find(rest, '{');
        if (open < 0)
            return TL_OK;
        rest = tl_str_from(rest, (size_t)open);
        ptrdiff_t close = tl_str_find(rest, '}');
        if (close <= 1)
            return tl_fail(err, TL_EINPUT, "path \"%.*s\": unbalanced brace", TL_STR_ARGS(text));
        tl_str list = expression_list((tl_str){rest.ptr + 1, (size_t)close - 1}, &op);
        while (tl_str_cut(&list, ',', &spec)) {
            tl_code code = each_alternative(text, bare_name(tl_str_trim(spec), &modifier), each, ctx, err);
            if (code != TL_OK)
                return code;
        }
        rest = tl_str_from(rest, (size_t)close + 1);
    }
}

tl_code tl_template_names(tl_str text, bool path, bool (*each)(void *ctx, tl_str name), void *ctx, struct tl_error *err)
{
    if (path)
        return path_names(text, each, ctx, err);
    tl_str rest = text;
    struct piece piece;
    bool bad = false;
    while (next_piece(&rest, &piece, &bad)) {
        tl_code code = piece.is_name ? each_alternative(text, piece.text, each, ctx, err) : TL_OK;
        if (code != TL_OK)
            return code;
    }
    return bad ? tl_fail(err, TL_EINPUT, "template \"%.*s\": unbalanced brace", TL_STR_ARGS(text)) : TL_OK;
}
