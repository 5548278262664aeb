/* The history of this server: what was live when, and what still runs on it. */
#include "codec/timestamp.h"
#include "control.h"
#include "deploy.h"
#include "history.h"

enum { LIMIT = 50, LIMIT_MAX = 1000 };

struct listing {
    struct tl_server *server;
    struct tl_json_writer w;
    bool live_seen; /* only the newest activation of the live revision is live */
};

static void put_row(void *ctx, const struct tl_json_value *row, int64_t time_ms)
{
    struct listing *list = ctx;
    struct tl_json_writer *w = &list->w;
    char when[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(time_ms);
    tl_str revision = tl_json_get_text(row, "revision");
    bool was_live = tl_json_is(tl_json_get(row, "outcome"), "live"), live = was_live && !list->live_seen;
    tl_json_begin_object(w);
    struct tl_json_iter i = tl_json_iter(row);
    while (tl_json_next(&i)) {
        tl_json_key_str(w, i.key);
        tl_json_value(w, i.value);
    }
    tl_json_put_string(w, "time", tl_timestamp_print(&at, TL_TIME_RFC3339, when));
    tl_json_put_bool(w, "live", live);
    tl_json_put_bool(w, "kept", tl_revisions_has(list->server->revisions, revision));
    tl_json_key(w, "runs");
    tl_revisions_runs(list->server->journal, revision, w);
    tl_json_end_object(w);
    list->live_seen |= live;
}

/* {"live","doing","waiting","revisions":[{row of history.h, "time","live","kept","runs"}…]}, newest first */
void tl_control_revisions(struct tl_control_request *request)
{
    struct tl_server *server = request->server;
    struct tl_buf out;
    struct tl_error err;
    struct listing list = {.server = server};
    uint64_t limit = tl_control_query_number(request, "limit", LIMIT);
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_json_writer_init(&list.w, &out);
    tl_json_begin_object(&list.w);
    tl_json_put_z(&list.w, "live", tl_bundle_hash(tl_integration_bundle(server->integration)));
    tl_json_put_z(&list.w, "doing", tl_deploys_doing(server->deploys));
    tl_json_put_uint(&list.w, "waiting", tl_deploys_waiting(server->deploys));
    tl_json_key(&list.w, "revisions");
    tl_json_begin_array(&list.w);
    tl_code code =
        tl_history_each(server->journal, limit < LIMIT_MAX ? (size_t)limit : LIMIT_MAX, put_row, &list, &err);
    tl_json_end_array(&list.w);
    tl_json_end_object(&list.w);
    tl_control_written(request, code, &out, &err);
}
