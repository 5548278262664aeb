/* Looking for a pattern from some place on, pausing where the matcher does. Private to the string library. Thread: that
 * of the state. */
#pragma once
#include "pattern.h"
#include "script_state.h"

struct tl_search {
    struct tl_match match;
    const char *pattern; /* without its anchor */
    bool anchored;
    bool matching; /* at `from` */
    const char *from;
};

/* Subject and pattern are the strings at these indices, and stay there. `from`: where the search begins. */
void tl_search_init(struct tl_search *s, lua_State *L, int subject, int pattern, size_t from);
/* YES: the match begins at s->from and ends at s->match.at. NO: s->from is where the search ended. */
enum tl_match_end tl_search_next(struct tl_search *s);
/* Keeps the search on the top of L's stack and gives way; go_on takes it back. */
int tl_search_pause(lua_State *L, const struct tl_search *s, lua_KFunction go_on);
void tl_search_take(lua_State *L, struct tl_search *s);
