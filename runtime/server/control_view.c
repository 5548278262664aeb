/* What can be seen: status, the timeline of a key, one event. */
#include "base/clock.h"
#include "control.h"
#include "flow/status.h"
#include "flow/timeline.h"
#include <unistd.h>

static void put_integrations(struct tl_json_writer *w, const struct tl_live *live)
{
    tl_json_key(w, "integrations");
    tl_json_begin_array(w);
    for (size_t i = 0; i < live->count; i++) {
        tl_json_begin_object(w);
        tl_json_put_z(w, "name", tl_live_name(live, i));
        tl_json_put_z(w, "revision", tl_live_hash(live, i));
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

/* {"state","ready","why","pid","version","integration","revision" (of the first),
 * "integrations":[{"name","revision"}],"earlier_runs","listen_port","uptime_ms", "engine":{…}|null}; earlier_runs as
 * tl_revisions_report writes it */
void tl_control_status(struct tl_control_request *request)
{
    struct tl_server *server = request->server;
    const struct tl_live *live = &server->live;
    const char *hashes[TL_INTEGRATIONS_MAX];
    static const char *const states[] = {"starting", "waiting", "running", "stopping"};
    struct tl_buf out, engine, why;
    struct tl_json_writer w;
    struct tl_error err;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_buf_init(&engine, TL_CONTROL_ANSWER_MAX);
    tl_buf_init(&why, 64 * 1024);
    tl_code code = server->state == TL_SERVER_RUNNING ? tl_engine_status(server->engine, &engine, &err) : TL_OK;
    bool ready = !tl_server_unready(server, &why);
    tl_json_writer_init(&w, &out);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "state", states[server->state]);
    tl_json_put_bool(&w, "ready", ready);
    tl_json_put_string(&w, "why", tl_buf_str(&why));
    tl_json_put_int(&w, "pid", getpid());
    tl_json_put_z(&w, "version", TIDELOCK_VERSION);
    tl_json_put_z(&w, "integration", tl_live_name(live, 0));
    tl_json_put_z(&w, "revision", tl_live_hash(live, 0));
    put_integrations(&w, live);
    tl_live_hashes(live, hashes);
    tl_json_key(&w, "earlier_runs");
    tl_revisions_report(server->revisions, server->journal, hashes, live->count, &w);
    tl_json_put_int(&w, "listen_port", server->listen.port);
    tl_json_put_int(&w, "uptime_ms", tl_mono_ms() - server->started_ms);
    tl_json_put_raw(&w, "engine", engine.len != 0 ? tl_buf_str(&engine) : TL_STR("null"));
    tl_json_end_object(&w);
    if (code == TL_OK)
        code = tl_json_writer_done(&w, &err);
    if (code == TL_OK)
        tl_control_answer(request, &out);
    else
        tl_control_fail(request, &err);
    tl_buf_free(&out);
    tl_buf_free(&engine);
    tl_buf_free(&why);
}

void tl_control_trace(struct tl_control_request *request)
{
    struct tl_buf key, out;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&key, 8192);
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_code code = tl_control_query(request, "key", &key)
                       ? tl_engine_trace(request->server->engine, tl_buf_str(&key), &out, &err)
                       : tl_fail(&err, TL_EINPUT, "the query needs key=…");
    if (code == TL_OK)
        tl_control_answer(request, &out);
    else if (code == TL_ENOTFOUND)
        tl_ask_systems(request, tl_buf_str(&key));
    else
        tl_control_fail(request, &err);
    tl_buf_free(&key);
    tl_buf_free(&out);
}

void tl_control_event(struct tl_control_request *request)
{
    struct tl_buf out;
    struct tl_error err;
    tl_position position;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_code code = tl_control_position(request->rest[0], &position, &err);
    if (code == TL_OK)
        code = tl_engine_trace_event(request->server->engine, position, &out, &err);
    tl_control_written(request, code, &out, &err);
}
