/* The rules about one value: type, constants, text; and the order in which all others are asked. */
#include "validate.h"
#include "codec/utf8.h"

enum { NESTED_MOST = 1500 };

static bool check_type(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                       const struct tl_step *path)
{
    uint8_t bits = tl_type_bits(value);
    if (node->types & bits || (bits == TL_TYPE_NUMBER && node->types & TL_TYPE_INTEGER && tl_eval_whole(value)))
        return true;
    if (!e->out)
        return false;
    if (!node->types)
        return tl_eval_report(e, node, "", value, path, "is not allowed here");
    struct tl_buf words;
    tl_buf_init(&words, 200);
    tl_type_words(node->types, &words);
    tl_eval_report(e, node, "type", value, path, "must be %s, not %s", words.ptr, tl_json_type_name(value));
    tl_buf_free(&words);
    return false;
}

static bool check_constants(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                            const struct tl_step *path)
{
    bool found = !node->enumeration;
    struct tl_json_iter i = tl_json_iter(node->enumeration);
    if (!tl_eval_pay(e, tl_json_count(node->enumeration) + tl_json_raw(value).len / 16))
        return false;
    while (!found && tl_json_next(&i))
        found = tl_json_equal(i.value, value);
    if (!found) {
        tl_str all = tl_json_raw(node->enumeration);
        bool whole = all.len <= 200;
        tl_eval_report(e, node, "enum", value, path, "must be one of %.*s%s", whole ? (int)all.len : 0, all.ptr,
                       whole ? "" : "the values listed there");
    }
    if (!node->constant || tl_json_equal(node->constant, value))
        return found;
    tl_str constant = tl_json_raw(node->constant);
    return tl_eval_report(e, node, "const", value, path, "must be %.*s", (int)(constant.len > 200 ? 200 : constant.len),
                          constant.ptr);
}

static bool check_string(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                         const struct tl_step *path)
{
    const struct tl_string_rules *rules = node->string;
    tl_str text = tl_json_text(value);
    bool good = true;
    if (rules->least || rules->most != TL_NO_LIMIT) {
        size_t length = tl_utf8_length(text);
        if (length < rules->least)
            good = tl_eval_report(e, node, "minLength", value, path, "must have at least %llu characters, has %zu",
                                  (unsigned long long)rules->least, length);
        if (length > rules->most)
            good = tl_eval_report(e, node, "maxLength", value, path, "must have at most %llu characters, has %zu",
                                  (unsigned long long)rules->most, length);
    }
    if (rules->pattern && !tl_regex_search(rules->pattern, text, &e->work) && tl_eval_pay(e, 1))
        good = tl_eval_report(e, node, "pattern", value, path, "must match %.*s", TL_STR_ARGS(rules->pattern_text));
    if (rules->format && !rules->format->fits(text))
        good = tl_eval_report(e, node, "format", value, path, "must be a %s, like %s", rules->format->name,
                              rules->format->example);
    return good;
}

static bool check_rules(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                        const struct tl_step *path, struct tl_seen *seen)
{
    bool good = true;
    enum tl_json_type type = tl_json_type(value);
    if (node->types != TL_TYPE_ANY && !check_type(e, node, value, path))
        return false; /* the others would only repeat it */
    if (node->enumeration || node->constant)
        good = check_constants(e, node, value, path);
    if (node->number && type == TL_JSON_IS_NUMBER && (good || e->out))
        good &= tl_eval_number(e, node, value, path);
    else if (node->string && type == TL_JSON_IS_STRING && (good || e->out))
        good &= check_string(e, node, value, path);
    else if (node->array && type == TL_JSON_IS_ARRAY && (good || e->out))
        good &= tl_eval_array(e, node, value, path, seen);
    else if (node->object && type == TL_JSON_IS_OBJECT && (good || e->out))
        good &= tl_eval_object(e, node, value, path, seen);
    if (node->place && !e->stopped && (good || e->out))
        good &= tl_eval_place(e, node, value, path, seen);
    return good;
}

static bool check_with_unevaluated(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                                   const struct tl_step *path, struct tl_seen *seen)
{
    struct tl_seen own;
    tl_seen_init(&own, value);
    bool good = check_rules(e, node, value, path, &own);
    if (good)
        good = tl_eval_unevaluated(e, node, value, path, &own);
    if (good)
        tl_seen_merge(seen, &own);
    tl_seen_free(&own);
    return good;
}

bool tl_eval_node(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                  const struct tl_step *path, struct tl_seen *seen)
{
    struct tl_scope scope = {e->scope, node->resource};
    const struct tl_scope *before = e->scope;
    if (node->everything)
        return true;
    if (e->stopped || !tl_eval_pay(e, 1))
        return false;
    if (e->depth >= NESTED_MOST)
        return tl_eval_pay(e, UINT64_MAX); /* never enough */
    if (!before || before->resource != node->resource)
        e->scope = &scope;
    e->depth++;
    bool good =
        node->wants_seen ? check_with_unevaluated(e, node, value, path, seen) : check_rules(e, node, value, path, seen);
    e->depth--;
    e->scope = before;
    return good && !e->tired;
}

bool tl_eval_quietly(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                     const struct tl_step *path, struct tl_seen *seen)
{
    struct tl_violations *out = e->out;
    e->out = NULL;
    bool good = tl_eval_node(e, node, value, path, seen);
    e->out = out;
    return good;
}
