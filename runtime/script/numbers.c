/* What a script does with numbers of documents: compared with a whole number by ==, or computed with a float, which
 * only goes wrong for some of them. Thread: any. */
#include "reads.h"
#include <string.h>

/* A number by every contract it may come from, and nothing else but null. `whole`: by each an integer. */
static bool is_number(const struct tl_known *value, bool *whole)
{
    static const char *const others[] = {"object", "array", "string", "boolean"};
    if (!value || value->kind != TL_KNOWN_VALUE || value->count == 0)
        return false;
    *whole = true;
    for (size_t i = 0; i < value->count; i++) {
        const struct tl_shape *shape = &value->shapes[i];
        if (shape->unknown || !tl_shape_may_be(shape, "integer"))
            return false;
        for (size_t other = 0; other < TL_COUNT_OF(others); other++)
            if (tl_shape_may_be(shape, others[other]))
                return false;
        *whole = *whole && !tl_shape_may_be(shape, "number");
    }
    return true;
}

static tl_str contract_of(const struct tl_known *value)
{
    tl_str document = TL_STR_NONE;
    const char *pointer;
    tl_shape_place(&value->shapes[0], &document, &pointer);
    return document;
}

static void add(struct tl_read_check *check, enum tl_severity severity, int line, const char *text)
{
    tl_findings_add(check->findings, severity, (struct tl_place){check->file, line}, "%s", text);
}

void tl_known_compared(struct tl_read_check *check, const struct tl_known *value, tl_str name, long number, int line)
{
    bool whole;
    if (!name.len || !is_number(value, &whole) || whole)
        return;
    add(check, TL_FINDING_WARNING, line,
        tl_arena_printf(check->arena,
                        "'%.*s' is a number by %.*s: what came with a fraction is a decimal, and never == %ld, also as "
                        "%ld.00; write decimal(%.*s):is(%ld)",
                        TL_STR_ARGS(name), TL_STR_ARGS(contract_of(value)), number, number, TL_STR_ARGS(name), number));
}

void tl_known_computed(struct tl_read_check *check, const char *op, const struct tl_known *a, const struct tl_known *b,
                       int line)
{
    const struct tl_known *number = a && a->kind == TL_KNOWN_FLOAT ? b : a, *other = number == a ? b : a;
    bool whole, divides = strcmp(op, "/") == 0;
    if (!is_number(number, &whole))
        return;
    if (other && other->kind == TL_KNOWN_FLOAT)
        add(check, TL_FINDING_ERROR, line,
            tl_arena_printf(check->arena,
                            "a number of %.*s and the float %g: whole ones would become floats, which lose digits, and "
                            "decimals refuse it; write decimal \"%g\"",
                            TL_STR_ARGS(contract_of(number)), other->number, other->number));
    else if (divides && !whole)
        add(check, TL_FINDING_ERROR, line,
            tl_arena_printf(check->arena,
                            "a number of %.*s is divided: whole ones would become floats, which lose digits, and "
                            "decimals refuse it; write decimal(…):div(…, 2, \"half-even\")",
                            TL_STR_ARGS(contract_of(number))));
}
