/* Past events run again. */
#include "control.h"
#include "flow/replay.h"

/* What the engine answers is JSON already. */
static void replayed(void *ctx, tl_code code, const char *text)
{
    struct tl_control_request *request = ctx;
    struct tl_error err;
    if (code != TL_OK) {
        tl_fail(&err, code, "%s", text);
        tl_control_fail(request, &err);
        return;
    }
    struct tl_buf out;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_buf_add_z(&out, text);
    tl_control_answer(request, &out);
    tl_buf_free(&out);
}

static tl_code read_request(const struct tl_control_request *request, struct tl_replay_request *out,
                            struct tl_error *err)
{
    const struct tl_json_value *root = request->root;
    tl_str after = tl_json_get_text(root, "after");
    int64_t limit = tl_json_get_i64(root, "limit", 0);
    *out = (struct tl_replay_request){.id = tl_json_get_text(root, "id"),
                                      .since_ms = tl_json_get_i64(root, "since", 0),
                                      .until_ms = tl_json_get_i64(root, "until", 0),
                                      .flow = tl_json_get_text(root, "flow"),
                                      .key = tl_json_get_text(root, "key"),
                                      .type = tl_json_get_text(root, "type"),
                                      .to_latest = tl_json_get_bool(root, "to_latest", false),
                                      .force = tl_json_get_bool(root, "force", false),
                                      .dry_run = !tl_json_get_bool(root, "yes", false) ||
                                                 tl_json_get_bool(root, "dry_run", false),
                                      .who = tl_str_z(request->who),
                                      .why = tl_json_get_text(root, "reason")};
    if (after.len > 0 && tl_control_position(after, &out->after, err) != TL_OK)
        return TL_EINPUT;
    if (limit < 0)
        return tl_fail(err, TL_EINPUT, "a limit is a number from 1 on");
    out->limit = (size_t)limit;
    return TL_OK;
}

void tl_control_replay(struct tl_control_request *request)
{
    struct tl_replay_request replay;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    if (read_request(request, &replay, &err) != TL_OK)
        tl_control_fail(request, &err);
    else
        tl_engine_replay(request->server->engine, &replay, request->server->loop, replayed, request);
}
