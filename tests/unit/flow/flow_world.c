#include "flow_world.h"
#include "engine_int.h"
#include "base/log.h"
#include "flow/by_hand.h"
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* ---- time ---- */

static atomic_llong now_ms = 1700000000000;

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return atomic_load(&now_ms);
}

static int64_t mono_ns(void *ctx)
{
    (void)ctx;
    return (atomic_load(&now_ms) - 1600000000000) * 1000000;
}

static const struct tl_clock driven = {wall_ms, mono_ns, NULL};

static int64_t machine_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- runs ---- */

static tl_code open_host(void *ctx, const struct tl_bundle *bundle, const char *revision, void **host,
                         struct tl_error *err)
{
    (void)err, (void)revision, (void)bundle;
    *host = ctx;
    return TL_OK;
}

static void close_host(void *ctx, void *host)
{
    (void)ctx;
    (void)host;
}

static bool find_flow(void *ctx, void *host, const char *name, size_t *index)
{
    struct world *w = ctx;
    (void)host;
    for (size_t i = 0; i < w->config.first.flow_count; i++) {
        *index = i;
        if (strcmp(w->config.first.flows[i].name, name) == 0)
            return true;
    }
    return false;
}

static const struct scripted *script_of(struct world *w, size_t flow)
{
    for (size_t i = 0; i < w->script_count; i++) {
        if (strcmp(w->scripts[i].flow, w->config.first.flows[flow].name) == 0)
            return &w->scripts[i];
    }
    fail_msg("no script for %s", w->config.first.flows[flow].name);
    return NULL;
}

static void copy_text(char *out, size_t size, tl_str s)
{
    snprintf(out, size, "%.*s", TL_STR_ARGS(s));
}

static const struct tl_run_outcome *start(void *ctx, void *host, size_t flow, const struct tl_run_event *event,
                                          struct tl_run **out)
{
    struct world *w = ctx;
    (void)host;
    struct tl_run *run = TL_NEW(struct tl_run);
    run->w = w;
    run->flow = flow;
    run->event = *event;
    copy_text(run->key, sizeof run->key, event->key);
    copy_text(run->id, sizeof run->id, event->id);
    copy_text(run->type, sizeof run->type, event->type);
    run->payload = tl_str_dup(event->payload);
    atomic_fetch_add(&w->runs_open, 1);
    atomic_fetch_add(&w->started, 1);
    *out = run;
    script_of(w, flow)->step(w, run, NULL);
    return &run->outcome;
}

static const struct tl_run_outcome *resume(void *ctx, struct tl_run *run, const struct tl_run_result *result)
{
    script_of(ctx, run->flow)->step(ctx, run, result);
    return &run->outcome;
}

/* Runs in C undo nothing. */
static const struct tl_run_outcome *cancel(void *ctx, struct tl_run *run, tl_str reason)
{
    (void)ctx;
    copy_text(run->text, sizeof run->text, reason);
    run_end(run, TL_RUN_FAILED, run->text);
    return &run->outcome;
}

static void settle(void *ctx, struct tl_run *run, tl_str id, bool took_place)
{
    (void)ctx, (void)run, (void)id, (void)took_place;
}

static bool has_undo(void *ctx, const struct tl_run *run)
{
    (void)ctx, (void)run;
    return false;
}

static void free_run(void *ctx, struct tl_run *run)
{
    struct world *w = ctx;
    atomic_fetch_sub(&w->runs_open, 1);
    tl_free(run->payload);
    tl_free(run);
}

static tl_code order_key(void *ctx, void *host, size_t flow, const struct tl_run_event *event, struct tl_buf *out,
                         struct tl_error *err)
{
    (void)ctx, (void)host, (void)flow, (void)err;
    tl_buf_add_str(out, event->key);
    return TL_OK;
}

