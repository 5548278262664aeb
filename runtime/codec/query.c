/* Query strings: "name=value&name=value". Thread: any. */
#include "codec/uri.h"

bool tl_query_next(tl_str *rest, tl_str *name, tl_str *value)
{
    tl_str pair;
    while (tl_str_cut(rest, '&', &pair)) {
        if (!pair.len)
            continue;
        ptrdiff_t equals = tl_str_find(pair, '=');
        *name = equals < 0 ? pair : (tl_str){pair.ptr, (size_t)equals};
        *value = equals < 0 ? TL_STR_NONE : tl_str_from(pair, (size_t)equals + 1);
        return true;
    }
    return false;
}

tl_code tl_query_get(tl_str query, const char *name, struct tl_buf *out, struct tl_error *err)
{
    tl_str raw_name, raw_value;
    struct tl_buf decoded;
    tl_code code = TL_OK;
    bool found = false;
    tl_buf_init(&decoded, query.len + 1);
    while (code == TL_OK && !found && tl_query_next(&query, &raw_name, &raw_value)) {
        tl_buf_clear(&decoded);
        code = tl_uri_decode(&decoded, raw_name, true, err);
        found = code == TL_OK && tl_str_is(tl_buf_str(&decoded), name);
    }
    tl_buf_free(&decoded);
    if (code != TL_OK)
        return code;
    return found ? tl_uri_decode(out, raw_value, true, err) : tl_fail(err, TL_ENOTFOUND, "no '%s' in the query", name);
}

bool tl_query_add(struct tl_buf *out, tl_str name, tl_str value)
{
    char last = out->len ? out->ptr[out->len - 1] : '?';
    if (last != '?' && last != '&' && !tl_buf_add_char(out, '&'))
        return false;
    return tl_uri_encode(out, name, TL_URI_UNRESERVED) && tl_buf_add_char(out, '=') &&
           tl_uri_encode(out, value, TL_URI_UNRESERVED);
}
