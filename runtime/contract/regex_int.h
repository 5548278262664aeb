/* Between the files that read, build and run an expression. Private to the room. */
#pragma once
#include "base/arena.h"
#include "contract/regex.h"

enum { TL_CODE_LAST = 0x10FFFF };

struct tl_code_range {
    uint32_t first, last;
};

/* A set of code points: sorted ranges that do not touch. */
struct tl_code_set {
    struct tl_code_range *ranges; /* own until it is sealed, then of the arena */
    size_t count, cap;
    uint32_t ascii[4]; /* bit per code point below 128, once sealed */
};

void tl_code_set_add(struct tl_code_set *set, uint32_t first, uint32_t last);
void tl_code_set_add_set(struct tl_code_set *set, const struct tl_code_set *other);
/* Everything that was not in it. */
void tl_code_set_invert(struct tl_code_set *set);
/* Sorts, merges, and moves it into the arena. */
void tl_code_set_seal(struct tl_code_set *set, struct tl_arena *arena);
void tl_code_set_free(struct tl_code_set *set);
bool tl_code_set_has(const struct tl_code_set *sealed, uint32_t code);
/* 'd', 'D', 'w', 'W', 's', 'S'. */
void tl_code_set_add_letter(struct tl_code_set *set, char letter);
/* What stands between the braces of \p{…}; false: no such category. */
bool tl_code_set_add_property(struct tl_code_set *set, tl_str name, bool inverted);

enum tl_regex_kind {
    TL_REGEX_EMPTY,
    TL_REGEX_CODE,
    TL_REGEX_SET,
    TL_REGEX_START,
    TL_REGEX_END,
    TL_REGEX_WORD,
    TL_REGEX_NO_WORD,
    TL_REGEX_SEQUENCE, /* of `parts` */
    TL_REGEX_CHOICE,   /* of `parts` */
    TL_REGEX_REPEAT    /* `parts`, from `least` to `most` times */
};
enum { TL_REGEX_MANY = -1 };

struct tl_regex_part {
    enum tl_regex_kind kind;
    uint32_t code;
    struct tl_code_set *set;
    int32_t least, most;         /* most: TL_REGEX_MANY without end */
    struct tl_regex_part *parts; /* first child */
    struct tl_regex_part *next;  /* sibling */
};

/* The pattern as a tree in `arena`. */
TL_MUST_CHECK tl_code tl_regex_parse(tl_str pattern, struct tl_arena *arena, struct tl_regex_part **out,
                                     struct tl_error *err);

enum tl_regex_op {
    TL_STEP_CODE,
    TL_STEP_SET,
    TL_STEP_SPLIT, /* to `x` and to `y` */
    TL_STEP_JUMP,  /* to `x` */
    TL_STEP_START,
    TL_STEP_END,
    TL_STEP_WORD,
    TL_STEP_NO_WORD,
    TL_STEP_FOUND
};
struct tl_regex_step {
    enum tl_regex_op op;
    union {
        struct {
            uint32_t x, y;
        };
        const struct tl_code_set *set;
    };
};
struct tl_regex {
    struct tl_arena arena;
    struct tl_regex_step *steps; /* own */
    uint32_t count, cap;
};
