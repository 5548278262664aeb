/* Which fields of a contract a function reads, as far as its instructions show it. Thread: any. */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "chunk.h"
#include "contract/shape.h"
#include "findings.h"

enum tl_known_kind { TL_KNOWN_VALUE, TL_KNOWN_EVENT, TL_KNOWN_LIST, TL_KNOWN_IPAIRS, TL_KNOWN_METHOD, TL_KNOWN_FLOAT };

/* What is known of a value. Alternatives: a flow on several events is given one of several. */
struct tl_known {
    enum tl_known_kind kind;
    tl_str method;                 /* METHOD: a function of ctx */
    double number;                 /* FLOAT: as the text has it */
    const struct tl_shape *shapes; /* VALUE: its own; EVENT: of its data; LIST: of its elements */
    size_t count;
};

struct tl_read_check {
    const struct tl_known *params[2]; /* of the function; NULL: nothing is known */
    const char *file;
    bool writing; /* fields are written, not read */
    struct tl_findings *findings;
    const struct tl_map *written; /* names that some file assigns to: they may be there although no contract has them */
    /* The shape of an event's data; false: there is no such event. */
    bool (*event)(void *ctx, tl_str name, struct tl_shape *shape);
    void *ctx;
    struct tl_arena *arena; /* of the check */
};

/* A warning for each field read that the contract does not have, with the nearest name; of a contract that allows
 * others, only when the name resembles one. What cannot be followed with certainty is not judged. */
void tl_inspect_reads(const struct tl_proto *function, struct tl_read_check *check);
/* Such a value in the check's arena; the shapes are copied. */
const struct tl_known *tl_known(struct tl_read_check *check, enum tl_known_kind kind, const struct tl_shape *shapes,
                                size_t count);
/* The value at that name of the known one; NULL when nothing is known of it. Adds the warning. */
const struct tl_known *tl_known_member(struct tl_read_check *check, const struct tl_known *value, tl_str name,
                                       int line);
/* An element of it; NULL when nothing is known. */
const struct tl_known *tl_known_element(struct tl_read_check *check, const struct tl_known *value);
/* The value of a local of this name is compared with a whole number by == or ~=: a warning where it may be a decimal.
 */
void tl_known_compared(struct tl_read_check *check, const struct tl_known *value, tl_str name, long number, int line);
/* a op b, with op "+" "-" "*" "/" "//" "%" "^": an error where a number of a document meets a float, or is divided by
 * "/". NULL: nothing is known of it. */
void tl_known_computed(struct tl_read_check *check, const char *op, const struct tl_known *a, const struct tl_known *b,
                       int line);
