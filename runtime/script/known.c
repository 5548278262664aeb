/* What is known of a value by the contracts it may come from, and the warning for a name of none of them. Thread: any.
 */
#include "base/nearest.h"
#include "reads.h"
#include <string.h>

#define ALTERNATIVES_MAX 16
#define NAMES_MAX 200

const struct tl_known *tl_known(struct tl_read_check *check, enum tl_known_kind kind, const struct tl_shape *shapes,
                                size_t count)
{
    struct tl_known *value = TL_ARENA_NEW(check->arena, struct tl_known);
    struct tl_shape *copy = tl_arena_alloc(check->arena, (count + 1) * sizeof(*copy));
    if (count)
        memcpy(copy, shapes, count * sizeof(*copy));
    value->kind = kind;
    value->shapes = copy;
    value->count = count;
    return value;
}

static void warn(struct tl_read_check *check, int line, const char *text)
{
    struct tl_findings *findings = check->findings;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].place.line == line && strcmp(findings->items[i].place.file, check->file) == 0 &&
            strcmp(findings->items[i].text, text) == 0)
            return;
    tl_findings_add(findings, TL_FINDING_WARNING, (struct tl_place){check->file, line}, "%s", text);
}

static bool all_closed(const struct tl_known *value)
{
    for (size_t i = 0; i < value->count; i++)
        if (!tl_shape_is_closed(&value->shapes[i]))
            return false;
    return true;
}

/* Is it meant? A short name is within two edits of too much. */
static bool resembles(tl_str name, const char *other)
{
    size_t len = other ? strlen(other) : 0, more = len > name.len ? len - name.len : name.len - len;
    return other && (name.len >= 5 || more <= 1);
}

/* A contract that is open may be about a part of the value only: then a name is wrong when it resembles one. */
static void warn_unknown(struct tl_read_check *check, const struct tl_known *value, tl_str name, int line)
{
    const char *names[NAMES_MAX], *pointer;
    size_t count = 0;
    tl_str document = TL_STR_NONE, one;
    for (size_t i = 0; i < value->count; i++)
        for (size_t at = 0; count < NAMES_MAX && tl_shape_next(&value->shapes[i], &at, &one);)
            names[count++] = tl_arena_copy(check->arena, one);
    tl_shape_place(&value->shapes[0], &document, &pointer);
    const char *nearest = tl_nearest(name, names, count);
    if (!resembles(name, nearest) && !all_closed(value))
        return;
    warn(check, line,
         tl_arena_printf(check->arena, "'%.*s' is %s, and %.*s has no such field%s%s%s", TL_STR_ARGS(name),
                         check->writing ? "written" : "read", TL_STR_ARGS(document), nearest ? "; did you mean '" : "",
                         nearest ? nearest : "", nearest ? "'?" : ""));
}

static const struct tl_known *event_member(struct tl_read_check *check, const struct tl_known *event, tl_str name,
                                           int line)
{
    static const char *const names[] = {"id", "type", "key", "source", "time", "data"};
    if (tl_str_is(name, "data"))
        return event->count ? tl_known(check, TL_KNOWN_VALUE, event->shapes, event->count) : NULL;
    for (size_t i = 0; i < TL_COUNT_OF(names); i++)
        if (tl_str_is(name, names[i]))
            return NULL;
    const char *nearest = tl_nearest(name, names, TL_COUNT_OF(names));
    warn(check, line,
         tl_arena_printf(check->arena, "'%.*s' is read, and an event has no such field%s%s%s", TL_STR_ARGS(name),
                         nearest ? "; did you mean '" : "; its payload is in 'data", nearest ? nearest : "",
                         nearest ? "'?" : "'"));
    return NULL;
}

const struct tl_known *tl_known_member(struct tl_read_check *check, const struct tl_known *value, tl_str name, int line)
{
    struct tl_shape found[ALTERNATIVES_MAX], member;
    size_t count = 0;
    bool any = false, there = false;
    if (value && value->kind == TL_KNOWN_EVENT)
        return event_member(check, value, name, line);
    if (!value || value->kind != TL_KNOWN_VALUE || value->count == 0)
        return NULL;
    for (size_t i = 0; i < value->count; i++) {
        enum tl_member is = tl_shape_member(&value->shapes[i], name, &member);
        there = there || is == TL_MEMBER_KNOWN;
        any = any || is == TL_MEMBER_ANY || (is == TL_MEMBER_KNOWN && member.unknown) || count == ALTERNATIVES_MAX;
        if (is == TL_MEMBER_KNOWN && !any)
            found[count++] = member;
    }
    if (!any && !there && !(check->written && tl_map_get(check->written, name)))
        warn_unknown(check, value, name, line);
    return any || !there ? NULL : tl_known(check, TL_KNOWN_VALUE, found, count);
}

static bool is_list(const struct tl_shape *shape)
{
    return tl_shape_may_be(shape, "array") && !tl_shape_may_be(shape, "object");
}

const struct tl_known *tl_known_element(struct tl_read_check *check, const struct tl_known *value)
{
    struct tl_shape found[ALTERNATIVES_MAX];
    size_t count = 0;
    if (!value || value->kind != TL_KNOWN_VALUE || value->count == 0 || value->count > ALTERNATIVES_MAX)
        return NULL;
    for (size_t i = 0; i < value->count; i++)
        if (!is_list(&value->shapes[i]) || !tl_shape_element(&value->shapes[i], &found[count]) ||
            found[count++].unknown)
            return NULL;
    return tl_known(check, TL_KNOWN_VALUE, found, count);
}
