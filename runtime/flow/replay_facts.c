/* What a replay asks of endings and operations, wherever it looks. Thread: any. */
#include "replay_facts.h"

bool tl_replay_is_open(enum tl_ending ending)
{
    return ending == TL_PARKED || ending == TL_WAITING;
}

/* The connector knows; a call port of one's own is asked through any lane, what it says does not change. */
bool tl_replay_reads(struct tl_engine *engine, tl_str system, tl_str operation)
{
    int at = tl_plan_system(&engine->plan, system);
    struct tl_operation_facts of;
    struct tl_call_facts facts = {0};
    if (at >= 0 && engine->plan.systems[at]->system != NULL)
        return tl_system_operation(engine->plan.systems[at]->system, operation, &of) && of.effect == TL_EFFECT_READ;
    if (at >= 0 && engine->calls->facts != NULL)
        engine->calls->facts(engine->calls->ctx, engine->lanes[0], system, operation, &facts);
    return facts.reads;
}