void run_ask(struct tl_run *run, const char *target, const char *operation)
{
    run->asks++;
    snprintf(run->text, sizeof run->text, "{\"key\":\"%s\",\"n\":%s}", run->key, run->payload);
    snprintf(run->step, sizeof run->step, "%s:%s#%d", target, operation, run->asks);
    run->ask = (struct tl_run_ask){.id = tl_str_z(run->step),
                                   .kind = TL_ASK_CALL,
                                   .target = tl_str_z(target),
                                   .operation = tl_str_z(operation),
                                   .args = tl_str_z(run->text),
                                   .effect = TL_EFFECT_IDEMPOTENT,
                                   .place = {"flows/test.lua", 7}};
    run->asked = &run->ask;
    run->outcome = (struct tl_run_outcome){.ending = TL_RUN_WAIT, .asks = &run->asked, .ask_count = 1};
}

void run_end(struct tl_run *run, enum tl_run_ending ending, const char *reason)
{
    run->outcome =
        (struct tl_run_outcome){.ending = ending, .place = {"flows/test.lua", 12}, .reason = tl_str_z(reason)};
}

void run_emit(struct tl_run *run, const char *type)
{
    run->emits[0] =
        (struct tl_run_emit){.type = tl_str_z(type), .key = tl_str_z(run->key), .data = tl_str_z(run->payload)};
    run->outcome = (struct tl_run_outcome){.ending = TL_RUN_DONE, .emits = run->emits, .emit_count = 1};
}

void step_done(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w, (void)result;
    run_end(run, TL_RUN_DONE, "");
}

void step_put(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w;
    if (result == NULL)
        run_ask(run, "erp", "put");
    else if (result->ok)
        run_end(run, TL_RUN_DONE, "");
    else {
        copy_text(run->text, sizeof run->text, result->message);
        run->outcome = (struct tl_run_outcome){.ending = TL_RUN_ERROR,
                                               .error = {.cls = result->cls,
                                                         .message = tl_str_z(run->text),
                                                         .system = result->system,
                                                         .place = {"flows/test.lua", 9}}};
    }
}

/* ---- platforms ---- */

static void deliver(struct tl_mail *mail)
{
    struct pending_call *call = TL_CONTAINER_OF(mail, struct pending_call, mail);
    call->done(call->ctx, &call->result);
    tl_free(call);
}

static enum tl_failure failure_of(enum answer answer)
{
    switch (answer) {
    case ANSWER_RETRY:
        return TL_FAIL_RETRY;
    case ANSWER_AUTH:
        return TL_FAIL_AUTH;
    case ANSWER_DATA:
        return TL_FAIL_DATA;
    case ANSWER_CONFLICT:
        return TL_FAIL_CONFLICT;
    case ANSWER_BUG:
        return TL_FAIL_BUG;
    default:
        return TL_FAIL_NONE;
    }
}

void world_apply(struct world *w, tl_str system, const struct tl_call_request *request)
{
    if (w->log_count == w->log_cap) {
        w->log_cap = w->log_cap == 0 ? 64 : w->log_cap * 2;
        w->log = tl_realloc(w->log, w->log_cap * sizeof *w->log);
    }
    struct applied *entry = &w->log[w->log_count++];
    copy_text(entry->system, sizeof entry->system, system);
    copy_text(entry->operation, sizeof entry->operation, request->operation);
    entry->args = tl_str_dup(request->args);
}

static void *call_start(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                        tl_call_done *done, void *done_ctx)
{
    struct world *w = ctx;
    struct pending_call *call = TL_NEW(struct pending_call);
    char name[32], operation[32];
    copy_text(name, sizeof name, system);
    copy_text(operation, sizeof operation, request->operation);
    char *args = tl_str_dup(request->args);
    pthread_mutex_lock(&w->lock);
    enum answer answer = w->answer != NULL ? w->answer(w, name, operation, args) : ANSWER_DONE;
    *call = (struct pending_call){.w = w, .done = done, .ctx = done_ctx, .loop = tl_lane_loop(lane)};
    call->result.failure = failure_of(answer);
    call->result.status = answer == ANSWER_DONE ? 200 : 500;
    call->result.message = answer == ANSWER_DONE ? TL_STR_NONE : TL_STR("the platform says no");
    call->result.id = TL_STR("remote-1");
    if (answer == ANSWER_DONE || answer == ANSWER_LATER)
        world_apply(w, system, request);
    tl_mail_init(&call->mail, deliver);
    if (answer == ANSWER_LATER)
        w->later[w->later_count++] = call;
    else
        tl_loop_post(call->loop, &call->mail);
    pthread_mutex_unlock(&w->lock);
    tl_free(args);
    return call;
}

