/* What durable runs cost, each beside a baseline of the same process: flows of Lua, a platform that answers at once,
 * group commit on the real disk. One JSON line for each figure.
 *
 *     bench_runs steps   FOLDER LIBRARY [units]     ten recorded steps a unit, 256 units at a time
 *     bench_runs light   FOLDER LIBRARY [units]     one idempotent effect a unit, and two
 *     bench_runs neighbours FOLDER LIBRARY [units]  one lane, with scripts that never end and without
 *     bench_runs waiting FOLDER LIBRARY [runs]      runs that wait for an event: memory, waking one, waking all
 *     bench_runs leave   FOLDER LIBRARY [runs]      leaves that many waiting, and ends as a killed process does
 *     bench_runs restart FOLDER LIBRARY             how long the next start takes, and one after a clean stop
 *
 * LIBRARY is scripts/lib. The baselines put the same records, of the same sizes, straight into a journal: as many at a
 * time, each acknowledged after its commit was synced, and the state caught up at the end, as for the runs. */
#include "runs_world.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "journal/reader.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define AT_A_TIME 256
#define STEPS 10
#define PROBES 200
#define TIDY 1000 /* units after which every lane has given up what has just left */

static void print_line(const char *name, const char *unit, double value)
{
    printf("{\"name\":\"%s\",\"unit\":\"%s\",\"value\":%.6g}\n", name, unit, value);
    fflush(stdout);
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Of all threads, in microseconds. */
static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* p50 and p99 in milliseconds; sorts. */
static void print_spread(const char *name, uint32_t *us, size_t count)
{
    char text[64];
    tl_must(count > 0);
    qsort(us, count, sizeof *us, by_size);
    snprintf(text, sizeof text, "%s_p50", name);
    print_line(text, "ms", us[count / 2] / 1e3);
    snprintf(text, sizeof text, "%s_p99", name);
    print_line(text, "ms", us[count * 99 / 100] / 1e3);
}

/* ---- what a round left in the journal ---- */

struct records {
    double outcomes, puts, dels, put_bytes; /* a unit; bytes a put */
};

static struct records records_since(struct world *w, uint64_t commit, size_t units)
{
    struct records all = {0};
    struct tl_record record;
    struct tl_error err;
    tl_code code;
    struct tl_cursor *cursor = tl_cursor_new(w->journal, commit + 1,
                                             TL_RECORD_BIT(TL_RECORD_OUTCOME) | TL_RECORD_BIT(TL_RECORD_PUT) |
                                                 TL_RECORD_BIT(TL_RECORD_DELETE));
    while ((code = tl_cursor_next(cursor, &record, &err)) == TL_OK) {
        bool own = record.kind == TL_RECORD_OUTCOME || tl_str_is(record.put.table, "run") ||
                   tl_str_is(record.put.table, "step"); /* not the checkpoints of progress */
        all.outcomes += record.kind == TL_RECORD_OUTCOME;
        all.puts += own && record.kind == TL_RECORD_PUT;
        all.dels += own && record.kind == TL_RECORD_DELETE;
        all.put_bytes += own && record.kind == TL_RECORD_PUT ? (double)record.put.value.len : 0;
    }
    if (code != TL_ENOTFOUND)
        world_must(code, &err);
    tl_cursor_free(cursor);
    all.put_bytes /= all.puts > 0 ? all.puts : 1;
    all.outcomes /= (double)units;
    all.puts /= (double)units;
    all.dels /= (double)units;
    return all;
}

/* ---- the same records without runs ---- */

struct bare {
    struct tl_journal *journal;
    struct tl_loop *loop;
    struct records like; /* of a unit */
    size_t units, begun, ended, at_a_time;
    unsigned steps; /* commits between a unit's event and its outcome */
    uint32_t *us;   /* own; of each commit */
    size_t commits, cap;
    char value[4096];
};

struct chain {
    struct bare *bare;
    struct tl_batch *batch;
    size_t unit;
    unsigned step; /* 0: the event; then the steps; then the outcome */
    unsigned put, del;
    tl_position event;
    int64_t sent_ns;
};

static void chain_put(struct chain *chain)
{
    char key[40];
    struct bare *bare = chain->bare;
    bool run = chain->put % 2 == 1; /* its row and a step's, by turns */
    snprintf(key, sizeof key, run ? "%013zu" : "%013zu/%08u", chain->unit, chain->put / 2 + 1);
    struct tl_state_put put = {.table = run ? TL_STR("run") : TL_STR("step"),
                               .key = tl_str_z(key),
                               .value = tl_str_n(bare->value, (size_t)bare->like.put_bytes)};
    if (run) {
        put.attr[0] = TL_STR("steps");
        put.attr[1] = TL_STR("active");
        put.attr[2] = put.key;
        put.attr[3] = TL_STR("2f0b6f6dcd1b4d3bb1ad9cf1c4f2c0de2f0b6f6dcd1b4d3bb1ad9cf1c4f2c0de");
    }
    chain->put++;
    tl_must(tl_batch_put(chain->batch, &put, NULL) == TL_OK);
}

static void chain_end(struct chain *chain)
{
    char key[40];
    const struct tl_effect effects[STEPS] = {{.system = TL_STR("crm"), .operation = TL_STR("note"), .status = 200}};
    struct tl_outcome outcome = {.event = chain->event,
                                 .flow = TL_STR("steps"),
                                 .ending = TL_DONE,
                                 .effects = effects,
                                 .effect_count = chain->bare->steps > 0 ? STEPS : 1};
    tl_must(tl_batch_outcome(chain->batch, &outcome, NULL) == TL_OK);
    for (unsigned i = 0; i < (unsigned)(chain->bare->like.dels + 0.5); i++) {
        snprintf(key, sizeof key, i == 0 ? "%013zu" : "%013zu/%08u", chain->unit, i);
        tl_must(tl_batch_del(chain->batch, i == 0 ? TL_STR("run") : TL_STR("step"), tl_str_z(key), NULL) == TL_OK);
    }
}

static void chain_event(struct chain *chain)
{
    char key[32], payload[96];
    struct bare *bare = chain->bare;
    chain->unit = bare->begun++;
    snprintf(key, sizeof key, "K%zu", chain->unit);
    snprintf(payload, sizeof payload, "{\"k\":%zu,\"no\":\"%s\",\"place\":\"Rotterdam\"}", chain->unit, key);
    struct tl_event_in event = {.type = TL_STR("steps@1"),
                                .source = TL_STR("crm"),
                                .key = tl_str_z(key),
                                .payload = tl_str_z(payload),
                                .priority = TL_NORMAL};
    chain->put = 0;
    tl_must(tl_batch_event(chain->batch, &event, NULL, NULL) == TL_OK);
}

static void chain_done(struct tl_batch *batch, void *ctx);

static void chain_go(struct chain *chain)
{
    struct bare *bare = chain->bare;
    tl_batch_reset(chain->batch);
    if (chain->step == 0)
        chain_event(chain);
    else if (chain->step <= bare->steps) {
        unsigned upto = (unsigned)(bare->like.puts * chain->step / bare->steps + 0.5);
        while (chain->put < upto)
            chain_put(chain);
    } else
        chain_end(chain);
    chain->sent_ns = tl_mono_ns();
    tl_journal_submit(bare->journal, chain->batch, TL_DURABLE, bare->loop, chain_done, chain);
}

static void chain_done(struct tl_batch *batch, void *ctx)
{
    struct chain *chain = ctx;
    struct bare *bare = chain->bare;
    struct tl_error err;
    world_must(tl_batch_code(batch, &err), &err);
    if (chain->step > 0 && bare->commits < bare->cap)
        bare->us[bare->commits++] = (uint32_t)((tl_mono_ns() - chain->sent_ns) / 1000);
    if (chain->step == 0)
        chain->event = tl_batch_position(batch, 0);
    if (++chain->step > bare->steps + 1) {
        chain->step = 0;
        bare->ended++;
    }
    if (chain->step > 0 || bare->begun < bare->units)
        chain_go(chain);
    else if (bare->ended == bare->units)
        tl_loop_stop(bare->loop);
}

/* Seconds; `us` of its commits is the caller's then. */
static double bare_run(const char *dir, struct bare *bare)
{
    struct tl_error err;
    struct chain *chains = tl_zalloc(bare->at_a_time, sizeof *chains);
    world_must(tl_journal_open(dir, NULL, &bare->journal, &err), &err);
    bare->loop = tl_loop_new("bare");
    bare->cap = bare->units * (bare->steps + 1);
    bare->us = tl_zalloc(bare->cap, sizeof *bare->us);
    memset(bare->value, 'x', sizeof bare->value);
    tl_must(bare->like.put_bytes <= sizeof bare->value && bare->units >= bare->at_a_time);
    int64_t began = tl_mono_ns();
    for (size_t i = 0; i < bare->at_a_time; i++) {
        chains[i] = (struct chain){.bare = bare, .batch = tl_batch_new(bare->journal)};
        chain_go(&chains[i]);
    }
    tl_loop_run(bare->loop);
    tl_journal_wait_applied(bare->journal, tl_journal_last(bare->journal));
    double seconds = (double)(tl_mono_ns() - began) / 1e9;
    for (size_t i = 0; i < bare->at_a_time; i++)
        tl_batch_free(chains[i].batch);
    tl_loop_free(bare->loop);
    tl_journal_close(bare->journal);
    tl_free(chains);
    return seconds;
}

/* ---- figures ---- */

struct place {
    char *runs, *bare; /* own; folders */
    const char *library;
};

/* Seconds until all of `units` have ended and the state shows it. */
static double run_units(struct world *w, const char *type, size_t first, size_t units, unsigned last_call)
{
    int64_t began = tl_mono_ns();
    w->last_call = last_call;
    (void)world_feed(w, type, first, units, AT_A_TIME);
    world_rest(w);
    return (double)(tl_mono_ns() - began) / 1e9;
}

static void steps(const struct place *place, size_t units)
{
    struct world w;
    world_open(&w, place->runs, place->library, units + 1000);
    (void)run_units(&w, "steps@1", units, 1000, STEPS); /* warm */
    uint64_t commit = tl_journal_last(w.journal);
    w.step_cap = units * STEPS;
    w.step_us = tl_zalloc(w.step_cap, sizeof *w.step_us);
    double cpu = cpu_us(), seconds = run_units(&w, "steps@1", 0, units, STEPS);
    print_line("durable_steps", "steps/s", (double)(units * STEPS) / seconds);
    print_line("durable_step_cpu", "us/step", (cpu_us() - cpu) / (double)(units * STEPS));
    print_spread("durable_step", w.step_us, atomic_load(&w.steps));
    struct bare bare = {.units = units, .at_a_time = AT_A_TIME, .steps = STEPS - 1};
    bare.like = records_since(&w, commit, units);
    print_line("durable_records", "records/step", (bare.like.puts + bare.like.dels) / STEPS);
    print_line("durable_record_bytes", "bytes/record", bare.like.put_bytes);
    tl_free(w.step_us);
    world_close(&w);
    cpu = cpu_us();
    seconds = bare_run(place->bare, &bare);
    print_line("bare_steps", "steps/s", (double)(units * STEPS) / seconds);
    print_line("bare_step_cpu", "us/step", (cpu_us() - cpu) / (double)(units * STEPS));
    print_spread("bare_step", bare.us, bare.commits);
    tl_free(bare.us);
}

static void light(const struct place *place, size_t units)
{
    struct world w;
    world_open(&w, place->runs, place->library, 2 * units + 1000);
    (void)run_units(&w, "light@1", 2 * units, 1000, 1); /* warm */
    uint64_t commit = tl_journal_last(w.journal);
    double seconds = run_units(&w, "light@1", 0, units, 1);
    struct bare bare = {.units = units, .at_a_time = AT_A_TIME};
    bare.like = records_since(&w, commit, units);
    print_line("light_run", "units/s", (double)units / seconds);
    print_line("light_outcomes", "records/unit", bare.like.outcomes);
    print_line("light_rows", "records/unit", bare.like.puts + bare.like.dels);
    seconds = run_units(&w, "two@1", units, units, 2);
    print_line("two_effects", "units/s", (double)units / seconds);
    world_close(&w);
    seconds = bare_run(place->bare, &bare);
    print_line("bare_light", "units/s", (double)units / seconds);
    tl_free(bare.us);
}

struct memory {
    double all, cache; /* bytes; of it what SQLite keeps, which is bounded */
};

static struct memory memory_at_rest(struct world *w, size_t first)
{
    (void)run_units(w, "light@1", first, TIDY, 1);
    (void)run_units(w, "light@1", first, TIDY, 1);
    return (struct memory){world_memory(), (double)sqlite3_memory_used()};
}

static void print_memory(const char *name, struct memory before, struct memory after, size_t count)
{
    char text[64];
    print_line(name, "bytes", (after.all - before.all) / (double)count);
    snprintf(text, sizeof text, "%s_cache", name);
    print_line(text, "bytes", (after.cache - before.cache) / (double)count);
}

static void leave_waiting(struct world *w, size_t first, size_t count)
{
    w->last_call = 0;
    (void)world_feed(w, "wait@1", first, count, AT_A_TIME);
    world_rest(w);
}

/* One run at a time: from the acknowledgement of its event to its effect. */
static void wake_probes(struct world *w, const char *name, size_t first)
{
    char text[64];
    uint32_t us[PROBES], accept_us[PROBES];
    w->last_call = 1;
    for (size_t i = 0; i < PROBES; i++) {
        (void)world_feed(w, "sent@1", first + i, 1, 1);
        const struct world_unit *unit = &w->units[first + i];
        int64_t ns = unit->asked_ns - unit->accepted_ns;
        us[i] = (uint32_t)(ns > 0 ? ns / 1000 : 0);
        accept_us[i] = (uint32_t)((unit->accepted_ns - unit->sent_ns) / 1000);
    }
    world_rest(w);
    print_spread(name, us, PROBES);
    snprintf(text, sizeof text, "%s_accept", name);
    print_spread(text, accept_us, PROBES);
}

static void wake_all(struct world *w, const char *name, size_t first, size_t count, uint64_t left)
{
    char text[64];
    int64_t began = tl_mono_ns();
    double cpu = cpu_us();
    w->last_call = 1;
    (void)world_feed(w, "sent@1", first, count, 10 * AT_A_TIME);
    world_rest(w);
    world_rows(w, "run", left);
    print_line(name, "runs/s", (double)count * 1e9 / (double)(tl_mono_ns() - began));
    snprintf(text, sizeof text, "%s_cpu", name);
    print_line(text, "us/run", (cpu_us() - cpu) / (double)count);
}

/* A fifth waits first, then all: what differs is the number of runs, nothing else. */
static void waiting(const struct place *place, size_t runs)
{
    struct world w;
    size_t few = runs / 5, room = runs + few;
    tl_must(few > 3 * PROBES);
    world_open(&w, place->runs, place->library, 2 * room + TIDY);
    leave_waiting(&w, 0, few);
    wake_probes(&w, "wake_few", 0);
    wake_all(&w, "wake_all_few", PROBES, few / 2, few - few / 2 - PROBES);
    struct memory before = memory_at_rest(&w, 2 * room);
    leave_waiting(&w, few, runs);
    print_memory("waiting_memory", before, memory_at_rest(&w, 2 * room), runs);
    wake_probes(&w, "wake", few);
    wake_all(&w, "wake_all", few + PROBES, runs - PROBES, few - few / 2 - PROBES);
    (void)run_units(&w, "light@1", room, few, 1);
    before = memory_at_rest(&w, 2 * room);
    double seconds = run_units(&w, "light@1", room + few, runs, 1);
    print_memory("ended_memory", before, memory_at_rest(&w, 2 * room), runs);
    print_line("never_waited", "runs/s", (double)runs / seconds);
    world_close(&w);
}

static void leave(const struct place *place, size_t runs)
{
    struct world w;
    world_open(&w, place->runs, place->library, runs);
    leave_waiting(&w, 0, runs);
    print_line("left_memory", "MB", world_memory() / 1e6);
    _exit(0);
}

static void restart(const struct place *place)
{
    struct world w;
    int64_t began = tl_mono_ns();
    world_open(&w, place->runs, place->library, 1);
    print_line("restart_killed", "s", (double)(tl_mono_ns() - began) / 1e9);
    print_line("restart_clean", "s", (double)world_start_ns(&w) / 1e9);
    world_close(&w);
}

/* ---- one lane with runaways ---- */

/* From sending an event to its effect, a few at a time. */
static void print_latency(struct world *w, const char *name, size_t first, size_t count)
{
    uint32_t *us = tl_zalloc(count, sizeof *us);
    w->last_call = 1;
    world_feed(w, "light@1", first, count, 4);
    for (size_t i = 0; i < count; i++)
        us[i] = (uint32_t)((w->units[first + i].asked_ns - w->units[first + i].sent_ns) / 1000);
    print_spread(name, us, count);
    tl_free(us);
}

static void neighbours(const struct place *place, size_t count)
{
    struct world w;
    size_t runaways = count / 10 + 20; /* 200 ms of CPU time each */
    world_open_lanes(&w, place->runs, place->library, 3 * count + runaways, 1);
    print_latency(&w, "warm", 0, count);
    world_rest(&w);
    print_latency(&w, "alone", count, count);
    world_rest(&w);
    w.last_call = 0;
    world_feed(&w, "runaway@1", 3 * count, runaways, runaways);
    print_latency(&w, "beside", 2 * count, count);
    tl_must(tl_engine_unfinished(w.engine) > 0); /* they were there to the end */
    world_close(&w);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr,
                "bench_runs: usage: bench_runs steps|light|neighbours|waiting|leave|restart FOLDER LIBRARY [count]\n");
        return 64;
    }
    struct place place = {.runs = tl_printf("%s/runs", argv[2]), .bare = tl_printf("%s/bare", argv[2])};
    place.library = argv[3];
    size_t count = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    if (strcmp(argv[1], "steps") == 0)
        steps(&place, count > 0 ? count : 10000);
    else if (strcmp(argv[1], "light") == 0)
        light(&place, count > 0 ? count : 40000);
    else if (strcmp(argv[1], "neighbours") == 0)
        neighbours(&place, count > 0 ? count : 500);
    else if (strcmp(argv[1], "waiting") == 0)
        waiting(&place, count > 0 ? count : 100000);
    else if (strcmp(argv[1], "leave") == 0)
        leave(&place, count > 0 ? count : 100000);
    else
        restart(&place);
    tl_free(place.runs);
    tl_free(place.bare);
    return 0;
}
