#include "many_world.h"
#include "batcher_int.h"
#include "codec/json.h"
#include <string.h>

#define CALLS_MAX 4096
#define JOBS_MAX 256

/* One call, for many rows or alone. */
struct tl_many {
    struct tl_mail mail;
    struct world *w;
    struct tl_loop *loop;
    struct tl_many_owner owner;
    tl_call_done *done; /* of a call that goes alone */
    void *done_ctx;
    char **rows; /* own */
    size_t count;
    long job; /* -1: none */
    bool cancelled, held;
    struct tl_many *next;
};

struct many_plan many_plan;
static struct tl_json_doc *parents;
static struct tl_many *out; /* the oldest first */
static struct {
    size_t rows;
    char *args; /* own */
} calls[CALLS_MAX];
static bool crashing; /* loops give out their last mail to nobody */
static size_t call_count, job_count, collisions;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- who is out ---- */

/* Of a row the value of "name": up to the first of the characters that may end it. */
static tl_str part_of(const char *row, const char *name, const char *ends)
{
    const char *at = strstr(row, name);
    if (at == NULL)
        return TL_STR_NONE;
    at += strlen(name);
    return tl_str_n(at, strcspn(at, ends));
}

static size_t meet(const char *a, const char *b)
{
    bool same = tl_str_eq(part_of(a, "\"object\":", ",}"), part_of(b, "\"object\":", ",}"));
    tl_str key = part_of(a, "\"key\":", "}"), parent = part_of(a, "\"parent\":", ",}");
    return (same && tl_str_eq(key, part_of(b, "\"key\":", "}"))) ||
           (!same && parent.len > 0 && tl_str_eq(parent, part_of(b, "\"parent\":", ",}")));
}

static void watch(const struct tl_many *many)
{
    for (size_t i = 0; i < many->count; i++) {
        for (const struct tl_many *other = out; other != NULL; other = other->next)
            for (size_t o = 0; o < other->count; o++)
                collisions += meet(many->rows[i], other->rows[o]);
        for (size_t o = 0; o < i; o++)
            collisions += meet(many->rows[i], many->rows[o]);
    }
}

static void note(const struct tl_many *many)
{
    struct tl_buf all;
    assert_true(call_count < CALLS_MAX);
    tl_buf_init(&all, 1 << 20);
    for (size_t i = 0; i < many->count; i++) {
        tl_buf_add_z(&all, many->rows[i]);
        tl_buf_add_char(&all, '\n');
    }
    calls[call_count].rows = many->count;
    calls[call_count++].args = tl_str_dup(tl_buf_str(&all));
    tl_buf_free(&all);
}

static void leave(struct tl_many *many)
{
    struct tl_many **at = &out;
    while (*at != many)
        at = &(*at)->next;
    *at = many->next;
}

static void forget(struct tl_many *many)
{
    for (size_t i = 0; i < many->count; i++)
        tl_free(many->rows[i]);
    tl_free(many->rows);
    tl_free(many);
}

/* ---- how a call ends ---- */

static struct tl_call_result result_of(enum tl_failure failure, bool unknown)
{
    return (struct tl_call_result){.failure = failure,
                                   .sent = true,
                                   .unknown = unknown,
                                   .status = failure == TL_FAIL_NONE ? 200 : 500,
                                   .message = failure == TL_FAIL_NONE ? TL_STR_NONE : TL_STR("the platform says no"),
                                   .id = TL_STR("remote-1")};
}

static void carry_out(const struct tl_many *many, const char *row)
{
    struct tl_call_request request = {.operation = TL_STR("put"), .args = tl_str_z(row)};
    world_apply(many->w, TL_STR("erp"), &request);
}

static enum tl_failure refused(const struct tl_many *many)
{
    struct tl_buf all;
    tl_buf_init(&all, 1 << 20);
    for (size_t i = 0; i < many->count; i++)
        tl_buf_add_z(&all, many->rows[i]);
    tl_buf_add_char(&all, '\0');
    enum tl_failure failure = many_plan.whole != NULL ? many_plan.whole(tl_buf_str(&all).ptr) : TL_FAIL_NONE;
    tl_buf_free(&all);
    return failure;
}

struct ending {
    struct tl_call_result whole, *rows; /* rows: own */
    bool told;
};

