#include "support.h"
#include "base/clock.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const struct tl_journal_options small_options = {
    .segment_bytes = 64 * 1024, .segment_events = 1000, .reserve_bytes = 256 * 1024, .ahead_bytes = 16 * 1024};

int dir_setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *dir = tl_printf("%s/tidelock-journal-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        return -1;
    *state = dir;
    return 0;
}

int dir_teardown(void **state)
{
    char *command = tl_printf("rm -rf '%s'", (char *)*state);
    int failed = system(command);
    tl_free(command);
    tl_free(*state);
    tl_disk_set(NULL);
    clock_machine();
    return failed;
}

void expect_code(tl_code code, tl_code want, const struct tl_error *err, const char *file, int line)
{
    if (code == want)
        return;
    print_error("%s:%d: got \"%s\" (%s), wanted \"%s\"\n", file, line, tl_code_name(code), err->text,
                tl_code_name(want));
    _fail(file, line);
}

struct tl_journal *open_journal(const char *dir, const struct tl_journal_options *options)
{
    struct tl_journal *journal = NULL;
    EXPECT(TL_OK, tl_journal_open(dir, options, &journal, err));
    return journal;
}

tl_code try_event(struct tl_journal *journal, const char *key, const char *dedupe, const char *payload,
                  struct accepted *out)
{
    struct tl_batch *batch = tl_batch_new(journal);
    struct tl_event_in event = {.type = TL_STR("order.won@1"),
                                .source = TL_STR("crm"),
                                .key = tl_str_z(key),
                                .dedupe = tl_str_z(dedupe),
                                .payload = tl_str_z(payload)};
    EXPECT(TL_OK, tl_batch_event(batch, &event, NULL, err));
    tl_code code = tl_journal_submit_wait(journal, batch, TL_DURABLE, NULL);
    if (!code)
        *out = (struct accepted){tl_batch_position(batch, 0), tl_batch_duplicate(batch, 0), tl_batch_conflict(batch, 0),
                                 tl_batch_commit(batch)};
    tl_batch_free(batch);
    return code;
}

struct accepted accept_event(struct tl_journal *journal, const char *key, const char *dedupe, const char *payload)
{
    struct accepted accepted = {0};
    EXPECT(TL_OK, try_event(journal, key, dedupe, payload, &accepted));
    return accepted;
}

void put_state(struct tl_journal *journal, const char *table, const char *key, const char *value)
{
    struct tl_batch *batch = tl_batch_new(journal);
    struct tl_state_put put = {.table = tl_str_z(table), .key = tl_str_z(key), .value = tl_str_z(value)};
    EXPECT(TL_OK, tl_batch_put(batch, &put, err));
    EXPECT(TL_OK, tl_journal_submit_wait(journal, batch, TL_APPLIED, err));
    tl_batch_free(batch);
}

void expect_payload(struct tl_journal *journal, tl_position position, const char *payload)
{
    struct tl_arena arena;
    struct tl_event event;
    tl_arena_init(&arena);
    EXPECT(TL_OK, tl_journal_event(journal, position, &arena, &event, err));
    assert_true(tl_str_is(event.payload, payload));
    tl_arena_free(&arena);
}

void expect_state(struct tl_journal *journal, const char *table, const char *key, const char *value)
{
    struct tl_arena arena;
    struct tl_state_row row;
    tl_arena_init(&arena);
    if (!value) {
        EXPECT(TL_ENOTFOUND, tl_state_get(journal, tl_str_z(table), tl_str_z(key), &arena, &row, err));
    } else {
        EXPECT(TL_OK, tl_state_get(journal, tl_str_z(table), tl_str_z(key), &arena, &row, err));
        assert_true(tl_str_is(row.value, value));
    }
    tl_arena_free(&arena);
}

int in_child(void (*body)(void *arg), void *arg)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        body(arg);
        _exit(0);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *len = (size_t)ftell(f);
    rewind(f);
    char *bytes = tl_alloc(*len + 1);
    assert_int_equal(fread(bytes, 1, *len, f), *len);
    fclose(f);
    return bytes;
}

void write_file(const char *path, const char *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

const char *path_in(const char *dir, const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static _Atomic int64_t wall, mono;

static int64_t driven_wall(void *ctx)
{
    (void)ctx;
    return atomic_load(&wall);
}

static int64_t driven_mono(void *ctx)
{
    (void)ctx;
    return atomic_load(&mono) * 1000000;
}

void clock_drive(int64_t wall_ms)
{
    static const struct tl_clock clock = {driven_wall, driven_mono, NULL};
    atomic_store(&wall, wall_ms);
    atomic_store(&mono, 1000);
    tl_clock_set(&clock);
}

void clock_move(int64_t ms)
{
    atomic_fetch_add(&wall, ms);
    atomic_fetch_add(&mono, ms);
}

void clock_jump(int64_t ms)
{
    atomic_fetch_add(&wall, ms);
}

void clock_machine(void)
{
    tl_clock_set(NULL);
}
