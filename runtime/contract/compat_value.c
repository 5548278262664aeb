/* Differences in what one value may be: types, constants, numbers, text. */
#include "compat_int.h"
#include "validate.h"

static uint8_t bits_of(const struct tl_json_value *value)
{
    uint8_t bits = tl_type_bits(value);
    return bits == TL_TYPE_NUMBER && tl_eval_whole(value) ? TL_TYPE_INTEGER : bits;
}

uint8_t tl_possible_types(const struct tl_node *node)
{
    uint8_t bits = 0;
    struct tl_json_iter i = tl_json_iter(node->enumeration);
    if (!node->enumeration && !node->constant)
        return node->types;
    while (tl_json_next(&i))
        bits |= bits_of(i.value);
    if (node->constant)
        bits = bits_of(node->constant);
    return node->types & bits;
}

void tl_compare_types(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                      const struct tl_way *way)
{
    uint8_t old_types = tl_possible_types(before), new_types = tl_possible_types(after);
    bool both_listed = (before->enumeration || before->constant) && (after->enumeration || after->constant);
    uint8_t gone = old_types & (uint8_t)~new_types, added = new_types & (uint8_t)~old_types;
    unsigned breaks = (gone ? TL_BREAKS_WRITERS : 0) | (added ? TL_BREAKS_READERS : 0);
    struct tl_buf old_words, new_words;
    if (!breaks || both_listed) /* the values themselves say more */
        return;
    tl_buf_init(&old_words, 200);
    tl_buf_init(&new_words, 200);
    tl_buf_add_z(&old_words, old_types == TL_TYPE_ANY ? "anything" : old_types ? "" : "nothing");
    tl_buf_add_z(&new_words, new_types == TL_TYPE_ANY ? "anything" : new_types ? "" : "nothing");
    if (old_types != TL_TYPE_ANY)
        tl_type_words(old_types, &old_words);
    if (new_types != TL_TYPE_ANY)
        tl_type_words(new_types, &new_words);
    tl_compare_report(c, breaks, after, after->types == TL_TYPE_ANY || !after->types ? "" : "type", way,
                      "may now be %s, was %s", new_words.ptr, old_words.ptr);
    tl_buf_free(&old_words);
    tl_buf_free(&new_words);
}

/* ---- enum and const ---- */

/* Is the value allowed by enum and const of the node? */
static bool listed(const struct tl_node *node, const struct tl_json_value *value)
{
    if (node->constant && !tl_json_equal(node->constant, value))
        return false;
    struct tl_json_iter i = tl_json_iter(node->enumeration);
    while (tl_json_next(&i))
        if (tl_json_equal(i.value, value))
            return true;
    return !node->enumeration;
}

/* The values of `from` that `in` does not allow, as text; false: there are none. */
static bool missing(const struct tl_node *from, const struct tl_node *in, struct tl_buf *out)
{
    struct tl_json_iter i = tl_json_iter(from->enumeration);
    if (from->constant && !listed(in, from->constant))
        tl_buf_add_str(out, tl_json_raw(from->constant));
    while (!from->constant && tl_json_next(&i))
        if (!listed(in, i.value)) {
            if (out->len)
                tl_buf_add_z(out, ", ");
            tl_buf_add_str(out, tl_json_raw(i.value));
        }
    return out->len > 0 || out->overflow;
}

void tl_compare_values(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                       const struct tl_way *way)
{
    bool old_list = before->enumeration || before->constant, new_list = after->enumeration || after->constant;
    const char *keyword = (new_list ? after : before)->constant ? "const" : "enum";
    struct tl_buf values;
    if (!old_list || !new_list) {
        tl_compare_presence(c, old_list, new_list, before, after, keyword, way, "the list of allowed values");
        return;
    }
    tl_buf_init(&values, 500);
    if (missing(before, after, &values))
        tl_compare_report(c, TL_BREAKS_WRITERS, after, keyword, way, "no longer allowed: %s",
                          values.ptr ? values.ptr : "");
    tl_buf_free(&values);
    tl_buf_init(&values, 500);
    if (missing(after, before, &values))
        tl_compare_report(c, TL_BREAKS_READERS, after, keyword, way, "newly allowed: %s", values.ptr ? values.ptr : "");
    tl_buf_free(&values);
}

/* ---- numbers ---- */

static const struct tl_number_rules no_number_rules;

/* The stricter of a bound and its exclusive form; NULL: none. */
static const struct tl_number_bound *strictest(const struct tl_number_rules *rules, bool upper, bool *exclusive)
{
    const struct tl_number_bound *with = &rules->bounds[upper ? TL_MAXIMUM : TL_MINIMUM];
    const struct tl_number_bound *without = &rules->bounds[upper ? TL_EXCLUSIVE_MAXIMUM : TL_EXCLUSIVE_MINIMUM];
    *exclusive = without->set;
    if (!with->set || !without->set)
        return without->set ? without : with->set ? with : NULL;
    int order = tl_decimal_compare(&with->value, &without->value);
    *exclusive = upper ? order >= 0 : order <= 0;
    return *exclusive ? without : with;
}

