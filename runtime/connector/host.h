/* The table of functions that connectors get, and what stands behind a scope: the memory and rights of one instance or
 * one call. Thread: a scope is used by one thread at a time. */
#pragma once
#include "base/arena.h"
#include "system_state.h"

/* tlc_scope of the ABI. */
struct tlc_scope {
    struct tl_arena arena;
    struct tl_system *system;   /* borrow */
    bool may_read_secrets;      /* a login */
    struct tlc_writer *writers; /* own; freed with the scope */
};

extern const tlc_host tl_host_table;

void tl_scope_init(struct tlc_scope *scope, struct tl_system *system);
void tl_scope_deinit(struct tlc_scope *scope);

static inline tlc_slice tl_slice_of(tl_str s)
{
    return (tlc_slice){s.len ? s.ptr : NULL, s.len};
}
/* What a connector hands over; lengths beyond memory are its bug and cut to nothing. */
static inline tl_str tl_str_of(tlc_slice s)
{
    return s.ptr && s.len < (uint64_t)1 << 40 ? (tl_str){s.ptr, (size_t)s.len} : TL_STR_NONE;
}
