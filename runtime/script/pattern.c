/* A backtracking matcher for Lua patterns, without recursion: repeats are of single characters, so what may still be
 * tried is a stack no deeper than the pattern has items, and the matcher can stop and go on anywhere. Thread: that of
 * the state. */
#include "pattern.h"
#include "script_state.h"
#include <ctype.h>
#include <string.h>

#define CAPTURE_OPEN (-1)
#define CAPTURE_POSITION (-2)

void tl_match_init(struct tl_match *m, lua_State *L, const char *src, size_t src_len, const char *pat, size_t pat_len)
{
    m->L = L;
    m->src = src;
    m->src_end = src + src_len;
    m->pat_end = pat + pat_len;
    m->steps = 0;
}

void tl_match_begin(struct tl_match *m, const char *s, const char *pat)
{
    m->at = s;
    m->item = pat;
    m->scan = TL_SCAN_NONE;
    m->level = 0;
    m->choices = 0;
}

/* Every character and item tried is a step; after 256 of them it asks for the budget and the slice. */
static bool is_due(struct tl_match *m)
{
    if (++m->steps < 256)
        return false;
    m->steps = 0;
    return tl_script_is_due(m->L);
}

/* A set, or what was captured, may be as long as the memory: so many bytes of it are a step. */
enum { SET_BYTES = 16, CAPTURE_BYTES = 256 };

static void add_steps(struct tl_match *m, ptrdiff_t bytes, ptrdiff_t a_step)
{
    m->steps += (unsigned)(bytes / a_step);
}

