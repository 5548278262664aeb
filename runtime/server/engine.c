/* The server's engine, with what is live: started, stopped, and is it ready? Thread: the main one. */
#include "base/log.h"
#include "server.h"

enum { STOP_GRACE_MS = 5000 };

static void set_engine(struct tl_server *server, struct tl_engine *engine)
{
    pthread_rwlock_wrlock(&server->engine_lock);
    server->engine = engine;
    pthread_rwlock_unlock(&server->engine_lock);
}

void tl_server_stop_engine(struct tl_server *server)
{
    struct tl_engine *engine = server->engine;
    tl_notify_stop(server);
    if (engine != NULL) {
        tl_engine_stop(engine, STOP_GRACE_MS);
        set_engine(server, NULL);
        tl_engine_free(engine);
    }
    tl_server_forget_retired(server);
    if (server->revisions != NULL)
        tl_revisions_forget(server->revisions);
}

static tl_code revision_bundle(void *ctx, const char *revision, const struct tl_bundle **out, struct tl_error *err)
{
    return tl_revisions_bundle(((struct tl_server *)ctx)->revisions, revision, out, err);
}

static tl_code run_engine(struct tl_server *server, bool park_removed, struct tl_error *err)
{
    struct tl_engine_integration others[TL_INTEGRATIONS_MAX];
    struct tl_engine_config config = {.script = {.slice_ms = TL_SLICE_MS},
                                      .lanes = server->config->lanes,
                                      .park_removed = park_removed,
                                      .lane_start = tl_server_lane_start,
                                      .lane_stop = tl_server_lane_stop,
                                      .revision_bundle = revision_bundle,
                                      .loop = server->loop,
                                      .bundle_released = tl_server_bundle_released,
                                      .system_released = tl_server_system_released,
                                      .ctx = server};
    tl_live_configure(&server->live, &server->systems, others, &config);
    struct tl_engine *engine = NULL;
    tl_code code = tl_engine_new(&config, &engine, err);
    if (code != TL_OK)
        return code;
    set_engine(server, engine);
    code = tl_engine_start(engine, server->journal, err);
    if (code == TL_OK)
        code = tl_notify_start(server, err);
    if (code == TL_OK)
        server->state = TL_SERVER_RUNNING;
    return code;
}

tl_code tl_server_start_engine(struct tl_server *server, bool park_removed, struct tl_error *err)
{
    server->state = TL_SERVER_STARTING;
    if (server->systems.missing.len != 0) {
        server->state = TL_SERVER_WAITING;
        tl_log(TL_WARN, "server.waiting", server->systems.missing.ptr,
               TL_FSTR("do", "tidelock settings set NAME VALUE, or tidelock secrets set NAME"));
        return TL_OK;
    }
    tl_code code = run_engine(server, park_removed, err);
    if (code == TL_OK && server->control != NULL)
        code = tl_addresses_write(server, err); /* the listeners opened just now */
    return code;
}

bool tl_server_unready(struct tl_server *server, struct tl_buf *why)
{
    if (server->state == TL_SERVER_WAITING)
        tl_buf_addf(why, "%s", server->systems.missing.ptr);
    else if (server->state != TL_SERVER_RUNNING)
        tl_buf_add_z(why, server->state == TL_SERVER_STOPPING ? "stopping" : "starting");
    else if (!tl_engine_caught_up(server->engine))
        tl_buf_add_z(why, "taking up what was unfinished");
    else if (tl_journal_room(server->journal) >= TL_ROOM_FULL)
        tl_buf_add_z(why, "the disk is full: nothing is accepted until there is space");
    else if (!tl_journal_clock_trusted(server->journal))
        tl_buf_add_z(
            why, "the wall clock ran ahead: long timers and expiry stand still until it has agreed for ten minutes");
    return why->len != 0;
}
