/* Objects and lists of JSON over the host's table: counted, searched, copied member by member. All inline and
 * optional, beside the reading by pointer in text.h. */
#ifndef TIDELOCK_JSON_H
#define TIDELOCK_JSON_H

#include <tidelock/connector.h>
#include <tidelock/text.h>

/* How many items or members there are; 0 for an absent slice. */
static inline uint32_t tlc_json_count(const tlc_host *host, tlc_scope *scope, tlc_slice json)
{
    tlc_slice name, raw;
    uint64_t at = 0;
    uint32_t count = 0;
    while (json.len && host->json_next(scope, json, &at, &name, &raw) == 1)
        count++;
    return count;
}

/* How many items there are, and the first one; `first` is absent when there is none. */
static inline uint32_t tlc_json_first(const tlc_host *host, tlc_scope *scope, tlc_slice list, tlc_slice *first)
{
    tlc_slice name;
    uint64_t at = 0;
    first->ptr = 0;
    first->len = 0;
    if (list.len)
        host->json_next(scope, list, &at, &name, first);
    return tlc_json_count(host, scope, list);
}

/* 1: the object has a member of that name, whatever its value. */
static inline int tlc_json_has(const tlc_host *host, tlc_scope *scope, tlc_slice object, tlc_slice wanted)
{
    tlc_slice name, raw;
    uint64_t at = 0;
    while (host->json_next(scope, object, &at, &name, &raw) == 1)
        if (tlc_same(name, wanted))
            return 1;
    return 0;
}

/* Opens or closes an object or list: TLC_JSON_OBJECT, TLC_JSON_ARRAY, TLC_JSON_END. */
static inline void tlc_json_mark(const tlc_host *host, tlc_writer *writer, int32_t mark)
{
    host->json_put(writer, mark, tlc_z(""));
}

/* Writes one member. `what` says how the value is meant: TLC_JSON_STRING or TLC_JSON_RAW. */
static inline void tlc_json_member(const tlc_host *host, tlc_writer *writer, tlc_slice name, int32_t what,
                                   tlc_slice value)
{
    host->json_put(writer, TLC_JSON_KEY, name);
    host->json_put(writer, what, value);
}

/* The same, when there is a value. */
static inline void tlc_json_optional(const tlc_host *host, tlc_writer *writer, const char *name, int32_t what,
                                     tlc_slice value)
{
    if (value.len)
        tlc_json_member(host, writer, tlc_z(name), what, value);
}

/* Writes all members of an object as they are. */
static inline void tlc_json_members(const tlc_host *host, tlc_scope *scope, tlc_writer *writer, tlc_slice object)
{
    tlc_slice name, raw;
    uint64_t at = 0;
    while (host->json_next(scope, object, &at, &name, &raw) == 1)
        tlc_json_member(host, writer, name, TLC_JSON_RAW, raw);
}

#endif
