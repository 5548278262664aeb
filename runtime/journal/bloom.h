/* A Bloom filter whose bits for one key lie in one cache line: 10 bits a key, about 1.3 % false hits. The hash must be
 * well mixed. Immutable once filled; then any thread may ask. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_bloom {
    uint64_t *words; /* own; 8 a line */
    uint32_t lines;
};

void tl_bloom_init(struct tl_bloom *bloom, size_t keys);
void tl_bloom_free(struct tl_bloom *bloom);
/* Bytes of the words for that many keys. */
size_t tl_bloom_bytes(size_t keys);
void tl_bloom_add(struct tl_bloom *bloom, uint64_t hash);
bool tl_bloom_has(const struct tl_bloom *bloom, uint64_t hash);
void tl_bloom_prefetch(const struct tl_bloom *bloom, uint64_t hash);
