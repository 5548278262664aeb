/* Memory of one operation: many small pieces that die together. Under AddressSanitizer each piece is a malloc of its
 * own, so that overflows inside an arena are seen. Thread: one at a time. */
#pragma once
#include "base/str.h"

struct tl_arena {
    struct tl_arena_block *blocks; /* own */
    size_t size;                   /* of all pieces */
};

void tl_arena_init(struct tl_arena *arena);
/* Releases everything; the arena may be used again. */
void tl_arena_free(struct tl_arena *arena);
/* Zeroed, aligned for any type, never NULL. */
void *tl_arena_alloc(struct tl_arena *arena, size_t size);
/* A NUL-terminated copy. */
char *tl_arena_copy(struct tl_arena *arena, tl_str s);
tl_str tl_arena_str(struct tl_arena *arena, tl_str s);
char *tl_arena_printf(struct tl_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define TL_ARENA_NEW(arena, type) ((type *)tl_arena_alloc((arena), sizeof(type)))