static void compare_bound(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after, bool upper,
                          const struct tl_way *way)
{
    bool old_exclusive, new_exclusive;
    const struct tl_number_bound *old_bound =
        strictest(before->number ? before->number : &no_number_rules, upper, &old_exclusive);
    const struct tl_number_bound *new_bound =
        strictest(after->number ? after->number : &no_number_rules, upper, &new_exclusive);
    const char *keyword =
        upper ? (new_exclusive ? "exclusiveMaximum" : "maximum") : (new_exclusive ? "exclusiveMinimum" : "minimum");
    if (!old_bound || !new_bound) {
        tl_compare_presence(c, old_bound != NULL, new_bound != NULL, before, after,
                            new_bound ? keyword
                            : upper   ? "maximum"
                                      : "minimum",
                            way, upper ? "the largest allowed number" : "the smallest allowed number");
        return;
    }
    int order = tl_decimal_compare(&new_bound->value, &old_bound->value);
    if (upper)
        order = -order;
    if (order == 0)
        order = (int)new_exclusive - (int)old_exclusive;
    if (order == 0)
        return;
    const char *word = upper ? (new_exclusive ? "less than" : "at most") : (new_exclusive ? "more than" : "at least");
    const char *was = upper ? (old_exclusive ? "less than" : "at most") : (old_exclusive ? "more than" : "at least");
    tl_compare_report(c, order > 0 ? TL_BREAKS_WRITERS : TL_BREAKS_READERS, after, keyword, way,
                      "must now be %s %.*s, was %s %.*s", word, TL_STR_ARGS(new_bound->text), was,
                      TL_STR_ARGS(old_bound->text));
}

static bool divides(const struct tl_decimal *divisor, const struct tl_decimal *value)
{
    struct tl_decimal rest = TL_DECIMAL_ZERO;
    bool whole = tl_decimal_divide_whole(NULL, &rest, value, divisor, NULL) == TL_OK && tl_decimal_sign(&rest) == 0;
    tl_decimal_free(&rest);
    return whole;
}

static void compare_multiple(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                             const struct tl_way *way)
{
    const struct tl_number_bound *o = before->number ? &before->number->bounds[TL_MULTIPLE_OF] : NULL;
    const struct tl_number_bound *n = after->number ? &after->number->bounds[TL_MULTIPLE_OF] : NULL;
    bool old_set = o && o->set, new_set = n && n->set;
    if (!old_set || !new_set) {
        tl_compare_presence(c, old_set, new_set, before, after, "multipleOf", way, "the step of numbers");
        return;
    }
    if (tl_decimal_compare(&o->value, &n->value) == 0)
        return;
    unsigned breaks = divides(&o->value, &n->value)   ? TL_BREAKS_WRITERS
                      : divides(&n->value, &o->value) ? TL_BREAKS_READERS
                                                      : TL_BREAKS_BOTH;
    tl_compare_report(c, breaks, after, "multipleOf", way, "must now be a multiple of %.*s, was of %.*s",
                      TL_STR_ARGS(n->text), TL_STR_ARGS(o->text));
}

void tl_compare_numbers(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                        const struct tl_way *way)
{
    if (!before->number && !after->number)
        return;
    compare_bound(c, before, after, false, way);
    compare_bound(c, before, after, true, way);
    compare_multiple(c, before, after, way);
}

/* ---- text ---- */

static const struct tl_string_rules no_string_rules = {.most = TL_NO_LIMIT};

void tl_compare_strings(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                        const struct tl_way *way)
{
    const struct tl_string_rules *o = before->string ? before->string : &no_string_rules;
    const struct tl_string_rules *n = after->string ? after->string : &no_string_rules;
    if (o == n)
        return;
    tl_compare_counts(c, o->least, n->least, false, after, "minLength", way, "characters");
    tl_compare_counts(c, o->most, n->most, true, after, "maxLength", way, "characters");
    if (!o->pattern || !n->pattern)
        tl_compare_presence(c, o->pattern, n->pattern, before, after, "pattern", way, "the pattern");
    else if (!tl_str_eq(o->pattern_text, n->pattern_text))
        tl_compare_report(c, TL_BREAKS_BOTH, after, "pattern", way,
                          "must now match %.*s, was %.*s: cannot be proved compatible", TL_STR_ARGS(n->pattern_text),
                          TL_STR_ARGS(o->pattern_text));
    if (!o->format || !n->format)
        tl_compare_presence(c, o->format, n->format, before, after, "format", way, "the format");
    else if (o->format != n->format)
        tl_compare_report(c, TL_BREAKS_BOTH, after, "format", way, "must now be a %s, was a %s", n->format->name,
                          o->format->name);
}
