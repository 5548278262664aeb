/* The exceptions desk, and stopping and starting things. */
#include "control.h"
#include "flow/exception.h"
#include "flow/pause.h"
#include <stdio.h>

/* ---- looking ---- */

static tl_code list_exceptions(const struct tl_control_request *request, const struct tl_control_words *words,
                               struct tl_buf *out, struct tl_error *err)
{
    struct tl_exception_query query = {.flow = tl_buf_str(&words[0].text),
                                       .cause = tl_buf_str(&words[1].text),
                                       .steward = tl_buf_str(&words[2].text),
                                       .key = tl_buf_str(&words[3].text),
                                       .after = tl_buf_str(&words[4].text),
                                       .limit = tl_control_query_number(request, "limit", 50)};
    return tl_exceptions_list(request->server->engine, &query, out, err);
}

void tl_control_exceptions(struct tl_control_request *request)
{
    struct tl_control_words words[] = {
        {.name = "flow"}, {.name = "cause"}, {.name = "steward"}, {.name = "key"}, {.name = "after"}};
    tl_control_list(request, words, TL_COUNT_OF(words), list_exceptions);
}

void tl_control_exception(struct tl_control_request *request)
{
    struct tl_buf out;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_control_written(request, tl_exception_show(request->server->engine, request->rest[0], &out, &err), &out, &err);
}

/* ---- acting ---- */

static bool desk_act_parse(tl_str word, enum tl_desk_act *out)
{
    static const struct {
        const char *word;
        enum tl_desk_act act;
    } acts[] = {
        {"retry", TL_DESK_RETRY}, {"edit", TL_DESK_EDIT}, {"discard", TL_DESK_DISCARD}, {"assign", TL_DESK_ASSIGN}};
    for (size_t i = 0; i < TL_COUNT_OF(acts); i++) {
        if (tl_str_is(word, acts[i].word)) {
            *out = acts[i].act;
            return true;
        }
    }
    return false;
}

/* A dry run of changes: the payload before and after. */
static void compare(struct tl_control_request *request, tl_str changes)
{
    struct tl_buf out;
    struct tl_error err;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_control_written(request, tl_desk_compare(request->server->engine, request->rest[0], changes, &out, &err), &out,
                       &err);
}

void tl_control_desk(struct tl_control_request *request)
{
    struct tl_desk_request desk = {.id = request->rest[0],
                                   .who = tl_str_z(request->who),
                                   .why = tl_json_get_text(request->root, "reason"),
                                   .payload = tl_json_get_text(request->root, "payload"),
                                   .changes = tl_json_raw(tl_json_get(request->root, "set")),
                                   .steward = tl_json_get_text(request->root, "to"),
                                   .although_later = tl_json_get_bool(request->root, "yes", false)};
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    if (!desk_act_parse(request->rest[1], &desk.act)) {
        tl_fail(&err, TL_EINPUT, "an exception cannot be '%.*s': retry, edit, discard or assign",
                TL_STR_ARGS(request->rest[1]));
        tl_control_fail(request, &err);
    } else if (tl_json_get_bool(request->root, "dry_run", false)) {
        desk.changes.len != 0 ? compare(request, desk.changes) : tl_control_exception(request);
    } else {
        tl_desk_do(request->server->engine, &desk, request->server->loop, tl_control_acted, request);
    }
}

typedef void pause_act(struct tl_engine *engine, tl_str what, tl_str who, tl_str why, struct tl_loop *loop,
                       void (*done)(void *ctx, tl_code code, const char *text), void *ctx);

static void pause_or_resume(struct tl_control_request *request, const char *verb, pause_act *act)
{
    char what[600];
    tl_str kind = tl_json_get_text(request->root, "kind"), name = tl_json_get_text(request->root, "name");
    if (!tl_control_engine(request))
        return;
    snprintf(what, sizeof what, "%.*s/%.*s", TL_STR_ARGS(kind), TL_STR_ARGS(name));
    if (tl_json_get_bool(request->root, "dry_run", false))
        tl_control_say(request, "would %s %s", verb, what);
    else
        act(request->server->engine, tl_str_z(what), tl_str_z(request->who), tl_json_get_text(request->root, "reason"),
            request->server->loop, tl_control_acted, request);
}

void tl_control_pause(struct tl_control_request *request)
{
    pause_or_resume(request, "pause", tl_engine_pause);
}

void tl_control_resume(struct tl_control_request *request)
{
    pause_or_resume(request, "resume", tl_engine_resume);
}