/* What the platform does; under both locks. */
static struct ending perform(struct tl_many *many)
{
    struct ending ending = {.rows = tl_zalloc(many->count, sizeof *ending.rows)};
    enum tl_failure failure = many->cancelled ? TL_FAIL_RETRY : refused(many);
    bool lost = many_plan.lose > 0 && failure == TL_FAIL_NONE && !many->cancelled;
    many_plan.lose -= lost;
    ending.whole = result_of(lost ? TL_FAIL_RETRY : failure, lost);
    ending.told = ending.whole.failure == TL_FAIL_NONE;
    for (size_t i = 0; i < many->count; i++) {
        enum tl_failure row = failure != TL_FAIL_NONE ? failure
                              : many_plan.row != NULL ? many_plan.row(many->rows[i])
                                                      : TL_FAIL_NONE;
        if (row == TL_FAIL_NONE && many->job < 0) /* a job did it when it began */
            carry_out(many, many->rows[i]);
        ending.rows[i] = ending.told ? result_of(row, false) : ending.whole;
    }
    return ending;
}

static void end(struct tl_mail *mail)
{
    struct tl_many *many = TL_CONTAINER_OF(mail, struct tl_many, mail);
    if (crashing)
        return;
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&many->w->lock);
    struct ending ending = perform(many);
    pthread_mutex_unlock(&many->w->lock);
    leave(many);
    pthread_mutex_unlock(&lock);
    if (many->done != NULL) {
        many->done(many->done_ctx, &ending.rows[0]);
    } else {
        for (size_t i = 0; i < many->count; i++)
            many->owner.row(many->owner.ctx, i, &ending.rows[i], ending.told);
        many->owner.done(many->owner.ctx, &ending.whole);
    }
    tl_free(ending.rows);
    forget(many);
}

/* ---- how it begins ---- */

static void begin(struct tl_many *many, struct world *w, struct tl_lane *lane)
{
    many->w = w;
    many->loop = tl_lane_loop(lane);
    many->job = -1;
    pthread_mutex_lock(&lock);
    watch(many);
    note(many);
    struct tl_many **at = &out;
    while (*at != NULL)
        at = &(*at)->next;
    *at = many;
    many->held = many_plan.hold;
    pthread_mutex_unlock(&lock);
}

/* The connector asks to be saved: the platform has the job, and does it whatever becomes of us. */
static void saving(struct tl_mail *mail)
{
    struct tl_many *many = TL_CONTAINER_OF(mail, struct tl_many, mail);
    char state[32];
    if (crashing)
        return;
    snprintf(state, sizeof state, "job %ld", many->job);
    many->owner.save(many->owner.ctx, many, tl_str_z(state));
}

static void begin_job(struct tl_many *many)
{
    pthread_mutex_lock(&lock);
    many->job = (long)job_count++;
    pthread_mutex_lock(&many->w->lock);
    for (size_t i = 0; i < many->count; i++)
        carry_out(many, many->rows[i]);
    pthread_mutex_unlock(&many->w->lock);
    pthread_mutex_unlock(&lock);
    tl_mail_init(&many->mail, saving);
    tl_loop_post(many->loop, &many->mail);
}

static void send(struct tl_many *many)
{
    tl_mail_init(&many->mail, end);
    if (!many->held)
        tl_loop_post(many->loop, &many->mail);
}

static struct tl_many *start_many(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_many_request *request,
                                  const struct tl_many_owner *owner)
{
    struct tl_many *many = TL_NEW(struct tl_many);
    (void)system;
    assert_true(request->count <= MANY_ROWS);
    many->owner = *owner;
    many->count = request->count;
    many->rows = tl_zalloc(request->count, sizeof *many->rows);
    for (size_t i = 0; i < request->count; i++)
        many->rows[i] = tl_str_dup(request->rows[i]);
    begin(many, ctx, lane);
    if (request->saved.len > 0) {
        many->job = 0;
        send(many);
    } else if (many_plan.jobs) {
        begin_job(many);
    } else {
        send(many);
    }
    return many;
}

static void many_saved(void *ctx, struct tl_many *many, bool ok)
{
    (void)ctx;
    assert_true(ok);
    send(many);
}

static void cancel_many(void *ctx, struct tl_many *many)
{
    (void)ctx;
    many->cancelled = true;
    if (many->held) {
        many->held = false;
        tl_loop_post(many->loop, &many->mail);
    }
}

static void *start_one(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                       tl_call_done *done, void *done_ctx)
{
    struct tl_many *many = TL_NEW(struct tl_many);
    (void)system;
    many->done = done;
    many->done_ctx = done_ctx;
    many->count = 1;
    many->rows = tl_zalloc(1, sizeof *many->rows);
    many->rows[0] = tl_str_dup(request->args);
    begin(many, ctx, lane);
    send(many);
    return many;
}

static void cancel_one(void *ctx, void *call)
{
    cancel_many(ctx, call);
}

static void facts(void *ctx, struct tl_lane *lane, tl_str system, tl_str operation, struct tl_call_facts *facts)
{
    (void)ctx, (void)lane, (void)system;
    if (tl_str_is(operation, "put") || tl_str_is(operation, "note"))
        facts->many = (struct tl_many_facts){
            .rows = MANY_ROWS, .object = TL_STR("/object"), .key = TL_STR("/key"), .parents = tl_json_root(parents)};
    facts->key_ttl_ms = 3600000;
}

