/* Lua patterns (§6.4.1 of the manual) over bytes, with a step count, so that a pattern which would run for
 * hours ends at the CPU budget: the stock matcher never looks up. Thread: that of the state. */
#pragma once
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#define TL_CAPTURES 32

struct tl_match {
    lua_State *L;
    const char *src, *src_end;
    const char *pat_end;
    unsigned steps;
    int depth;
    int level; /* captures so far */
    struct {
        const char *at;
        ptrdiff_t len; /* or CAPTURE_OPEN, CAPTURE_POSITION */
    } capture[TL_CAPTURES];
};

void tl_match_init(struct tl_match *m, lua_State *L, const char *src, size_t src_len, const char *pat, size_t pat_len);
/* Matches `pat` exactly at `s`; the end of the match or NULL. Raises for a malformed pattern and at the
 * budget. */
const char *tl_match_at(struct tl_match *m, const char *s, const char *pat);
/* Pushes all captures (the whole match [s, e) when there is none); how many. */
int tl_match_push(struct tl_match *m, const char *s, const char *e);
/* Pushes capture `i` from 0. */
void tl_match_push_one(struct tl_match *m, int i, const char *s, const char *e);
