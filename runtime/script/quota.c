/* Size-class free list under a Lua state. Invariants: `used` is the sum of the sizes Lua asked for; a piece
 * of class c has (c + 1) * 16 bytes; shrinking never fails, as Lua demands. Under AddressSanitizer every
 * piece is a malloc of its own. Thread: that of the state. */
#include "quota.h"
#include "base/alloc.h"
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define TL_QUOTA_SLABS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TL_QUOTA_SLABS 0
#endif
#endif
#ifndef TL_QUOTA_SLABS
#define TL_QUOTA_SLABS 1
#endif

#define CLASS_BYTES 16u
#define SMALL_MAX (CLASS_BYTES * TL_QUOTA_CLASSES)
#define SLAB_BYTES (32u * 1024)
#define LARGE_BYTES (128u * 1024)

struct tl_slab {
    struct tl_slab *next;
    size_t pad;
};

void tl_quota_init(struct tl_quota *quota, size_t hard)
{
    *quota = (struct tl_quota){.limit = hard, .hard = hard};
}

void tl_quota_deinit(struct tl_quota *quota)
{
    while (quota->slabs) {
        struct tl_slab *slab = quota->slabs;
        quota->slabs = slab->next;
        tl_free(slab);
    }
}

static bool is_small(size_t size)
{
    return TL_QUOTA_SLABS && size <= SMALL_MAX;
}

static size_t class_of(size_t size)
{
    return (size - 1) / CLASS_BYTES;
}

static void *take_small(struct tl_quota *quota, size_t class)
{
    void *piece = quota->free_list[class];
    if (piece) {
        memcpy(&quota->free_list[class], piece, sizeof(void *));
        return piece;
    }
    size_t bytes = (class + 1) * CLASS_BYTES;
    if ((size_t)(quota->end - quota->at) < bytes) {
        struct tl_slab *slab = tl_alloc(SLAB_BYTES);
        slab->next = quota->slabs;
        quota->slabs = slab;
        quota->at = (char *)slab + sizeof(*slab);
        quota->end = (char *)slab + SLAB_BYTES;
    }
    piece = quota->at;
    quota->at += bytes;
    return piece;
}

static void give_back(struct tl_quota *quota, void *ptr, size_t size)
{
    if (!is_small(size)) {
        tl_free(ptr);
        return;
    }
    size_t class = class_of(size);
    memcpy(ptr, &quota->free_list[class], sizeof(void *));
    quota->free_list[class] = ptr;
}

static void *resize(struct tl_quota *quota, void *ptr, size_t osize, size_t nsize)
{
    if (!is_small(osize) && !is_small(nsize))
        return tl_realloc(ptr, nsize);
    if (is_small(osize) && is_small(nsize) && class_of(osize) == class_of(nsize))
        return ptr;
    void *fresh = is_small(nsize) ? take_small(quota, class_of(nsize)) : tl_alloc(nsize);
    memcpy(fresh, ptr, osize < nsize ? osize : nsize);
    give_back(quota, ptr, osize);
    return fresh;
}

/* Lua looks for a function behind a chain of __call inside one instruction, where no hook stops it; a table whose
 * __call leads back to itself ends there only when the stack cannot grow. */
static bool is_late(const struct tl_quota *quota, size_t size)
{
    return quota->over && size >= LARGE_BYTES;
}

bool tl_quota_fits(const struct tl_quota *quota, size_t size)
{
    size_t held = quota->used + quota->beside;
    return size <= quota->limit && held <= quota->limit - size;
}

static bool is_refused(struct tl_quota *quota, size_t size, size_t more)
{
    if (more > quota->hard || quota->used > quota->hard - more)
        quota->spent = true;
    return !tl_quota_fits(quota, more) || is_late(quota, size);
}

void *tl_quota_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
    struct tl_quota *quota = ud;
    size_t had = ptr ? osize : 0;
    if (nsize == 0) {
        if (ptr && osize)
            give_back(quota, ptr, osize);
        quota->used -= had;
        return NULL;
    }
    if (nsize > had && !quota->open && is_refused(quota, nsize, nsize - had))
        return NULL;
    void *fresh;
    if (had)
        fresh = resize(quota, ptr, osize, nsize);
    else
        fresh = is_small(nsize) ? take_small(quota, class_of(nsize)) : tl_alloc(nsize);
    quota->used += nsize - had;
    if (quota->used > quota->peak)
        quota->peak = quota->used;
    return fresh;
}
