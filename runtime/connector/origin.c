/* Base, declared hosts, re-basing. An origin is scheme, host and port. */
#include "origin.h"
#include "codec/uri.h"

static bool has_scheme(tl_str url)
{
    for (size_t i = 0; i + 2 < url.len; i++) {
        char c = url.ptr[i];
        if (c == ':')
            return i > 0 && url.ptr[i + 1] == '/' && url.ptr[i + 2] == '/';
        if (!((c | 32) >= 'a' && (c | 32) <= 'z'))
            return false;
    }
    return false;
}

static bool same_origin(const struct tl_uri *a, const struct tl_uri *b)
{
    return tl_str_ieq(a->scheme, b->scheme) && tl_str_ieq(a->host, b->host) && a->port == b->port;
}

static tl_code base_url(const struct tl_system *system, const struct tl_vars *vars, tl_str *out, struct tl_error *err)
{
    tl_str base = tl_json_get_text(system->manifest, "base");
    if (!tl_json_get(system->manifest, "base"))
        base = TL_STR("{+config.url}");
    tl_code code = tl_vars_path(vars, base, out, err);
    if (code != TL_OK)
        tl_error_prefix(err, "base address");
    return code;
}

/* "example.com", "*.example.com", "http://host:port". */
static bool host_matches(tl_str pattern, const struct tl_uri *uri)
{
    struct tl_uri wanted;
    if (has_scheme(pattern))
        return tl_uri_split(pattern, &wanted, NULL) == TL_OK && same_origin(&wanted, uri);
    if (!tl_str_ieq(uri->scheme, TL_STR("https")) || uri->port != 443)
        return false;
    if (!tl_str_starts(pattern, TL_STR("*.")))
        return tl_str_ieq(pattern, uri->host);
    tl_str suffix = tl_str_from(pattern, 1);
    return uri->host.len > suffix.len && tl_str_ieq(suffix, tl_str_from(uri->host, uri->host.len - suffix.len));
}

static bool host_declared(const struct tl_system *system, const struct tl_vars *vars, const struct tl_uri *uri,
                          const struct tl_uri *base)
{
    const struct tl_json_value *hosts = tl_json_get(system->manifest, "hosts");
    if (!hosts)
        return same_origin(uri, base);
    struct tl_json_iter i = tl_json_iter(hosts);
    while (tl_json_next(&i)) {
        tl_str pattern = tl_json_text(i.value);
        if (tl_str_find(pattern, '{') >= 0 && tl_vars_path(vars, pattern, &pattern, NULL) != TL_OK)
            continue;
        if (host_matches(pattern, uri))
            return true;
    }
    return false;
}

static tl_str join(struct tl_arena *arena, tl_str base, tl_str path)
{
    if (path.len == 0)
        return base;
    while (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    bool slash = path.ptr[0] != '/' && path.ptr[0] != '?';
    return tl_str_z(tl_arena_printf(arena, "%.*s%s%.*s", TL_STR_ARGS(base), slash ? "/" : "", TL_STR_ARGS(path)));
}

static tl_str add_query(struct tl_arena *arena, tl_str url, tl_str query)
{
    if (query.len == 0)
        return url;
    const char *mark = tl_str_find(url, '?') >= 0 ? "&" : "?";
    return tl_str_z(tl_arena_printf(arena, "%.*s%s%.*s", TL_STR_ARGS(url), mark, TL_STR_ARGS(query)));
}

/* A link from the platform that begins with / is under the origin, not under the whole of base. */
static tl_str under_origin(struct tl_arena *arena, const struct tl_uri *base, tl_str path)
{
    bool v6 = tl_str_find(base->host, ':') >= 0;
    return tl_str_z(tl_arena_printf(arena, "%.*s://%s%.*s%s:%u%s%.*s", TL_STR_ARGS(base->scheme), v6 ? "[" : "",
                                    TL_STR_ARGS(base->host), v6 ? "]" : "", (unsigned)base->port,
                                    path.len && path.ptr[0] == '/' ? "" : "/", TL_STR_ARGS(path)));
}

tl_code tl_origin_url(const struct tl_system *system, const struct tl_vars *vars, tl_str url, tl_str query, bool rebase,
                      tl_str *out, struct tl_error *err)
{
    struct tl_uri uri, base_uri;
    tl_str base;
    tl_code code = base_url(system, vars, &base, err);
    if (code == TL_OK)
        code = tl_uri_split(base, &base_uri, err);
    if (code != TL_OK)
        return code;
    bool absolute = has_scheme(url);
    tl_str full = absolute                                 ? url
                  : rebase && url.len && url.ptr[0] == '/' ? under_origin(vars->arena, &base_uri, url)
                                                           : join(vars->arena, base, url);
    code = tl_uri_split(full, &uri, err);
    if (code == TL_OK && uri.userinfo.len)
        return tl_fail(err, TL_EINPUT, "an address may hold no user and password: use auth");
    if (code != TL_OK)
        return code;
    bool declared = host_declared(system, vars, &uri, &base_uri);
    if (!declared && rebase && absolute) {
        tl_str rest = tl_str_from(full, (size_t)(uri.host.ptr + uri.host.len - full.ptr));
        size_t slash = 0;
        while (slash < rest.len && rest.ptr[slash] != '/' && rest.ptr[slash] != '?')
            slash++;
        full = under_origin(vars->arena, &base_uri, tl_str_from(rest, slash));
    } else if (!declared) {
        return tl_fail(err, TL_EACCESS, "%.*s://%.*s:%u is not one of the connector's declared hosts",
                       TL_STR_ARGS(uri.scheme), TL_STR_ARGS(uri.host), (unsigned)uri.port);
    }
    *out = add_query(vars->arena, full, query);
    return TL_OK;
}
