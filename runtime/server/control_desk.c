/* The exceptions desk, and stopping and starting things. */
#include "control.h"
#include "flow/exception.h"
#include "flow/pause.h"
#include <stdio.h>

/* ---- looking
 * -------------------------------------------------------------------------------------------------------------- */

void tl_control_exceptions(struct tl_control_request *request)
{
    struct tl_buf out, flow, key, after;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_buf_init(&flow, 4096);
    tl_buf_init(&key, 8192);
    tl_buf_init(&after, 8192);
    (void)tl_control_query(request, "flow", &flow);
    (void)tl_control_query(request, "key", &key);
    (void)tl_control_query(request, "after", &after);
    struct tl_exception_query query = {.flow = tl_buf_str(&flow),
                                       .key = tl_buf_str(&key),
                                       .after = tl_buf_str(&after),
                                       .limit = tl_control_query_number(request, "limit", 50)};
    if (tl_exceptions_list(request->server->engine, &query, &out, &err) == TL_OK)
        tl_control_answer(request, &out);
    else
        tl_control_fail(request, &err);
    tl_buf_free(&out);
    tl_buf_free(&flow);
    tl_buf_free(&key);
    tl_buf_free(&after);
}

void tl_control_exception(struct tl_control_request *request)
{
    struct tl_buf out;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    if (tl_exception_show(request->server->engine, request->rest[0], &out, &err) == TL_OK)
        tl_control_answer(request, &out);
    else
        tl_control_fail(request, &err);
    tl_buf_free(&out);
}

/* ---- acting
 * --------------------------------------------------------------------------------------------------------------- */

/* The end of every act: its sentence, or why not. */
static void acted(void *ctx, tl_code code, const char *text)
{
    struct tl_control_request *request = ctx;
    struct tl_error err;
    if (code == TL_OK) {
        tl_control_say(request, "%s", text != NULL && text[0] != '\0' ? text : "done");
        return;
    }
    tl_fail(&err, code, "%s", text);
    tl_control_fail(request, &err);
}

static bool desk_act_parse(tl_str word, enum tl_desk_act *out)
{
    static const struct {
        const char *word;
        enum tl_desk_act act;
    } acts[] = {{"retry", TL_DESK_RETRY}, {"edit", TL_DESK_EDIT}, {"discard", TL_DESK_DISCARD}};
    for (size_t i = 0; i < TL_COUNT_OF(acts); i++) {
        if (tl_str_is(word, acts[i].word)) {
            *out = acts[i].act;
            return true;
        }
    }
    return false;
}

void tl_control_desk(struct tl_control_request *request)
{
    struct tl_desk_request desk = {.id = request->rest[0],
                                   .who = tl_str_z(request->who),
                                   .why = tl_json_get_text(request->root, "reason"),
                                   .payload = tl_json_get_text(request->root, "payload"),
                                   .although_later = tl_json_get_bool(request->root, "yes", false)};
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    if (!desk_act_parse(request->rest[1], &desk.act)) {
        tl_fail(&err, TL_EINPUT, "an exception cannot be '%.*s': retry, edit or discard",
                TL_STR_ARGS(request->rest[1]));
        tl_control_fail(request, &err);
    } else if (tl_json_get_bool(request->root, "dry_run", false)) {
        tl_control_exception(request);
    } else {
        tl_desk_do(request->server->engine, &desk, request->server->loop, acted, request);
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
            request->server->loop, acted, request);
}

void tl_control_pause(struct tl_control_request *request)
{
    pause_or_resume(request, "pause", tl_engine_pause);
}

void tl_control_resume(struct tl_control_request *request)
{
    pause_or_resume(request, "resume", tl_engine_resume);
}