static void call_cancel(void *ctx, void *handle)
{
    struct world *w = ctx;
    for (size_t i = 0; i < w->later_count; i++) {
        if (w->later[i] == handle)
            world_answer(w, i, TL_FAIL_RETRY);
    }
}

struct pending_read {
    struct tl_mail mail;
    tl_hint_done *done;
    void *ctx;
    char object[32], key[64];
};

static void deliver_read(struct tl_mail *mail)
{
    struct pending_read *read = TL_CONTAINER_OF(mail, struct pending_read, mail);
    static const struct tl_call_result fine;
    struct tl_captured event = {.object = tl_str_z(read->object),
                                .key = tl_str_z(read->key),
                                .version = TL_STR("7"),
                                .dedupe = TL_STR("t1@7"),
                                .payload = TL_STR("{\"id\":\"t1\"}")};
    read->done(read->ctx, &event, &fine);
    tl_free(read);
}

static void call_read(void *ctx, struct tl_lane *lane, tl_str system, tl_str object, tl_str key,
                      const struct tl_trace *trace, tl_hint_done *done, void *done_ctx)
{
    struct world *w = ctx;
    struct tl_call_request request = {.operation = TL_STR("read"), .args = key};
    (void)trace;
    pthread_mutex_lock(&w->lock);
    world_apply(w, system, &request);
    pthread_mutex_unlock(&w->lock);
    struct pending_read *read = TL_NEW(struct pending_read);
    *read = (struct pending_read){.done = done, .ctx = done_ctx};
    copy_text(read->object, sizeof read->object, object);
    copy_text(read->key, sizeof read->key, key);
    tl_mail_init(&read->mail, deliver_read);
    tl_loop_post(tl_lane_loop(lane), &read->mail);
}

void world_answer(struct world *w, size_t i, enum tl_failure failure)
{
    struct pending_call *call = w->later[i];
    assert_non_null(call);
    w->later[i] = NULL;
    call->result.failure = failure;
    tl_loop_post(call->loop, &call->mail);
}

/* ---- life ---- */

