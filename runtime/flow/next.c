/* Preparing takes its time on the thread of a loader: the declarations are checked and a Lua state is built for every
 * lane, and run once through its memory, so that the lanes only have to take them. */
#include "next.h"
#include "base/alloc.h"
#include "engine_int.h"
#include "use.h"
#include <string.h>

bool tl_next_is_live(struct tl_engine *engine, const struct tl_plan_part *part)
{
    pthread_mutex_lock(&engine->plan_lock);
    int at = tl_plan_part(&engine->plan, part->name);
    bool live =
        at >= 0 && engine->plan.parts[at]->scripts && strcmp(engine->plan.parts[at]->revision, part->revision) == 0;
    pthread_mutex_unlock(&engine->plan_lock);
    return live;
}

/* Objects that their systems can be captured with, as the declarations want it. */
static tl_code check_captures(const struct tl_plan *plan, struct tl_error *err)
{
    tl_code code = TL_OK;
    for (size_t s = 0; s < plan->system_count; s++) {
        const struct tl_plan_system *system = plan->systems[s];
        for (size_t i = 0; code == TL_OK && system->system != NULL && i < system->decl->capture_count; i++) {
            const struct tl_capture_decl *decl = &system->decl->captures[i];
            if (decl->poll_ms > 0)
                code = tl_system_check_changes(system->system, tl_str_z(decl->object), tl_str_z(decl->config), err);
        }
    }
    return code;
}

static tl_code open_part(struct tl_engine_next *next, size_t g, struct tl_error *err)
{
    struct tl_engine *engine = next->engine;
    const struct tl_run_port *runs = engine->runs;
    const struct tl_plan_part *part = next->plan.parts[g];
    tl_code code = TL_OK;
    next->same[g] = tl_next_is_live(engine, part);
    for (unsigned i = 0; code == TL_OK && part->scripts && !next->same[g] && i < engine->lane_count; i++) {
        void *host;
        code = runs->open(runs->ctx, part->bundle, part->revision, &host, err);
        if (code == TL_OK)
            next->hosts[i * next->plan.part_count + g] = host;
    }
    return code;
}

static tl_code open_hosts(struct tl_engine_next *next, struct tl_error *err)
{
    tl_code code = TL_OK;
    next->same = tl_zalloc(next->plan.part_count, sizeof *next->same);
    next->host_count = next->engine->lane_count * next->plan.part_count;
    next->hosts = tl_zalloc(next->host_count, sizeof *next->hosts);
    for (size_t g = 0; code == TL_OK && g < next->plan.part_count; g++)
        code = open_part(next, g, err);
    return code;
}

tl_code tl_engine_prepare(struct tl_engine *engine, const struct tl_engine_config *config, struct tl_engine_next **out,
                          struct tl_error *err)
{
    struct tl_engine_config full = engine->config;
    if (!tl_engine_running(engine))
        return tl_fail(err, TL_EFAILED, "the engine does not run");
    full.first = config->first;
    full.others = config->others;
    full.other_count = config->other_count;
    struct tl_engine_next *next = TL_NEW(struct tl_engine_next);
    next->engine = engine;
    next->park_removed = config->park_removed;
    next->batch = tl_batch_new(engine->journal);
    tl_code code = tl_plan_init(&next->plan, &full, err);
    if (code == TL_OK) {
        tl_plan_use(&next->plan, engine);
        tl_plan_hash(&next->plan, engine->journal);
        code = check_captures(&next->plan, err);
    }
    if (code == TL_OK)
        code = open_hosts(next, err);
    if (code == TL_OK)
        *out = next;
    else
        tl_engine_next_free(next);
    return code;
}

struct tl_batch *tl_engine_next_batch(struct tl_engine_next *next)
{
    return next->batch;
}

void tl_engine_next_free(struct tl_engine_next *next)
{
    if (next == NULL)
        return;
    const struct tl_run_port *runs = next->engine->runs;
    for (size_t i = 0; i < next->host_count; i++) {
        if (next->hosts[i] != NULL)
            runs->close(runs->ctx, next->hosts[i]);
    }
    tl_free(next->hosts);
    tl_free(next->same);
    tl_batch_free(next->batch);
    tl_plan_free(&next->plan);
    tl_free(next);
}
