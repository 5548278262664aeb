/* SHA-256, HMAC-SHA-256 and comparison in constant time. Thread: any; a struct tl_sha256 one at a time. */
#pragma once
#include "base/str.h"

#define TL_SHA256_SIZE 32

void tl_sha256(tl_str bytes, uint8_t out[TL_SHA256_SIZE]);
/* The first 16 bytes of SHA-256: enough to tell payloads apart, half the room. */
void tl_sha256_short(tl_str bytes, uint8_t out[16]);
/* 64 lower-case hex digits and a NUL. */
void tl_sha256_hex(const uint8_t digest[TL_SHA256_SIZE], char out[65]);

/* A digest of pieces. */
struct tl_sha256 {
    void *state; /* own */
};
void tl_sha256_init(struct tl_sha256 *sha);
void tl_sha256_add(struct tl_sha256 *sha, tl_str bytes);
/* Ends the digest and releases it; the struct must be initialised again before another use. */
void tl_sha256_end(struct tl_sha256 *sha, uint8_t out[TL_SHA256_SIZE]);
/* Releases a digest that will not be ended; allowed after tl_sha256_end. */
void tl_sha256_drop(struct tl_sha256 *sha);

/* `parts` are signed as if joined. */
void tl_hmac_sha256(tl_str key, const tl_str *parts, size_t count, uint8_t out[TL_SHA256_SIZE]);

/* True when both have the same length and bytes; the time depends on the length only. */
bool tl_secret_equal(tl_str a, tl_str b);
/* Overwrites memory that held a secret; not optimised away. */
void tl_secret_wipe(void *ptr, size_t len);
