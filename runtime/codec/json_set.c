/* Copies the document and swaps one value on the way. */
#include "codec/json_set.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"

struct setting {
    struct tl_json_writer w;
    tl_str value;
    bool nowhere; /* a step names nothing */
};

/* Cuts "/step", still escaped, off the pointer. */
static tl_str cut_step(tl_str *pointer)
{
    ptrdiff_t slash = tl_str_find(tl_str_from(*pointer, 1), '/');
    tl_str step = slash < 0 ? *pointer : tl_str_n(pointer->ptr, (size_t)slash + 1);
    *pointer = tl_str_from(*pointer, step.len);
    return step;
}

static bool step_is(tl_str step, tl_str key)
{
    struct tl_buf escaped;
    tl_buf_init(&escaped, SIZE_MAX / 2);
    (void)tl_json_pointer_add(&escaped, key);
    bool same = tl_str_eq(step, tl_buf_str(&escaped));
    tl_buf_free(&escaped);
    return same;
}

static void add_member(struct setting *set, tl_str step)
{
    struct tl_buf key;
    tl_buf_init(&key, step.len + 1);
    for (size_t i = 1; i < step.len; i++) {
        char c = step.ptr[i];
        if (c == '~')
            c = step.ptr[++i] == '1' ? '/' : '~';
        (void)tl_buf_add_char(&key, c);
    }
    tl_json_key_str(&set->w, tl_buf_str(&key));
    tl_json_raw_value(&set->w, set->value);
    tl_buf_free(&key);
}

static void copy(struct setting *set, const struct tl_json_value *value, tl_str rest);

static void copy_object(struct setting *set, const struct tl_json_value *object, tl_str step, tl_str rest)
{
    bool found = false;
    struct tl_json_iter i = tl_json_iter(object);
    tl_json_begin_object(&set->w);
    while (tl_json_next(&i)) {
        tl_json_key_str(&set->w, i.key);
        if (!found && step_is(step, i.key)) {
            found = true;
            copy(set, i.value, rest);
        } else
            tl_json_value(&set->w, i.value);
    }
    if (!found && rest.len == 0)
        add_member(set, step);
    else if (!found)
        set->nowhere = true;
    tl_json_end_object(&set->w);
}

static void copy_array(struct setting *set, const struct tl_json_value *array, tl_str step, tl_str rest)
{
    uint64_t wanted = UINT64_MAX, at = 0;
    bool last = tl_str_is(step, "/-") && rest.len == 0;
    bool number = tl_str_u64(tl_str_from(step, 1), &wanted) && (step.len == 2 || step.ptr[1] != '0');
    struct tl_json_iter i = tl_json_iter(array);
    tl_json_begin_array(&set->w);
    for (; tl_json_next(&i); at++) {
        if (number && at == wanted)
            copy(set, i.value, rest);
        else
            tl_json_value(&set->w, i.value);
    }
    if (last)
        tl_json_raw_value(&set->w, set->value);
    else
        set->nowhere |= !number || wanted >= at;
    tl_json_end_array(&set->w);
}

/* Recursion is bounded by the depth limit of the parser. */
static void copy(struct setting *set, const struct tl_json_value *value, tl_str rest)
{
    if (rest.len == 0) {
        tl_json_raw_value(&set->w, set->value);
        return;
    }
    tl_str step = cut_step(&rest);
    if (tl_json_type(value) == TL_JSON_IS_OBJECT)
        copy_object(set, value, step, rest);
    else if (tl_json_type(value) == TL_JSON_IS_ARRAY)
        copy_array(set, value, step, rest);
    else {
        set->nowhere = true;
        tl_json_value(&set->w, value);
    }
}

tl_code tl_json_set(tl_str raw, tl_str pointer, tl_str value, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_doc *doc, *new_value;
    tl_code code = tl_json_pointer_check(pointer, err);
    if (code != TL_OK)
        return code;
    code = tl_json_parse_borrowed(value, NULL, &new_value, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "the value for %.*s", TL_STR_ARGS(pointer));
        return code;
    }
    code = tl_json_parse_borrowed(raw, NULL, &doc, err);
    if (code == TL_OK) {
        struct setting set = {.value = tl_json_raw(tl_json_root(new_value))};
        tl_json_writer_init(&set.w, out);
        copy(&set, tl_json_root(doc), pointer);
        code = tl_json_writer_done(&set.w, err);
        if (code == TL_OK && set.nowhere)
            code = tl_fail(err, TL_EINPUT, "there is nothing at %.*s to put a value into", TL_STR_ARGS(pointer));
        tl_json_free(doc);
    }
    tl_json_free(new_value);
    return code;
}
