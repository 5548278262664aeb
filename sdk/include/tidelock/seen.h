/* For captures that read a stretch of time again: which events were emitted lately. It only spares the
 * journal repeats, which it would recognise anyway, so a forgotten one does no harm. Kept in an instance; not
 * stored. */
#ifndef TIDELOCK_SEEN_H
#define TIDELOCK_SEEN_H

#include <tidelock/connector.h>

#define TLC_SEEN_SLOTS 8192 /* a power of two */

typedef struct tlc_seen {
    uint64_t slots[TLC_SEEN_SLOTS]; /* hashes of object, key, version and contents; 0: free */
} tlc_seen;

/* FNV-1a over the text and a separator. */
static inline uint64_t tlc_seen_mix_(uint64_t hash, tlc_slice text)
{
    uint64_t i;
    for (i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    return (hash ^ 0xff) * 1099511628211u;
}

/* With the contents: a version that is a time in whole seconds may stand for two states of the record. */
static inline uint64_t tlc_seen_hash_(const tlc_event *event)
{
    uint64_t hash = tlc_seen_mix_(14695981039346656037u, event->object);
    hash = tlc_seen_mix_(tlc_seen_mix_(hash, event->key), event->version);
    return tlc_seen_mix_(hash, event->payload) | 1;
}

static inline int tlc_seen_has(const tlc_seen *seen, const tlc_event *event)
{
    uint64_t hash = tlc_seen_hash_(event);
    return seen->slots[hash / 2 % TLC_SEEN_SLOTS] == hash;
}

/* Call it when the events are durable (after TL_EMIT), not before. */
static inline void tlc_seen_add(tlc_seen *seen, const tlc_event *events, uint32_t count)
{
    uint32_t i;
    for (i = 0; i < count; i++) {
        uint64_t hash = tlc_seen_hash_(&events[i]);
        seen->slots[hash / 2 % TLC_SEEN_SLOTS] = hash;
    }
}

#endif
