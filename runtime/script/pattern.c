/* A backtracking matcher for Lua patterns. Recursion is bounded (TL_MATCH_DEPTH); every item tried counts one
 * step, and each 256 steps the CPU budget is asked. Thread: that of the state. */
#include "pattern.h"
#include "script_state.h"
#include <ctype.h>
#include <string.h>

#define DEPTH_MAX 200
#define CAPTURE_OPEN (-1)
#define CAPTURE_POSITION (-2)

void tl_match_init(struct tl_match *m, lua_State *L, const char *src, size_t src_len, const char *pat, size_t pat_len)
{
    m->L = L;
    m->src = src;
    m->src_end = src + src_len;
    m->pat_end = pat + pat_len;
    m->steps = 0;
    m->depth = 0;
    m->level = 0;
}

static void step(struct tl_match *m)
{
    if ((++m->steps & 255u) == 0)
        tl_script_check_budget(m->L);
}

/* End of the single-character class that begins at p. */
static const char *class_end(struct tl_match *m, const char *p)
{
    if (p == m->pat_end)
        luaL_error(m->L, "malformed pattern (ends too early)");
    if (*p == '%') {
        if (p + 1 == m->pat_end)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 2;
    }
    if (*p != '[')
        return p + 1;
    p++;
    if (p < m->pat_end && *p == '^')
        p++;
    bool first = true;
    while (first || p == m->pat_end || *p != ']') {
        if (p == m->pat_end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        first = false;
        p += *p == '%' && p + 1 < m->pat_end ? 2 : 1;
    }
    return p + 1;
}

static bool in_class(int c, int letter)
{
    bool yes;
    switch (tolower(letter)) {
    case 'a':
        yes = isalpha(c);
        break;
    case 'c':
        yes = iscntrl(c);
        break;
    case 'd':
        yes = isdigit(c);
        break;
    case 'g':
        yes = isgraph(c);
        break;
    case 'l':
        yes = islower(c);
        break;
    case 'p':
        yes = ispunct(c);
        break;
    case 's':
        yes = isspace(c);
        break;
    case 'u':
        yes = isupper(c);
        break;
    case 'w':
        yes = isalnum(c);
        break;
    case 'x':
        yes = isxdigit(c);
        break;
    default:
        return letter == c;
    }
    return isupper(letter) ? !yes : yes;
}

/* [set]; `p` at '[', `last` at ']'. */
static bool in_set(int c, const char *p, const char *last)
{
    bool wanted = true;
    p++;
    if (*p == '^') {
        wanted = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == '%' && p + 1 < last) {
            p++;
            if (in_class(c, (unsigned char)*p))
                return wanted;
        } else if (p + 2 < last && p[1] == '-') {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return wanted;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return wanted;
        }
    }
    return !wanted;
}

