/* The index of a segment: what its tables hold, sorted once. Derived: it can be built again from the segment, so
 * nothing syncs with it. A clean stop writes one for the open segment too, as a start for the next time.
 *
 * File: a head page of 4096 bytes (struct index_head), then, each 8-aligned:
 *   names      for id 1, 2 …: u16 length, bytes
 *   offsets    u32 place of every commit
 *   entries    three times struct tl_index_entry[], sorted by hash, then place: dedupe, key, outcome
 *   filters    three Bloom filters (bloom.h)
 * Thread: any, once opened. */
#pragma once
#include "base/error.h"
#include "bloom.h"
#include "name.h"
#include "table.h"

enum index_kind { INDEX_DEDUPE, INDEX_KEY, INDEX_OUTCOME, INDEX_KINDS };

struct index_section {
    uint64_t offset, len;
    uint32_t crc, spare;
};

struct index_head {
    char magic[8];         /*  0 "TLJIDX\r\n" */
    uint32_t version;      /*  8 */
    uint32_t crc;          /* 12 of byte 16 to the end of this struct */
    uint64_t number;       /* 16 of the segment */
    uint64_t salt;         /* 24 */
    uint64_t first, last;  /* 32 commits; last = first - 1: none */
    uint64_t end;          /* 48 offset behind the last commit */
    uint32_t last_crc;     /* 56 */
    uint32_t events;       /* 60 */
    int64_t last_time_ms;  /* 64 */
    int64_t keys_until_ms; /* 72 */
    uint32_t name_count;   /* 80 */
    uint32_t spare;        /* 84 */
    struct index_section names, offsets, entries[INDEX_KINDS], filters[INDEX_KINDS]; /* 88 */
};

struct tl_index {
    int file;
    struct index_head head;
    struct tl_bloom filters[INDEX_KINDS];
};

struct tl_segment;

/* Writes <path> for what the segment's tables hold now (its lock is taken for the copying only). 0 or -errno. */
int tl_index_write(struct tl_segment *segment, const char *path);
/* Opens one that belongs to the segment (number, salt) and takes up its names. TL_ENOTFOUND: none, or none that can be
 * used: build it again. */
TL_MUST_CHECK tl_code tl_index_open(struct tl_segment *segment, struct tl_names *names, const char *path,
                                    struct tl_index **out, struct tl_error *err);
void tl_index_free(struct tl_index *index);
/* Fills the segment's tables and offsets from an index, to go on from there. */
TL_MUST_CHECK tl_code tl_index_load(const struct tl_index *index, struct tl_segment *segment, struct tl_error *err);
/* As tl_segment_places. */
size_t tl_index_places(const struct tl_index *index, enum index_kind kind, uint64_t hash, uint32_t below,
                       struct tl_index_entry *out, size_t cap);
/* Offset of a commit in the segment; 0 when it is not in there. */
uint64_t tl_index_offset(const struct tl_index *index, uint64_t commit);
/* All checksums. */
TL_MUST_CHECK tl_code tl_index_check(const struct tl_index *index, const char *path, struct tl_error *err);
