#include "support.h"
#include "base/crc32c.h"
#include "lossy_disk.h"
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEGMENT "seg-0000000001"
#define COMMITS 6

/* ---- a small log, left behind by a killed process ---- */

struct log {
    const char *dir;
    char *head, *seg; /* own */
    size_t head_len, seg_len;
    uint64_t ends[COMMITS + 1]; /* offset behind commit i */
};

static void write_and_die(void *arg)
{
    const struct log *log = arg;
    struct tl_journal *j = open_journal(log->dir, &small_options);
    for (int i = 0; i < COMMITS; i++) {
        char key[16], payload[40];
        snprintf(key, sizeof key, "k%d", i);
        snprintf(payload, sizeof payload, "payload %d %0*d", i, i * 3, 0);
        accept_event(j, key, key, payload);
    }
    kill(getpid(), SIGKILL);
}

/* Where each commit ends, found by the numbers in the heads. */
static void find_ends(struct log *log)
{
    unsigned at = 0;
    log->ends[0] = 4096;
    for (size_t o = 4096; o + 72 <= log->seg_len; o += 8)
        if (memcmp(log->seg + o, "TLC1", 4) == 0)
            log->ends[at++] = o;
    assert_int_equal(at, COMMITS);
    uint32_t words[18];
    memcpy(words, log->seg + log->ends[COMMITS - 1], sizeof words);
    log->ends[COMMITS] = log->ends[COMMITS - 1] + 72 + words[12] * words[13] + words[15] + words[16];
    log->seg_len = log->ends[COMMITS];
}

static void make_log(struct log *log, const char *dir)
{
    log->dir = dir;
    assert_int_equal(in_child(write_and_die, log), 1000 + SIGKILL);
    log->head = read_file(path_in(dir, "head"), &log->head_len);
    log->seg = read_file(path_in(dir, SEGMENT), &log->seg_len);
    find_ends(log);
}

static void free_log(struct log *log)
{
    tl_free(log->head);
    tl_free(log->seg);
}

/* The directory with these bytes as its only segment. */
static void lay_out(const struct log *log, const char *bytes, size_t len)
{
    unlink(path_in(log->dir, "state.db"));
    unlink(path_in(log->dir, "state.db-wal"));
    unlink(path_in(log->dir, SEGMENT ".idx"));
    unlink(path_in(log->dir, "seg-0000000002"));
    write_file(path_in(log->dir, "head"), log->head, log->head_len);
    write_file(path_in(log->dir, SEGMENT), bytes, len);
}

static unsigned whole_commits(const struct log *log, uint64_t len)
{
    unsigned n = 0;
    while (n < COMMITS && log->ends[n + 1] <= len)
        n++;
    return n;
}

static void expect_commits(const struct log *log, unsigned n)
{
    struct tl_journal *j = open_journal(log->dir, &small_options);
    assert_int_equal(tl_journal_last(j), n);
    if (n)
        assert_true(accept_event(j, NULL, "k0", "payload 0 0").duplicate);
    struct accepted next = accept_event(j, "next", "next", "next");
    assert_int_equal(next.commit, n ? n + 2 : 1);
    expect_payload(j, next.position, "next");
    tl_journal_close(j);
}

static void drops_a_torn_tail_at_every_offset(void **state)
{
    struct log log;
    make_log(&log, *state);
    char *bytes = tl_alloc(log.seg_len + 8192);
    for (uint64_t cut = log.ends[COMMITS - 2]; cut <= log.seg_len; cut++) {
        lay_out(&log, log.seg, cut);
        struct tl_verify_result result;
        EXPECT(TL_OK, tl_journal_verify(log.dir, NULL, NULL, &result, err));
        expect_commits(&log, whole_commits(&log, cut));
        /* the rest as it was before: zeros written ahead */
        memset(bytes, 0, log.seg_len + 8192);
        memcpy(bytes, log.seg, cut);
        lay_out(&log, bytes, log.seg_len + 8192);
        unsigned n = whole_commits(&log, cut);
        while (n < COMMITS && memcmp(bytes + log.ends[n], log.seg + log.ends[n], log.ends[n + 1] - log.ends[n]) == 0)
            n++; /* the bytes cut off were zeros */
        expect_commits(&log, n);
    }
    tl_free(bytes);
    free_log(&log);
}

static void verifies_every_cut_of_the_whole_log(void **state)
{
    struct log log;
    make_log(&log, *state);
    for (uint64_t cut = 4096; cut <= log.seg_len; cut++) {
        lay_out(&log, log.seg, cut);
        struct tl_verify_result result;
        EXPECT(TL_OK, tl_journal_verify(log.dir, NULL, NULL, &result, err));
        unsigned whole = (unsigned)(result.commits - (result.torn_bytes ? 1 : 0));
        assert_int_equal(whole, whole_commits(&log, cut));
    }
    free_log(&log);
}

