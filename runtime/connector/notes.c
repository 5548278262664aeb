/* Reading allowances out of headers: "api-usage=18/5000" by a form, or a header for each number. */
#include "notes.h"
#include "base/clock.h"
#include "base/duration.h"
#include <string.h>

/* Digits at the start of `s`, as a number; -1 when there are none. */
static int64_t leading_number(tl_str s, size_t *used)
{
    int64_t number = 0;
    size_t n = 0;
    while (n < s.len && n < 15 && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        number = number * 10 + (s.ptr[n++] - '0');
    *used = n;
    return n ? number : -1;
}

static int64_t *slot(struct tl_quota_hint *hint, tl_str name)
{
    return tl_str_is(name, "used")        ? &hint->used
           : tl_str_is(name, "limit")     ? &hint->limit
           : tl_str_is(name, "remaining") ? &hint->remaining
           : tl_str_is(name, "reset")     ? &hint->reset_ms
                                          : NULL;
}

/* Does the form fit here? Fills the hint as far as it goes. */
static bool form_fits(tl_str form, tl_str value, struct tl_quota_hint *hint)
{
    while (form.len) {
        if (form.ptr[0] != '{') {
            if (value.len == 0 || value.ptr[0] != form.ptr[0])
                return false;
            form = tl_str_from(form, 1);
            value = tl_str_from(value, 1);
            continue;
        }
        ptrdiff_t close = tl_str_find(form, '}');
        size_t used;
        int64_t number = leading_number(value, &used);
        int64_t *into = close > 0 ? slot(hint, (tl_str){form.ptr + 1, (size_t)close - 1}) : NULL;
        if (number < 0 || !into)
            return false;
        *into = into == &hint->reset_ms ? number * 1000 : number;
        form = tl_str_from(form, (size_t)close + 1);
        value = tl_str_from(value, used);
    }
    return true;
}

/* A form stands at the start or behind a separator: "api-usage" must not be found in "per-app-api-usage". */
static bool may_begin(tl_str value, size_t at)
{
    return at == 0 || memchr(" ;,\t", value.ptr[at - 1], 4) != NULL;
}

static bool read_form(tl_str form, tl_str value, struct tl_quota_hint *hint)
{
    for (size_t at = 0; at < value.len; at++) {
        struct tl_quota_hint tried = *hint;
        if (may_begin(value, at) && form_fits(form, tl_str_from(value, at), &tried)) {
            *hint = tried;
            return true;
        }
    }
    return false;
}

static tl_str header_of(struct tl_answer *answer, const struct tl_json_value *row, const char *key,
                        struct tl_arena *arena)
{
    tl_str name = tl_json_get_text(row, key);
    if (name.len == 0)
        return TL_STR_NONE;
    return tl_http_header_value(answer->headers, answer->header_count, tl_arena_copy(arena, name));
}

static bool read_headers(struct tl_answer *answer, const struct tl_json_value *row, struct tl_arena *arena,
                         struct tl_quota_hint *hint)
{
    static const char *const keys[] = {"used", "limit", "remaining", "reset"};
    bool any = false;
    for (size_t i = 0; i < TL_COUNT_OF(keys); i++) {
        size_t used;
        int64_t number = leading_number(tl_str_trim(header_of(answer, row, keys[i], arena)), &used);
        int64_t *into = slot(hint, tl_str_z(keys[i]));
        if (number < 0)
            continue;
        *into = into == &hint->reset_ms ? number * 1000 : number;
        any = true;
    }
    return any;
}

/* `reset` as the platform writes it (seconds from now, milliseconds, Unix seconds), times 1000, to milliseconds. */
static int64_t from_now(int64_t reset_ms, const struct tl_json_value *unit)
{
    if (tl_json_is(unit, "ms"))
        return reset_ms / 1000;
    int64_t ms = tl_json_is(unit, "epoch") ? reset_ms - tl_wall_ms() : reset_ms;
    return ms > 0 ? ms : 0;
}

static void take_quotas(struct tl_notes *notes, const struct tl_json_value *rows, struct tl_answer *answer,
                        struct tl_arena *arena)
{
    size_t count = 0;
    struct tl_json_iter i = tl_json_iter(rows);
    while (count < TL_NOTES_MAX && tl_json_next(&i)) {
        struct tl_quota_hint hint = {
            .name = tl_json_get_text(i.value, "name"), .used = -1, .limit = -1, .remaining = -1, .reset_ms = -1};
        tl_str form = tl_json_get_text(i.value, "form");
        if (tl_duration_parse(tl_json_get_text(i.value, "window"), &hint.window_ms, NULL) != TL_OK)
            hint.window_ms = -1;
        bool found = form.len ? read_form(form, header_of(answer, i.value, "header", arena), &hint)
                              : read_headers(answer, i.value, arena, &hint);
        if (found && hint.reset_ms >= 0)
            hint.reset_ms = from_now(hint.reset_ms, tl_json_get(i.value, "unit"));
        if (found)
            notes->quotas[count++] = hint;
    }
    if (count)
        notes->quota_count = count;
}

static void take_warnings(struct tl_notes *notes, const struct tl_json_value *rows, struct tl_answer *answer,
                          struct tl_arena *arena)
{
    struct tl_json_iter i = tl_json_iter(rows);
    while (notes->warning_count < TL_NOTES_MAX && tl_json_next(&i)) {
        tl_str text = header_of(answer, i.value, "header", arena);
        const struct tl_json_value *pointer = tl_json_get(i.value, "pointer");
        if (text.len == 0 && pointer && !tl_place_read(pointer, answer, NULL, arena, &text))
            continue;
        if (text.len == 0)
            continue;
        tl_str means = tl_json_get_text(i.value, "means");
        notes->warnings[notes->warning_count++] = tl_str_z(
            tl_arena_printf(arena, "%.*s%s%.*s", TL_STR_ARGS(means), means.len ? ": " : "", TL_STR_ARGS(text)));
    }
}

void tl_notes_take(struct tl_notes *notes, const struct tl_json_value *manifest, struct tl_answer *answer,
                   struct tl_arena *arena)
{
    if (answer->outcome != TL_ANSWER_THERE)
        return;
    take_quotas(notes, tl_json_get(manifest, "quota"), answer, arena);
    take_warnings(notes, tl_json_get(manifest, "warnings"), answer, arena);
}
