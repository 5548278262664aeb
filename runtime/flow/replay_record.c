#include "replay_record.h"
#include "journal/reader.h"
#include "replay_facts.h"
#include "replay_later.h"

static const struct tl_outcome *last_of(const struct tl_outcome *outcomes, size_t count, tl_str flow, bool end)
{
    for (size_t i = count; i > 0; i--) {
        const struct tl_outcome *outcome = &outcomes[i - 1];
        if (tl_str_eq(outcome->flow, flow) && !(end && tl_replay_is_open(outcome->ending)))
            return outcome;
    }
    return NULL;
}

/* What the last replay of it sent is what the platform has. */
static tl_code add_replays(struct tl_engine *engine, tl_str flow, struct tl_arena *arena, struct tl_replay_past *past,
                           struct tl_error *err)
{
    struct tl_outcome *outcomes;
    size_t count;
    past->told = tl_arena_alloc(arena, (past->replay_count + 1) * sizeof *past->told);
    for (size_t i = 0; i < past->replay_count; i++) {
        tl_code code = tl_journal_outcomes(engine->journal, past->replays[i], arena, &outcomes, &count, err);
        if (code != TL_OK && code != TL_ENOTFOUND)
            return code;
        past->told[i] = code == TL_OK ? last_of(outcomes, count, flow, false) : NULL;
        if (past->told[i] != NULL && past->told[i]->ending == TL_DONE)
            past->end = past->told[i];
    }
    return TL_OK;
}

tl_code tl_replay_past(struct tl_engine *engine, tl_position event, tl_str flow, const struct tl_replay_later *later,
                       struct tl_arena *arena, struct tl_replay_past *out, struct tl_error *err)
{
    struct tl_outcome *outcomes;
    tl_position *replays;
    size_t count = 0;
    *out = (struct tl_replay_past){0};
    tl_code code = tl_journal_outcomes(engine->journal, event, arena, &outcomes, &count, err);
    if (code == TL_ENOTFOUND)
        return TL_OK;
    if (code != TL_OK)
        return code;
    out->last = last_of(outcomes, count, flow, false);
    out->end = last_of(outcomes, count, flow, true);
    if (out->end == NULL)
        return TL_OK;
    out->replay_count = tl_replay_stand_ins(later, event, flow, arena, &replays);
    out->replays = replays;
    return add_replays(engine, flow, arena, out, err);
}
