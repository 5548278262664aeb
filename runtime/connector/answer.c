/* Reading places and matching rows of conditions. */
#include "answer.h"
#include "codec/json_pointer.h"
#include <string.h>

const struct tl_json_value *tl_answer_json(struct tl_answer *answer)
{
    if (!answer->parsed) {
        answer->parsed = true;
        if (tl_str_trim(answer->body).len && tl_json_parse_borrowed(answer->body, NULL, &answer->doc, NULL) != TL_OK)
            answer->doc = NULL;
    }
    return answer->doc ? tl_json_root(answer->doc) : NULL;
}

bool tl_answer_is_empty(const struct tl_answer *answer)
{
    return answer->status == 204 && answer->body.len == 0;
}

static bool begins(tl_str text, tl_str with)
{
    return text.len >= with.len && tl_str_ieq((tl_str){text.ptr, with.len}, with);
}

bool tl_answer_is_page(const struct tl_answer *answer)
{
    tl_str body = answer->body;
    if (tl_str_starts(body, TL_STR("\xef\xbb\xbf")))
        body = tl_str_from(body, 3);
    body = tl_str_trim(body);
    tl_str type = tl_http_header_value(answer->headers, answer->header_count, "Content-Type");
    bool is_html = begins(type, TL_STR("text/html")) || begins(type, TL_STR("application/xhtml+xml"));
    return begins(body, TL_STR("<!doctype html")) || begins(body, TL_STR("<html")) ||
           (is_html && begins(body, TL_STR("<")));
}

void tl_answer_deinit(struct tl_answer *answer)
{
    tl_json_free(answer->doc);
    answer->doc = NULL;
}

/* Text of a value for comparing and for results; false for nothing and null. */
static bool value_text(const struct tl_json_value *value, tl_str *text)
{
    switch (tl_json_type(value)) {
    case TL_JSON_IS_NONE:
    case TL_JSON_IS_NULL:
        return false;
    case TL_JSON_IS_STRING:
    case TL_JSON_IS_NUMBER:
        *text = tl_json_text(value);
        return true;
    default:
        *text = tl_json_raw(value);
        return true;
    }
}

static bool read_pointer(tl_str pointer, const struct tl_json_value *in, tl_str *text)
{
    return in && value_text(pointer.len ? tl_json_at(in, pointer) : in, text);
}

/* One place that is text: a template when it has a brace, else a pointer. */
static bool read_text_place(tl_str place, const struct tl_json_value *in, const struct tl_vars *vars, tl_str *text)
{
    if (tl_str_find(place, '{') < 0)
        return read_pointer(place, in, text);
    bool is_there = false;
    return vars && tl_vars_text(vars, place, &is_there, text, NULL) == TL_OK && is_there;
}

/* {"header": …} and {"pointer": …}: what they name may itself be a template (of a setting). */
static bool read_object_place(const struct tl_json_value *place, const struct tl_json_value *in,
                              struct tl_answer *answer, const struct tl_vars *vars, struct tl_arena *arena,
                              tl_str *text)
{
    const struct tl_json_value *header = tl_json_get(place, "header");
    tl_str name = tl_json_text(header ? header : tl_json_get(place, "pointer"));
    bool is_there = true;
    if (tl_str_find(name, '{') >= 0 &&
        (!vars || tl_vars_text(vars, name, &is_there, &name, NULL) != TL_OK || !is_there))
        return false;
    if (!header)
        return read_pointer(name, in, text);
    if (!answer)
        return false;
    *text = tl_http_header_value(answer->headers, answer->header_count, tl_arena_copy(arena, name));
    return text->len > 0;
}

static bool read_place(const struct tl_json_value *place, const struct tl_json_value *in, struct tl_answer *answer,
                       const struct tl_vars *vars, struct tl_arena *arena, tl_str *text)
{
    switch (tl_json_type(place)) {
    case TL_JSON_IS_STRING:
        return read_text_place(tl_json_text(place), in, vars, text);
    case TL_JSON_IS_OBJECT:
        return read_object_place(place, in, answer, vars, arena, text);
    case TL_JSON_IS_ARRAY: {
        struct tl_json_iter i = tl_json_iter(place);
        while (tl_json_next(&i))
            if (read_place(i.value, in, answer, vars, arena, text))
                return true;
        return false;
    }
    default:
        return false;
    }
}

