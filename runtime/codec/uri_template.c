/* URI Templates. A template is cut into literals and expressions, an expression into variables; checking and expanding
 * walk the same cuts. Thread: any. */
#include "codec/uri_template.h"
#include "codec/uri.h"
#include "codec/utf8.h"
#include <string.h>

struct operator
{
    char sign;
    const char *first; /* before the first value */
    const char *between;
    bool named;        /* name=value */
    const char *empty; /* behind the name of an empty value */
    enum tl_uri_set keep;
};

/* RFC 6570, appendix A */
static const struct operator operators[] = {
    {'\0', "", ",", false, "", TL_URI_UNRESERVED}, {'+', "", ",", false, "", TL_URI_RESERVED},
    {'#', "#", ",", false, "", TL_URI_RESERVED},   {'.', ".", ".", false, "", TL_URI_UNRESERVED},
    {'/', "/", "/", false, "", TL_URI_UNRESERVED}, {';', ";", ";", true, "", TL_URI_UNRESERVED},
    {'?', "?", "&", true, "=", TL_URI_UNRESERVED}, {'&', "&", "&", true, "=", TL_URI_UNRESERVED},
};

struct variable {
    tl_str name;
    size_t prefix; /* 0: none */
    bool explode;
};

struct expansion {
    struct tl_buf *out;
    const struct operator* op;
    bool begun; /* the expression has written something */
};

static const struct operator* find_operator(char sign)
{
    for (size_t i = 1; i < TL_COUNT_OF(operators); i++)
        if (operators[i].sign == sign)
            return &operators[i];
    return &operators[0];
}

/* Cuts a literal and the expression after it. *expression.ptr is NULL when there is none. */
static tl_code cut_part(tl_str *rest, tl_str *literal, tl_str *expression, struct tl_error *err)
{
    ptrdiff_t open = tl_str_find(*rest, '{');
    *literal = open < 0 ? *rest : (tl_str){rest->ptr, (size_t)open};
    *expression = TL_STR_NONE;
    if (tl_str_find(*literal, '}') >= 0)
        return tl_fail(err, TL_EINPUT, "the URI template has a '}' without '{'");
    *rest = tl_str_from(*rest, literal->len);
    if (open < 0)
        return TL_OK;
    ptrdiff_t close = tl_str_find(*rest, '}');
    if (close < 0)
        return tl_fail(err, TL_EINPUT, "the URI template has a '{' without '}'");
    *expression = (tl_str){rest->ptr + 1, (size_t)close - 1};
    *rest = tl_str_from(*rest, (size_t)close + 1);
    return TL_OK;
}

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Name characters and %XX, with single dots between them. */
static bool is_name(tl_str s)
{
    bool dot_allowed = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '.') {
            if (!dot_allowed || i + 1 == s.len)
                return false;
            dot_allowed = false;
            continue;
        }
        if (s.ptr[i] == '%') {
            if (s.len - i < 3 || !is_hex(s.ptr[i + 1]) || !is_hex(s.ptr[i + 2]))
                return false;
            i += 2;
        } else if (!is_name_char(s.ptr[i])) {
            return false;
        }
        dot_allowed = true;
    }
    return s.len > 0;
}

static bool cut_prefix(struct variable *v)
{
    ptrdiff_t colon = tl_str_find(v->name, ':');
    uint64_t length;
    if (colon < 0)
        return true;
    tl_str digits = tl_str_from(v->name, (size_t)colon + 1);
    v->name.len = (size_t)colon;
    if (!digits.len || digits.len > 4 || digits.ptr[0] == '0' || !tl_str_u64(digits, &length))
        return false;
    v->prefix = (size_t)length;
    return true;
}

static tl_code parse_variable(tl_str spec, struct variable *v, struct tl_error *err)
{
    *v = (struct variable){.name = spec};
    if (spec.len && spec.ptr[spec.len - 1] == '*') {
        v->explode = true;
        v->name.len--;
    }
    if (!cut_prefix(v) || (v->prefix && v->explode) || !is_name(v->name))
        return tl_fail(err, TL_EINPUT, "'%.*s' is no variable of a URI template", TL_STR_ARGS(spec));
    return TL_OK;
}

static bool put_scalar(struct expansion *x, const struct tl_json_value *value, size_t prefix)
{
    enum tl_json_type type = tl_json_type(value);
    bool boolean = type == TL_JSON_IS_TRUE || type == TL_JSON_IS_FALSE;
    tl_str text = boolean ? tl_json_raw(value) : tl_json_text(value);
    return tl_uri_encode(x->out, prefix ? tl_utf8_first(text, prefix) : text, x->op->keep);
}

static bool is_scalar(const struct tl_json_value *value)
{
    enum tl_json_type type = tl_json_type(value);
    return type >= TL_JSON_IS_FALSE && type <= TL_JSON_IS_STRING;
}

static void begin_value(struct expansion *x)
{
    tl_buf_add_z(x->out, x->begun ? x->op->between : x->op->first);
    x->begun = true;
}

