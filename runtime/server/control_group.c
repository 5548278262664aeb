/* Groups of exceptions with one cause, and acts on a whole group. A group act is a row of single acts, a bounded number
 * of them under way at a time; it goes on when whoever asked has gone. */
#include "base/alloc.h"
#include "base/log.h"
#include "control.h"
#include "flow/exception.h"
#include <stdio.h>

enum { AT_ONCE = 64 };

static tl_code list_groups(const struct tl_control_request *request, const struct tl_control_words *words,
                           struct tl_buf *out, struct tl_error *err)
{
    struct tl_group_query query = {.flow = tl_buf_str(&words[0].text),
                                   .steward = tl_buf_str(&words[1].text),
                                   .limit = tl_control_query_number(request, "limit", 100)};
    return tl_exceptions_groups(request->server->engine, &query, out, err);
}

void tl_control_groups(struct tl_control_request *request)
{
    struct tl_control_words words[] = {{.name = "flow"}, {.name = "steward"}};
    tl_control_list(request, words, TL_COUNT_OF(words), list_groups);
}

/* ---- an act on a group ---- */

struct drive {
    struct tl_control_request *request;
    struct tl_desk_group group;   /* texts in the request */
    struct tl_desk_picked picked; /* own */
    tl_str why;                   /* in the request */
    size_t next, under_way, done, refused, failed;
    char first[512]; /* the first problem */
};

static void answer(struct drive *drive)
{
    struct tl_buf out;
    struct tl_json_writer w;
    tl_buf_init(&out, 64 * 1024);
    tl_json_writer_init(&w, &out);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "act", drive->group.act == TL_DESK_RETRY ? "retry" : "discard");
    tl_json_put_string(&w, "cause", drive->group.cause);
    tl_json_put_uint(&w, "count", drive->picked.count);
    tl_json_put_uint(&w, "done", drive->done);
    tl_json_put_uint(&w, "refused", drive->refused);
    tl_json_put_uint(&w, "failed", drive->failed);
    tl_json_put_uint(&w, "left", drive->picked.all - drive->done);
    tl_json_key(&w, "first_problem");
    if (drive->first[0] != 0)
        tl_json_lossy(&w, tl_str_z(drive->first));
    else
        tl_json_null(&w);
    tl_json_end_object(&w);
    tl_control_answer(drive->request, &out);
    tl_buf_free(&out);
}

static void finish(struct drive *drive)
{
    tl_log(TL_INFO, "desk.group", "an act on a group has ended", TL_FSLICE("cause", drive->group.cause),
           TL_FINT("done", drive->done), TL_FINT("refused", drive->refused), TL_FINT("failed", drive->failed));
    answer(drive);
    tl_free(drive->picked.ids);
    tl_free(drive);
}

static void pump(struct drive *drive);

static void one_done(void *ctx, tl_code code, const char *text)
{
    struct drive *drive = ctx;
    drive->under_way--;
    if (code == TL_OK)
        drive->done++;
    else if (code == TL_EDIFFERS || code == TL_ENOTFOUND || code == TL_EFAILED)
        drive->refused++;
    else
        drive->failed++;
    if (code != TL_OK && drive->first[0] == 0)
        snprintf(drive->first, sizeof drive->first, "%s", text);
    pump(drive);
}

static void pump(struct drive *drive)
{
    struct tl_server *server = drive->request->server;
    while (drive->next < drive->picked.count && drive->under_way < AT_ONCE) {
        if (server->state != TL_SERVER_RUNNING) { /* the same again finishes the rest */
            drive->failed += drive->picked.count - drive->next;
            drive->next = drive->picked.count;
            if (drive->first[0] == 0)
                snprintf(drive->first, sizeof drive->first, "the server is stopping: do the same again later");
            break;
        }
        struct tl_desk_request act = {.act = drive->group.act,
                                      .id = tl_str_z(drive->picked.ids[drive->next++]),
                                      .who = tl_str_z(drive->request->who),
                                      .why = drive->why,
                                      .changes = drive->group.changes,
                                      .although_later = drive->group.although_later};
        drive->under_way++;
        tl_desk_do(server->engine, &act, server->loop, one_done, drive);
    }
    if (drive->under_way == 0)
        finish(drive);
}

static tl_code begin(struct tl_control_request *request, const struct tl_desk_group *group, struct tl_error *err)
{
    struct drive *drive = TL_NEW(struct drive);
    drive->request = request;
    drive->group = *group;
    drive->why = tl_json_get_text(request->root, "reason");
    tl_code code = group->act == TL_DESK_DISCARD && tl_str_trim(drive->why).len == 0
                       ? tl_fail(err, TL_EINPUT, "a discard needs a reason")
                       : tl_desk_group_pick(request->server->engine, group, &drive->picked, err);
    if (code == TL_OK)
        code = tl_desk_group_note(request->server->engine, group, drive->picked.count, tl_str_z(request->who),
                                  drive->why, err);
    if (code == TL_OK) {
        pump(drive);
        return TL_OK;
    }
    tl_free(drive->picked.ids);
    tl_free(drive);
    return code;
}

static tl_code preview(struct tl_control_request *request, const struct tl_desk_group *group, struct tl_error *err)
{
    struct tl_buf out;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_code code = tl_desk_group_preview(request->server->engine, group, &out, err);
    if (code == TL_OK)
        tl_control_answer(request, &out);
    tl_buf_free(&out);
    return code;
}

/* Without "yes" it says what it would do. */
void tl_control_group(struct tl_control_request *request)
{
    struct tl_desk_group group = {.cause = request->rest[0],
                                  .flow = tl_json_get_text(request->root, "flow"),
                                  .steward = tl_json_get_text(request->root, "steward"),
                                  .changes = tl_json_raw(tl_json_get(request->root, "set")),
                                  .although_later = tl_json_get_bool(request->root, "although_later", false)};
    int64_t limit = tl_json_get_i64(request->root, "limit", 0);
    bool yes = tl_json_get_bool(request->root, "yes", false) && !tl_json_get_bool(request->root, "dry_run", false);
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    group.limit = limit > 0 ? (size_t)limit : 0;
    group.act = tl_str_is(request->rest[1], "retry") ? TL_DESK_RETRY : TL_DESK_DISCARD;
    tl_code code;
    if (group.act == TL_DESK_DISCARD && !tl_str_is(request->rest[1], "discard"))
        code = tl_fail(&err, TL_EINPUT, "a group cannot be '%.*s': retry or discard", TL_STR_ARGS(request->rest[1]));
    else
        code = yes ? begin(request, &group, &err) : preview(request, &group, &err);
    if (code != TL_OK)
        tl_control_fail(request, &err);
}
