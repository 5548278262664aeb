/* JSON Pointer over raw bytes and documents. The raw walk skips what it does not need by counting brackets; it checks
 * little and reads nothing outside the input. No recursion. Thread: any. */
#include "codec/json_pointer.h"
#include "json_scan.h"
#include <string.h>

tl_code tl_json_pointer_check(tl_str pointer, struct tl_error *err)
{
    if (pointer.len && pointer.ptr[0] != '/')
        return tl_fail(err, TL_EINPUT, "a JSON pointer begins with '/': '%.*s'", TL_STR_ARGS(pointer));
    for (size_t i = 0; i < pointer.len; i++)
        if (pointer.ptr[i] == '~' && (i + 1 == pointer.len || (pointer.ptr[i + 1] != '0' && pointer.ptr[i + 1] != '1')))
            return tl_fail(err, TL_EINPUT, "in a JSON pointer ~ is written ~0 and / inside a key ~1: '%.*s'",
                           TL_STR_ARGS(pointer));
    return TL_OK;
}

/* Cuts "/step" off a checked pointer; false at its end. */
static bool next_step(tl_str *pointer, tl_str *step)
{
    if (!pointer->len)
        return false;
    tl_str rest = tl_str_from(*pointer, 1);
    ptrdiff_t slash = tl_str_find(rest, '/');
    *step = slash < 0 ? rest : (tl_str){rest.ptr, (size_t)slash};
    *pointer = tl_str_from(rest, step->len);
    return true;
}

static bool step_is(tl_str step, tl_str key)
{
    size_t at = 0;
    for (size_t i = 0; i < step.len; i++, at++) {
        char c = step.ptr[i];
        if (c == '~' && i + 1 < step.len)
            c = step.ptr[++i] == '1' ? '/' : '~';
        if (at == key.len || key.ptr[at] != c)
            return false;
    }
    return at == key.len;
}

/* "0", "17"; no leading zeros. */
static bool step_index(tl_str step, uint64_t *index)
{
    return (step.len == 1 || (step.len && step.ptr[0] != '0')) && tl_str_u64(step, index);
}

/* Behind the closing quote of the string whose opening quote is at `at`; NULL when it is not closed. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        at = tl_json_scan_plain(at, end);
        if (at == end)
            return NULL;
        if (*at == '"')
            return at + 1;
        if (*at == '\\')
            at++;
    }
    return NULL;
}

static const char *skip_container(const char *at, const char *end)
{
    size_t depth = 0;
    while (at < end) {
        char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
            if (!at)
                return NULL;
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return NULL;
}

static const char *skip_value(const char *at, const char *end)
{
    const char *start = at;
    if (at == end)
        return NULL;
    if (*at == '"')
        return skip_string(at, end);
    if (*at == '{' || *at == '[')
        return skip_container(at, end);
    while (at < end && *at != ',' && *at != '}' && *at != ']' && !tl_json_is_blank(*at))
        at++;
    return at > start ? at : NULL;
}

/* The key whose opening quote is at `at`: does the step name it? *behind is NULL when the string is not closed. */
static bool key_matches(const char *at, const char *end, tl_str step, const char **behind)
{
    *behind = skip_string(at, end);
    if (!*behind)
        return false;
    tl_str inside = {at + 1, (size_t)(*behind - at) - 2};
    if (!inside.len || !memchr(inside.ptr, '\\', inside.len))
        return step_is(step, inside);
    struct tl_buf scratch;
    struct tl_json_scanned got;
    tl_buf_init(&scratch, inside.len + 1);
    tl_json_scan_string(at + 1, end, &scratch, &got);
    bool same = !got.why && step_is(step, got.text);
    tl_buf_free(&scratch);
    return same;
}

enum found { FOUND, ABSENT, BROKEN };

/* The member's value. All of the object is read: the last of equal keys counts. */
static enum found find_member(const char *at, const char *end, tl_str step, tl_str *value)
{
    enum found found = ABSENT;
    at = tl_json_skip_blanks(at + 1, end);
    if (at < end && *at == '}')
        return ABSENT;
    for (;;) {
        const char *behind;
        if (at == end || *at != '"')
            return BROKEN;
        bool match = key_matches(at, end, step, &behind);
        if (!behind)
            return BROKEN;
        at = tl_json_skip_blanks(behind, end);
        if (at == end || *at != ':')
            return BROKEN;
        at = tl_json_skip_blanks(at + 1, end);
        behind = skip_value(at, end);
        if (!behind)
            return BROKEN;
        if (match) {
            *value = (tl_str){at, (size_t)(behind - at)};
            found = FOUND;
        }
        at = tl_json_skip_blanks(behind, end);
        if (at < end && *at == '}')
            return found;
        if (at == end || *at != ',')
            return BROKEN;
        at = tl_json_skip_blanks(at + 1, end);
    }
}

