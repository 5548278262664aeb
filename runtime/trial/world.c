/* The life of a world. */
#include "world.h"
#include "base/alloc.h"
#include "base/tree.h"
#include "clock.h"
#include "flow/by_hand.h"

#define SMALL ((uint64_t)1 << 20)

tl_code tl_world_init(struct tl_world *w, struct tl_integration *integration, struct tl_lines *lines,
                      struct tl_error *err)
{
    *w = (struct tl_world){.integration = integration, .bundle = tl_integration_bundle(integration), .lines = lines};
    tl_list_init(&w->calls);
    tl_world_calls_init(w);
    const struct tl_system_decl *decls = tl_bundle_systems(w->bundle, &w->system_count);
    w->systems = tl_zalloc(w->system_count + 1, sizeof *w->systems);
    w->engine_systems = tl_zalloc(w->system_count + 1, sizeof *w->engine_systems);
    for (size_t i = 0; i < w->system_count; i++) {
        w->systems[i].decl = w->engine_systems[i].decl = &decls[i];
        if (tl_integration_draft(integration, &decls[i], &w->systems[i].draft, NULL) != TL_OK)
            w->systems[i].draft = NULL;
    }
    return tl_script_new(w->bundle, NULL, &w->keys, err);
}

/* Nothing is written down: the next start finds what a crash leaves. */
static void abandon(struct tl_world *w)
{
    tl_world_calls_drop(w);
    tl_engine_free(w->engine);
    w->engine = NULL;
    tl_journal_close(w->journal);
    w->journal = NULL;
}

void tl_world_reset(struct tl_world *w)
{
    abandon(w);
    if (w->dir[0] != '\0')
        (void)tl_tree_remove(w->dir);
    w->dir[0] = '\0';
    tl_trial_clock_reset();
}

void tl_world_deinit(struct tl_world *w)
{
    tl_world_reset(w);
    for (size_t i = 0; i < w->system_count; i++)
        tl_system_free(w->systems[i].draft);
    tl_free(w->systems);
    tl_free(w->engine_systems);
    tl_script_free(w->keys);
}

static tl_code start(struct tl_world *w, struct tl_error *err)
{
    struct tl_engine_config config = {.first.systems = w->engine_systems,
                                      .first.system_count = w->system_count,
                                      .lanes = 1,
                                      .by_hand = true,
                                      .script = {.lines = w->lines},
                                      .calls = &w->port};
    tl_engine_integration_bundle(&config.first, w->bundle);
    tl_code code = tl_engine_new(&config, &w->engine, err);
    if (code != TL_OK)
        return code;
    struct tl_journal_options options = {.on_commit = tl_engine_on_commit,
                                         .before_drop = tl_engine_before_drop,
                                         .ctx = w->engine,
                                         .ahead_bytes = SMALL,
                                         .reserve_bytes = SMALL};
    code = tl_journal_open(w->dir, &options, &w->journal, err);
    if (code == TL_OK)
        code = tl_engine_start(w->engine, w->journal, err);
    return code;
}

tl_code tl_world_need(struct tl_world *w, struct tl_error *err)
{
    if (w->engine != NULL)
        return TL_OK;
    tl_code code = w->dir[0] != '\0' ? TL_OK : tl_folder_make(w->dir, err);
    if (code == TL_OK)
        code = start(w, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "the world cannot start");
        return code;
    }
    return tl_world_settle(w, err);
}

tl_code tl_world_restart(struct tl_world *w, struct tl_error *err)
{
    abandon(w);
    return tl_world_need(w, err);
}
