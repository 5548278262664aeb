/* The General Decimal Arithmetic test cases (base, rounding, quantize, compare).
 * What our decimals do not have is left out, and counted: NaN and infinities (their text must be refused), the smallest
 * and largest exponent of a context, the rounding 05up, numbers given as IEEE bit patterns (with a #), and the sign of
 * a computed zero. */
#include "cases.h"
#include "codec/decimal.h"
#include <ctype.h>
#include <strings.h>

struct suite {
    size_t precision;
    enum tl_rounding rounding;
    bool known_rounding;
    size_t passed, special, limits, left_out;
};

struct line {
    char word[16][300]; /* id op operands... -> result conditions... */
    size_t words, arrow;
};

static bool cut_words(const char *p, struct line *line)
{
    line->words = 0;
    line->arrow = 0;
    while (line->words < 16) {
        while (isspace((unsigned char)*p))
            p++;
        if (!*p || strncmp(p, "--", 2) == 0)
            return true;
        char *to = line->word[line->words], *end = to + 299, quote = '\0';
        if (*p == '\'' || *p == '"')
            quote = *p++;
        for (; *p && to < end; p++) {
            if (quote ? *p == quote && p[1] != quote : isspace((unsigned char)*p) != 0)
                break;
            if (quote && *p == quote)
                p++;
            *to++ = *p;
        }
        if (quote && *p == quote)
            p++;
        *to = '\0';
        if (!quote && strcmp(line->word[line->words], "->") == 0)
            line->arrow = line->words;
        line->words++;
    }
    return false;
}

static bool has_condition(const struct line *line, const char *word)
{
    for (size_t i = line->arrow + 2; i < line->words; i++)
        if (strcasecmp(line->word[i], word) == 0)
            return true;
    return false;
}

static bool is_special(const char *text)
{
    while (*text == '-' || *text == '+')
        text++;
    return isalpha((unsigned char)*text) || *text == '?' || *text == '#';
}

static void directive(struct suite *s, const struct line *line)
{
    if (strcasecmp(line->word[0], "precision:") == 0)
        s->precision = (size_t)atoi(line->word[1]);
    if (strcasecmp(line->word[0], "rounding:") == 0) {
        char name[300];
        snprintf(name, sizeof name, "%s", line->word[1]);
        for (char *p = name; *p; p++)
            *p = *p == '_' ? '-' : *p;
        s->known_rounding = tl_rounding_parse(tl_str_z(name), &s->rounding);
    }
}

/* a / b with `precision` digits, rounded once; exact quotients lose zeros down to the scale they would have. */
static tl_code divide(struct suite *s, struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b)
{
    struct tl_decimal down = TL_DECIMAL_ZERO, exact = TL_DECIMAL_ZERO;
    int32_t ideal = a->scale - b->scale; /* the suite divides numbers of ordinary size only */
    int32_t scale = ideal + (int32_t)s->precision + (int32_t)tl_decimal_digits(b) + 1 - (int32_t)tl_decimal_digits(a);
    tl_code code = tl_decimal_div(&down, a, b, scale, TL_ROUND_DOWN, NULL);
    if (code == TL_OK) {
        scale -= (int32_t)tl_decimal_digits(&down) - (int32_t)s->precision;
        code = tl_decimal_div(out, a, b, scale, s->rounding, NULL);
    }
    if (code == TL_OK)
        code = tl_decimal_round(out, out, s->precision, s->rounding, NULL);
    if (code == TL_OK)
        code = tl_decimal_mul(&exact, out, b, NULL);
    if (code == TL_OK && tl_decimal_compare(&exact, a) == 0) {
        tl_decimal_trim(out, out);
        if (out->scale < ideal)
            code = tl_decimal_quantize(out, out, ideal, TL_ROUND_DOWN, NULL);
    }
    tl_decimal_free(&down);
    tl_decimal_free(&exact);
    return code;
}

/* Exact products; for a negative exponent one quotient. */
static tl_code power(struct suite *s, struct tl_decimal *out, const struct tl_decimal *a, const struct tl_decimal *b)
{
    int64_t n;
    struct tl_decimal one = TL_DECIMAL_ZERO, product = TL_DECIMAL_ZERO;
    if (!tl_decimal_to_i64(b, &n) || n < -100 || n > 100)
        return TL_EFAILED;
    tl_decimal_set_int(&one, 1);
    tl_decimal_copy(&product, &one);
    tl_code code = TL_OK;
    for (int64_t i = 0; code == TL_OK && i < (n < 0 ? -n : n); i++)
        code = tl_decimal_mul(&product, &product, a, NULL);
    if (code == TL_OK && n < 0)
        code = divide(s, &product, &one, &product);
    tl_decimal_copy(out, &product);
    tl_decimal_free(&one);
    tl_decimal_free(&product);
    return code;
}

