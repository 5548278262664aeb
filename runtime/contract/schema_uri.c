/* References between schemas (RFC 3986, section 5), also where the base is only a path. Thread: any. */
#include "schema_node.h"
#include <string.h>

struct parts {
    tl_str scheme, authority, path, query, fragment; /* without their marks */
    bool has_scheme, has_authority, has_query, has_fragment;
};

static bool scheme_end(tl_str s, size_t *end)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == ':' && i > 0) {
            *end = i;
            return true;
        }
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return false;
}

static tl_str cut_behind(tl_str *s, char mark, bool *found)
{
    ptrdiff_t at = tl_str_find(*s, mark);
    *found = at >= 0;
    if (at < 0)
        return TL_STR_NONE;
    tl_str behind = tl_str_from(*s, (size_t)at + 1);
    s->len = (size_t)at;
    return behind;
}

static struct parts split(tl_str uri)
{
    struct parts p = {.has_scheme = false};
    size_t end;
    p.fragment = cut_behind(&uri, '#', &p.has_fragment);
    p.query = cut_behind(&uri, '?', &p.has_query);
    if (scheme_end(uri, &end)) {
        p.has_scheme = true;
        p.scheme = tl_str_n(uri.ptr, end);
        uri = tl_str_from(uri, end + 1);
    }
    if (tl_str_starts(uri, TL_STR("//"))) {
        tl_str rest = tl_str_from(uri, 2);
        ptrdiff_t slash = tl_str_find(rest, '/');
        p.has_authority = true;
        p.authority = tl_str_n(rest.ptr, slash < 0 ? rest.len : (size_t)slash);
        uri = tl_str_from(rest, p.authority.len);
    }
    p.path = uri;
    return p;
}

/* Without "." and "..": a step up beyond the root is dropped, beyond a relative path it stays. */
static void add_path(struct tl_buf *out, tl_str path)
{
    bool absolute = path.len && path.ptr[0] == '/', ends_open = false;
    tl_str rest = absolute ? tl_str_from(path, 1) : path, step;
    if (absolute)
        tl_buf_add_char(out, '/');
    size_t root = out->len;
    while (rest.len && tl_str_cut(&rest, '/', &step)) {
        ends_open = tl_str_is(step, ".") || tl_str_is(step, "..");
        if (tl_str_is(step, "."))
            continue;
        size_t last = out->len;
        while (last > root && out->ptr[last - 1] != '/')
            last--;
        bool empty = out->len == root;
        bool up = !empty && !tl_str_is(tl_str_n(out->ptr + last, out->len - last), "..");
        if (tl_str_is(step, "..") && (up || absolute)) {
            out->len = last > root ? last - 1 : root;
            continue;
        }
        if (!empty)
            tl_buf_add_char(out, '/');
        tl_buf_add_str(out, step);
    }
    if (path.len && (path.ptr[path.len - 1] == '/' || ends_open) && out->len > root && out->ptr[out->len - 1] != '/')
        tl_buf_add_char(out, '/');
    if (out->ptr)
        out->ptr[out->len] = '\0';
}

static void add_merged(struct tl_buf *out, const struct parts *base, const struct parts *ref)
{
    struct tl_buf merged;
    tl_buf_init(&merged, SIZE_MAX / 2);
    size_t folder = base->path.len;
    while (folder && base->path.ptr[folder - 1] != '/')
        folder--;
    if (base->has_authority && !base->path.len)
        tl_buf_add_char(&merged, '/');
    tl_buf_add(&merged, base->path.ptr ? base->path.ptr : "", folder);
    tl_buf_add_str(&merged, ref->path);
    add_path(out, tl_buf_str(&merged));
    tl_buf_free(&merged);
}

static void add_head(struct tl_buf *out, const struct parts *scheme, const struct parts *authority)
{
    if (scheme->has_scheme) {
        tl_buf_add_str(out, scheme->scheme);
        tl_buf_add_char(out, ':');
    }
    if (authority->has_authority) {
        tl_buf_add_z(out, "//");
        tl_buf_add_str(out, authority->authority);
    }
}

tl_str tl_uri_resolve(struct tl_arena *arena, tl_str base_text, tl_str reference)
{
    struct parts base = split(base_text), ref = split(reference), *query = &ref;
    struct tl_buf out;
    tl_buf_init(&out, SIZE_MAX / 2);
    bool own_head = ref.has_scheme || ref.has_authority;
    add_head(&out, ref.has_scheme ? &ref : &base, own_head ? &ref : &base);
    if (own_head && !ref.has_authority) {
        tl_buf_add_str(&out, ref.path); /* urn:…, file:/… */
    } else if (own_head || (ref.path.len && ref.path.ptr[0] == '/')) {
        add_path(&out, ref.path);
    } else if (ref.path.len) {
        add_merged(&out, &base, &ref);
    } else {
        tl_buf_add_str(&out, base.path);
        if (!ref.has_query)
            query = &base;
    }
    if (query->has_query) {
        tl_buf_add_char(&out, '?');
        tl_buf_add_str(&out, query->query);
    }
    if (ref.has_fragment) {
        tl_buf_add_char(&out, '#');
        tl_buf_add_str(&out, ref.fragment);
    }
    tl_str kept = tl_arena_str(arena, tl_buf_str(&out));
    tl_buf_free(&out);
    return kept;
}

tl_str tl_uri_without_fragment(tl_str uri, tl_str *fragment)
{
    bool found;
    tl_str whole = uri;
    *fragment = cut_behind(&whole, '#', &found);
    return whole;
}
