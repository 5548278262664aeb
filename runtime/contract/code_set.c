/* Sets of code points, and what the escapes of a regular expression stand for. Thread: one at a time until sealed. */
#include "base/alloc.h"
#include "category_table.h"
#include "regex_int.h"
#include <stdlib.h>
#include <string.h>

static const struct tl_code_range digits[] = {{'0', '9'}};
static const struct tl_code_range word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct tl_code_range blanks[] = {{9, 13},          {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
                                              {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                                              {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};

void tl_code_set_add(struct tl_code_set *set, uint32_t first, uint32_t last)
{
    if (set->count == set->cap) {
        set->cap = set->cap ? set->cap * 2 : 8;
        set->ranges = tl_realloc(set->ranges, set->cap * sizeof(*set->ranges));
    }
    set->ranges[set->count++] = (struct tl_code_range){first, last};
}

void tl_code_set_add_set(struct tl_code_set *set, const struct tl_code_set *other)
{
    for (size_t i = 0; i < other->count; i++)
        tl_code_set_add(set, other->ranges[i].first, other->ranges[i].last);
}

static int by_first(const void *left, const void *right)
{
    const struct tl_code_range *a = left, *b = right;
    return (a->first > b->first) - (a->first < b->first);
}

static void merge(struct tl_code_set *set)
{
    size_t kept = 0;
    if (set->count == 0)
        return;
    qsort(set->ranges, set->count, sizeof(*set->ranges), by_first);
    for (size_t i = 1; i < set->count; i++) {
        struct tl_code_range *last = &set->ranges[kept], *next = &set->ranges[i];
        if (next->first > last->last + 1)
            set->ranges[++kept] = *next;
        else if (next->last > last->last)
            last->last = next->last;
    }
    set->count = kept + 1;
}

void tl_code_set_invert(struct tl_code_set *set)
{
    struct tl_code_set out = {NULL, 0, 0, {0}};
    uint32_t from = 0;
    merge(set);
    for (size_t i = 0; i < set->count; i++) {
        if (set->ranges[i].first > from)
            tl_code_set_add(&out, from, set->ranges[i].first - 1);
        from = set->ranges[i].last + 1;
    }
    if (from <= TL_CODE_LAST)
        tl_code_set_add(&out, from, TL_CODE_LAST);
    tl_code_set_free(set);
    *set = out;
}

void tl_code_set_seal(struct tl_code_set *set, struct tl_arena *arena)
{
    merge(set);
    for (size_t i = 0; i < set->count; i++)
        for (uint32_t c = set->ranges[i].first; c <= set->ranges[i].last && c < 128; c++)
            set->ascii[c / 32] |= 1u << (c % 32);
    struct tl_code_range *kept = tl_arena_alloc(arena, (set->count + 1) * sizeof(*kept));
    if (set->count)
        memcpy(kept, set->ranges, set->count * sizeof(*kept));
    tl_free(set->ranges);
    set->ranges = kept;
    set->cap = 0;
}

void tl_code_set_free(struct tl_code_set *set)
{
    tl_free(set->ranges);
    *set = (struct tl_code_set){NULL, 0, 0, {0}};
}

bool tl_code_set_has(const struct tl_code_set *sealed, uint32_t code)
{
    if (code < 128)
        return (sealed->ascii[code / 32] >> (code % 32) & 1u) != 0;
    size_t low = 0, high = sealed->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sealed->ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sealed->count && sealed->ranges[low].first <= code;
}

static void add_or_rest(struct tl_code_set *set, const struct tl_code_range *ranges, size_t count, bool inverted)
{
    struct tl_code_set part = {NULL, 0, 0, {0}};
    for (size_t i = 0; i < count; i++)
        tl_code_set_add(&part, ranges[i].first, ranges[i].last);
    if (inverted)
        tl_code_set_invert(&part);
    tl_code_set_add_set(set, &part);
    tl_code_set_free(&part);
}

void tl_code_set_add_letter(struct tl_code_set *set, char letter)
{
    bool inverted = letter < 'a';
    switch (inverted ? letter + ('a' - 'A') : letter) {
    case 'd':
        add_or_rest(set, digits, TL_COUNT_OF(digits), inverted);
        break;
    case 'w':
        add_or_rest(set, word, TL_COUNT_OF(word), inverted);
        break;
    default:
        add_or_rest(set, blanks, TL_COUNT_OF(blanks), inverted);
        break;
    }
}

/* ---- general categories ---- */

#define BIT(category) (1u << TL_CATEGORY_##category)
#define LETTERS (BIT(LU) | BIT(LL) | BIT(LT) | BIT(LM) | BIT(LO))

static const struct {
    const char *name;
    uint32_t categories;
} properties[] = {
    {"Lu", BIT(LU)},
    {"Uppercase_Letter", BIT(LU)},
    {"Ll", BIT(LL)},
    {"Lowercase_Letter", BIT(LL)},
    {"Lt", BIT(LT)},
    {"Titlecase_Letter", BIT(LT)},
    {"LC", BIT(LU) | BIT(LL) | BIT(LT)},
    {"Cased_Letter", BIT(LU) | BIT(LL) | BIT(LT)},
    {"Lm", BIT(LM)},
    {"Modifier_Letter", BIT(LM)},
    {"Lo", BIT(LO)},
    {"Other_Letter", BIT(LO)},
    {"L", LETTERS},
    {"Letter", LETTERS},
    {"Mn", BIT(MN)},
    {"Nonspacing_Mark", BIT(MN)},
    {"Mc", BIT(MC)},
    {"Spacing_Mark", BIT(MC)},
    {"Me", BIT(ME)},
    {"Enclosing_Mark", BIT(ME)},
    {"M", BIT(MN) | BIT(MC) | BIT(ME)},
    {"Mark", BIT(MN) | BIT(MC) | BIT(ME)},
    {"Combining_Mark", BIT(MN) | BIT(MC) | BIT(ME)},
    {"Nd", BIT(ND)},
    {"Decimal_Number", BIT(ND)},
    {"digit", BIT(ND)},
    {"Nl", BIT(NL)},
    {"Letter_Number", BIT(NL)},
    {"No", BIT(NO)},
    {"Other_Number", BIT(NO)},
    {"N", BIT(ND) | BIT(NL) | BIT(NO)},
    {"Number", BIT(ND) | BIT(NL) | BIT(NO)},
    {"Pc", BIT(PC)},
    {"Connector_Punctuation", BIT(PC)},
    {"Pd", BIT(PD)},
    {"Dash_Punctuation", BIT(PD)},
    {"Ps", BIT(PS)},
    {"Open_Punctuation", BIT(PS)},
    {"Pe", BIT(PE)},
    {"Close_Punctuation", BIT(PE)},
    {"Pi", BIT(PI)},
    {"Initial_Punctuation", BIT(PI)},
    {"Pf", BIT(PF)},
    {"Final_Punctuation", BIT(PF)},
    {"Po", BIT(PO)},
    {"Other_Punctuation", BIT(PO)},
    {"P", BIT(PC) | BIT(PD) | BIT(PS) | BIT(PE) | BIT(PI) | BIT(PF) | BIT(PO)},
    {"Punctuation", BIT(PC) | BIT(PD) | BIT(PS) | BIT(PE) | BIT(PI) | BIT(PF) | BIT(PO)},
    {"punct", BIT(PC) | BIT(PD) | BIT(PS) | BIT(PE) | BIT(PI) | BIT(PF) | BIT(PO)},
    {"Sm", BIT(SM)},
    {"Math_Symbol", BIT(SM)},
    {"Sc", BIT(SC)},
    {"Currency_Symbol", BIT(SC)},
    {"Sk", BIT(SK)},
    {"Modifier_Symbol", BIT(SK)},
    {"So", BIT(SO)},
    {"Other_Symbol", BIT(SO)},
    {"S", BIT(SM) | BIT(SC) | BIT(SK) | BIT(SO)},
    {"Symbol", BIT(SM) | BIT(SC) | BIT(SK) | BIT(SO)},
    {"Zs", BIT(ZS)},
    {"Space_Separator", BIT(ZS)},
    {"Zl", BIT(ZL)},
    {"Line_Separator", BIT(ZL)},
    {"Zp", BIT(ZP)},
    {"Paragraph_Separator", BIT(ZP)},
    {"Z", BIT(ZS) | BIT(ZL) | BIT(ZP)},
    {"Separator", BIT(ZS) | BIT(ZL) | BIT(ZP)},
    {"Cc", BIT(CC)},
    {"Control", BIT(CC)},
    {"cntrl", BIT(CC)},
    {"Cf", BIT(CF)},
    {"Format", BIT(CF)},
    {"Cs", BIT(CS)},
    {"Surrogate", BIT(CS)},
    {"Co", BIT(CO)},
    {"Private_Use", BIT(CO)},
    {"Cn", BIT(CN)},
    {"Unassigned", BIT(CN)},
    {"C", BIT(CC) | BIT(CF) | BIT(CS) | BIT(CO) | BIT(CN)},
    {"Other", BIT(CC) | BIT(CF) | BIT(CS) | BIT(CO) | BIT(CN)},
    {"Assigned", ~BIT(CN)},
    {"Any", ~0u},
};

static void add_categories(struct tl_code_set *set, uint32_t categories)
{
    for (size_t i = 0; i < TL_COUNT_OF(tl_category_runs); i++)
        if (categories >> (tl_category_runs[i] & 31) & 1u) {
            uint32_t next = i + 1 < TL_COUNT_OF(tl_category_runs) ? tl_category_runs[i + 1] >> 5 : TL_CODE_LAST + 1;
            tl_code_set_add(set, tl_category_runs[i] >> 5, next - 1);
        }
}

bool tl_code_set_add_property(struct tl_code_set *set, tl_str name, bool inverted)
{
    static const char *const prefixes[] = {"General_Category=", "gc="};
    for (size_t i = 0; i < TL_COUNT_OF(prefixes); i++)
        if (tl_str_starts(name, tl_str_z(prefixes[i])))
            name = tl_str_from(name, strlen(prefixes[i]));
    if (tl_str_is(name, "ASCII")) {
        tl_code_set_add(set, inverted ? 128 : 0, inverted ? TL_CODE_LAST : 127);
        return true;
    }
    for (size_t i = 0; i < TL_COUNT_OF(properties); i++)
        if (tl_str_is(name, properties[i].name)) {
            add_categories(set, inverted ? ~properties[i].categories : properties[i].categories);
            return true;
        }
    return false;
}