static tl_code compute(struct suite *s, const char *op, struct tl_decimal *out, const struct tl_decimal *a,
                       const struct tl_decimal *b)
{
    tl_code code;
    if (strcasecmp(op, "quantize") == 0)
        return tl_decimal_quantize(out, a, b->scale, s->rounding, NULL);
    if (strcasecmp(op, "compare") == 0) {
        tl_decimal_set_int(out, tl_decimal_compare(a, b));
        return TL_OK;
    }
    if (strcasecmp(op, "divide") == 0)
        return divide(s, out, a, b);
    if (strcasecmp(op, "add") == 0)
        code = tl_decimal_add(out, a, b, NULL);
    else if (strcasecmp(op, "multiply") == 0)
        code = tl_decimal_mul(out, a, b, NULL);
    else if (strcasecmp(op, "power") == 0)
        code = power(s, out, a, b);
    else { /* toSci, toEng, apply */
        tl_decimal_copy(out, a);
        code = TL_OK;
    }
    return code == TL_OK ? tl_decimal_round(out, out, s->precision, s->rounding, NULL) : code;
}

/* Same text; for engineering form and zeros, which may differ in sign, same value and same power of ten. */
static bool same(const char *op, const struct tl_decimal *got, const char *expected)
{
    struct tl_decimal e = TL_DECIMAL_ZERO;
    struct tl_buf text;
    tl_buf_init(&text, 10000);
    tl_decimal_print(got, &text);
    bool equal = tl_str_is(tl_buf_str(&text), expected);
    if (!equal && tl_decimal_parse(tl_str_z(expected), &e, NULL) == TL_OK && tl_decimal_compare(&e, got) == 0)
        equal = strcasecmp(op, "toEng") == 0 || (tl_decimal_sign(got) == 0 && e.scale == got->scale);
    tl_buf_free(&text);
    tl_decimal_free(&e);
    return equal;
}

static void run_line(struct suite *s, const struct line *line)
{
    struct tl_decimal a = TL_DECIMAL_ZERO, b = TL_DECIMAL_ZERO, out = TL_DECIMAL_ZERO;
    const char *op = line->word[1], *expected = line->word[line->arrow + 1];
    bool two = line->arrow == 4;
    tl_code code = tl_decimal_parse(tl_str_z(line->word[2]), &a, NULL);
    if (code == TL_OK && two)
        code = tl_decimal_parse(tl_str_z(line->word[3]), &b, NULL);
    bool limited = has_condition(line, "Overflow") || has_condition(line, "Underflow") ||
                   has_condition(line, "Clamped") ||
                   (has_condition(line, "Subnormal") && has_condition(line, "Rounded"));
    if (has_condition(line, "Conversion_syntax") || is_special(line->word[2]) || (two && is_special(line->word[3]))) {
        if (code == TL_OK)
            fail_msg("%s: '%s' was taken for a number", line->word[0], line->word[2]);
        s->special++;
    } else if (!s->known_rounding || strchr(line->word[2], '#') || (two && strchr(line->word[3], '#'))) {
        s->left_out++;
    } else if (limited || (is_special(expected) && has_condition(line, "Invalid_operation"))) {
        s->limits++; /* a result the context cannot hold; ours can, or refuses: it must only end */
        if (code == TL_OK)
            compute(s, op, &out, &a, &b);
    } else if (code != TL_OK) {
        fail_msg("%s: '%s' was refused", line->word[0], line->word[2]);
    } else {
        code = compute(s, op, &out, &a, &b);
        if (code == TL_EFAILED)
            s->left_out++;
        else if (code != TL_OK || !same(op, &out, expected))
            fail_msg("%s %s %s %s: expected %s, %s", line->word[0], op, line->word[2], two ? line->word[3] : "",
                     expected, code == TL_OK ? "got another" : "refused");
        else
            s->passed++;
    }
    tl_decimal_free(&a);
    tl_decimal_free(&b);
    tl_decimal_free(&out);
}

static void run_suite(const char *name, size_t passes)
{
    size_t len;
    char path[100];
    snprintf(path, sizeof path, "decimal/%s.decTest", name);
    char *text = cases_need(path, &len);
    struct suite s = {.precision = 9, .known_rounding = true, .rounding = TL_ROUND_HALF_UP};
    tl_str rest = tl_str_n(text, len), row;
    struct line *line = tl_zalloc(1, sizeof *line);
    while (tl_str_cut(&rest, '\n', &row)) {
        char *z = tl_str_dup(row);
        if (cut_words(z, line) && line->words) {
            if (line->arrow >= 3 && line->arrow + 1 < line->words)
                run_line(&s, line);
            else
                directive(&s, line);
        }
        tl_free(z);
    }
    print_message("%s: %zu passed, %zu not numbers and refused, %zu beyond a context's limits, %zu left out\n", name,
                  s.passed, s.special, s.limits, s.left_out);
    assert_int_equal(s.passed, passes);
    tl_free(line);
    tl_free(text);
}

static void reads_and_prints_the_base_cases(void **state)
{
    (void)state;
    run_suite("base", 812);
}

static void rounds_the_rounding_cases(void **state)
{
    (void)state;
    run_suite("rounding", 798);
}

static void quantizes_the_quantize_cases(void **state)
{
    (void)state;
    run_suite("quantize", 558);
}

static void compares_the_compare_cases(void **state)
{
    (void)state;
    run_suite("compare", 546);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints_the_base_cases),
        cmocka_unit_test(rounds_the_rounding_cases),
        cmocka_unit_test(quantizes_the_quantize_cases),
        cmocka_unit_test(compares_the_compare_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
