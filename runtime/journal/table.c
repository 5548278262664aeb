/* The hash table of the open segment: linear probing, load at most 3/4. */
#include "table.h"
#include "base/alloc.h"
#include "base/error.h"

#define FIRST_BITS 4u

static uint32_t slot_of(const struct table_shard *shard, uint64_t hash)
{
    return (uint32_t)((hash << 6) >> (64 - shard->bits));
}

struct tl_table *tl_table_new(void)
{
    struct tl_table *table = TL_NEW(struct tl_table);
    for (unsigned i = 0; i < TABLE_SHARDS; i++) {
        table->shards[i].bits = FIRST_BITS;
        table->shards[i].slots = tl_zalloc((size_t)1 << FIRST_BITS, sizeof(struct table_slot));
    }
    return table;
}

void tl_table_free(struct tl_table *table)
{
    if (!table)
        return;
    for (unsigned i = 0; i < TABLE_SHARDS; i++)
        tl_free(table->shards[i].slots);
    for (uint32_t i = 0; i < table->block_count; i++)
        tl_free(table->blocks[i]);
    tl_free(table->blocks);
    tl_free(table);
}

static struct table_node *node_at(const struct tl_table *table, uint32_t number)
{
    return &table->blocks[number / TABLE_BLOCK][number % TABLE_BLOCK];
}

static struct table_slot *find_slot(const struct table_shard *shard, uint64_t hash)
{
    uint32_t mask = ((uint32_t)1 << shard->bits) - 1;
    uint32_t i = slot_of(shard, hash);
    while (shard->slots[i].newest && shard->slots[i].hash != hash)
        i = (i + 1) & mask;
    return &shard->slots[i];
}

static void grow(struct table_shard *shard)
{
    struct table_shard bigger = {.bits = shard->bits + 1, .used = shard->used};
    bigger.slots = tl_zalloc((size_t)1 << bigger.bits, sizeof(struct table_slot));
    for (uint32_t i = 0; i < (uint32_t)1 << shard->bits; i++)
        if (shard->slots[i].newest)
            *find_slot(&bigger, shard->slots[i].hash) = shard->slots[i];
    tl_free(shard->slots);
    *shard = bigger;
}

void tl_table_reserve(struct tl_table *table, size_t entries)
{
    uint32_t bits = FIRST_BITS;
    while (((uint64_t)3 << bits) * TABLE_SHARDS / 4 < entries + entries / 8)
        bits++;
    for (unsigned i = 0; i < TABLE_SHARDS; i++) {
        struct table_shard *shard = &table->shards[i];
        tl_must(shard->used == 0);
        tl_free(shard->slots);
        shard->bits = bits;
        shard->slots = tl_zalloc((size_t)1 << bits, sizeof(struct table_slot));
    }
}

static uint32_t new_node(struct tl_table *table)
{
    if (table->node_count == table->block_count * TABLE_BLOCK) {
        table->blocks = tl_realloc(table->blocks, (table->block_count + 1) * sizeof *table->blocks);
        table->blocks[table->block_count++] = tl_alloc(TABLE_BLOCK * sizeof(struct table_node));
    }
    return table->node_count++;
}

void tl_table_add(struct tl_table *table, uint64_t hash, uint32_t place, uint32_t tag)
{
    struct table_shard *shard = &table->shards[hash >> 58];
    if ((shard->used + 1) * 4 > ((uint32_t)3 << shard->bits))
        grow(shard);
    struct table_slot *slot = find_slot(shard, hash);
    uint32_t number = new_node(table);
    *node_at(table, number) = (struct table_node){.place = place, .tag = tag, .older = slot->newest};
    shard->used += slot->newest == 0;
    slot->hash = hash;
    slot->newest = number + 1;
}

const struct table_node *tl_table_newest(const struct tl_table *table, uint64_t hash)
{
    const struct table_slot *slot = find_slot(&table->shards[hash >> 58], hash);
    return slot->newest ? node_at(table, slot->newest - 1) : NULL;
}

const struct table_node *tl_table_older(const struct tl_table *table, const struct table_node *node)
{
    return node->older ? node_at(table, node->older - 1) : NULL;
}

void tl_table_prefetch(const struct tl_table *table, uint64_t hash)
{
    const struct table_shard *shard = &table->shards[hash >> 58];
    __builtin_prefetch(&shard->slots[slot_of(shard, hash)]);
}

/* The entries of a slot, oldest (lowest place) first, written backwards from the newest. */
static size_t put_chain(const struct tl_table *table, const struct table_slot *slot, struct tl_index_entry *out)
{
    size_t length = 0;
    for (const struct table_node *n = node_at(table, slot->newest - 1); n; n = tl_table_older(table, n))
        length++;
    size_t at = length;
    for (const struct table_node *n = node_at(table, slot->newest - 1); n; n = tl_table_older(table, n))
        out[--at] = (struct tl_index_entry){slot->hash, n->place, n->tag};
    return length;
}

/* The used slots by hash. Probing pushed some past their neighbours; an insertion sort mends that in short steps,
 * because no slot is far from its place, once those that wrapped round to the start are taken last. */
static size_t shard_sorted(const struct table_shard *shard, uint32_t *order)
{
    uint32_t size = (uint32_t)1 << shard->bits;
    uint32_t wrapped = 0;
    while (wrapped < size && shard->slots[wrapped].newest && slot_of(shard, shard->slots[wrapped].hash) > wrapped)
        wrapped++;
    size_t count = 0;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = (i + wrapped) & (size - 1);
        if (shard->slots[at].newest)
            order[count++] = at;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t moved = order[i];
        size_t j = i;
        while (j > 0 && shard->slots[order[j - 1]].hash > shard->slots[moved].hash) {
            order[j] = order[j - 1];
            j--;
        }
        order[j] = moved;
    }
    return count;
}

struct tl_index_entry *tl_table_sorted(const struct tl_table *table, size_t *count)
{
    struct tl_index_entry *out = tl_alloc((table->node_count + (size_t)1) * sizeof *out);
    size_t at = 0;
    for (unsigned s = 0; s < TABLE_SHARDS; s++) {
        const struct table_shard *shard = &table->shards[s];
        uint32_t *order = tl_alloc(sizeof *order << shard->bits);
        size_t slots = shard_sorted(shard, order);
        for (size_t i = 0; i < slots; i++)
            at += put_chain(table, &shard->slots[order[i]], out + at);
        tl_free(order);
    }
    tl_must(at == table->node_count);
    *count = at;
    return out;
}
