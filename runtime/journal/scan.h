/* Walking a segment file commit by commit, reading directories only. One thread. */
#pragma once
#include "segment.h"

struct tl_scan {
    struct tl_segment *segment; /* borrow */
    uint64_t size;              /* of the file */
    uint8_t *window;            /* own; bytes of the file from window_at */
    uint64_t window_at, window_len, window_cap;
    /* what the next commit must carry */
    uint64_t offset, number;
    uint32_t prev_crc;
};

/* Starts behind the commits the segment already knows. */
TL_MUST_CHECK tl_code tl_scan_init(struct tl_scan *scan, struct tl_segment *segment, struct tl_error *err);
void tl_scan_free(struct tl_scan *scan);
/* The commit at scan->offset; what `head` and `dir` point at lives until the next call. TL_ENOTFOUND: no valid commit
 * is there. TL_EVERSION, TL_ECORRUPT: one is, and cannot be read. TL_EIO. */
TL_MUST_CHECK tl_code tl_scan_next(struct tl_scan *scan, const struct commit_head **head, const uint8_t **dir,
                                   struct tl_error *err);
/* Goes on behind the commit that tl_scan_next gave. */
void tl_scan_advance(struct tl_scan *scan, const struct commit_head *head);
/* Looks for a commit that comes later than the one expected at scan->offset: proof that what is there was damaged and
 * not torn. True: its number and offset. */
bool tl_scan_later(struct tl_scan *scan, uint64_t *number, uint64_t *offset);
/* The payload area of a commit at `offset`, read into memory of the caller's (tl_free). */
TL_MUST_CHECK tl_code tl_scan_body(struct tl_scan *scan, const struct commit_head *head, uint64_t offset, uint8_t **out,
                                   struct tl_error *err);
