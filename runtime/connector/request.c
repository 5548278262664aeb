/* Building one request out of an operation's templates. */
#include "request.h"
#include "codec/json_writer.h"
#include "codec/uri.h"

#define BODY_MAX (256u << 20)
#define QUERY_MAX (256u << 10)

tl_code tl_request_form(const struct tl_json_value *templates, const struct tl_vars *vars, struct tl_buf *out,
                        struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(templates);
    while (tl_json_next(&i)) {
        bool is_there = false;
        tl_str value;
        tl_code code =
            tl_json_is_string(i.value) ? tl_vars_text(vars, tl_json_text(i.value), &is_there, &value, err) : TL_OK;
        if (code != TL_OK)
            return code;
        if (!tl_json_is_string(i.value)) {
            is_there = true;
            value = tl_json_raw(i.value);
        }
        if (is_there && !tl_query_add(out, i.key, value))
            return tl_fail(err, TL_EINPUT, "the query or form is too long");
    }
    return TL_OK;
}

static tl_code build_headers(const struct tl_json_value *operation, const struct tl_vars *vars, const char *type,
                             struct tl_exchange_request *out, struct tl_error *err)
{
    const struct tl_json_value *templates = tl_json_get(operation, "headers");
    struct tl_http_header *headers = tl_arena_alloc(vars->arena, (tl_json_count(templates) + 1) * sizeof *headers);
    size_t count = 0;
    struct tl_json_iter i = tl_json_iter(templates);
    while (tl_json_next(&i)) {
        bool is_there = false;
        tl_str value;
        tl_code code = tl_vars_text(vars, tl_json_text(i.value), &is_there, &value, err);
        if (code != TL_OK)
            return code;
        if (is_there)
            headers[count++] = (struct tl_http_header){i.key, value};
    }
    if (type)
        headers[count++] = (struct tl_http_header){TL_STR("Content-Type"), tl_str_z(type)};
    out->headers = headers;
    out->header_count = count;
    return TL_OK;
}

static tl_code build_body(const struct tl_json_value *operation, const struct tl_vars *vars, struct tl_buf *text,
                          const char **type, struct tl_error *err)
{
    const struct tl_json_value *body = tl_json_get(operation, "body"), *as = tl_json_get(operation, "body_as");
    const struct tl_json_value *content_type = tl_json_get(operation, "content_type");
    if (!body)
        return TL_OK;
    if (content_type)
        *type = tl_arena_copy(vars->arena, tl_json_text(content_type));
    if (tl_json_is(as, "form")) {
        *type = *type ? *type : "application/x-www-form-urlencoded";
        return tl_request_form(body, vars, text, err);
    }
    if (tl_json_is(as, "text")) {
        struct tl_var var = {0};
        tl_str template = tl_json_text(body);
        *type = *type ? *type : "text/plain; charset=utf-8";
        /* the text of one argument, line breaks and all */
        if (template.len > 2 && template.ptr[0] == '{' && template.ptr[template.len - 1] == '}')
            var = tl_vars_get(vars, (tl_str){template.ptr + 1, template.len - 2});
        if (var.is_scalar)
            return tl_buf_add_str(text, var.text) ? TL_OK : tl_fail(err, TL_EINPUT, "the body is too long");
        return tl_fail(err, TL_EINPUT, "body %.*s: there is no such text", TL_STR_ARGS(template));
    }
    struct tl_json_writer writer;
    *type = *type ? *type : "application/json";
    tl_json_writer_init(&writer, text);
    tl_code code = tl_vars_json(vars, body, &writer, err);
    return code == TL_OK ? tl_json_writer_done(&writer, err) : code;
}

/* "." and ".." as a whole segment: servers and proxies take them away, and what is left is another resource. */
static bool names_another_resource(tl_str path)
{
    ptrdiff_t query = tl_str_find(path, '?');
    tl_str rest = query < 0 ? path : tl_str_n(path.ptr, (size_t)query), segment;
    while (tl_str_cut(&rest, '/', &segment))
        if (tl_str_is(segment, ".") || tl_str_is(segment, ".."))
            return true;
    return false;
}

static tl_code build_path(const struct tl_json_value *operation, const struct tl_vars *vars, tl_str *url,
                          struct tl_error *err)
{
    tl_code code = tl_vars_path(vars, tl_json_get_text(operation, "path"), url, err);
    if (code == TL_OK && names_another_resource(*url))
        return tl_fail(err, TL_EINPUT, "path \"%.*s\": a part that is \".\" or \"..\" would name another resource",
                       TL_STR_ARGS(*url));
    return code;
}

tl_code tl_request_build(const struct tl_json_value *operation, const struct tl_vars *vars,
                         struct tl_exchange_request *out, struct tl_error *err)
{
    struct tl_buf query, body;
    const char *type = NULL;
    tl_buf_init(&query, QUERY_MAX);
    tl_buf_init(&body, BODY_MAX);
    tl_str method = tl_json_get_text(operation, "method");
    out->method = method.len ? method : TL_STR("GET");
    tl_code code = build_path(operation, vars, &out->url, err);
    if (code == TL_OK)
        code = tl_request_form(tl_json_get(operation, "query"), vars, &query, err);
    if (code == TL_OK)
        code = build_body(operation, vars, &body, &type, err);
    if (code == TL_OK)
        code = build_headers(operation, vars, type, out, err);
    if (code == TL_OK) {
        out->query = tl_arena_str(vars->arena, tl_buf_str(&query));
        out->body = tl_arena_str(vars->arena, tl_buf_str(&body));
    }
    tl_buf_free(&query);
    tl_buf_free(&body);
    return code == TL_OK ? TL_OK : TL_EINPUT;
}
