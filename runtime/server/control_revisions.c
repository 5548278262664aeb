/* The history of this server: what was live when, and what still runs on it. */
#include "base/alloc.h"
#include "codec/timestamp.h"
#include "control.h"
#include "deploy.h"
#include "history.h"

enum { LIMIT = 50, LIMIT_MAX = 1000 };

struct listing {
    struct tl_server *server;
    struct tl_json_writer w;
    bool live_seen[TL_INTEGRATIONS_MAX]; /* only the newest activation of a live revision is live */
};

/* Is it the newest activation of what is live? */
static bool is_live(struct listing *list, const struct tl_json_value *row)
{
    char *name = tl_json_dup(tl_json_get(row, "integration"));
    int i = name != NULL ? tl_live_find(&list->server->live, name) : -1;
    tl_free(name);
    if (i < 0 || !tl_json_is(tl_json_get(row, "outcome"), "live") || list->live_seen[i])
        return false;
    list->live_seen[i] = true;
    return true;
}

static void put_row(void *ctx, const struct tl_json_value *row, int64_t time_ms)
{
    struct listing *list = ctx;
    struct tl_json_writer *w = &list->w;
    char when[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(time_ms);
    tl_str revision = tl_json_get_text(row, "revision");
    tl_json_begin_object(w);
    struct tl_json_iter i = tl_json_iter(row);
    while (tl_json_next(&i)) {
        tl_json_key_str(w, i.key);
        tl_json_value(w, i.value);
    }
    tl_json_put_string(w, "time", tl_timestamp_print(&at, TL_TIME_RFC3339, when));
    tl_json_put_bool(w, "live", is_live(list, row));
    tl_json_put_bool(w, "kept", tl_revisions_has(list->server->revisions, revision));
    tl_json_key(w, "runs");
    tl_revisions_runs(list->server->journal, revision, w);
    tl_json_end_object(w);
}

/* {"live","doing","waiting","revisions":[{row of history.h, "time","live","kept","runs"}…]}, newest first; of the
 * query's integration, or of all; "live" is its revision, or the first one's */
void tl_control_revisions(struct tl_control_request *request)
{
    struct tl_server *server = request->server;
    struct tl_buf out;
    struct tl_error err;
    struct listing list = {.server = server};
    struct tl_control_words of = {.name = "integration"};
    uint64_t limit = tl_control_query_number(request, "limit", LIMIT);
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_control_words(request, &of, 1);
    const char *name = of.text.len != 0 ? of.text.ptr : NULL;
    const struct tl_bundle *live = name != NULL ? tl_live_named(&server->live, name) : tl_live_bundle(&server->live, 0);
    tl_json_writer_init(&list.w, &out);
    tl_json_begin_object(&list.w);
    tl_json_put_z(&list.w, "live", live != NULL ? tl_bundle_hash(live) : NULL);
    tl_json_put_z(&list.w, "doing", tl_deploys_doing(server->deploys));
    tl_json_put_uint(&list.w, "waiting", tl_deploys_waiting(server->deploys));
    tl_json_key(&list.w, "revisions");
    tl_json_begin_array(&list.w);
    tl_code code =
        tl_history_each(server->journal, name, limit < LIMIT_MAX ? (size_t)limit : LIMIT_MAX, put_row, &list, &err);
    tl_json_end_array(&list.w);
    tl_json_end_object(&list.w);
    tl_control_words_free(&of, 1);
    tl_control_written(request, code, &out, &err);
}
