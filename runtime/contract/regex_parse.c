/* Reads a regular expression into a tree. Thread: one at a time. */
#include "codec/utf8.h"
#include "regex_int.h"
#include <string.h>

enum { GROUPS_DEEP = 100, REPEAT_MOST = 100000 };

struct reading {
    tl_str text;
    size_t at;
    struct tl_arena *arena;
    struct tl_error *err;
    int depth;
};

static tl_code refuse(struct reading *r, size_t at, const char *why)
{
    size_t character = tl_utf8_length(tl_str_n(r->text.ptr, at)) + 1;
    return tl_fail(r->err, TL_EINPUT, "character %zu of the pattern: %s", character, why);
}

static bool more(const struct reading *r)
{
    return r->at < r->text.len;
}

static char peek(const struct reading *r)
{
    return more(r) ? r->text.ptr[r->at] : '\0';
}

static bool take(struct reading *r, const char *word)
{
    if (!tl_str_starts(tl_str_from(r->text, r->at), tl_str_z(word)))
        return false;
    r->at += strlen(word);
    return true;
}

static struct tl_regex_part *part(struct reading *r, enum tl_regex_kind kind)
{
    struct tl_regex_part *p = TL_ARENA_NEW(r->arena, struct tl_regex_part);
    p->kind = kind;
    return p;
}

/* ---- escapes ---- */

static bool hex(struct reading *r, size_t digits, uint32_t *out)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        char c = peek(r);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return false;
        value = value << 4 | digit;
        r->at++;
    }
    *out = value;
    return true;
}

/* After \u. */
static tl_code unicode_escape(struct reading *r, size_t begin, uint32_t *code)
{
    uint32_t low = 0;
    if (take(r, "{")) {
        *code = 0;
        size_t digits = 0;
        while (hex(r, 1, &low) && digits++ < 8)
            *code = *code << 4 | low;
        if (!digits || digits > 8 || *code > TL_CODE_LAST || !take(r, "}"))
            return refuse(r, begin, "\\u{…} takes the number of a code point, up to 10FFFF");
    } else if (!hex(r, 4, code)) {
        return refuse(r, begin, "\\u takes four hexadecimal digits or {…}");
    }
    if (*code >= 0xD800 && *code <= 0xDBFF && take(r, "\\u") && hex(r, 4, &low) && low >= 0xDC00 && low <= 0xDFFF)
        *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
    if (*code >= 0xD800 && *code <= 0xDFFF)
        return refuse(r, begin, "half of a surrogate pair, which no text holds");
    return TL_OK;
}