bool tl_place_read(const struct tl_json_value *place, struct tl_answer *answer, const struct tl_vars *vars,
                   struct tl_arena *arena, tl_str *text)
{
    return read_place(place, tl_answer_json(answer), answer, vars, arena, text);
}

bool tl_place_read_both(const struct tl_json_value *place, const struct tl_json_value *in, struct tl_answer *answer,
                        const struct tl_vars *vars, struct tl_arena *arena, tl_str *text)
{
    return read_place(place, in, answer, vars, arena, text);
}

bool tl_place_read_in(const struct tl_json_value *place, const struct tl_json_value *in, const struct tl_vars *vars,
                      struct tl_arena *arena, tl_str *text)
{
    return read_place(place, in, NULL, vars, arena, text);
}

/* ---- rows ---- */

static bool one_status(const struct tl_json_value *wanted, int status)
{
    int64_t number;
    if (tl_json_i64(wanted, &number))
        return number == status;
    tl_str text = tl_json_text(wanted);
    return text.len == 3 && text.ptr[1] == 'x' && text.ptr[2] == 'x' && text.ptr[0] - '0' == status / 100;
}

bool tl_status_matches(const struct tl_json_value *wanted, int status)
{
    if (tl_json_type(wanted) != TL_JSON_IS_ARRAY)
        return one_status(wanted, status);
    struct tl_json_iter i = tl_json_iter(wanted);
    while (tl_json_next(&i))
        if (one_status(i.value, status))
            return true;
    return false;
}

static bool text_compares(const struct tl_json_value *row, tl_str text)
{
    const struct tl_json_value *wanted;
    if ((wanted = tl_json_get(row, "equals"))) {
        tl_str w = TL_STR_NONE;
        return value_text(wanted, &w) && tl_str_eq(text, w);
    }
    if ((wanted = tl_json_get(row, "in"))) {
        struct tl_json_iter i = tl_json_iter(wanted);
        while (tl_json_next(&i))
            if (tl_str_eq(text, tl_json_text(i.value)))
                return true;
        return false;
    }
    if ((wanted = tl_json_get(row, "contains")))
        return tl_str_has(text, tl_json_text(wanted));
    if ((wanted = tl_json_get(row, "starts")))
        return tl_str_starts(text, tl_json_text(wanted));
    return true;
}

static bool pointer_matches(const struct tl_json_value *row, const struct tl_json_value *pointers,
                            const struct tl_json_value *in)
{
    tl_str text;
    if (tl_json_is_string(pointers))
        return read_pointer(tl_json_text(pointers), in, &text) && text_compares(row, text);
    struct tl_json_iter i = tl_json_iter(pointers);
    while (tl_json_next(&i))
        if (read_pointer(tl_json_text(i.value), in, &text) && text_compares(row, text))
            return true;
    return false;
}

/* Bodies that are not JSON are compared as they are by the pointer "". */
static bool body_matches(const struct tl_json_value *row, const struct tl_json_value *pointers,
                         struct tl_answer *answer)
{
    const struct tl_json_value *json = tl_answer_json(answer);
    if (!json && tl_json_is_string(pointers) && tl_json_text(pointers).len == 0)
        return text_compares(row, answer->body);
    return pointer_matches(row, pointers, json);
}

bool tl_row_matches(const struct tl_json_value *row, struct tl_answer *answer, struct tl_arena *arena)
{
    const struct tl_json_value *status = tl_json_get(row, "status"), *pointer = tl_json_get(row, "pointer"),
                               *header = tl_json_get(row, "header");
    if (status && !tl_status_matches(status, answer->status))
        return false;
    if (pointer && !body_matches(row, pointer, answer))
        return false;
    if (header) {
        char *name = tl_arena_copy(arena, tl_json_text(header));
        tl_str value = tl_http_header_value(answer->headers, answer->header_count, name);
        if (value.len == 0 || !text_compares(row, value))
            return false;
    }
    return true;
}

bool tl_row_matches_in(const struct tl_json_value *row, const struct tl_json_value *in, struct tl_arena *arena)
{
    (void)arena;
    const struct tl_json_value *pointer = tl_json_get(row, "pointer");
    return pointer && pointer_matches(row, pointer, in);
}

bool tl_rows_match(const struct tl_json_value *rows, struct tl_answer *answer, struct tl_arena *arena)
{
    struct tl_json_iter i = tl_json_iter(rows);
    while (tl_json_next(&i))
        if (tl_row_matches(i.value, answer, arena))
            return true;
    return false;
}
