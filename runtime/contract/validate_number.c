/* Rules about numbers, exact: short ones as whole numbers of the same scale, all others as decimals. */
#include "validate.h"

static const char *const keywords[] = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"};
static const char *const demands[] = {"must be at least", "must be at most", "must be more than", "must be less than",
                                      "must be a multiple of"};

static bool holds(enum tl_bound which, int order)
{
    switch (which) {
    case TL_MINIMUM:
        return order >= 0;
    case TL_MAXIMUM:
        return order <= 0;
    case TL_EXCLUSIVE_MINIMUM:
        return order > 0;
    default:
        return order < 0;
    }
}

static bool raise(int64_t *mantissa, uint32_t places)
{
    for (; places; places--)
        if (__builtin_mul_overflow(*mantissa, (int64_t)10, mantissa))
            return false;
    return true;
}

/* False: beyond 64 bits at the same scale, so decimals must judge. */
static bool judge_short(const struct tl_number_bound *bound, enum tl_bound which, struct tl_short value, bool *met)
{
    int64_t limit = bound->brief.mantissa;
    if (value.scale < bound->brief.scale ? !raise(&value.mantissa, bound->brief.scale - value.scale)
                                         : !raise(&limit, value.scale - bound->brief.scale))
        return false;
    if (which == TL_MULTIPLE_OF)
        *met = value.mantissa % limit == 0;
    else
        *met = holds(which, (value.mantissa > limit) - (value.mantissa < limit));
    return true;
}

static bool fits(const struct tl_number_bound *bound, enum tl_bound which, const struct tl_decimal *value)
{
    struct tl_decimal rest = TL_DECIMAL_ZERO;
    if (which != TL_MULTIPLE_OF)
        return holds(which, tl_decimal_compare(value, &bound->value));
    bool whole = tl_decimal_divide_whole(NULL, &rest, value, &bound->value, NULL) == TL_OK &&
                 tl_decimal_sign(&rest) == 0; /* a quotient beyond the bounds of decimals is refused, not guessed */
    tl_decimal_free(&rest);
    return whole;
}

bool tl_eval_number(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                    const struct tl_step *path)
{
    struct tl_decimal decimal = TL_DECIMAL_ZERO;
    struct tl_short brief;
    bool is_short = tl_short_parse(tl_json_text(value), &brief), parsed = false, good = true;
    for (size_t i = 0; i < TL_BOUND_COUNT; i++) {
        const struct tl_number_bound *bound = &node->number->bounds[i];
        bool met;
        if (!bound->set)
            continue;
        if (is_short && bound->is_short && judge_short(bound, (enum tl_bound)i, brief, &met)) {
            ; /* met is set */
        } else if (parsed || tl_decimal_parse(tl_json_text(value), &decimal, NULL) == TL_OK) {
            parsed = true;
            met = tl_eval_pay(e, 1 + tl_json_text(value).len / 8) && fits(bound, (enum tl_bound)i, &decimal);
        } else {
            good = tl_eval_report(e, node, keywords[i], value, path, "has too many digits to be compared");
            break;
        }
        if (!met)
            good = tl_eval_report(e, node, keywords[i], value, path, "%s %.*s", demands[i], TL_STR_ARGS(bound->text));
    }
    tl_decimal_free(&decimal);
    return good;
}
