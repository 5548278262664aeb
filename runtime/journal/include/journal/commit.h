/* A commit in memory, as the subscriber gets it: immutable, counted, with payloads, so that lanes start work without
 * reading back. Everything read from it is borrowed and lives as long as a reference is held (type, source and other
 * names as long as the journal). Thread: any. */
#pragma once
#include "journal/event.h"

struct tl_commit;

struct tl_commit *tl_commit_ref(struct tl_commit *commit);
/* The last one releases it. NULL is allowed. */
void tl_commit_unref(struct tl_commit *commit);

uint64_t tl_commit_number(const struct tl_commit *commit);
int64_t tl_commit_time(const struct tl_commit *commit);
uint32_t tl_commit_event_count(const struct tl_commit *commit);
/* `index` < event count. */
void tl_commit_entry(const struct tl_commit *commit, uint32_t index, struct tl_entry *out);
void tl_commit_event(const struct tl_commit *commit, uint32_t index, struct tl_event *out);

/* Walks the records that are no events: start with *place = 0; false at the end. The effects of an outcome are decoded
 * into `effects`, which the caller gives room for (`effect_cap`); more are cut, effect_count says how many there were.
 */
bool tl_commit_next(const struct tl_commit *commit, size_t *place, struct tl_record *out, struct tl_effect *effects,
                    size_t effect_cap);
