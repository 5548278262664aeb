/* Keys as numbers: under the journal's own secrets where outsiders choose them. Thread: any. */
#include "base/alloc.h"
#include "base/hash.h"
#include "journal_int.h"
#include <string.h>

static uint64_t hash_pair(const struct tl_hash_key *key, tl_str a, tl_str b)
{
    uint8_t small[256];
    size_t len = 4 + a.len + b.len;
    uint8_t *bytes = len <= sizeof small ? small : tl_alloc(len);
    uint32_t a_len = (uint32_t)a.len;
    memcpy(bytes, &a_len, 4);
    if (a.len)
        memcpy(bytes + 4, a.ptr, a.len);
    if (b.len)
        memcpy(bytes + 4 + a.len, b.ptr, b.len);
    uint64_t hash = tl_hash(key, bytes, len);
    if (bytes != small)
        tl_free(bytes);
    return hash;
}

uint32_t tl_journal_partition(const struct tl_journal *journal, tl_str scope, tl_str key)
{
    return (uint32_t)(hash_pair(&journal->head.partition_key, scope, key) % TL_PARTITIONS);
}

uint64_t tl_journal_key_hash(const struct tl_journal *journal, tl_str key)
{
    if (key.len == 0)
        return 0;
    uint64_t hash = tl_hash(&journal->head.hash_key, key.ptr, key.len);
    return hash ? hash : 1;
}

uint64_t tl_journal_dedupe_hash(const struct tl_journal *journal, tl_str source, tl_str dedupe)
{
    if (dedupe.len == 0)
        return 0;
    uint64_t hash = hash_pair(&journal->head.hash_key, source, dedupe);
    return hash ? hash : 1;
}

uint64_t tl_outcome_hash(tl_position event)
{
    /* splitmix64: positions are ours, nobody chooses them */
    uint64_t z = event + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
