/* Lua patterns (§6.4.1 of the manual) over bytes, matched in steps: a match that takes longer than the slice pauses, so
 * that others have their turn, and one that would run for hours ends at the CPU budget; the stock matcher never looks
 * up. Thread: that of the state. */
#pragma once
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#define TL_CAPTURES 32
#define TL_CHOICES 200

enum tl_match_end { TL_MATCH_NO, TL_MATCH_YES, TL_MATCH_PAUSED };

/* Another way that is left: one character fewer or more, an optional one not taken; or a capture to be taken back on
 * the way. */
enum tl_choice_kind { TL_CHOICE_FEWER, TL_CHOICE_MORE, TL_CHOICE_NONE, TL_CHOICE_OPENED, TL_CHOICE_CLOSED };
struct tl_choice {
    enum tl_choice_kind kind;
    const char *item, *end; /* the character's class; what follows begins behind its sign of repetition */
    const char *least, *at; /* FEWER: how little it may be, and is now */
    int capture;            /* CLOSED */
};

enum tl_scan { TL_SCAN_NONE, TL_SCAN_GREEDY, TL_SCAN_BALANCED };

/* May be copied while it pauses. Borrows subject and pattern. */
struct tl_match {
    lua_State *L;
    const char *src, *src_end;
    const char *pat_end;
    unsigned steps;
    const char *at;   /* in the subject; the end of the match when it has ended with YES */
    const char *item; /* what of the pattern comes next */
    enum tl_scan scan;
    const char *scan_at;
    ptrdiff_t scan_open;
    int level; /* captures so far */
    struct {
        const char *at;
        ptrdiff_t len; /* or CAPTURE_OPEN, CAPTURE_POSITION */
    } capture[TL_CAPTURES];
    int choices;
    struct tl_choice choice[TL_CHOICES];
};

void tl_match_init(struct tl_match *m, lua_State *L, const char *src, size_t src_len, const char *pat, size_t pat_len);
/* From here on `pat` is matched exactly at `s`. */
void tl_match_begin(struct tl_match *m, const char *s, const char *pat);
/* PAUSED: the slice is over and L can give way; to be called again. Raises for a malformed pattern and at the budget.
 */
enum tl_match_end tl_match_go_on(struct tl_match *m);
/* Pushes all captures (the whole match [s, e) when there is none); how many. */
int tl_match_push(struct tl_match *m, const char *s, const char *e);
/* Pushes capture `i` from 0. */
void tl_match_push_one(struct tl_match *m, int i, const char *s, const char *e);
