/* The fields of maps and lenses behind script/lines.h. Private to the room. Thread: that of the state. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct tl_field {
    char *map, *way, *name; /* own */
    bool passed;
};

struct tl_fields {
    struct tl_field *items; /* own */
    size_t count, cap;
    size_t next; /* states make the same fields known in the same order: the likely place of the next one */
};

/* The field's place among the items, made known when it is new. */
size_t tl_fields_know(struct tl_fields *fields, const char *map, const char *way, const char *name);
void tl_fields_free(struct tl_fields *fields);