void world_new(struct world *w, const struct tl_flow *flows, const struct scripted *scripts, size_t flow_count,
               const struct tl_system_decl *systems, size_t system_count)
{
    static struct tl_engine_system list[8];
    *w = (struct world){.scripts = scripts, .script_count = flow_count};
    atomic_store(&now_ms, 1700000000000);
    tl_clock_set(&driven);
    tl_log_setup(TL_ERROR, TL_LOG_TEXT);
    snprintf(w->dir, sizeof w->dir, "/tmp/tidelock-flow-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    pthread_mutex_init(&w->lock, NULL);
    w->runs = (struct tl_run_port){.open = open_host,
                                   .close = close_host,
                                   .flow = find_flow,
                                   .start = start,
                                   .resume = resume,
                                   .cancel = cancel,
                                   .settle = settle,
                                   .has_undo = has_undo,
                                   .free = free_run,
                                   .order_key = order_key,
                                   .ctx = w};
    w->calls = (struct tl_call_port){.start = call_start, .cancel = call_cancel, .read = call_read, .ctx = w};
    for (size_t i = 0; i < system_count; i++)
        list[i] = (struct tl_engine_system){.decl = &systems[i]};
    w->config = (struct tl_engine_config){.first = {.flows = flows,
                                                    .flow_count = flow_count,
                                                    .systems = list,
                                                    .system_count = system_count,
                                                    .steward = "desk",
                                                    .revision = "r1"},
                                          .lanes = 2,
                                          .by_hand = true,
                                          .runs = &w->runs,
                                          .calls = &w->calls};
}

static void on_commit(void *ctx, struct tl_commit *commit)
{
    struct world *w = ctx;
    if (w->engine == NULL) /* it was abandoned */
        return;
    tl_engine_on_commit(w->engine, commit);
    if (w->on_commit != NULL)
        w->on_commit(w, commit);
}

static bool before_drop(void *ctx, uint64_t first, uint64_t last)
{
    return tl_engine_before_drop(((struct world *)ctx)->engine, first, last);
}

tl_code world_try_start(struct world *w, struct tl_error *err)
{
    tl_code code = tl_engine_new(&w->config, &w->engine, err);
    if (code != TL_OK)
        return code;
    struct tl_journal_options options = {.on_commit = on_commit,
                                         .before_drop = before_drop,
                                         .ctx = w,
                                         .ahead_bytes = 1 << 20,
                                         .segment_events = w->segment_events,
                                         .reserve_bytes = 1 << 20};
    code = tl_journal_open(w->dir, &options, &w->journal, err);
    if (code == TL_OK)
        code = tl_engine_start(w->engine, w->journal, err);
    return code;
}

void world_start(struct world *w)
{
    struct tl_error err;
    tl_code code = world_try_start(w, &err);
    if (code != TL_OK)
        fail_msg("start: %s", err.text);
}

static void drop_later(struct world *w)
{
    for (size_t i = 0; i < w->later_count; i++)
        tl_free(w->later[i]);
    w->later_count = 0;
}

void world_stop(struct world *w)
{
    tl_engine_stop(w->engine, 0);
    world_crash(w);
}

void world_crash(struct world *w)
{
    tl_engine_free(w->engine);
    w->engine = NULL;
    tl_journal_close(w->journal);
    w->journal = NULL;
    drop_later(w);
}

void world_free(struct world *w)
{
    char command[128];
    if (w->engine != NULL)
        world_stop(w);
    for (size_t i = 0; i < w->log_count; i++)
        tl_free(w->log[i].args);
    tl_free(w->log);
    pthread_mutex_destroy(&w->lock);
    snprintf(command, sizeof command, "rm -rf %s", w->dir);
    assert_int_equal(system(command), 0);
    tl_clock_set(NULL);
}

/* ---- turning ---- */

static void turn(struct world *w, int max_ms)
{
    for (unsigned i = 0; i < tl_engine_lane_count(w->engine); i++)
        tl_loop_wait(w->engine->lanes[i]->loop, max_ms);
}

void world_until(struct world *w, bool (*until)(struct world *w))
{
    int64_t give_up = machine_ms() + 90000;
    while (!until(w)) {
        if (machine_ms() > give_up)
            fail_msg("nothing more happens");
        if (w->config.by_hand)
            turn(w, 2);
    }
}

static size_t held_calls(const struct world *w)
{
    size_t held = 0;
    for (size_t i = 0; i < w->later_count; i++)
        held += w->later[i] != NULL;
    return held;
}

void world_settle(struct world *w)
{
    int64_t give_up = machine_ms() + 90000;
    for (int quiet = 0; quiet < 3;) {
        quiet = tl_engine_turn(w->engine, held_calls(w), 1) ? quiet + 1 : 0;
        if (machine_ms() > give_up)
            fail_msg("it does not settle");
    }
}

void world_advance(struct world *w, int64_t ms)
{
    atomic_fetch_add(&now_ms, ms);
    for (unsigned i = 0; i < tl_engine_lane_count(w->engine); i++)
        tl_loop_clock_moved(tl_lane_loop(tl_engine_lane(w->engine, i)));
    if (w->config.by_hand)
        world_settle(w);
}

void world_pass(struct world *w, int64_t ms)
{
    assert_null(w->engine);
    atomic_fetch_add(&now_ms, ms);
}

/* ---- doing ---- */

static void accepted(void *ctx, const struct tl_accepted *answer)
{
    struct world *w = ctx;
    w->replies++;
    w->reply_code = answer->code;
    if (answer->code == TL_OK && answer->count > 0)
        w->last_position = answer->positions[0];
}

static bool replied(struct world *w)
{
    return w->replies > 0;
}

tl_position world_accept(struct world *w, const char *type, const char *key, const char *payload)
{
    struct tl_event_in in = {.type = tl_str_z(type),
                             .source = TL_STR("crm"),
                             .key = tl_str_z(key),
                             .payload = tl_str_z(payload),
                             .priority = TL_NORMAL};
    w->replies = 0;
    tl_engine_accept(w->engine, &in, 1, tl_lane_loop(tl_engine_lane(w->engine, 0)), accepted, w);
    world_until(w, replied);
    assert_int_equal(w->reply_code, TL_OK);
    return w->last_position;
}

void world_flood(struct world *w, const char *type, const char *prefix, size_t n, size_t keys,
                 enum tl_priority priority)
{
    struct tl_batch *batch = tl_batch_new(w->journal);
    for (size_t i = 0; i < n; i++) {
        char key[64], payload[64];
        snprintf(key, sizeof key, "%s%zu", prefix, i % keys);
        snprintf(payload, sizeof payload, "%zu", i);
        struct tl_event_in in = {.type = tl_str_z(type),
                                 .source = TL_STR("crm"),
                                 .key = tl_str_z(key),
                                 .payload = tl_str_z(payload),
                                 .priority = priority};
        assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
        if (tl_batch_event_count(batch) == 500 || i + 1 == n) {
            assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
            tl_batch_reset(batch);
        }
    }
    tl_batch_free(batch);
}

static void desk_done(void *ctx, tl_code code, const char *text)
{
    struct world *w = ctx;
    w->replies++;
    w->reply_code = code;
    snprintf(w->reply_text, sizeof w->reply_text, "%s", text);
}

void world_desk(struct world *w, enum tl_desk_act act, const char *id, const char *payload, bool although_later)
{
    struct tl_desk_request request = {.act = act,
                                      .id = tl_str_z(id),
                                      .who = TL_STR("ann"),
                                      .why = TL_STR("tested"),
                                      .payload = tl_str_z(payload),
                                      .although_later = although_later};
    world_desk_do(w, &request);
}

void world_desk_do(struct world *w, const struct tl_desk_request *request)
{
    w->replies = 0;
    tl_desk_do(w->engine, request, tl_lane_loop(tl_engine_lane(w->engine, 0)), desk_done, w);
    world_until(w, replied);
    world_settle(w);
}

void world_pause(struct world *w, const char *what, bool pause)
{
    struct tl_loop *loop = tl_lane_loop(tl_engine_lane(w->engine, 0));
    w->replies = 0;
    if (pause)
        tl_engine_pause(w->engine, tl_str_z(what), TL_STR("ann"), TL_STR("a reason"), loop, desk_done, w);
    else
        tl_engine_resume(w->engine, tl_str_z(what), TL_STR("ann"), TL_STR("a reason"), loop, desk_done, w);
    world_until(w, replied);
}

/* ---- asking ---- */

size_t world_applied(struct world *w, const char *system)
{
    size_t count = 0;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->log_count; i++)
        count += strcmp(w->log[i].system, system) == 0;
    pthread_mutex_unlock(&w->lock);
    return count;
}

