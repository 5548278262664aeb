/* One integration and its systems take the place of others. What is live changes nowhere else. What was live before is
 * retired: it is freed when the engine says that nothing uses it any more, a run in memory or a call in flight. */
#include "base/alloc.h"
#include "base/log.h"
#include "flow/switch.h"
#include "history.h"
#include "server.h"

struct tl_server_next {
    struct tl_integration *integration; /* own, unless it is the live one */
    struct tl_server_systems systems;
    struct tl_engine_next *engine; /* own; NULL: no engine runs */
    bool park_removed;
};

/* One of the two. */
struct tl_server_retired {
    struct tl_server_retired *next; /* own */
    struct tl_integration *integration;
    struct tl_system *system;
};

void tl_server_name_live(struct tl_server *server)
{
    const struct tl_bundle *bundle = tl_integration_bundle(server->integration);
    tl_free(server->run_as);
    server->run_as = tl_printf("%s@%.12s", tl_bundle_integration(bundle), tl_bundle_hash(bundle));
}

/* ---- what was live ------------------------------------------------------------------------------------------------
 */

static void retire(struct tl_server *server, struct tl_integration *integration, struct tl_system *system)
{
    struct tl_server_retired *retired = TL_NEW(struct tl_server_retired);
    *retired = (struct tl_server_retired){server->retired, integration, system};
    server->retired = retired;
}

static void free_first(struct tl_server_retired **list)
{
    struct tl_server_retired *retired = *list;
    *list = retired->next;
    tl_integration_free(retired->integration);
    tl_system_free(retired->system);
    tl_free(retired);
}

/* What was prepared and never live is told too, and has been freed: it is in no list. */
void tl_server_bundle_released(void *ctx, const struct tl_bundle *bundle)
{
    struct tl_server_retired **list = &((struct tl_server *)ctx)->retired;
    while (*list != NULL && ((*list)->integration == NULL || tl_integration_bundle((*list)->integration) != bundle))
        list = &(*list)->next;
    if (*list != NULL)
        free_first(list);
}

void tl_server_system_released(void *ctx, struct tl_system *system)
{
    struct tl_server_retired **list = &((struct tl_server *)ctx)->retired;
    while (*list != NULL && (*list)->system != system)
        list = &(*list)->next;
    if (*list != NULL)
        free_first(list);
}

void tl_server_forget_retired(struct tl_server *server)
{
    while (server->retired != NULL)
        free_first(&server->retired);
}

/* ---- what will be -------------------------------------------------------------------------------------------------
 */

static tl_code prepare_engine(struct tl_server *server, struct tl_server_next *next, struct tl_error *err)
{
    struct tl_engine_config config = {
        .systems = next->systems.list, .system_count = next->systems.count, .park_removed = next->park_removed};
    if (server->engine == NULL)
        return TL_OK;
    if (next->systems.missing.len != 0)
        return tl_fail(err, TL_ECONFIG, "%s", next->systems.missing.ptr);
    tl_engine_config_bundle(&config, tl_integration_bundle(next->integration));
    return tl_engine_prepare(server->engine, &config, &next->engine, err);
}

tl_code tl_server_prepare(struct tl_server *server, struct tl_integration *integration, bool park_removed,
                          struct tl_server_next **out, struct tl_error *err)
{
    struct tl_server_next *next = TL_NEW(struct tl_server_next);
    next->integration = integration != NULL ? integration : server->integration;
    next->park_removed = park_removed;
    tl_code code = tl_server_systems_build(server, tl_integration_bundle(next->integration), &next->systems, err);
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
    if (next->integration != server->integration)
        tl_integration_free(next->integration);
    tl_free(next);
}

/* ---- the switch ---------------------------------------------------------------------------------------------------
 */

static void exchange(struct tl_server *server, struct tl_server_next *next)
{
    struct tl_server_systems systems = server->systems;
    struct tl_integration *integration = server->integration;
    pthread_rwlock_wrlock(&server->systems_lock);
    server->systems = next->systems;
    pthread_rwlock_unlock(&server->systems_lock);
    next->systems = systems;
    if (next->integration == integration)
        return; /* others may read it just now */
    server->integration = next->integration;
    next->integration = integration;
    tl_server_name_live(server);
}

/* `next` has what was live before. */
static void retire_all(struct tl_server *server, struct tl_server_next *next)
{
    for (size_t i = 0; i < next->systems.count; i++) {
        struct tl_system *system = next->systems.list[i].system;
        if (tl_server_systems_have(&server->systems, system))
            continue;
        retire(server, NULL, system);
        next->systems.list[i].system = NULL;
    }
    if (next->integration != server->integration)
        retire(server, next->integration, NULL);
    next->integration = server->integration;
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
    *out = (struct tl_engine_switched){0};
    tl_code code = next->engine != NULL ? switch_engine(server, next, attempt, out, err)
                                        : start_engine(server, next, attempt, err);
    tl_server_next_free(server, next);
    return code;
}
