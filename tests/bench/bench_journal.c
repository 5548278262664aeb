/* journal_append: 1 KB events with a dedupe key (1 % duplicates) and a business key, 1,024 (and 4,096) outstanding,
 * each acknowledged after its commit was synced; one submitting loop. The first segment is written ahead before the
 * clock starts, as later ones are while the one before fills. Beside it, with the same bytes: a bare pre-written append
 * log with a checksum, and SQLite with one row an event. The ratios count; one JSON line for each.
 *
 *     bench_journal [folder] [events] */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "journal/reader.h"
#include "loop/loop.h"
#include "loop/thread.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTSTANDING 1024
#define PAYLOAD 1024
#define SEGMENT (256 << 20)

static char payload[PAYLOAD];

static void event_text(uint64_t n, char dedupe[32], char key[32])
{
    snprintf(dedupe, 32, "msg-%016llx", (unsigned long long)(n * 0x9e3779b97f4a7c15u));
    snprintf(key, 32, "order/%llu", (unsigned long long)n);
}

static void print_line(const char *name, double value, double baseline, const char *note)
{
    printf("{\"name\":\"%s\",\"unit\":\"events/s\",\"value\":%.0f,\"baseline\":%.0f,\"ratio\":%.2f,\"note\":\"%s\"}\n",
           name, value, baseline, baseline > 0 ? value / baseline : 1.0, note);
    fflush(stdout);
}

/* ---- the journal ---- */

struct feeder {
    struct tl_journal *journal;
    struct tl_loop *loop;
    uint64_t next, total, answered, duplicates;
    int64_t began_ns;
    uint64_t slowest_ns;
};

static void answered(struct tl_batch *batch, void *ctx);

static void send_one(struct feeder *feeder, struct tl_batch *batch)
{
    char dedupe[32], key[32];
    uint64_t n = feeder->next++;
    event_text(n % 100 == 99 ? n - 50 : n, dedupe, key);
    struct tl_event_in event = {.type = TL_STR("order.won@1"),
                                .source = TL_STR("salesforce"),
                                .key = tl_str_z(key),
                                .dedupe = tl_str_z(dedupe),
                                .payload = tl_str_n(payload, PAYLOAD),
                                .priority = TL_NORMAL};
    tl_must(tl_batch_event(batch, &event, NULL, NULL) == TL_OK);
    tl_journal_submit(feeder->journal, batch, TL_DURABLE, feeder->loop, answered, feeder);
}

