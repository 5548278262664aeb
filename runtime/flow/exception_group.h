/* Groups of open exceptions with one cause. Thread: any. */
#pragma once
#include "codec/json_writer.h"
#include "exception_int.h"
#include "flow/exception.h"

struct tl_exception_group {
    uint64_t cause, example; /* example: the oldest one's number */
    size_t count, held, retrying;
    const char *steward; /* borrow; NULL: several */
    uint32_t flow;
    int64_t first_ms, last_ms, due_ms; /* due_ms: the earliest, 0 when none has one */
};

/* Sorts `list` by cause and age, and gives its groups (tl_free), the largest first. */
struct tl_exception_group *tl_exception_groups_of(struct tl_exception_brief *list, size_t count, size_t *groups);
/* "class", "code", "place", "system", "operation", "message" (its shape) of an exception, as members. */
void tl_exception_cause_put(struct tl_engine *engine, struct tl_json_writer *w, tl_str id);
/* The group as an object, as tl_exceptions_groups says. */
void tl_exception_group_put(struct tl_engine *engine, struct tl_json_writer *w, const struct tl_exception_group *group);
