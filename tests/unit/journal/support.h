/* What the journal's tests share: a folder of their own, small batches, waiting for answers. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/disk.h"
#include "journal/reader.h"
#include "journal/state.h"

/* A fresh folder under the build's temporary folder; setup and teardown of each test. *state is its path. */
int dir_setup(void **state);
int dir_teardown(void **state);

/* Fails the test with the error's text when `code` is not `want`. */
void expect_code(tl_code code, tl_code want, const struct tl_error *err, const char *file, int line);
#define EXPECT(want, call)                                                                                             \
    do {                                                                                                               \
        struct tl_error err_ = {0};                                                                                    \
        struct tl_error *err = &err_;                                                                                  \
        (void)err;                                                                                                     \
        tl_code code_ = (call);                                                                                        \
        expect_code(code_, (want), err, __FILE__, __LINE__);                                                           \
    } while (0)

struct tl_journal *open_journal(const char *dir, const struct tl_journal_options *options);
/* Segments of 64 KB, hardly anything ahead, a reserve of 256 KB. */
extern const struct tl_journal_options small_options;

struct accepted {
    tl_position position;
    bool duplicate, conflict;
    uint64_t commit;
};
/* One event of source "crm"; key and dedupe may be NULL. */
struct accepted accept_event(struct tl_journal *journal, const char *key, const char *dedupe, const char *payload);
tl_code try_event(struct tl_journal *journal, const char *key, const char *dedupe, const char *payload,
                  struct accepted *out);
void put_state(struct tl_journal *journal, const char *table, const char *key, const char *value);
/* The payload of an event equals. */
void expect_payload(struct tl_journal *journal, tl_position position, const char *payload);
void expect_state(struct tl_journal *journal, const char *table, const char *key, const char *value);

/* Runs `body` in a child process and waits for it; its exit status, or 1000 + signal. */
int in_child(void (*body)(void *arg), void *arg);

char *read_file(const char *path, size_t *len);
void write_file(const char *path, const char *bytes, size_t len);
/* "<dir>/<name>", until the next eight calls. */
const char *path_in(const char *dir, const char *name);

/* A clock that tests move. */
void clock_drive(int64_t wall_ms);
void clock_move(int64_t ms);
void clock_jump(int64_t ms); /* the wall clock alone */
void clock_machine(void);
