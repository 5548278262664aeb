/* Durable runs, and the decisions that flows ask people for. */
#include "control.h"
#include "flow/runs.h"
#include "journal/state.h"

/* ---- runs ---- */

static tl_code list_runs(const struct tl_control_request *request, const struct tl_control_words *words,
                         struct tl_buf *out, struct tl_error *err)
{
    struct tl_runs_query query = {.flow = tl_buf_str(&words[0].text),
                                  .state = tl_buf_str(&words[1].text),
                                  .key = tl_buf_str(&words[2].text),
                                  .revision = tl_buf_str(&words[3].text),
                                  .after = tl_buf_str(&words[4].text),
                                  .limit = tl_control_query_number(request, "limit", 50)};
    return tl_runs_list(request->server->engine, &query, out, err);
}

void tl_control_runs(struct tl_control_request *request)
{
    struct tl_control_words words[] = {
        {.name = "flow"}, {.name = "state"}, {.name = "key"}, {.name = "revision"}, {.name = "after"}};
    tl_control_list(request, words, TL_COUNT_OF(words), list_runs);
}

void tl_control_run(struct tl_control_request *request)
{
    struct tl_buf out;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_control_written(request, tl_run_show(request->server->engine, request->rest[0], &out, &err), &out, &err);
}

/* `asks` first: without "yes" it only says what would happen. */
static bool run_act_parse(tl_str word, enum tl_run_act *act, bool *asks)
{
    static const struct {
        const char *word;
        enum tl_run_act act;
        bool asks;
    } acts[] = {{"cancel", TL_RUN_CANCEL, false},
                {"retry", TL_RUN_RESTEP, true},
                {"skip", TL_RUN_SKIP, false},
                {"move", TL_RUN_MOVE, true}};
    for (size_t i = 0; i < TL_COUNT_OF(acts); i++) {
        if (tl_str_is(word, acts[i].word)) {
            *act = acts[i].act;
            *asks = acts[i].asks;
            return true;
        }
    }
    return false;
}

void tl_control_run_act(struct tl_control_request *request)
{
    bool asks = false;
    struct tl_run_request act = {.id = request->rest[0],
                                 .step = tl_json_get_text(request->root, "step"),
                                 .result = tl_json_raw(tl_json_get(request->root, "result")),
                                 .who = tl_str_z(request->who),
                                 .why = tl_json_get_text(request->root, "reason")};
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    if (!run_act_parse(request->rest[1], &act.act, &asks)) {
        tl_fail(&err, TL_EINPUT, "a run cannot be '%.*s': cancel, retry, skip or move", TL_STR_ARGS(request->rest[1]));
        tl_control_fail(request, &err);
        return;
    }
    act.dry_run =
        tl_json_get_bool(request->root, "dry_run", false) || (asks && !tl_json_get_bool(request->root, "yes", false));
    tl_run_do(request->server->engine, &act, request->server->loop, tl_control_acted, request);
}

/* ---- decisions ---- */

static tl_code list_decisions(const struct tl_control_request *request, const struct tl_control_words *words,
                              struct tl_buf *out, struct tl_error *err)
{
    struct tl_decisions_query query = {.flow = tl_buf_str(&words[0].text),
                                       .steward = tl_buf_str(&words[1].text),
                                       .key = tl_buf_str(&words[2].text),
                                       .after = tl_buf_str(&words[3].text),
                                       .limit = tl_control_query_number(request, "limit", 50)};
    return tl_decisions_list(request->server->engine, &query, out, err);
}

void tl_control_decisions(struct tl_control_request *request)
{
    struct tl_control_words words[] = {{.name = "flow"}, {.name = "steward"}, {.name = "key"}, {.name = "after"}};
    tl_control_list(request, words, TL_COUNT_OF(words), list_decisions);
}

static bool is_option(const struct tl_json_value *row, tl_str answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(row, "options"));
    while (tl_json_next(&i)) {
        if (tl_str_eq(tl_json_text(i.value), answer))
            return true;
    }
    return false;
}

/* What the answer would be to, and whether it is one of those that were asked for. */
static void rehearse(struct tl_control_request *request, tl_str answer)
{
    struct tl_arena arena;
    struct tl_state_row row;
    struct tl_json_doc *doc = NULL;
    struct tl_error err;
    tl_arena_init(&arena);
    tl_code code =
        tl_state_get(request->server->journal, TL_STR(TL_TABLE_DECISION), request->rest[0], &arena, &row, NULL);
    if (code != TL_OK)
        tl_fail(&err, code, "there is no open decision %.*s", TL_STR_ARGS(request->rest[0]));
    else
        code = tl_json_parse(row.value, NULL, &doc, &err);
    const struct tl_json_value *root = doc != NULL ? tl_json_root(doc) : NULL;
    if (code == TL_OK && !is_option(root, answer))
        code = tl_fail(&err, TL_EINPUT, "'%.*s' is not one of the answers: %.*s", TL_STR_ARGS(answer),
                       TL_STR_ARGS(tl_json_raw(tl_json_get(root, "options"))));
    if (code == TL_OK)
        tl_control_say(request, "would answer %.*s of flow %.*s, key %.*s (%.*s) with '%.*s'",
                       TL_STR_ARGS(request->rest[0]), TL_STR_ARGS(tl_json_get_text(root, "flow")),
                       TL_STR_ARGS(tl_json_get_text(root, "key")), TL_STR_ARGS(tl_json_get_text(root, "about")),
                       TL_STR_ARGS(answer));
    else
        tl_control_fail(request, &err);
    tl_json_free(doc);
    tl_arena_free(&arena);
}

void tl_control_decision(struct tl_control_request *request)
{
    tl_str answer = tl_json_get_text(request->root, "answer");
    if (!tl_control_engine(request))
        return;
    if (tl_json_get_bool(request->root, "dry_run", false))
        rehearse(request, answer);
    else
        tl_decision_answer(request->server->engine, request->rest[0], answer, tl_str_z(request->who),
                           tl_json_get_text(request->root, "reason"), request->server->loop, tl_control_acted, request);
}
