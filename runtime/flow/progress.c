/* Entries lie in one array by commit, so finding one is a binary search; finished ones leave a gap that is closed when
 * the array is full. */
#include "progress.h"
#include "base/alloc.h"
#include "base/error.h"
#include <string.h>

void tl_progress_init(struct tl_progress *progress, size_t flow_count)
{
    *progress = (struct tl_progress){.of_flow = tl_zalloc(flow_count + 1, sizeof(uint64_t)), .flow_count = flow_count};
    tl_must(pthread_mutex_init(&progress->lock, NULL) == 0);
}

void tl_progress_free(struct tl_progress *progress)
{
    for (size_t i = progress->first; i < progress->count; i++)
        tl_free(progress->entries[i]);
    tl_free(progress->entries);
    tl_free(progress->commits);
    tl_free(progress->of_flow);
    tl_free(progress->ended);
    pthread_mutex_destroy(&progress->lock);
}

void tl_progress_flows(struct tl_progress *progress, size_t flow_count)
{
    progress->of_flow = tl_realloc(progress->of_flow, (flow_count + 1) * sizeof(uint64_t));
    for (size_t i = progress->flow_count; i < flow_count; i++)
        progress->of_flow[i] = 0;
    progress->flow_count = flow_count;
}

/* Index of the first entry with commit >= `commit`. */
static size_t find(const struct tl_progress *progress, uint64_t commit)
{
    size_t low = progress->first, high = progress->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (progress->commits[middle] < commit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct tl_progress_entry *entry_of(const struct tl_progress *progress, uint64_t commit)
{
    size_t i = find(progress, commit);
    return i < progress->count && progress->commits[i] == commit ? progress->entries[i] : NULL;
}

static void make_room(struct tl_progress *progress)
{
    if (progress->count < progress->cap)
        return;
    size_t kept = 0;
    for (size_t i = progress->first; i < progress->count; i++) {
        if (progress->entries[i] != NULL) {
            progress->entries[kept] = progress->entries[i];
            progress->commits[kept++] = progress->commits[i];
        }
    }
    progress->first = 0;
    progress->count = kept;
    if (kept * 2 > progress->cap || progress->cap == 0) {
        progress->cap = progress->cap == 0 ? 256 : progress->cap * 2;
        progress->entries = tl_realloc(progress->entries, progress->cap * sizeof(void *));
        progress->commits = tl_realloc(progress->commits, progress->cap * sizeof(uint64_t));
    }
}

static void insert(struct tl_progress *progress, struct tl_progress_entry *entry)
{
    make_room(progress);
    size_t i = progress->count > progress->first && progress->commits[progress->count - 1] > entry->commit
                   ? find(progress, entry->commit)
                   : progress->count;
    memmove(&progress->entries[i + 1], &progress->entries[i], (progress->count - i) * sizeof(void *));
    memmove(&progress->commits[i + 1], &progress->commits[i], (progress->count - i) * sizeof(uint64_t));
    progress->entries[i] = entry;
    progress->commits[i] = entry->commit;
    progress->count++;
}

static struct tl_progress_entry *build(uint64_t commit, int64_t time_ms, uint32_t events,
                                       const struct tl_progress_unit *units, size_t count)
{
    uint32_t few[16], *flows = few;
    size_t n = 0, cap = sizeof few / sizeof few[0];
    for (size_t i = 0; i < count; i++) {
        size_t f = n;
        while (f > 0 && flows[f - 1] != units[i].flow)
            f--;
        if (f > 0)
            continue;
        if (n == cap) {
            uint32_t *more = tl_alloc(2 * cap * sizeof *more);
            memcpy(more, flows, n * sizeof *more);
            if (flows != few)
                tl_free(flows);
            flows = more;
            cap *= 2;
        }
        flows[n++] = units[i].flow;
    }
    uint32_t words = (events + 63) / 64;
    struct tl_progress_entry *entry = tl_zalloc(1, sizeof *entry + (n * words + n) * sizeof(uint64_t));
    *entry = (struct tl_progress_entry){
        .commit = commit, .time_ms = time_ms, .events = events, .words = words, .flows = (uint16_t)n};
    for (size_t f = 0; f < n; f++)
        entry->data[n * words + f] = flows[f];
    if (flows != few)
        tl_free(flows);
    return entry;
}

/* The flow's words of bits, or NULL. */
static uint64_t *bits_of(uint64_t *data, uint16_t flows, uint32_t words, uint32_t flow)
{
    for (uint16_t f = 0; f < flows; f++) {
        if (data[(size_t)flows * words + f] == flow)
            return &data[(size_t)f * words];
    }
    return NULL;
}

void tl_progress_add(struct tl_progress *progress, uint64_t commit, int64_t time_ms, uint32_t events,
                     const struct tl_progress_unit *units, size_t count)
{
    if (count == 0)
        return;
    pthread_mutex_lock(&progress->lock);
    if (entry_of(progress, commit) == NULL) {
        struct tl_progress_entry *entry = build(commit, time_ms, events, units, count);
        for (size_t i = 0; i < count; i++) {
            uint64_t *bits = bits_of(entry->data, entry->flows, entry->words, units[i].flow);
            bits[units[i].index / 64] |= 1ull << (units[i].index % 64);
            progress->of_flow[units[i].flow]++;
        }
        entry->left = (uint32_t)count;
        progress->total += count;
        insert(progress, entry);
    }
    pthread_mutex_unlock(&progress->lock);
}

static void remember_ended(struct tl_progress *progress, uint64_t commit)
{
    if (progress->ended_count == progress->ended_cap) {
        progress->ended_cap = progress->ended_cap == 0 ? 64 : progress->ended_cap * 2;
        progress->ended = tl_realloc(progress->ended, progress->ended_cap * sizeof(uint64_t));
    }
    progress->ended[progress->ended_count++] = commit;
}

static void drop(struct tl_progress *progress, size_t i)
{
    if (progress->entries[i]->row)
        remember_ended(progress, progress->commits[i]);
    tl_free(progress->entries[i]);
    progress->entries[i] = NULL;
    while (progress->first < progress->count && progress->entries[progress->first] == NULL)
        progress->first++;
}

void tl_progress_add_row(struct tl_progress *progress, uint64_t commit, int64_t time_ms, uint32_t events,
                         const struct tl_progress_unit *units, size_t count)
{
    tl_progress_add(progress, commit, time_ms, events, units, count);
    pthread_mutex_lock(&progress->lock);
    struct tl_progress_entry *entry = entry_of(progress, commit);
    if (entry != NULL)
        entry->row = true;
    else
        remember_ended(progress, commit);
    pthread_mutex_unlock(&progress->lock);
}

void tl_progress_end(struct tl_progress *progress, tl_position event, uint32_t flow)
{
    uint64_t commit = tl_position_commit(event);
    uint32_t index = tl_position_index(event);
    pthread_mutex_lock(&progress->lock);
    size_t i = find(progress, commit);
    struct tl_progress_entry *entry =
        i < progress->count && progress->commits[i] == commit ? progress->entries[i] : NULL;
    uint64_t *bits =
        entry != NULL && index < entry->events ? bits_of(entry->data, entry->flows, entry->words, flow) : NULL;
    if (bits != NULL && (bits[index / 64] >> (index % 64) & 1) != 0) {
        bits[index / 64] &= ~(1ull << (index % 64));
        entry->dirty = true;
        progress->total--;
        progress->of_flow[flow]--;
        if (--entry->left == 0)
            drop(progress, i);
    }
    pthread_mutex_unlock(&progress->lock);
}

void tl_progress_upto(struct tl_progress *progress, uint64_t commit)
{
    pthread_mutex_lock(&progress->lock);
    progress->upto = commit;
    pthread_mutex_unlock(&progress->lock);
}

bool tl_progress_next(struct tl_progress *progress, uint64_t from, uint64_t *commit)
{
    pthread_mutex_lock(&progress->lock);
    size_t i = find(progress, from);
    while (i < progress->count && progress->entries[i] == NULL)
        i++;
    bool found = i < progress->count;
    if (found)
        *commit = progress->commits[i];
    pthread_mutex_unlock(&progress->lock);
    return found;
}

void tl_progress_bits(struct tl_progress *progress, uint64_t commit, struct tl_progress_bits *out)
{
    out->commit = 0;
    pthread_mutex_lock(&progress->lock);
    const struct tl_progress_entry *entry = entry_of(progress, commit);
    if (entry != NULL) {
        size_t words = (size_t)entry->flows * entry->words + entry->flows;
        if (out->cap < words) {
            out->cap = words * 2;
            out->data = tl_realloc(out->data, out->cap * sizeof(uint64_t));
        }
        memcpy(out->data, entry->data, words * sizeof(uint64_t));
        out->commit = commit;
        out->events = entry->events;
        out->words = entry->words;
        out->flows = entry->flows;
    }
    pthread_mutex_unlock(&progress->lock);
}

bool tl_progress_bits_has(const struct tl_progress_bits *bits, uint32_t flow, uint32_t index)
{
    if (bits->commit == 0 || index >= bits->events)
        return false;
    const uint64_t *of = bits_of(bits->data, bits->flows, bits->words, flow);
    return of != NULL && (of[index / 64] >> (index % 64) & 1) != 0;
}

void tl_progress_bits_free(struct tl_progress_bits *bits)
{
    tl_free(bits->data);
    *bits = (struct tl_progress_bits){0};
}

uint64_t tl_progress_total(struct tl_progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    uint64_t total = progress->total;
    pthread_mutex_unlock(&progress->lock);
    return total;
}

uint64_t tl_progress_of_flow(struct tl_progress *progress, uint32_t flow)
{
    pthread_mutex_lock(&progress->lock);
    uint64_t left = flow < progress->flow_count ? progress->of_flow[flow] : 0;
    pthread_mutex_unlock(&progress->lock);
    return left;
}

static bool any_bit(struct tl_progress_entry *entry, uint32_t flow)
{
    uint64_t *bits = entry != NULL ? bits_of(entry->data, entry->flows, entry->words, flow) : NULL, any = 0;
    for (uint32_t w = 0; bits != NULL && w < entry->words; w++)
        any |= bits[w];
    return any != 0;
}

int64_t tl_progress_oldest(struct tl_progress *progress, uint32_t flow)
{
    int64_t oldest = 0;
    pthread_mutex_lock(&progress->lock);
    bool any = flow < progress->flow_count && progress->of_flow[flow] > 0;
    for (size_t i = progress->first; any && oldest == 0 && i < progress->count; i++) {
        struct tl_progress_entry *entry = progress->entries[i];
        oldest = any_bit(entry, flow) ? entry->time_ms : 0;
    }
    pthread_mutex_unlock(&progress->lock);
    return oldest;
}

uint64_t tl_progress_first(struct tl_progress *progress, uint32_t flow, uint64_t from)
{
    uint64_t first = UINT64_MAX;
    pthread_mutex_lock(&progress->lock);
    bool any = flow < progress->flow_count && progress->of_flow[flow] > 0;
    for (size_t i = find(progress, from); any && first == UINT64_MAX && i < progress->count; i++) {
        if (any_bit(progress->entries[i], flow))
            first = progress->commits[i];
    }
    pthread_mutex_unlock(&progress->lock);
    return first;
}

bool tl_progress_has(struct tl_progress *progress, tl_position event, uint32_t flow)
{
    uint32_t index = tl_position_index(event);
    pthread_mutex_lock(&progress->lock);
    struct tl_progress_entry *entry = entry_of(progress, tl_position_commit(event));
    const uint64_t *bits =
        entry != NULL && index < entry->events ? bits_of(entry->data, entry->flows, entry->words, flow) : NULL;
    bool has = bits != NULL && (bits[index / 64] >> (index % 64) & 1) != 0;
    pthread_mutex_unlock(&progress->lock);
    return has;
}