const char *world_endings(struct world *w, tl_position event, const char *flow)
{
    static char text[256];
    struct tl_arena arena;
    struct tl_outcome *outcomes;
    size_t count = 0;
    text[0] = 0;
    tl_arena_init(&arena);
    if (tl_journal_outcomes(w->journal, event, &arena, &outcomes, &count, NULL) != TL_OK)
        count = 0;
    for (size_t i = 0; i < count; i++) {
        if (tl_str_is(outcomes[i].flow, flow))
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", text[0] != 0 ? " " : "",
                     tl_ending_name(outcomes[i].ending));
    }
    tl_arena_free(&arena);
    return text;
}

static size_t scan(struct world *w, const char *table, char *first, size_t size)
{
    struct tl_arena arena;
    struct tl_state_page page = {0};
    tl_arena_init(&arena);
    tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
    struct tl_state_query query = {.table = tl_str_z(table), .limit = 10000};
    assert_int_equal(tl_state_scan(w->journal, &query, &arena, &page, NULL), TL_OK);
    if (first != NULL)
        copy_text(first, size, page.count > 0 ? page.rows[0].key : TL_STR_NONE);
    size_t count = page.count;
    tl_arena_free(&arena);
    return count;
}

const char *world_exception(struct world *w)
{
    static char id[64];
    scan(w, "exception", id, sizeof id);
    return id;
}

size_t world_rows(struct world *w, const char *table)
{
    return scan(w, table, NULL, 0);
}
