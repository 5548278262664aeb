/* Which systems the kinds mean for one run. A kind is routed once per run, by the route that is live at its first call:
 * a deploy that changes the route while the run waits does not send its next call to another system. Thread: that of
 * the run's lane. */
#pragma once
#include "base/str.h"

struct tl_routed {
    struct tl_routed_kind {
        char *kind, *system; /* own; the system as its integration names it */
    } * kinds;               /* own */
    size_t count;
};

/* NULL: not routed yet. Borrowed, until the next add. */
const char *tl_routed_find(const struct tl_routed *routed, tl_str kind);
void tl_routed_add(struct tl_routed *routed, tl_str kind, tl_str system);
void tl_routed_clear(struct tl_routed *routed);