/* An escape that stands for one code point; the backslash is read. */
static tl_code code_escape(struct reading *r, size_t begin, uint32_t *code)
{
    static const char letters[] = "tnvfr", values[] = "\t\n\v\f\r";
    char c = peek(r);
    const char *found = c ? strchr(letters, c) : NULL;
    r->at++;
    if (found) {
        *code = (uint32_t)values[found - letters];
        return TL_OK;
    }
    if (c == 'c') {
        char letter = peek(r);
        r->at++;
        *code = (uint32_t)letter % 32;
        if ((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z'))
            return TL_OK;
        return refuse(r, begin, "\\c takes a letter");
    }
    if (c == '0' && !(peek(r) >= '0' && peek(r) <= '9')) {
        *code = 0;
        return TL_OK;
    }
    if (c == 'x')
        return hex(r, 2, code) ? TL_OK : refuse(r, begin, "\\x takes two hexadecimal digits");
    if (c == 'u')
        return unicode_escape(r, begin, code);
    if (c > ' ' && c < 127 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')) {
        *code = (uint32_t)c; /* punctuation means itself */
        return TL_OK;
    }
    if ((c >= '1' && c <= '9') || c == 'k')
        return refuse(r, begin, "backreferences are not supported: they cannot be matched in bounded time");
    return refuse(r, begin, "this escape means nothing in ECMA-262");
}

/* \d \w \s \p and their opposites, after the backslash: true when it was one. */
static tl_code set_escape(struct reading *r, size_t begin, struct tl_code_set *set, bool *found)
{
    char c = peek(r);
    *found = c && strchr("dDwWsSpP", c) != NULL;
    if (!*found)
        return TL_OK;
    r->at++;
    if (c != 'p' && c != 'P') {
        tl_code_set_add_letter(set, c);
        return TL_OK;
    }
    tl_str rest = tl_str_from(r->text, r->at);
    ptrdiff_t end = tl_str_find(rest, '}');
    if (rest.len == 0 || rest.ptr[0] != '{' || end < 0)
        return refuse(r, begin, "\\p takes a property in braces, as in \\p{L}");
    if (!tl_code_set_add_property(set, tl_str_n(rest.ptr + 1, (size_t)end - 1), c == 'P'))
        return refuse(r, begin, "of the properties of \\p{…} only general categories are supported (L, Lu, Nd, P …)");
    r->at += (size_t)end + 1;
    return TL_OK;
}

/* ---- classes ---- */

/* One member of a class: a code point, or a set (then *is_set, already added). */
static tl_code class_member(struct reading *r, struct tl_code_set *set, uint32_t *code, bool *is_set)
{
    size_t begin = r->at;
    *is_set = false;
    if (!take(r, "\\")) {
        tl_utf8_next(r->text, &r->at, code);
        return TL_OK;
    }
    if (take(r, "b")) {
        *code = '\b';
        return TL_OK;
    }
    tl_code done = set_escape(r, begin, set, is_set);
    return done == TL_OK && !*is_set ? code_escape(r, begin, code) : done;
}

static tl_code class_members(struct reading *r, size_t begin, struct tl_code_set *set)
{
    while (more(r) && peek(r) != ']') {
        size_t at = r->at;
        uint32_t first, last;
        bool first_is_set, last_is_set = false;
        tl_code code = class_member(r, set, &first, &first_is_set);
        if (code != TL_OK)
            return code;
        last = first;
        bool range = peek(r) == '-' && r->at + 1 < r->text.len && r->text.ptr[r->at + 1] != ']';
        if (range) {
            r->at++;
            code = class_member(r, set, &last, &last_is_set);
            if (code != TL_OK)
                return code;
            if (first_is_set || last_is_set)
                return refuse(r, at, "a range goes from one character to another, not to a class");
            if (first > last)
                return refuse(r, at, "a range that ends before it begins");
        }
        if (!first_is_set)
            tl_code_set_add(set, first, last);
    }
    return take(r, "]") ? TL_OK : refuse(r, begin, "a class that is not closed by ]");
}

static struct tl_regex_part *set_part(struct reading *r, struct tl_code_set *set)
{
    struct tl_regex_part *p = part(r, TL_REGEX_SET);
    tl_code_set_seal(set, r->arena);
    p->set = TL_ARENA_NEW(r->arena, struct tl_code_set);
    *p->set = *set;
    return p;
}

static tl_code read_class(struct reading *r, size_t begin, struct tl_regex_part **out)
{
    struct tl_code_set set = {NULL, 0, 0, {0}};
    bool inverted = take(r, "^");
    tl_code code = class_members(r, begin, &set);
    if (code != TL_OK) {
        tl_code_set_free(&set);
        return code;
    }
    if (inverted)
        tl_code_set_invert(&set);
    *out = set_part(r, &set);
    return TL_OK;
}

/* ---- atoms, repeats, sequences, choices ---- */

static tl_code read_choice(struct reading *r, struct tl_regex_part **out);

static tl_code read_group(struct reading *r, size_t begin, struct tl_regex_part **out)
{
    if (take(r, "?:"))
        ;
    else if (take(r, "?=") || take(r, "?!") || take(r, "?<=") || take(r, "?<!"))
        return refuse(r, begin, "lookahead and lookbehind are not supported: say it with several patterns (allOf)");
    else if (take(r, "?<")) {
        ptrdiff_t end = tl_str_find(tl_str_from(r->text, r->at), '>');
        if (end <= 0)
            return refuse(r, begin, "the name of a group ends with >");
        r->at += (size_t)end + 1;
    } else if (peek(r) == '?')
        return refuse(r, begin, "flags and other forms of (?…) are not of ECMA-262");
    if (++r->depth > GROUPS_DEEP)
        return refuse(r, begin, "groups more than 100 deep");
    tl_code code = read_choice(r, out);
    r->depth--;
    if (code != TL_OK)
        return code;
    return take(r, ")") ? TL_OK : refuse(r, begin, "a group that is not closed by )");
}

static tl_code read_escape(struct reading *r, size_t begin, struct tl_regex_part **out)
{
    struct tl_code_set set = {NULL, 0, 0, {0}};
    bool is_set;
    if (take(r, "b") || take(r, "B")) {
        *out = part(r, r->text.ptr[r->at - 1] == 'b' ? TL_REGEX_WORD : TL_REGEX_NO_WORD);
        return TL_OK;
    }
    tl_code code = set_escape(r, begin, &set, &is_set);
    if (code == TL_OK && is_set) {
        *out = set_part(r, &set);
        return TL_OK;
    }
    *out = part(r, TL_REGEX_CODE);
    return code == TL_OK ? code_escape(r, begin, &(*out)->code) : code;
}

static struct tl_regex_part *any_but_line_ends(struct reading *r)
{
    struct tl_code_set set = {NULL, 0, 0, {0}};
    tl_code_set_add(&set, '\n', '\n');
    tl_code_set_add(&set, '\r', '\r');
    tl_code_set_add(&set, 0x2028, 0x2029);
    tl_code_set_invert(&set);
    return set_part(r, &set);
}

static tl_code read_atom(struct reading *r, struct tl_regex_part **out)
{
    size_t begin = r->at;
    uint32_t code;
    tl_utf8_next(r->text, &r->at, &code);
    switch (code) {
    case '(':
        return read_group(r, begin, out);
    case '[':
        return read_class(r, begin, out);
    case '\\':
        return more(r) ? read_escape(r, begin, out) : refuse(r, begin, "a pattern cannot end with a single \\");
    case '.':
        *out = any_but_line_ends(r);
        return TL_OK;
    case '^':
    case '$':
        *out = part(r, code == '^' ? TL_REGEX_START : TL_REGEX_END);
        return TL_OK;
    case '*':
    case '+':
    case '?':
        return refuse(r, begin, "nothing stands before it that could be repeated");
    case '{':
    case '}':
    case ']':
        return refuse(r, begin, "{, } and ] are written with a \\ before them");
    default:
        *out = part(r, TL_REGEX_CODE);
        (*out)->code = code;
        return TL_OK;
    }
}

static bool count(struct reading *r, int32_t *out)
{
    size_t begin = r->at;
    int32_t value = 0;
    while (peek(r) >= '0' && peek(r) <= '9') {
        if (value <= REPEAT_MOST)
            value = value * 10 + (peek(r) - '0');
        r->at++;
    }
    *out = value;
    return r->at > begin && value <= REPEAT_MOST;
}

static bool braces(struct reading *r, int32_t *least, int32_t *most)
{
    if (!count(r, least))
        return false;
    *most = *least;
    if (take(r, ",")) {
        *most = TL_REGEX_MANY;
        if (peek(r) != '}' && !count(r, most))
            return false;
    }
    return take(r, "}");
}

static tl_code read_repeat(struct reading *r, struct tl_regex_part **atom)
{
    size_t begin = r->at;
    int32_t least = 0, most = TL_REGEX_MANY;
    if (take(r, "?"))
        most = 1;
    else if (take(r, "+"))
        least = 1;
    else if (take(r, "{")) {
        if (!braces(r, &least, &most) || (most != TL_REGEX_MANY && most < least))
            return refuse(r, begin, "a repeat is {n}, {n,} or {n,m} with n up to m and at most 100000");
    } else if (!take(r, "*"))
        return TL_OK;
    take(r, "?"); /* lazy: the same texts match */
    enum tl_regex_kind kind = (*atom)->kind;
    if (kind == TL_REGEX_START || kind == TL_REGEX_END || kind == TL_REGEX_WORD || kind == TL_REGEX_NO_WORD)
        return refuse(r, begin, "^, $, \\b and \\B cannot be repeated");
    struct tl_regex_part *repeat = part(r, TL_REGEX_REPEAT);
    repeat->least = least;
    repeat->most = most;
    repeat->parts = *atom;
    *atom = repeat;
    return TL_OK;
}

static tl_code read_sequence(struct reading *r, struct tl_regex_part **out)
{
    *out = part(r, TL_REGEX_SEQUENCE);
    struct tl_regex_part **tail = &(*out)->parts;
    while (more(r) && peek(r) != '|' && peek(r) != ')') {
        tl_code code = read_atom(r, tail);
        if (code == TL_OK)
            code = read_repeat(r, tail);
        if (code != TL_OK)
            return code;
        tail = &(*tail)->next;
    }
    return TL_OK;
}

static tl_code read_choice(struct reading *r, struct tl_regex_part **out)
{
    *out = part(r, TL_REGEX_CHOICE);
    struct tl_regex_part **tail = &(*out)->parts;
    do {
        tl_code code = read_sequence(r, tail);
        if (code != TL_OK)
            return code;
        tail = &(*tail)->next;
    } while (take(r, "|"));
    return TL_OK;
}

tl_code tl_regex_parse(tl_str pattern, struct tl_arena *arena, struct tl_regex_part **out, struct tl_error *err)
{
    struct reading r = {.text = pattern, .arena = arena, .err = err};
    if (pattern.len > TL_REGEX_BYTES)
        return tl_fail(err, TL_EINPUT, "a pattern has at most %d bytes", TL_REGEX_BYTES);
    tl_code code = read_choice(&r, out);
    if (code == TL_OK && more(&r))
        return refuse(&r, r.at, "a ) without its (");
    return code;
}
