/* Keyed hash for tables and directories: SipHash-2-4 (Aumasson and Bernstein, 2012). Not for signatures. Thread: any.
 */
#pragma once
#include "base/str.h"

struct tl_hash_key {
    uint64_t k0, k1;
};

uint64_t tl_hash(const struct tl_hash_key *key, const void *ptr, size_t len);
