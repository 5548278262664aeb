/* Time passes only when a test says so, and only while nothing moves. */
#include "base/clock.h"
#include "clock.h"
#include "flow/by_hand.h"
#include "loop/loop.h"
#include "world.h"

#define WAIT_MS 1
#define TURNS_MAX 20000 /* of a world that does not come to rest */
#define STEPS_EXACT                                                                                                    \
    20000 /* moments of one advance that are met exactly; a gate that is asked every second for weeks                  \
             is met a hundred times more */

tl_code tl_world_settle(struct tl_world *w, struct tl_error *err)
{
    for (int turns = 0, quiet = 0; quiet < 2; turns++) {
        bool at_rest = tl_engine_turn(w->engine, w->held, WAIT_MS);
        quiet = at_rest && !tl_world_calls_answer(w) ? quiet + 1 : 0;
        if (turns > TURNS_MAX)
            return tl_fail(err, TL_ETIMEOUT, "the world does not come to rest: is there a flow that never waits?");
    }
    return TL_OK;
}

tl_code tl_world_await(struct tl_world *w, struct tl_error *err)
{
    for (int turns = 0; w->replies == 0; turns++) {
        if (tl_engine_turn(w->engine, w->held, WAIT_MS)) /* what was asked is on its way to the journal */
            tl_loop_wait(tl_world_loop(w), WAIT_MS);
        if (turns > TURNS_MAX)
            return tl_fail(err, TL_ETIMEOUT, "no answer came from the engine");
    }
    return TL_OK;
}

/* The next moment at which something happens, at most `end`. */
static int64_t next_moment(struct tl_world *w, int64_t end)
{
    int64_t mono = tl_engine_due_ms(w->engine), call = tl_world_calls_due(w), next = end;
    if (mono != INT64_MAX && tl_trial_wall_of(mono) < next)
        next = tl_trial_wall_of(mono);
    return call < next ? call : next;
}

tl_code tl_world_advance(struct tl_world *w, int64_t ms, struct tl_error *err)
{
    int64_t now = tl_wall_ms(), end = now + ms;
    tl_code code = tl_world_settle(w, err);
    for (int steps = 0; code == TL_OK && now < end; steps++) {
        int64_t next = next_moment(w, end);
        if (steps > STEPS_EXACT && next < now + (end - now) / 100)
            next = now + (end - now) / 100;
        now = next > now ? next : now + 1;
        tl_trial_clock_to(now);
        tl_engine_clock_moved(w->engine);
        code = tl_world_settle(w, err);
    }
    return code;
}