static bool single(struct tl_match *m, const char *s, const char *p, const char *end)
{
    step(m);
    if (s >= m->src_end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_class(c, (unsigned char)p[1]);
    case '[':
        return in_set(c, p, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

static const char *greedy(struct tl_match *m, const char *s, const char *p, const char *end, ptrdiff_t least)
{
    ptrdiff_t count = 0;
    while (single(m, s + count, p, end))
        count++;
    for (; count >= least; count--) {
        const char *rest = tl_match_at(m, s + count, end + 1);
        if (rest)
            return rest;
    }
    return NULL;
}

static const char *lazy(struct tl_match *m, const char *s, const char *p, const char *end)
{
    for (;;) {
        const char *rest = tl_match_at(m, s, end + 1);
        if (rest)
            return rest;
        if (!single(m, s, p, end))
            return NULL;
        s++;
    }
}

static const char *capture_open(struct tl_match *m, const char *s, const char *p, ptrdiff_t kind)
{
    if (m->level >= TL_CAPTURES)
        luaL_error(m->L, "too many captures in the pattern");
    m->capture[m->level].at = s;
    m->capture[m->level].len = kind;
    m->level++;
    const char *rest = tl_match_at(m, s, p);
    if (!rest)
        m->level--;
    return rest;
}

static const char *capture_close(struct tl_match *m, const char *s, const char *p)
{
    int i = m->level - 1;
    while (i >= 0 && m->capture[i].len != CAPTURE_OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->capture[i].len = s - m->capture[i].at;
    const char *rest = tl_match_at(m, s, p);
    if (!rest)
        m->capture[i].len = CAPTURE_OPEN;
    return rest;
}

static const char *balanced(struct tl_match *m, const char *s, const char *p)
{
    if (p + 1 >= m->pat_end)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->src_end || *s != *p)
        return NULL;
    int open = 1;
    for (s++; s < m->src_end; s++) {
        step(m);
        if (*s == p[1]) {
            if (--open == 0)
                return s + 1;
        } else if (*s == p[0]) {
            open++;
        }
    }
    return NULL;
}

static const char *back_reference(struct tl_match *m, const char *s, int digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->level || m->capture[i].len == CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    size_t len = m->capture[i].len < 0 ? 0 : (size_t)m->capture[i].len;
    if ((size_t)(m->src_end - s) < len || memcmp(m->capture[i].at, s, len) != 0)
        return NULL;
    return s + len;
}

static bool at_frontier(struct tl_match *m, const char *s, const char *set, const char *end)
{
    int before = s == m->src ? 0 : (unsigned char)s[-1];
    int here = s < m->src_end ? (unsigned char)*s : 0;
    return !in_set(before, set, end - 1) && in_set(here, set, end - 1);
}

/* Items that begin with '%' and are more than a class. *handled says whether this was one. */
static const char *special(struct tl_match *m, const char *s, const char **p, bool *handled)
{
    *handled = true;
    char c = (*p)[1];
    if (c == 'b') {
        s = balanced(m, s, *p + 2);
        *p += 4;
        return s;
    }
    if (c == 'f') {
        const char *set = *p + 2;
        if (set >= m->pat_end || *set != '[')
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        const char *end = class_end(m, set);
        *p = end;
        return at_frontier(m, s, set, end) ? s : NULL;
    }
    if (isdigit((unsigned char)c)) {
        s = back_reference(m, s, (unsigned char)c);
        *p += 2;
        return s;
    }
    *handled = false;
    return s;
}

static const char *match_here(struct tl_match *m, const char *s, const char *p)
{
    while (p < m->pat_end) {
        step(m);
        if (*p == '(')
            return p + 1 < m->pat_end && p[1] == ')' ? capture_open(m, s, p + 2, CAPTURE_POSITION)
                                                     : capture_open(m, s, p + 1, CAPTURE_OPEN);
        if (*p == ')')
            return capture_close(m, s, p + 1);
        if (*p == '$' && p + 1 == m->pat_end)
            return s == m->src_end ? s : NULL;
        if (*p == '%' && p + 1 < m->pat_end) {
            bool handled;
            s = special(m, s, &p, &handled);
            if (!s)
                return NULL;
            if (handled)
                continue;
        }
        const char *end = class_end(m, p);
        char repeat = end < m->pat_end ? *end : '\0';
        if (repeat == '*')
            return greedy(m, s, p, end, 0);
        if (repeat == '+')
            return greedy(m, s, p, end, 1);
        if (repeat == '-')
            return lazy(m, s, p, end);
        bool hit = single(m, s, p, end);
        if (repeat == '?') {
            const char *rest = hit ? tl_match_at(m, s + 1, end + 1) : NULL;
            if (rest)
                return rest;
            p = end + 1;
            continue;
        }
        if (!hit)
            return NULL;
        s++;
        p = end;
    }
    return s;
}

const char *tl_match_at(struct tl_match *m, const char *s, const char *pat)
{
    if (++m->depth > DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    const char *end = match_here(m, s, pat);
    m->depth--;
    return end;
}

void tl_match_push_one(struct tl_match *m, int i, const char *s, const char *e)
{
    if (i >= m->level) {
        if (i != 0)
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(m->L, s, (size_t)(e - s));
        return;
    }
    ptrdiff_t len = m->capture[i].len;
    if (len == CAPTURE_OPEN)
        luaL_error(m->L, "unfinished capture");
    if (len == CAPTURE_POSITION)
        lua_pushinteger(m->L, m->capture[i].at - m->src + 1);
    else
        lua_pushlstring(m->L, m->capture[i].at, (size_t)len);
}

int tl_match_push(struct tl_match *m, const char *s, const char *e)
{
    int count = m->level == 0 && s ? 1 : m->level;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++)
        tl_match_push_one(m, i, s, e);
    return count;
}
