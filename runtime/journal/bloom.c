/* Blocked Bloom filter: the line by the upper half of the hash, five bits in it by a remix. */
#include "bloom.h"
#include "base/alloc.h"

#define PROBES 5

static uint32_t lines_for(size_t keys)
{
    return (uint32_t)((keys * 10 + 511) / 512 + 1);
}

size_t tl_bloom_bytes(size_t keys)
{
    return (size_t)lines_for(keys) * 64;
}

void tl_bloom_init(struct tl_bloom *bloom, size_t keys)
{
    bloom->lines = lines_for(keys);
    bloom->words = tl_zalloc(bloom->lines, 64);
}

void tl_bloom_free(struct tl_bloom *bloom)
{
    tl_free(bloom->words);
    *bloom = (struct tl_bloom){0};
}

static uint64_t *line_of(const struct tl_bloom *bloom, uint64_t hash)
{
    return bloom->words + 8 * (((hash >> 32) * bloom->lines) >> 32);
}

static uint64_t bits_of(uint64_t hash)
{
    return hash * 0x9e3779b97f4a7c15u; /* golden ratio: spreads the low half, which did not choose the line */
}

void tl_bloom_add(struct tl_bloom *bloom, uint64_t hash)
{
    uint64_t *line = line_of(bloom, hash);
    uint64_t bits = bits_of(hash) >> 10;
    for (int i = 0; i < PROBES; i++, bits >>= 9)
        line[(bits >> 6) & 7] |= (uint64_t)1 << (bits & 63);
}

bool tl_bloom_has(const struct tl_bloom *bloom, uint64_t hash)
{
    const uint64_t *line = line_of(bloom, hash);
    uint64_t bits = bits_of(hash) >> 10;
    for (int i = 0; i < PROBES; i++, bits >>= 9)
        if (!(line[(bits >> 6) & 7] >> (bits & 63) & 1))
            return false;
    return true;
}

void tl_bloom_prefetch(const struct tl_bloom *bloom, uint64_t hash)
{
    __builtin_prefetch(line_of(bloom, hash));
}
