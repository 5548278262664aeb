/* Compatibility of two versions of a contract: what data may travel between those who hold the old one and those who
 * hold the new one. Who writes by the old contract breaks when the new one refuses what the old one allowed; who reads
 * by the old one breaks when the new one allows what the old one did not. Readers are expected to ignore properties
 * they do not know, so an optional property may be added to a closed object. An open one promised to take anything
 * under any name, so what a new property asks breaks writers. What cannot be proved compatible breaks both. Thread:
 * any. */
#pragma once
#include "base/arena.h"
#include "contract/schema.h"

enum tl_breaks { TL_BREAKS_NOBODY = 0, TL_BREAKS_READERS = 1, TL_BREAKS_WRITERS = 2, TL_BREAKS_BOTH = 3 };

struct tl_difference {
    unsigned breaks;     /* enum tl_breaks */
    const char *pointer; /* of the values meant; * stands for any element or name; "" is the whole */
    const char *rule;    /* where it stands, in the new contract, or in the old one when it is gone */
    const char *text;    /* "a value may now be 3 characters long, it had at least 5" */
};

/* Texts are owned by it. */
struct tl_differences {
    struct tl_arena arena;
    struct tl_difference *items; /* own; in the order of the contracts */
    size_t count;
    unsigned breaks; /* of all, also of those that were too many to be kept */
};

#define TL_DIFFERENCES_MOST 1000

/* Both compiled with the same treatment of formats. `out` is released with tl_differences_free. */
void tl_schema_compare(const struct tl_schema *before, const struct tl_schema *after, struct tl_differences *out);
void tl_differences_free(struct tl_differences *differences);
/* "nobody", "readers", "writers", "readers and writers". */
const char *tl_breaks_words(unsigned breaks);
