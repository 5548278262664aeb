/* One segment file and what is known about it. Segments are counted: readers keep one while they read, also when it is
 * dropped meanwhile. The open segment is changed by the writer, under `lock`; a closed one only trades its tables for
 * its index file (ahead.c). */
#pragma once
#include "base/error.h"
#include "format.h"
#include "index.h"
#include "name.h"
#include "record.h"
#include "table.h"
#include <pthread.h>
#include <stdatomic.h>

struct tl_segment {
    atomic_uint refs;
    char *path; /* own */
    int file;
    struct seg_head head;

    pthread_mutex_t lock;                 /* tables, offsets, index */
    struct tl_table *tables[INDEX_KINDS]; /* own; NULL once the index is used */
    uint32_t *offsets;                    /* own; place of each commit; NULL once the index is used */
    uint32_t offset_count, offset_cap;
    struct tl_index *index; /* own; NULL while open */

    struct tl_name **names; /* by id; the array is own, the names are the journal's; a slot is written once */
    uint32_t name_count;    /* ids used, from 1; the writer's */

    /* the writer's; fixed once closed */
    uint64_t end;          /* offset behind the last commit */
    uint32_t last_crc;     /* of the last commit */
    int64_t last_time_ms;  /* of the last commit */
    int64_t keys_until_ms; /* no dedupe key in it lives longer */
    uint32_t events;

    _Atomic uint64_t last;   /* number of the last durable commit; head.first - 1 when empty */
    _Atomic uint64_t zeroed; /* written ahead up to this offset */
};

/* Wraps an open file whose head was checked. Takes `file`. The count is 1. */
struct tl_segment *tl_segment_new(const char *path, int file, const struct seg_head *head);
struct tl_segment *tl_segment_ref(struct tl_segment *segment);
void tl_segment_unref(struct tl_segment *segment);

/* "<dir>/seg-0000000012<suffix>", released with tl_free. */
char *tl_segment_path(const char *dir, uint64_t number, const char *suffix);
void tl_seg_head_fill(struct seg_head *head);
/* Fills the head's crc and writes the head page. 0 or -errno. */
int tl_seg_head_write(int file, struct seg_head *head);
TL_MUST_CHECK tl_code tl_seg_head_read(int file, const char *path, struct seg_head *out, struct tl_error *err);

/* Name of an id, and a decoder for records of this segment. */
tl_str tl_segment_name(const void *segment, uint32_t id);
struct tl_decoder tl_segment_decoder(const struct tl_segment *segment);
/* Takes up the name records of a commit. TL_ECORRUPT when ids are not dense. */
TL_MUST_CHECK tl_code tl_segment_learn_names(struct tl_segment *segment, struct tl_names *names,
                                             const struct commit_head *head, const uint8_t *dir, struct tl_error *err);
/* Takes up a commit that lies at `offset`: tables, offsets, end, last. The writer, or recovery. */
void tl_segment_learn(struct tl_segment *segment, uint64_t offset, const struct commit_head *head, const uint8_t *dir);

/* Offset of a durable commit of this segment; 0 when it has none with that number. Any thread. */
uint64_t tl_segment_offset(struct tl_segment *segment, uint64_t commit);
/* Places of the records with a hash, newest first, only those below `below`; at most `cap`. Any thread. */
size_t tl_segment_places(struct tl_segment *segment, enum index_kind kind, uint64_t hash, uint32_t below,
                         struct tl_index_entry *out, size_t cap);
/* Reads exactly `len` bytes; TL_ECORRUPT when the file ends before, TL_EIO. Any thread. */
TL_MUST_CHECK tl_code tl_segment_read(struct tl_segment *segment, void *out, uint64_t len, uint64_t offset,
                                      struct tl_error *err);
