/* Looking at the fields that one declaration reads. Thread: one at a time. */
#pragma once
#include "collect.h"
#include "reads.h"

/* One declaration being looked at. */
struct tl_looking {
    struct tl_form *form;
    struct tl_read_check check;
    struct tl_arena arena;
    int depth;        /* of tables in tables */
    size_t tables;    /* looked at so far */
    const char *path; /* in the declaration's table: "lines[].sku" */
};

void tl_looking_open(struct tl_looking *look, struct tl_form *form);
void tl_looking_close(struct tl_looking *look);
/* The function on the top, whose first parameter is `first` and whose second is `second`; NULL: nothing is known. */
void tl_looking_at(struct tl_looking *look, const struct tl_known *first, const struct tl_known *second);
