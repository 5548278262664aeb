/* Who is told next, and when. */
#include "escalate_int.h"

#define LEVELS_MAX 16
#define PERIOD_MS (24LL * 3600 * 1000) /* of a steward without a due time */

static int64_t period_of(const struct tl_steward *steward, int64_t otherwise)
{
    return steward != NULL && steward->due_ms > 0 ? steward->due_ms : otherwise;
}

/* The next one up; NULL: nobody. A steward that is not declared any more escalates to the first integration's
 * own. */
static const char *above(const struct tl_plan *plan, const char *name, const struct tl_steward *steward)
{
    if (steward != NULL)
        return steward->escalate != NULL && steward->escalate[0] != 0 ? steward->escalate : NULL;
    const char *own = plan->part_count > 0 ? plan->parts[0]->steward : "";
    return tl_plan_steward(plan, own) != NULL && !tl_str_is(tl_str_z(name), own) ? own : NULL;
}

bool tl_step_up(const struct tl_plan *plan, const char *steward, int64_t due_ms, unsigned told, struct tl_step_up *out)
{
    const char *passed[LEVELS_MAX + 1] = {steward}, *name = steward;
    const struct tl_steward *who = tl_plan_steward(plan, steward);
    int64_t period = period_of(who, PERIOD_MS), from_ms = due_ms;
    for (unsigned level = 1; level <= LEVELS_MAX; level++) {
        const char *to = above(plan, name, who);
        if (to == NULL && level == 1)
            to = steward; /* nobody above: he is reminded */
        for (unsigned i = 0; i < level && to != NULL && level > 1; i++) {
            if (tl_str_is(tl_str_z(to), passed[i]))
                return false; /* round in a circle */
        }
        if (to == NULL)
            return false;
        if (level > told) {
            *out = (struct tl_step_up){level, to, from_ms};
            return true;
        }
        passed[level] = name = to;
        who = tl_plan_steward(plan, to);
        period = period_of(who, period);
        from_ms += period;
        if (level == 1 && tl_str_is(tl_str_z(to), steward))
            return false;
    }
    return false;
}