static void names_file_and_offset_when_the_middle_is_damaged(void **state)
{
    struct log log;
    make_log(&log, *state);
    for (uint64_t at = log.ends[1]; at < log.ends[2]; at++) {
        struct tl_journal *j = NULL;
        struct tl_error err = {0};
        log.seg[at] ^= 0x10;
        lay_out(&log, log.seg, log.seg_len);
        log.seg[at] ^= 0x10;
        uint32_t body;
        memcpy(&body, log.seg + log.ends[1] + 64, 4);
        tl_code code = tl_journal_open(log.dir, &small_options, &j, &err);
        if (at >= log.ends[2] - body) { /* payloads are checked when read */
            assert_int_equal(code, TL_OK);
            tl_journal_close(j);
            struct tl_verify_result result;
            code = tl_journal_verify(log.dir, NULL, NULL, &result, &err);
            assert_true(code == TL_ECORRUPT || at >= log.ends[2] - 8); /* padding is nobody's */
            continue;
        }
        char offset[32];
        snprintf(offset, sizeof offset, "offset %llu", (unsigned long long)log.ends[1]);
        assert_int_equal(code, TL_ECORRUPT);
        assert_non_null(strstr(err.text, SEGMENT));
        assert_non_null(strstr(err.text, offset));
        assert_non_null(strstr(err.text, "1 commit accepted"));
        assert_non_null(strstr(err.text, "tidelock restore"));
    }
    free_log(&log);
}

static void refuses_when_a_cleanly_closed_end_is_missing(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    accept_event(j, "k", NULL, "one");
    struct accepted two = accept_event(j, "k", NULL, "two");
    tl_journal_close(j);
    assert_int_equal(access(path_in(*state, SEGMENT ".idx"), F_OK), 0);
    size_t len;
    char *bytes = read_file(path_in(*state, SEGMENT), &len);
    memset(bytes + 4096 + 72, 0, 5000); /* behind the first head */
    write_file(path_in(*state, SEGMENT), bytes, len);
    tl_free(bytes);
    EXPECT(TL_ECORRUPT, tl_journal_open(*state, &small_options, &j, err));
    (void)two;
}

/* Bytes with the right number, salt and checksum that do not follow the commit before: left behind, or brought here. */
static void takes_no_commit_that_is_off_the_chain(void **state)
{
    struct log log;
    make_log(&log, *state);
    uint8_t *head = (uint8_t *)log.seg + log.ends[COMMITS - 1];
    uint32_t words[18];
    memcpy(words, head, sizeof words);
    words[10] ^= 1; /* the crc of the commit before */
    memcpy(head, words, sizeof words);
    uint32_t crc = tl_crc32c(0, head + 8, 72 - 8 + words[12] * words[13] + words[15]);
    memcpy(head + 4, &crc, sizeof crc);
    lay_out(&log, log.seg, log.seg_len);
    expect_commits(&log, COMMITS - 1);
    free_log(&log);
}

static void reports_a_damaged_payload_when_it_is_read(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct accepted one = accept_event(j, "k", NULL, "a payload to be damaged");
    accept_event(j, "k", NULL, "later");
    tl_journal_close(j);
    size_t len;
    char *bytes = read_file(path_in(*state, SEGMENT), &len);
    char *at = memmem(bytes, len, "to be damaged", 13);
    assert_non_null(at);
    *at = 'T';
    write_file(path_in(*state, SEGMENT), bytes, len);
    tl_free(bytes);
    j = open_journal(*state, &small_options);
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    EXPECT(TL_ECORRUPT, tl_journal_event(j, one.position, &arena, &event, err));
    tl_arena_free(&arena);
    tl_journal_close(j);
    struct tl_verify_result result;
    EXPECT(TL_ECORRUPT, tl_journal_verify(*state, NULL, NULL, &result, err));
}

static void lets_one_process_in(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    struct tl_journal *second;
    EXPECT(TL_EACCESS, tl_journal_open(*state, &small_options, &second, err));
    tl_journal_close(j);
}

static void rebuilds_a_lost_index(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    char payload[2000];
    struct accepted first = accept_event(j, "order/1", "m", "first");
    for (int i = 0; i < 100; i++) {
        snprintf(payload, sizeof payload, "%1900d", i);
        accept_event(j, "filler", NULL, payload);
    }
    tl_journal_close(j);
    assert_int_equal(unlink(path_in(*state, SEGMENT ".idx")), 0);
    write_file(path_in(*state, "seg-0000000002.idx"), "junk", 4);
    j = open_journal(*state, &small_options);
    assert_true(accept_event(j, "order/1", "m", "first").position == first.position);
    tl_journal_close(j);
}

/* ---- killed at any write or sync ---- */

struct shared {
    _Atomic uint64_t acked[512];
    _Atomic unsigned count;
    _Atomic int state_value; /* of the last answered put */
};

struct run {
    const char *dir;
    struct shared *shared;
    unsigned long kill_at;
    unsigned percent;
};

