/* The memory of one Lua state: a size-class free list with counted bytes and a hard limit. Pieces up to 512
 * bytes come from slabs that are given back when the state is closed; larger ones from the heap. Thread: that
 * of the state. */
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define TL_QUOTA_CLASSES 32 /* of 16 bytes each */

struct tl_quota {
    size_t used, peak;
    size_t beside;                     /* counts as used: what a run has made outside of Lua */
    size_t limit;                      /* now: a growing request beyond it is refused */
    size_t hard;                       /* of the state */
    bool spent;                        /* the hard limit was met */
    bool open;                         /* nothing is refused: the caller has seen that it fits */
    volatile sig_atomic_t over;        /* the budget of CPU is used up: no large blocks any more */
    void *free_list[TL_QUOTA_CLASSES]; /* singly linked free pieces */
    struct tl_slab *slabs;             /* own */
    char *at, *end;                    /* unused rest of the newest slab */
};

void tl_quota_init(struct tl_quota *quota, size_t hard);
/* After lua_close. */
void tl_quota_deinit(struct tl_quota *quota);
/* May `size` more bytes be asked for? */
bool tl_quota_fits(const struct tl_quota *quota, size_t size);
/* A lua_Alloc; `ud` is the quota. NULL: refused. */
void *tl_quota_alloc(void *ud, void *ptr, size_t osize, size_t nsize);
