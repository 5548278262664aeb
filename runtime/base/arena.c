#include "base/arena.h"
#include "base/error.h"
#include "base/alloc.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
enum { BLOCK_SIZE = 1 };
#else
enum { BLOCK_SIZE = 4096 };
#endif

struct tl_arena_block {
    struct tl_arena_block *next; /* own */
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
};

void tl_arena_init(struct tl_arena *arena)
{
    *arena = (struct tl_arena){0};
}

void tl_arena_free(struct tl_arena *arena)
{
    while (arena->blocks != NULL) {
        struct tl_arena_block *next = arena->blocks->next;
        tl_free(arena->blocks);
        arena->blocks = next;
    }
    arena->size = 0;
}

static struct tl_arena_block *add_block(struct tl_arena *arena, size_t least)
{
    size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
    struct tl_arena_block *block = tl_alloc(sizeof *block + size);
    *block = (struct tl_arena_block){.next = arena->blocks, .size = size};
    arena->blocks = block;
    return block;
}

void *tl_arena_alloc(struct tl_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    tl_must(size < SIZE_MAX - align);
    size_t need = (size + align - 1) / align * align;
    struct tl_arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < need)
        block = add_block(arena, need);
    void *ptr = block->bytes + block->used;
    block->used += need;
    arena->size += need;
    return memset(ptr, 0, size);
}

char *tl_arena_copy(struct tl_arena *arena, tl_str s)
{
    char *copy = tl_arena_alloc(arena, s.len + 1);
    if (s.len != 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

tl_str tl_arena_str(struct tl_arena *arena, tl_str s)
{
    return (tl_str){tl_arena_copy(arena, s), s.len};
}

char *tl_arena_printf(struct tl_arena *arena, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    tl_must(len >= 0);
    char *text = tl_arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}
