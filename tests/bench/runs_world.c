#include "runs_world.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "flow/intake.h"
#include "flow/lane.h"
#include "journal/state.h"
#include "script/bundle.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLL_US 500

void world_must(tl_code code, const struct tl_error *err)
{
    if (code == TL_OK)
        return;
    fprintf(stderr, "bench_runs: %s\n", err->text);
    exit(1);
}

/* ---- the integration ---- */

#define EVENT(name) "event \"" name "\" { contract = \"contracts/o.json\", key = \"no\", steward = \"desk\" }\n"
#define FLOW(name, text)                                                                                               \
    "flow \"" name "\" { on = \"" name "@1\", steward = \"desk\", run = function(ctx, e) " text " end }\n"
#define NOTE(n) "ctx.crm:note{ k = e.data.k, n = " n " } "

static const struct tl_bundle_file files[] = {
    {"integration.lua", TL_STR("integration \"bench\" { steward = \"desk\" }\n"
                               "steward \"desk\" { mail = \"desk@bench.example\", due = \"1h\" }\n"
                               "system \"crm\" { connector = \"odata@1\", limits = { concurrent = 1024 } }\n")},
    {"events.lua",
     TL_STR(EVENT("steps@1") EVENT("two@1") EVENT("light@1") EVENT("wait@1") EVENT("sent@1") EVENT("runaway@1"))},
    {"contracts/o.json", TL_STR("{}")},
    {"flows.lua",
     TL_STR(FLOW("steps", "for i = 1, 10 do " NOTE("i") "end") FLOW("two", NOTE("1") NOTE("2")) FLOW("light", NOTE("1"))
                FLOW("wait", "local s = ctx:await{ \"sent@1\" } " NOTE("1")) FLOW("runaway", "while true do end"))}};

static enum tl_effect_class effect_of(void *ctx, const struct tl_system_decl *system, tl_str operation,
                                      const char **nearest)
{
    (void)ctx, (void)system, (void)nearest;
    return tl_str_is(operation, "note") ? TL_EFFECT_IDEMPOTENT : TL_EFFECT_UNKNOWN;
}

static struct tl_bundle *load(const char *library)
{
    struct tl_bundle_options options = {.library = library, .effect_class = effect_of};
    struct tl_bundle *bundle = NULL;
    struct tl_error err;
    size_t count;
    world_must(tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, &err), &err);
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; i < count; i++) {
        if (findings[i].severity != TL_FINDING_ERROR)
            continue;
        fprintf(stderr, "bench_runs: %s:%d: %s\n", findings[i].place.file, findings[i].place.line, findings[i].text);
        exit(1);
    }
    return bundle;
}

/* ---- the platform: {"k":<unit>,"n":<its call>} is done at once ---- */

struct call {
    struct tl_mail mail;
    tl_call_done *done;
    void *ctx;
    struct tl_call_result result;
};

static void deliver(struct tl_mail *mail)
{
    struct call *call = TL_CONTAINER_OF(mail, struct call, mail);
    call->done(call->ctx, &call->result);
    tl_free(call);
}