/* End of the single-character class that begins at p. */
static const char *class_end(struct tl_match *m, const char *p)
{
    const char *begin = p;
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
    add_steps(m, p - begin, SET_BYTES);
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
    if (s >= m->src_end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_class(c, (unsigned char)p[1]);
    case '[':
        add_steps(m, end - p, SET_BYTES);
        return in_set(c, p, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* ---- what may still be tried ---- */

static struct tl_choice *choose(struct tl_match *m, enum tl_choice_kind kind, const char *item, const char *end)
{
    if (m->choices == TL_CHOICES)
        luaL_error(m->L, "pattern too complex");
    struct tl_choice *choice = &m->choice[m->choices++];
    *choice = (struct tl_choice){kind, item, end, m->at, m->at, 0};
    return choice;
}

/* The nearest other way; false when there is none. */
static bool go_back(struct tl_match *m)
{
    for (; m->choices > 0; m->choices--) {
        struct tl_choice *choice = &m->choice[m->choices - 1];
        switch (choice->kind) {
        case TL_CHOICE_FEWER:
            if (choice->at == choice->least)
                continue;
            m->at = --choice->at;
            break;
        case TL_CHOICE_MORE:
            if (!single(m, choice->at, choice->item, choice->end))
                continue;
            m->at = ++choice->at;
            break;
        case TL_CHOICE_NONE:
            m->at = choice->at;
            m->choices--;
            m->item = choice->end + 1;
            return true;
        case TL_CHOICE_OPENED:
            m->level--;
            continue;
        case TL_CHOICE_CLOSED:
            m->capture[choice->capture].len = CAPTURE_OPEN;
            continue;
        }
        m->item = choice->end + 1;
        return true;
    }
    return false;
}

/* ---- items: each says whether it fits, and moves on in subject and pattern ---- */

static bool capture_open(struct tl_match *m, const char *rest, ptrdiff_t kind)
{
    if (m->level >= TL_CAPTURES)
        luaL_error(m->L, "too many captures in the pattern");
    choose(m, TL_CHOICE_OPENED, m->item, rest);
    m->capture[m->level].at = m->at;
    m->capture[m->level].len = kind;
    m->level++;
    m->item = rest;
    return true;
}

static bool capture_close(struct tl_match *m)
{
    int i = m->level - 1;
    while (i >= 0 && m->capture[i].len != CAPTURE_OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    choose(m, TL_CHOICE_CLOSED, m->item, m->item)->capture = i;
    m->capture[i].len = m->at - m->capture[i].at;
    m->item++;
    return true;
}

static bool back_reference(struct tl_match *m, int digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->level || m->capture[i].len == CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    ptrdiff_t len = m->capture[i].len; /* of a position: nothing is equal to that */
    if (len < 0 || m->src_end - m->at < len)
        return false;
    add_steps(m, len, CAPTURE_BYTES);
    if (memcmp(m->capture[i].at, m->at, (size_t)len) != 0)
        return false;
    m->at += len;
    m->item += 2;
    return true;
}

static bool at_frontier(struct tl_match *m)
{
    const char *set = m->item + 2;
    if (set >= m->pat_end || *set != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    const char *end = class_end(m, set);
    int before = m->at == m->src ? 0 : (unsigned char)m->at[-1];
    int here = m->at < m->src_end ? (unsigned char)*m->at : 0;
    m->item = end;
    add_steps(m, 2 * (end - set), SET_BYTES);
    return !in_set(before, set, end - 1) && in_set(here, set, end - 1);
}

/* %bxy: looks for the y that ends it. */
static bool balanced(struct tl_match *m)
{
    if (m->item + 3 >= m->pat_end)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (m->at >= m->src_end || *m->at != m->item[2])
        return false;
    m->scan = TL_SCAN_BALANCED;
    m->scan_at = m->at + 1;
    m->scan_open = 1;
    return true;
}

static bool greedy(struct tl_match *m, const char *end, ptrdiff_t least)
{
    if (least && !single(m, m->at, m->item, end))
        return false;
    choose(m, TL_CHOICE_FEWER, m->item, end)->least = m->at + least;
    m->scan = TL_SCAN_GREEDY;
    m->scan_at = m->at + least;
    return true;
}

static bool repeated(struct tl_match *m, const char *end)
{
    char repeat = end < m->pat_end ? *end : '\0';
    if (repeat == '*' || repeat == '+')
        return greedy(m, end, repeat == '+');
    if (repeat == '-') {
        choose(m, TL_CHOICE_MORE, m->item, end);
        m->item = end + 1;
        return true;
    }
    bool hit = single(m, m->at, m->item, end);
    if (repeat == '?') {
        if (hit)
            choose(m, TL_CHOICE_NONE, m->item, end);
        m->item = end + 1;
    } else {
        m->item = end;
    }
    m->at += hit;
    return hit || repeat == '?';
}

static bool fits(struct tl_match *m)
{
    const char *p = m->item;
    bool more = p + 1 < m->pat_end;
    if (*p == '(')
        return more && p[1] == ')' ? capture_open(m, p + 2, CAPTURE_POSITION) : capture_open(m, p + 1, CAPTURE_OPEN);
    if (*p == ')')
        return capture_close(m);
    if (*p == '$' && !more) {
        m->item++;
        return m->at == m->src_end;
    }
    if (*p == '%' && more && p[1] == 'b')
        return balanced(m);
    if (*p == '%' && more && p[1] == 'f')
        return at_frontier(m);
    if (*p == '%' && more && isdigit((unsigned char)p[1]))
        return back_reference(m, (unsigned char)p[1]);
    return repeated(m, class_end(m, p));
}

/* ---- scans: items that may be as long as the subject ---- */

/* As many characters as fit, to be given back one by one. */
static enum tl_match_end scan_greedy(struct tl_match *m)
{
    struct tl_choice *choice = &m->choice[m->choices - 1];
    while (single(m, m->scan_at, choice->item, choice->end)) {
        m->scan_at++;
        if (is_due(m))
            return TL_MATCH_PAUSED;
    }
    m->at = choice->at = m->scan_at;
    m->item = choice->end + 1;
    return TL_MATCH_YES;
}

static enum tl_match_end scan_balanced(struct tl_match *m)
{
    char opens = m->item[2], closes = m->item[3];
    while (m->scan_at < m->src_end) {
        char c = *m->scan_at++;
        if (c == closes)
            m->scan_open--;
        else if (c == opens)
            m->scan_open++;
        if (m->scan_open == 0) {
            m->at = m->scan_at;
            m->item += 4;
            return TL_MATCH_YES;
        }
        if (is_due(m))
            return TL_MATCH_PAUSED;
    }
    return TL_MATCH_NO;
}

static enum tl_match_end scan(struct tl_match *m)
{
    enum tl_match_end end = m->scan == TL_SCAN_GREEDY ? scan_greedy(m) : scan_balanced(m);
    if (end != TL_MATCH_PAUSED)
        m->scan = TL_SCAN_NONE;
    return end;
}

enum tl_match_end tl_match_go_on(struct tl_match *m)
{
    for (;;) {
        bool fit = true;
        if (m->scan != TL_SCAN_NONE) {
            enum tl_match_end end = scan(m);
            if (end == TL_MATCH_PAUSED)
                return end;
            fit = end == TL_MATCH_YES;
        } else if (m->item == m->pat_end) {
            return TL_MATCH_YES;
        } else if (is_due(m)) {
            return TL_MATCH_PAUSED;
        } else {
            fit = fits(m);
        }
        if (!fit && !go_back(m))
            return TL_MATCH_NO;
    }
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