static enum found find_element(const char *at, const char *end, uint64_t index, tl_str *value)
{
    at = tl_json_skip_blanks(at + 1, end);
    if (at < end && *at == ']')
        return ABSENT;
    for (;;) {
        const char *behind = skip_value(at, end);
        if (!behind)
            return BROKEN;
        if (index-- == 0) {
            *value = (tl_str){at, (size_t)(behind - at)};
            return FOUND;
        }
        at = tl_json_skip_blanks(behind, end);
        if (at < end && *at == ']')
            return ABSENT;
        if (at == end || *at != ',')
            return BROKEN;
        at = tl_json_skip_blanks(at + 1, end);
    }
}

static enum found find_step(tl_str *value, tl_str step)
{
    uint64_t index;
    const char *at = value->ptr, *end = value->ptr + value->len;
    if (*at == '{')
        return find_member(at, end, step, value);
    if (*at == '[' && step_index(step, &index))
        return find_element(at, end, index, value);
    return ABSENT;
}

tl_code tl_json_pointer(tl_str raw, tl_str pointer, tl_str *raw_value, struct tl_error *err)
{
    tl_str rest = pointer, step, value = tl_str_trim(raw);
    enum found found = value.len ? FOUND : BROKEN;
    tl_code code = tl_json_pointer_check(pointer, err);
    if (code != TL_OK)
        return code;
    while (found == FOUND && next_step(&rest, &step))
        found = find_step(&value, step);
    if (found == ABSENT)
        return tl_fail(err, TL_ENOTFOUND, "there is no value at %.*s", TL_STR_ARGS(pointer));
    if (found == BROKEN)
        return tl_fail(err, TL_EINPUT, "what should hold a value at '%.*s' is not JSON", TL_STR_ARGS(pointer));
    *raw_value = value;
    return TL_OK;
}

tl_code tl_json_pointer_text(tl_str raw, tl_str pointer, struct tl_buf *scratch, tl_str *text, struct tl_error *err)
{
    tl_str value;
    struct tl_json_scanned got = {.why = NULL};
    tl_code code = tl_json_pointer(raw, pointer, &value, err);
    if (code != TL_OK)
        return code;
    const char *end = value.ptr + value.len;
    if (value.ptr[0] == '"')
        tl_json_scan_string(value.ptr + 1, end, scratch, &got);
    else if (value.ptr[0] == '-' || (value.ptr[0] >= '0' && value.ptr[0] <= '9'))
        tl_json_scan_number(value.ptr, end, &got);
    else if (tl_str_is(value, "true") || tl_str_is(value, "false"))
        got = (struct tl_json_scanned){.at = end, .text = value};
    if (got.why || got.at != end)
        return tl_fail(err, TL_EINPUT, "the value at '%.*s' is not a string, number or boolean", TL_STR_ARGS(pointer));
    *text = got.text;
    return TL_OK;
}

/* The last member that counts has the same key as no other, so the first match is the one. */
static const struct tl_json_value *member(const struct tl_json_value *object, tl_str step)
{
    if (!step.len || !memchr(step.ptr, '~', step.len))
        return tl_json_get_str(object, step);
    struct tl_json_iter iter = tl_json_iter(object);
    while (tl_json_next(&iter))
        if (step_is(step, iter.key))
            return iter.value;
    return NULL;
}

const struct tl_json_value *tl_json_at(const struct tl_json_value *value, tl_str pointer)
{
    tl_str step;
    uint64_t index;
    if (tl_json_pointer_check(pointer, NULL) != TL_OK)
        return NULL;
    while (value && next_step(&pointer, &step)) {
        if (tl_json_type(value) == TL_JSON_IS_ARRAY)
            value = step_index(step, &index) ? tl_json_item(value, index) : NULL;
        else
            value = tl_json_type(value) == TL_JSON_IS_OBJECT ? member(value, step) : NULL;
    }
    return value;
}

bool tl_json_pointer_add(struct tl_buf *pointer, tl_str step)
{
    bool ok = tl_buf_add_char(pointer, '/');
    for (size_t i = 0; ok && i < step.len; i++) {
        char c = step.ptr[i];
        ok = c == '~'   ? tl_buf_add(pointer, "~0", 2)
             : c == '/' ? tl_buf_add(pointer, "~1", 2)
                        : tl_buf_add_char(pointer, c);
    }
    return ok;
}