static uint64_t number_after(tl_str args, const char *name)
{
    uint64_t value = 0;
    const char *at = memmem(args.ptr, args.len, name, strlen(name));
    tl_must(at != NULL);
    for (at += strlen(name); at < args.ptr + args.len && *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    return value;
}

static void note(struct world *w, tl_str args)
{
    int64_t now = tl_mono_ns();
    uint64_t k = number_after(args, "\"k\":"), n = number_after(args, "\"n\":");
    tl_must(k < w->unit_count);
    struct world_unit *unit = &w->units[k];
    if (n > 1 && w->step_us != NULL) {
        size_t at = atomic_fetch_add(&w->steps, 1);
        if (at < w->step_cap)
            w->step_us[at] = (uint32_t)((now - unit->asked_ns) / 1000);
    }
    unit->asked_ns = now;
    atomic_fetch_add(&w->calls, 1);
    if (n == w->last_call) {
        atomic_fetch_add(&w->finished, 1);
        if (!atomic_exchange(&w->told, true))
            tl_loop_post(w->loop, &w->more);
    }
}

static void *start_call(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                        tl_call_done *done, void *done_ctx)
{
    (void)system;
    struct call *call = TL_NEW(struct call);
    note(ctx, request->args);
    *call = (struct call){.done = done, .ctx = done_ctx};
    call->result =
        (struct tl_call_result){.id = TL_STR("remote-1"), .status = 200, .document = TL_STR("{\"id\":\"remote-1\"}")};
    tl_call_hash(request, call->result.request_hash);
    tl_mail_init(&call->mail, deliver);
    tl_loop_next(tl_lane_loop(lane), &call->mail);
    return call;
}

static void facts(void *ctx, struct tl_lane *lane, tl_str system, tl_str operation, struct tl_call_facts *out)
{
    (void)ctx, (void)lane, (void)system, (void)operation;
    *out = (struct tl_call_facts){0};
}

static void cancel(void *ctx, void *call)
{
    (void)ctx, (void)call;
}

/* ---- life ---- */

static void start(struct world *w)
{
    size_t count;
    struct tl_error err;
    const struct tl_system_decl *systems = tl_bundle_systems(w->bundle, &count);
    struct tl_engine_system system = {.decl = &systems[0]};
    struct tl_engine_config config = {.first.systems = &system,
                                      .first.system_count = count,
                                      .calls = &w->port,
                                      .lanes = w->lanes,
                                      .script = {.slice_ms = TL_SLICE_MS}};
    tl_engine_integration_bundle(&config.first, w->bundle);
    world_must(tl_engine_new(&config, &w->engine, &err), &err);
    struct tl_journal_options options = {
        .on_commit = tl_engine_on_commit, .before_drop = tl_engine_before_drop, .ctx = w->engine};
    world_must(tl_journal_open(w->dir, &options, &w->journal, &err), &err);
    world_must(tl_engine_start(w->engine, w->journal, &err), &err);
    while (!tl_engine_caught_up(w->engine))
        usleep(POLL_US);
}

static void more(struct tl_mail *mail);

void world_open_lanes(struct world *w, const char *dir, const char *library, size_t units, unsigned lanes)
{
    *w = (struct world){.dir = tl_copy_z(dir), .bundle = load(library), .unit_count = units, .lanes = lanes};
    w->port = (struct tl_call_port){.start = start_call, .cancel = cancel, .facts = facts, .ctx = w};
    w->loop = tl_loop_new("sender");
    w->units = tl_zalloc(units, sizeof *w->units);
    memset(w->units, 1, units * sizeof *w->units); /* in memory from now on, whatever is measured */
    tl_mail_init(&w->more, more);
    start(w);
}

void world_open(struct world *w, const char *dir, const char *library, size_t units)
{
    world_open_lanes(w, dir, library, units, 0);
}

static void stop(struct world *w)
{
    tl_engine_stop(w->engine, 1000);
    tl_engine_free(w->engine);
    tl_journal_close(w->journal);
    w->engine = NULL;
    w->journal = NULL;
}

void world_close(struct world *w)
{
    if (w->engine != NULL)
        stop(w);
    tl_loop_free(w->loop);
    tl_bundle_free(w->bundle);
    tl_free(w->units);
    tl_free(w->dir);
}

int64_t world_start_ns(struct world *w)
{
    stop(w);
    int64_t began = tl_mono_ns();
    start(w);
    return tl_mono_ns() - began;
}

/* ---- sending ---- */

struct world_feed {
    struct world *w;
    const char *type;
    size_t first, count, window, sent, answered, stride;
    struct tl_mail begin;
};

struct sending {
    struct world_feed *feed;
    size_t k;
};

static void go_on(struct world_feed *feed);

static void accepted(void *ctx, const struct tl_accepted *answer)
{
    struct sending *sending = ctx;
    struct world_feed *feed = sending->feed;
    world_must(answer->code, answer->error);
    feed->w->units[sending->k].accepted_ns = tl_mono_ns();
    tl_free(sending);
    feed->answered++;
    go_on(feed);
}

static void send_one(struct world_feed *feed)
{
    char key[32], payload[96];
    struct sending *sending = TL_NEW(struct sending);
    size_t k = feed->first + feed->sent++ * feed->stride % feed->count;
    *sending = (struct sending){feed, k};
    snprintf(key, sizeof key, "K%zu", k);
    snprintf(payload, sizeof payload, "{\"k\":%zu,\"no\":\"%s\",\"place\":\"Rotterdam\"}", k, key);
    struct tl_event_in event = {.type = tl_str_z(feed->type),
                                .source = TL_STR("crm"),
                                .key = tl_str_z(key),
                                .payload = tl_str_z(payload),
                                .priority = TL_NORMAL};
    feed->w->units[k].sent_ns = tl_mono_ns();
    tl_engine_accept(feed->w->engine, &event, 1, feed->w->loop, accepted, sending);
}

static void go_on(struct world_feed *feed)
{
    struct world *w = feed->w;
    size_t over = w->last_call == 0 ? feed->answered : atomic_load(&w->finished);
    over = over < feed->answered ? over : feed->answered;
    while (feed->sent < feed->count && feed->sent - over < feed->window)
        send_one(feed);
    if (over == feed->count)
        tl_loop_stop(w->loop);
}

static void more(struct tl_mail *mail)
{
    struct world *w = TL_CONTAINER_OF(mail, struct world, more);
    atomic_store(&w->told, false);
    if (w->feed != NULL)
        go_on(w->feed);
}

/* Keys follow one another in strides, so that neither rows nor memory are met in their own order. */
static size_t stride_of(size_t count)
{
    size_t stride = count * 5 / 8 + 1;
    for (;; stride++) {
        size_t a = stride, b = count;
        while (b != 0) {
            size_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return stride;
    }
}

static void begin(struct tl_mail *mail)
{
    go_on(TL_CONTAINER_OF(mail, struct world_feed, begin));
}

int64_t world_feed(struct world *w, const char *type, size_t first, size_t count, size_t window)
{
    struct world_feed feed = {
        .w = w, .type = type, .first = first, .count = count, .window = window, .stride = stride_of(count)};
    tl_must(first + count <= w->unit_count && count > 0);
    atomic_store(&w->finished, 0);
    w->feed = &feed;
    int64_t began = tl_mono_ns();
    tl_mail_init(&feed.begin, begin);
    tl_loop_post(w->loop, &feed.begin);
    tl_loop_run(w->loop);
    w->feed = NULL;
    return tl_mono_ns() - began;
}

/* ---- looking ---- */

void world_rest(struct world *w)
{
    while (tl_engine_unfinished(w->engine) > 0)
        usleep(POLL_US);
    tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
}

void world_rows(struct world *w, const char *table, uint64_t rows)
{
    struct tl_state_query query = {.table = tl_str_z(table)};
    struct tl_error err;
    uint64_t count;
    for (;;) {
        tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
        world_must(tl_state_count(w->journal, &query, &count, &err), &err);
        if (count <= rows)
            return;
        usleep(20 * POLL_US);
    }
}

double world_memory(void)
{
    char line[256];
    double kb = 0;
    malloc_trim(0);
    FILE *f = fopen("/proc/self/status", "r");
    tl_must(f != NULL);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0)
            kb = strtod(line + 8, NULL);
    }
    fclose(f);
    return kb * 1024;
}
