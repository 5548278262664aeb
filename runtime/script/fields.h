/* The fields of maps and lenses behind script/lines.h. Private to the room. Thread: that of the state. */
#pragma once
#include "script_state.h"

struct tl_field {
    char *map, *way, *name; /* own */
    bool passed;
};

struct tl_fields {
    struct tl_field *items; /* own */
    size_t count, cap;
    size_t next; /* states make the same fields known in the same order: the likely place of the next one */
};

void tl_fields_free(struct tl_fields *fields);
/* Adds host.field(title, way, label) to the host table on the top: makes the field known and gives the function that
 * notes a value. Nothing where the state notes nothing. */
void tl_lib_host_fields(lua_State *L);
