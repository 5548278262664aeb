/* Integrations and their systems take the place of others. What is live changes nowhere else. What was live before is
 * retired: it is freed when the engine says that nothing uses it any more, a run in memory or a call in flight. */
#include "base/alloc.h"
#include "base/log.h"
#include "flow/switch.h"
#include "history.h"
#include "server.h"

struct tl_server_next {
    struct tl_live live; /* own are those that are not live */
    bool changed;        /* other integrations than those that are live */
    struct tl_server_systems systems;
    struct tl_engine_next *engine; /* own; NULL: no engine runs */
    bool park_removed;
};

void tl_server_name_live(struct tl_server *server)
{
    struct tl_buf text;
    tl_buf_init(&text, 16 * 1024);
    for (size_t i = 0; i < server->live.count; i++)
        tl_buf_addf(&text, "%s%s@%.12s", i != 0 ? " " : "", tl_live_name(&server->live, i),
                    tl_live_hash(&server->live, i));
    tl_free(server->run_as);
    server->run_as = tl_str_dup(tl_buf_str(&text));
    tl_buf_free(&text);
}

/* ---- what will be ---- */

static tl_code prepare_engine(struct tl_server *server, struct tl_server_next *next, struct tl_error *err)
{
    struct tl_engine_config config = {.park_removed = next->park_removed};
    struct tl_engine_integration others[TL_INTEGRATIONS_MAX];
    if (server->engine == NULL)
        return TL_OK;
    if (next->systems.missing.len != 0)
        return tl_fail(err, TL_ECONFIG, "%s", next->systems.missing.ptr);
    tl_live_configure(&next->live, &next->systems, others, &config);
    return tl_engine_prepare(server->engine, &config, &next->engine, err);
}

/* The set that is to be live. What is taken over is freed when it does not come to that. */
static tl_code change_live(struct tl_live *live, const struct tl_server_change *change, struct tl_error *err)
{
    int gone = change->retire != NULL ? tl_live_find(live, change->retire) : -1;
    if (gone >= 0)
        tl_live_drop(live, (size_t)gone);
    tl_code code = change->integration != NULL ? tl_live_put(live, change->integration, err) : TL_OK;
    if (code != TL_OK)
        tl_integration_free(change->integration);
    return code;
}

tl_code tl_server_prepare(struct tl_server *server, const struct tl_server_change *change, struct tl_server_next **out,
                          struct tl_error *err)
{
    struct tl_server_next *next = TL_NEW(struct tl_server_next);
    next->live = server->live;
    next->changed = change->integration != NULL || change->retire != NULL;
    next->park_removed = change->park_removed;
    tl_code code = change_live(&next->live, change, err);
    if (code == TL_OK)
        code = tl_server_systems_build(server, &next->live, &next->systems, err);
    if (code == TL_OK)
        code = prepare_engine(server, next, err);
    if (code == TL_OK)
        *out = next;
    else
        tl_server_next_free(server, next);
    return code;
}

void tl_server_next_free(struct tl_server *server, struct tl_server_next *next)
{
    if (next == NULL)
        return;
    tl_engine_next_free(next->engine);
    tl_server_systems_free(&next->systems, &server->systems);
    for (size_t i = 0; i < next->live.count; i++) {
        if (!tl_live_has(&server->live, next->live.list[i]))
            tl_integration_free(next->live.list[i]);
    }
    tl_free(next);
}

/* ---- the switch ---- */

static void exchange(struct tl_server *server, struct tl_server_next *next)
{
    struct tl_server_systems systems = server->systems;
    struct tl_live live = server->live;
    pthread_rwlock_wrlock(&server->systems_lock);
    server->systems = next->systems;
    if (next->changed) /* else others may read it just now */
        server->live = next->live;
    pthread_rwlock_unlock(&server->systems_lock);
    next->systems = systems;
    next->live = live;
    if (next->changed)
        tl_server_name_live(server);
}

/* `next` has what was live before. */
static void retire_all(struct tl_server *server, struct tl_server_next *next)
{
    for (size_t i = 0; i < next->systems.count; i++) {
        struct tl_system *system = next->systems.list[i].system;
        if (tl_server_systems_have(&server->systems, system))
            continue;
        tl_server_retire(server, NULL, system);
        next->systems.list[i].system = NULL;
    }
    for (size_t i = 0; i < next->live.count; i++) {
        if (!tl_live_has(&server->live, next->live.list[i]))
            tl_server_retire(server, next->live.list[i], NULL);
    }
    next->live.count = 0;
}

static tl_code switch_engine(struct tl_server *server, struct tl_server_next *next, const struct tl_attempt *attempt,
                             struct tl_engine_switched *out, struct tl_error *err)
{
    struct tl_engine_next *engine = next->engine;
    tl_code code =
        attempt != NULL ? tl_history_put(server->journal, attempt, tl_engine_next_batch(engine), err) : TL_OK;
    if (code != TL_OK)
        return code;
    next->engine = NULL; /* consumed, whatever comes */
    code = tl_engine_switch(server->engine, engine, out, err);
    if (code != TL_OK)
        return code;
    exchange(server, next);
    retire_all(server, next);
    tl_journal_wait_applied(server->journal, out->commit); /* who is told can see it */
    return TL_OK;
}

/* The engine did not run for want of settings; now it may. */
static tl_code start_engine(struct tl_server *server, struct tl_server_next *next, const struct tl_attempt *attempt,
                            struct tl_error *err)
{
    exchange(server, next);
    tl_code code = tl_server_start_engine(server, next->park_removed, err);
    if (code == TL_OK && attempt != NULL)
        code = tl_history_add(server->journal, attempt, err);
    if (code == TL_OK)
        return TL_OK;
    tl_server_stop_engine(server);
    exchange(server, next);
    struct tl_error again;
    if (tl_server_start_engine(server, server->config->park_removed, &again) != TL_OK)
        tl_log(TL_ERROR, "server.switch", again.text, TL_FSTR("do", "start the server anew"));
    return code;
}

tl_code tl_server_switch(struct tl_server *server, struct tl_server_next *next, const struct tl_attempt *attempt,
                         struct tl_engine_switched *out, struct tl_error *err)
{
    struct tl_attempt whole;
    *out = (struct tl_engine_switched){0};
    if (attempt != NULL) {
        whole = *attempt;
        whole.bundle = tl_live_named(&next->live, attempt->integration); /* NULL: it is taken away */
        attempt = &whole;
    }
    tl_code code = next->engine != NULL ? switch_engine(server, next, attempt, out, err)
                                        : start_engine(server, next, attempt, err);
    tl_server_next_free(server, next);
    return code;
}