static void answered(struct tl_batch *batch, void *ctx)
{
    struct feeder *feeder = ctx;
    struct tl_error err;
    if (tl_batch_code(batch, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    feeder->answered++;
    feeder->duplicates += tl_batch_duplicate(batch, 0);
    if (feeder->next < feeder->total) {
        tl_batch_reset(batch);
        send_one(feeder, batch);
        return;
    }
    tl_batch_free(batch);
    if (feeder->answered == feeder->total)
        tl_loop_stop(feeder->loop);
}

static double cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Until the zeros of the first segment are written, at most 20 s. */
static void wait_for_zeros(const char *dir)
{
    char path[512];
    struct stat st = {0};
    snprintf(path, sizeof path, "%s/seg-0000000001", dir);
    for (int i = 0; i < 200 && (stat(path, &st) || st.st_size < SEGMENT); i++)
        usleep(100000);
}

static double run_journal(const char *dir, uint64_t events, int outstanding, uint64_t *commits)
{
    struct tl_error err;
    struct feeder feeder = {.total = events};
    struct tl_journal_options options = {.segment_bytes = SEGMENT, .ahead_bytes = SEGMENT};
    if (tl_journal_open(dir, &options, &feeder.journal, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    feeder.loop = tl_loop_new("bench");
    wait_for_zeros(dir);
    int64_t began = tl_mono_ns();
    long long cpu = tl_thread_cpu_ns();
    double all_cpu = cpu_us();
    for (int i = 0; i < outstanding; i++)
        send_one(&feeder, tl_batch_new(feeder.journal));
    tl_loop_run(feeder.loop);
    double seconds = (double)(tl_mono_ns() - began) / 1e9;
    printf("{\"name\":\"journal_cpu_all_threads\",\"unit\":\"us/event\",\"value\":%.2f}\n",
           (cpu_us() - all_cpu) / (double)events);
    printf("{\"name\":\"journal_submitter_cpu\",\"unit\":\"us/event\",\"value\":%.2f}\n",
           (double)(tl_thread_cpu_ns() - cpu) / 1e3 / (double)events);
    struct tl_journal_stats stats;
    tl_journal_stats(feeder.journal, &stats);
    *commits = stats.commits;
    tl_must(feeder.duplicates == stats.duplicates);
    tl_loop_free(feeder.loop);
    int64_t closing = tl_mono_ns();
    tl_journal_close(feeder.journal);
    printf("{\"name\":\"journal_close\",\"unit\":\"ms\",\"value\":%.0f}\n", (double)(tl_mono_ns() - closing) / 1e6);
    int64_t opening = tl_mono_ns();
    tl_must(tl_journal_open(dir, NULL, &feeder.journal, &err) == TL_OK);
    printf("{\"name\":\"journal_open_clean\",\"unit\":\"ms\",\"value\":%.0f}\n",
           (double)(tl_mono_ns() - opening) / 1e6);
    tl_journal_close(feeder.journal);
    return (double)events / seconds;
}

/* ---- a bare log ---- */

static double run_log(const char *dir, uint64_t events)
{
    char path[512];
    snprintf(path, sizeof path, "%s/bare.log", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    tl_must(fd >= 0);
    static char block[OUTSTANDING * (PAYLOAD + 160)];
    uint64_t commits = events / OUTSTANDING;
    uint64_t lap = 128; /* commits that fit into the pre-written part, written round and round */
    for (uint64_t i = 0; i < lap; i++)
        tl_must(pwrite(fd, block, sizeof block, (off_t)(i * sizeof block)) == (ssize_t)sizeof block);
    tl_must(fdatasync(fd) == 0);
    int64_t began = tl_mono_ns();
    for (uint64_t i = 0; i < commits; i++) {
        char *p = block;
        for (int n = 0; n < OUTSTANDING; n++, p += PAYLOAD + 160) {
            event_text(i * OUTSTANDING + (uint64_t)n, p + 32, p + 64);
            memcpy(p + 160, payload, PAYLOAD);
        }
        uint32_t crc = tl_crc32c(0, block + 4, sizeof block - 4);
        memcpy(block, &crc, 4);
        tl_must(pwrite(fd, block, sizeof block, (off_t)(i % lap * sizeof block)) == (ssize_t)sizeof block);
        tl_must(fdatasync(fd) == 0);
    }
    double seconds = (double)(tl_mono_ns() - began) / 1e9;
    close(fd);
    unlink(path);
    return (double)(commits * OUTSTANDING) / seconds;
}

/* ---- SQLite, a row an event ---- */

static double run_sqlite(const char *dir, uint64_t events)
{
    char path[512];
    snprintf(path, sizeof path, "%s/rows.db", dir);
    unlink(path);
    sqlite3 *db;
    sqlite3_stmt *st;
    tl_must(sqlite3_open(path, &db) == SQLITE_OK);
    tl_must(sqlite3_exec(db,
                         "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
                         "wal_autocheckpoint=4000; CREATE TABLE e(id INTEGER PRIMARY KEY, type TEXT, source TEXT, key "
                         "TEXT, dedupe TEXT, at INTEGER, payload BLOB); CREATE UNIQUE INDEX e_dedupe ON e(dedupe); "
                         "CREATE INDEX e_key ON e(key);",
                         NULL, NULL, NULL) == SQLITE_OK);
    tl_must(sqlite3_prepare_v2(db,
                               "INSERT OR IGNORE INTO e(type,source,key,dedupe,at,payload) VALUES "
                               "('order.won@1','salesforce',?1,?2,?3,?4)",
                               -1, &st, NULL) == SQLITE_OK);
    int64_t began = tl_mono_ns();
    for (uint64_t n = 0; n < events; n++) {
        char dedupe[32], key[32];
        if (n % OUTSTANDING == 0)
            tl_must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
        event_text(n % 100 == 99 ? n - 50 : n, dedupe, key);
        sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(st, 2, dedupe, -1, SQLITE_STATIC);
        sqlite3_bind_int64(st, 3, tl_wall_ms());
        sqlite3_bind_blob(st, 4, payload, PAYLOAD, SQLITE_STATIC);
        tl_must(sqlite3_step(st) == SQLITE_DONE);
        sqlite3_reset(st);
        if (n % OUTSTANDING == OUTSTANDING - 1 || n + 1 == events)
            tl_must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    }
    double seconds = (double)(tl_mono_ns() - began) / 1e9;
    sqlite3_finalize(st);
    sqlite3_close(db);
    unlink(path);
    return (double)events / seconds;
}

static void remove_dir(const char *dir)
{
    char *command = tl_printf("rm -rf '%s'", dir);
    if (system(command) != 0)
        fprintf(stderr, "%s stays behind\n", dir);
    tl_free(command);
}

int main(int argc, char **argv)
{
    char *own = argc > 1 ? tl_copy_z(argv[1]) : tl_printf("/tmp/bench_journal.%d", (int)getpid());
    uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 600000;
    char *dir = tl_printf("%s/journal", own);
    char *make = tl_printf("mkdir -p '%s'", own);
    tl_must(system(make) == 0);
    for (int i = 0; i < PAYLOAD; i++)
        payload[i] = (char)('a' + i % 23);
    uint64_t commits = 0;
    double rows = run_sqlite(own, events / 4);
    double log = run_log(own, events);
    double journal = run_journal(dir, events, OUTSTANDING, &commits);
    char note[64];
    snprintf(note, sizeof note, "%.0f events a commit", (double)events / (double)(commits ? commits : 1));
    print_line("bare_append_log", log, 0, "pre-written, crc32c, fdatasync, 1024 a commit");
    print_line("sqlite_row_per_event", rows, 0, "WAL, synchronous=FULL, 1024 a transaction");
    print_line("journal_append", journal, log, note);
    print_line("journal_append_over_sqlite", journal, rows, note);
    remove_dir(dir);
    journal = run_journal(dir, events, 4 * OUTSTANDING, &commits);
    snprintf(note, sizeof note, "%.0f events a commit", (double)events / (double)(commits ? commits : 1));
    print_line("journal_append_4096", journal, log, note);
    remove_dir(own);
    tl_free(make);
    tl_free(dir);
    tl_free(own);
    return 0;
}