void many_world(struct world *w)
{
    static const struct tl_many_port port = {start_many, many_saved, cancel_many};
    many_free(); /* a test before may have failed */
    tl_must(tl_json_parse(TL_STR("[\"/parent\"]"), NULL, &parents, NULL) == TL_OK);
    many_plan = (struct many_plan){0};
    w->calls.start = start_one;
    w->calls.cancel = cancel_one;
    w->calls.facts = facts;
    w->calls.many = &port;
}

/* ---- doing and seeing ---- */

void step_write(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    step_put(w, run, result);
    if (result == NULL)
        run->ask.args = tl_str_z(run->payload);
}

static const char *payload_of(char *text, size_t size, const char *object, const char *no, const char *parent, int n)
{
    snprintf(text, size, "{\"object\":\"%s\",\"key\":{\"no\":\"%s\"},%s%s%s\"n\":%d}", object, no,
             parent[0] != 0 ? "\"parent\":" : "", parent, parent[0] != 0 ? "," : "", n);
    return text;
}

void many_event(struct world *w, const char *object, const char *no, const char *parent, int n)
{
    char payload[256];
    world_accept(w, "won@1", no, payload_of(payload, sizeof payload, object, no, parent, n));
}

void many_flood(struct world *w, int from, int count, enum tl_priority priority)
{
    struct tl_batch *batch = tl_batch_new(w->journal);
    for (int i = from; i < from + count; i++) {
        char no[32], payload[256];
        snprintf(no, sizeof no, "N-%d", i);
        struct tl_event_in in = {.type = TL_STR("won@1"),
                                 .source = TL_STR("crm"),
                                 .key = tl_str_z(no),
                                 .payload = tl_str_z(payload_of(payload, sizeof payload, "Order", no, "", i)),
                                 .priority = priority};
        assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
    }
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_DURABLE, NULL), TL_OK);
    tl_batch_free(batch);
}

size_t many_out(void)
{
    size_t count = 0;
    pthread_mutex_lock(&lock);
    for (const struct tl_many *many = out; many != NULL; many = many->next)
        count++;
    pthread_mutex_unlock(&lock);
    return count;
}

size_t many_calls(void)
{
    return call_count;
}

size_t many_rows_of(size_t call)
{
    return call < call_count ? calls[call].rows : 0;
}

const char *many_args_of(size_t call)
{
    return call < call_count ? calls[call].args : "";
}

size_t many_jobs(void)
{
    return job_count;
}

size_t many_collisions(void)
{
    return collisions;
}

void many_answer(struct world *w)
{
    struct tl_many *many = out;
    (void)w;
    while (many != NULL && !many->held)
        many = many->next;
    assert_non_null(many);
    many->held = false;
    tl_loop_post(many->loop, &many->mail);
}

void many_answer_all(struct world *w)
{
    for (size_t left = many_out(); left > 0; left--)
        many_answer(w);
}

static size_t waiting(const struct world *w)
{
    size_t count = 0;
    for (unsigned i = 0; i < w->engine->lane_count; i++) {
        size_t at = 0;
        tl_str name;
        void *line;
        while (tl_map_next(&w->engine->lanes[i]->batcher->lines, &at, &name, &line)) {
            const struct tl_list *list = &((struct tl_line *)line)->waiting;
            for (struct tl_link *link = tl_list_first(list); link != NULL; link = tl_list_after(list, link))
                count++;
        }
    }
    return count;
}

static size_t expected;

static bool that_many_wait(struct world *w)
{
    return waiting(w) == expected;
}

static bool that_many_are_out(struct world *w)
{
    (void)w;
    return many_out() == expected;
}

void many_until_waiting(struct world *w, size_t rows)
{
    expected = rows;
    world_until(w, that_many_wait);
}

void many_until_out(struct world *w, size_t count)
{
    expected = count;
    world_until(w, that_many_are_out);
}

size_t many_done(struct world *w, const char *no)
{
    char key[64];
    size_t count = 0;
    snprintf(key, sizeof key, "{\"no\":\"%s\"}", no);
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->log_count; i++)
        count += strstr(w->log[i].args, key) != NULL;
    pthread_mutex_unlock(&w->lock);
    return count;
}

static void forget_all(void)
{
    while (out != NULL) {
        struct tl_many *many = out;
        out = many->next;
        forget(many);
    }
}

void many_crash(struct world *w)
{
    crashing = true;
    world_crash(w);
    crashing = false;
    forget_all();
}

void many_free(void)
{
    forget_all();
    for (size_t i = 0; i < call_count; i++)
        tl_free(calls[i].args);
    call_count = job_count = collisions = 0;
    tl_json_free(parents);
    parents = NULL;
}