static void payload_of(unsigned i, char out[600])
{
    snprintf(out, 600, "%u:%0*d", i, (int)(i * 37 % 500) + 1, (int)i);
}

static void work_until_killed(void *arg)
{
    struct run *run = arg;
    tl_disk_set(lossy_disk());
    lossy_disk_kill_at(run->kill_at, run->percent, (unsigned)run->kill_at);
    struct tl_journal_options options = small_options;
    options.segment_bytes = 16 * 1024;
    struct tl_journal *j = open_journal(run->dir, &options);
    for (unsigned i = 0; i < 60; i++) {
        char payload[600], key[24], value[24];
        payload_of(i, payload);
        snprintf(key, sizeof key, "k%u", i % 5);
        struct tl_batch *batch = tl_batch_new(j);
        struct tl_event_in event = {
            .type = TL_STR("t@1"), .source = TL_STR("crm"), .key = tl_str_z(key), .payload = tl_str_z(payload)};
        snprintf(value, sizeof value, "%u", i);
        struct tl_state_put put = {.table = TL_STR("cursors"), .key = TL_STR("crm"), .value = tl_str_z(value)};
        EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
        EXPECT(TL_OK, tl_batch_put(batch, &put, err));
        EXPECT(TL_OK, tl_journal_submit_wait(j, batch, i % 3 ? TL_DURABLE : TL_APPLIED, err));
        atomic_store(&run->shared->acked[i], tl_batch_position(batch, 0));
        atomic_store(&run->shared->state_value, (int)i);
        atomic_store(&run->shared->count, i + 1);
        tl_batch_free(batch);
    }
    tl_journal_close(j);
}

static void check_after_kill(const struct run *run)
{
    struct tl_journal_options options = small_options;
    options.segment_bytes = 16 * 1024;
    struct tl_journal *j = open_journal(run->dir, &options);
    unsigned count = atomic_load(&run->shared->count);
    for (unsigned i = 0; i < count; i++) {
        char payload[600];
        payload_of(i, payload);
        expect_payload(j, atomic_load(&run->shared->acked[i]), payload);
    }
    if (count) {
        struct tl_arena arena;
        struct tl_state_row row;
        tl_arena_init(&arena);
        EXPECT(TL_OK, tl_state_get(j, TL_STR("cursors"), TL_STR("crm"), &arena, &row, err));
        /* event and cursor are one: the cursor is that of the last commit, answered or not */
        assert_true(atoi(tl_arena_copy(&arena, row.value)) >= atomic_load(&run->shared->state_value));
        assert_true(row.commit == tl_journal_last(j));
        tl_arena_free(&arena);
    }
    tl_journal_close(j);
    struct tl_verify_result result;
    EXPECT(TL_OK, tl_journal_verify(run->dir, NULL, NULL, &result, err));
}

static void loses_nothing_acknowledged_when_killed_anywhere(void **state)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    bool finished = false;
    unsigned killed = 0;
    for (unsigned n = 1; !finished; n += n < 40 ? 1 : 7) {
        char dir[256];
        snprintf(dir, sizeof dir, "%s/%u", (char *)*state, n);
        struct run run = {dir, shared, n, n % 4 * 33};
        memset(shared, 0, sizeof *shared);
        int status = in_child(work_until_killed, &run);
        finished = status == 0;
        if (!finished)
            assert_int_equal(status, 1000 + SIGKILL);
        killed += !finished;
        check_after_kill(&run);
    }
    assert_true(killed > 40);
    munmap(shared, sizeof *shared);
}

static void end_at_failed_sync(void *arg)
{
    struct run *run = arg;
    tl_disk_set(lossy_disk());
    struct tl_journal *j = open_journal(run->dir, &small_options);
    accept_event(j, "k", NULL, "before");
    atomic_store(&run->shared->count, 1);
    lossy_disk_fail_sync(1, EIO);
    accept_event(j, "k", NULL, "never answered");
    atomic_store(&run->shared->count, 2);
}

static void ends_the_process_when_a_sync_fails(void **state)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct run run = {*state, shared, 0, 0};
    assert_int_equal(in_child(end_at_failed_sync, &run), 74);
    assert_int_equal(atomic_load(&shared->count), 1);
    struct tl_journal *j = open_journal(*state, &small_options);
    expect_payload(j, tl_position_make(1, 0), "before");
    tl_journal_close(j);
    munmap(shared, sizeof *shared);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(drops_a_torn_tail_at_every_offset),
        T(verifies_every_cut_of_the_whole_log),
        T(names_file_and_offset_when_the_middle_is_damaged),
        T(refuses_when_a_cleanly_closed_end_is_missing),
        T(takes_no_commit_that_is_off_the_chain),
        T(reports_a_damaged_payload_when_it_is_read),
        T(lets_one_process_in),
        T(rebuilds_a_lost_index),
        T(loses_nothing_acknowledged_when_killed_anywhere),
        T(ends_the_process_when_a_sync_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
