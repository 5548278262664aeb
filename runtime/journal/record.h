/* Checking and decoding the records of a commit. Bytes come from disk: nothing is believed before
 * tl_directory_check has passed. Pure. Thread: any. */
#pragma once
#include "base/error.h"
#include "format.h"

struct tl_segment;

/* The head by itself: magic, version, sizes that fit. `most` bounds the whole commit. */
TL_MUST_CHECK tl_code tl_commit_head_check(const struct commit_head *head, uint64_t most, struct tl_error *err);
/* Bytes of the directory and of the whole commit; only after the head was checked. */
uint64_t tl_commit_dir_len(const struct commit_head *head);
uint64_t tl_commit_total(const struct commit_head *head);
uint32_t tl_commit_crc(const struct commit_head *head, const void *dir);
/* Every record of the directory lies where it should. TL_EVERSION: a kind or version this program does not know;
 * TL_ECORRUPT otherwise. `dir` is 8-aligned. */
TL_MUST_CHECK tl_code tl_directory_check(const struct commit_head *head, const uint8_t *dir, struct tl_error *err);

/* Of a checked directory. */
const struct event_rec *tl_event_rec_at(const uint8_t *dir, uint32_t index);
/* The other records: start with *at = 0; NULL at the end. */
const struct rec_head *tl_other_next(const struct commit_head *head, const uint8_t *dir, uint64_t *at);

/* Names by id; never NULL bytes: an id that does not exist gives "?". */
typedef tl_str tl_name_of(const void *ctx, uint32_t id);
struct tl_decoder {
    tl_name_of *name;
    const void *ctx;
};

void tl_entry_decode(const struct tl_decoder *names, const struct commit_head *head, const struct event_rec *rec,
                     uint32_t index, struct tl_entry *out);
/* `body` is the event's clear part and payload. False when the clear part does not decode. The slices point into
 * `body`. */
bool tl_event_decode(const struct tl_decoder *names, const struct commit_head *head, const struct event_rec *rec,
                     uint32_t index, const uint8_t *body, struct tl_event *out);
/* At most `cap` effects are decoded; out->effect_count is how many there are. Slices point into the record. */
void tl_outcome_decode(const struct tl_decoder *names, const struct commit_head *head, const struct outcome_rec *rec,
                       struct tl_effect *effects, size_t cap, struct tl_outcome *out);
/* `body` is the record's part of the payload area, NULL when not read (then only the table is known). */
void tl_state_decode(const struct tl_decoder *names, const struct state_rec *rec, const uint8_t *body,
                     struct tl_state_put *out);
uint64_t tl_state_body_len(const struct state_rec *rec);
/* The dedupe key of an event's clear part of `len` bytes. */
bool tl_clear_dedupe(const uint8_t *clear, uint32_t len, tl_str *dedupe);
bool tl_clear_key(const uint8_t *clear, uint32_t len, tl_str *key);

/* Are all hashes and checksums of the payload area right? Gives the record that is not. `erased` (NULL allowed) counts
 * events that were overwritten. */
bool tl_body_check(const struct commit_head *head, const uint8_t *dir, const uint8_t *body, uint64_t *erased);
bool tl_is_erased(const uint8_t *ptr, uint64_t len);