/* "name=" or what stands for it when the value is empty. */
static void put_name(struct expansion *x, tl_str name, bool empty)
{
    tl_uri_encode(x->out, name, TL_URI_RESERVED);
    tl_buf_add_z(x->out, empty ? x->op->empty : "=");
}

static bool is_empty(const struct tl_json_value *value)
{
    return tl_json_is_string(value) && tl_json_text(value).len == 0;
}

static tl_code expand_scalar(struct expansion *x, const struct variable *v, const struct tl_json_value *value)
{
    begin_value(x);
    if (x->op->named)
        put_name(x, v->name, is_empty(value));
    put_scalar(x, value, v->prefix);
    return TL_OK;
}

/* One member of a list or object in the exploded form. */
static void expand_exploded(struct expansion *x, const struct variable *v, const struct tl_json_iter *i)
{
    begin_value(x);
    if (i->object) {
        tl_uri_encode(x->out, i->key, x->op->keep);
        tl_buf_add_z(x->out, x->op->named && is_empty(i->value) ? x->op->empty : "=");
    } else if (x->op->named) {
        put_name(x, v->name, is_empty(i->value));
    }
    put_scalar(x, i->value, 0);
}

static void expand_joined(struct expansion *x, const struct variable *v, const struct tl_json_iter *i, bool first)
{
    if (first) {
        begin_value(x);
        if (x->op->named)
            put_name(x, v->name, false);
    } else {
        tl_buf_add_char(x->out, ',');
    }
    if (i->object) {
        tl_uri_encode(x->out, i->key, x->op->keep);
        tl_buf_add_char(x->out, ',');
    }
    put_scalar(x, i->value, 0);
}

static tl_code expand_container(struct expansion *x, const struct variable *v, const struct tl_json_value *value,
                                struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(value);
    bool first = true;
    if (v->prefix)
        return tl_fail(err, TL_EINPUT, "the URI template's '%.*s' wants a prefix of a list or object",
                       TL_STR_ARGS(v->name));
    while (tl_json_next(&i)) {
        if (tl_json_is_null(i.value))
            continue;
        if (!is_scalar(i.value))
            return tl_fail(err, TL_EINPUT, "the URI template's '%.*s' holds a list or object inside another",
                           TL_STR_ARGS(v->name));
        if (v->explode)
            expand_exploded(x, v, &i);
        else
            expand_joined(x, v, &i, first);
        first = false;
    }
    return TL_OK;
}

/* With `out` NULL the variables are only checked. */
static tl_code expand_expression(tl_str expression, const struct tl_json_value *variables, struct tl_buf *out,
                                 struct tl_error *err)
{
    struct expansion x = {out, find_operator(expression.len ? expression.ptr[0] : '\0'), false};
    tl_str rest = tl_str_from(expression, x.op->sign ? 1 : 0), spec;
    tl_code code = TL_OK;
    if (!rest.len)
        return tl_fail(err, TL_EINPUT, "the URI template has an expression without a variable");
    while (code == TL_OK && tl_str_cut(&rest, ',', &spec)) {
        struct variable v;
        code = parse_variable(spec, &v, err);
        if (code != TL_OK || !out)
            continue;
        const struct tl_json_value *value = tl_json_get_str(variables, v.name);
        if (is_scalar(value))
            code = expand_scalar(&x, &v, value);
        else
            code = expand_container(&x, &v, value, err);
    }
    return code;
}

static tl_code walk(tl_str rest, const struct tl_json_value *variables, struct tl_buf *out, struct tl_error *err)
{
    tl_code code = TL_OK;
    while (code == TL_OK && rest.len) {
        tl_str literal, expression;
        code = cut_part(&rest, &literal, &expression, err);
        if (code != TL_OK)
            break;
        if (out)
            tl_uri_encode(out, literal, TL_URI_RESERVED);
        if (expression.ptr)
            code = expand_expression(expression, variables, out, err);
    }
    return code;
}

tl_code tl_uri_template_check(tl_str uri_template, struct tl_error *err)
{
    return walk(uri_template, NULL, NULL, err);
}

tl_code tl_uri_template_expand(tl_str uri_template, const struct tl_json_value *variables, struct tl_buf *out,
                               struct tl_error *err)
{
    size_t before = out->len;
    tl_code code = walk(uri_template, variables, out, err);
    if (code == TL_OK && out->overflow)
        code = tl_fail(err, TL_EFULL, "the expanded URI passes its limit of %zu bytes", out->max);
    if (code != TL_OK && out->ptr) {
        out->len = before;
        out->ptr[before] = '\0';
    }
    return code;
}

void tl_uri_template_names(tl_str rest, bool (*each)(void *ctx, tl_str name), void *ctx)
{
    tl_str literal, expression, spec;
    struct variable v;
    while (rest.len && cut_part(&rest, &literal, &expression, NULL) == TL_OK) {
        if (!expression.ptr)
            return;
        tl_str specs = tl_str_from(expression, find_operator(expression.len ? expression.ptr[0] : '\0')->sign ? 1 : 0);
        while (tl_str_cut(&specs, ',', &spec))
            if (parse_variable(spec, &v, NULL) != TL_OK || !each(ctx, v.name))
                return;
    }
}
