/* A hash table of the open segment: 64-bit hash → the records with it, newest first. The hash is already well mixed, so
 * its leading bits are the slot: walking the slots yields the entries almost in the order of the index file. Split into
 * shards that grow on their own, so that no insert ever moves more than 1/64 of the table.
 * Thread: one changes it, under the segment's lock; that one reads without it, others read under it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define TABLE_SHARDS 64u
#define TABLE_BLOCK 16384u /* nodes of a block */

struct tl_index_entry {
    uint64_t hash;
    uint32_t place; /* offset of the record in the segment / 8 */
    uint32_t tag;   /* dedupe: first bytes of the payload hash; key: type's name id; outcome: index of the event */
};

struct table_slot {
    uint64_t hash;
    uint32_t newest; /* node + 1; 0: free */
};

struct table_shard {
    struct table_slot *slots; /* own */
    uint32_t bits, used;
};

struct table_node {
    uint32_t place, tag;
    uint32_t older; /* node + 1; 0: none */
};

struct tl_table {
    struct table_shard shards[TABLE_SHARDS];
    struct table_node **blocks; /* own */
    uint32_t block_count, node_count;
};

struct tl_table *tl_table_new(void);
void tl_table_free(struct tl_table *table);
/* Makes an empty table large enough for `entries`. Needed before entries are added in the order of their hashes: in a
 * small table those all begin at the same few slots. */
void tl_table_reserve(struct tl_table *table, size_t entries);
void tl_table_add(struct tl_table *table, uint64_t hash, uint32_t place, uint32_t tag);
/* The newest node of a hash, or NULL; then the next older one. */
const struct table_node *tl_table_newest(const struct tl_table *table, uint64_t hash);
const struct table_node *tl_table_older(const struct tl_table *table, const struct table_node *node);
/* All entries sorted by hash, then place; `count` of them, released with tl_free. */
struct tl_index_entry *tl_table_sorted(const struct tl_table *table, size_t *count);
/* Asks the processor for the slot of a hash. */
void tl_table_prefetch(const struct tl_table *table, uint64_t hash);
