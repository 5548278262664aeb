/* The page behind a page. */
#include "paging.h"
#include "codec/uri.h"
#include <string.h>

#define QUERY_MAX (1u << 20)

const char tl_pages_cut[] = "the list ends with fewer items than it is said to have (total)";

/* ---- links ---- */

/* Link: <…>; rel="next", <…>; rel="prev" (RFC 8288), as platforms write it. */
static bool link_target(tl_str value, tl_str wanted, tl_str *target)
{
    while (value.len) {
        ptrdiff_t open = tl_str_find(value, '<'), close = tl_str_find(value, '>');
        if (open < 0 || close < open)
            return false;
        tl_str url = {value.ptr + open + 1, (size_t)(close - open - 1)};
        value = tl_str_from(value, (size_t)close + 1);
        ptrdiff_t next = tl_str_find(value, '<');
        tl_str parameters = {value.ptr, next < 0 ? value.len : (size_t)next};
        const char *rel = parameters.len ? memmem(parameters.ptr, parameters.len, "rel=", 4) : NULL;
        if (rel) {
            tl_str word = tl_str_from(parameters, (size_t)(rel - parameters.ptr) + 4);
            if (word.len && word.ptr[0] == '"')
                word = tl_str_from(word, 1);
            if (tl_str_starts(word, wanted)) {
                *target = url;
                return true;
            }
        }
        if (next < 0)
            return false;
        value = tl_str_from(value, (size_t)next);
    }
    return false;
}

static bool next_link(const struct tl_answer *answer, tl_str rel, tl_str *target)
{
    const struct tl_http_header *field = tl_http_header_find(answer->headers, answer->header_count, "Link");
    for (; field; field = tl_http_header_next(answer->headers, answer->header_count, field))
        if (link_target(field->value, rel, target))
            return true;
    return false;
}

/* ---- parameters ---- */

/* The request's query with one parameter replaced. */
static tl_str query_with(tl_str had, tl_str name, tl_str value, struct tl_arena *arena)
{
    struct tl_buf query, decoded;
    tl_str rest = had, n, v;
    tl_buf_init(&query, QUERY_MAX);
    tl_buf_init(&decoded, QUERY_MAX);
    while (tl_query_next(&rest, &n, &v)) {
        tl_buf_clear(&decoded);
        if (tl_uri_decode(&decoded, n, true, NULL) == TL_OK && tl_str_eq(tl_buf_str(&decoded), name))
            continue;
        if (query.len)
            tl_buf_add_char(&query, '&');
        tl_buf_addf(&query, "%.*s=%.*s", TL_STR_ARGS(n), TL_STR_ARGS(v));
    }
    tl_query_add(&query, name, value);
    tl_str out = tl_arena_str(arena, tl_buf_str(&query));
    tl_buf_free(&query);
    tl_buf_free(&decoded);
    return out;
}

static bool read_number(const struct tl_json_value *place, struct tl_answer *answer, const struct tl_vars *vars,
                        struct tl_arena *arena, uint64_t *number)
{
    tl_str text;
    return place && tl_place_read(place, answer, vars, arena, &text) && tl_str_u64(text, number);
}

/* Counting ends when all that the platform speaks of has been read, or, where it does not say, with a page that is not
 * full: a platform may give less at a time than it is asked for. */
static bool count_goes_on(const struct tl_json_value *paging, struct tl_answer *answer, const struct tl_vars *vars,
                          struct tl_arena *arena, struct tl_pages *pages)
{
    uint64_t all = 0, size = 0;
    if (read_number(tl_json_get(paging, "total"), answer, vars, arena, &all)) {
        bool goes_on = pages->items < all;
        pages->cut = goes_on && pages->last == 0;
        return goes_on && !pages->cut;
    }
    bool is_there = false;
    tl_str text;
    if (tl_json_get(paging, "size") &&
        tl_vars_text(vars, tl_json_get_text(paging, "size"), &is_there, &text, NULL) == TL_OK && is_there)
        (void)tl_str_u64(text, &size);
    return pages->last != 0 && pages->last >= size;
}

/* The value of the parameter for the next page; false: there is none. */
static bool next_value(const struct tl_json_value *paging, struct tl_answer *answer, const struct tl_vars *vars,
                       struct tl_arena *arena, struct tl_pages *pages, tl_str *value)
{
    const struct tl_json_value *next = tl_json_get(paging, "next"), *page = tl_json_get(next, "page"),
                               *offset = tl_json_get(next, "offset");
    uint64_t first = 0;
    if (!page && !offset)
        return tl_place_read(tl_json_get(next, "value"), answer, vars, arena, value) && value->len > 0;
    if (!count_goes_on(paging, answer, vars, arena, pages))
        return false;
    (void)tl_json_u64(page ? page : offset, &first);
    first += page ? pages->count : pages->items;
    *value = tl_str_z(tl_arena_printf(arena, "%llu", (unsigned long long)first));
    return true;
}

bool tl_paging_next(const struct tl_json_value *paging, struct tl_answer *answer, const struct tl_vars *vars,
                    struct tl_arena *arena, struct tl_pages *pages, struct tl_exchange_request *sending)
{
    const struct tl_json_value *next = tl_json_get(paging, "next");
    tl_str target = TL_STR_NONE;
    if (tl_json_get(next, "param")) {
        if (!next_value(paging, answer, vars, arena, pages, &target))
            return false;
        sending->query = query_with(sending->query, tl_json_get_text(next, "param"), target, arena);
        return true;
    }
    bool found = tl_json_get(next, "link") ? next_link(answer, tl_json_get_text(next, "link"), &target)
                                           : tl_place_read(next, answer, vars, arena, &target);
    if (!found || target.len == 0 || tl_str_is(target, "false"))
        return false;
    if (target.ptr[0] == '?') { /* of the list that was asked for (RFC 3986, 5.3) */
        tl_str rest = sending->url;
        tl_str_cut(&rest, '?', &sending->url);
        sending->query = tl_arena_str(arena, tl_str_from(target, 1));
        return true;
    }
    sending->url = tl_arena_str(arena, target);
    sending->query = TL_STR_NONE;
    sending->rebase = true;
    return true;
}
