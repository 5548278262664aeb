/* The bytes of the journal. All numbers are little-endian; every struct here lies in the file as it is declared, at a
 * multiple of 8.
 *
 * A journal is a directory:
 *   head                who it is: instance, epoch, keys of the hashes           (head.c)
 *   seg-<n>             segments, n counts from 1, 10 digits: the truth          (here)
 *   seg-<n>.idx         index of a closed segment, derived                       (index.h)
 *   seg-<n>.tmp         a segment being prepared; removed at the start
 *   reserve             space kept for a full disk                               (reserve.c)
 *   state.db, -wal      the state, derived from put and delete records           (sqlite/store.c)
 *   lock                held by the process that has it open
 *
 * Segment: a head page of 4096 bytes (struct seg_head, then zeros), then commits one after the other, then zeros that
 * were written ahead. A commit: struct commit_head | event_count × struct event_rec | other records | payload area,
 * padded to 8 The directory (event and other records) and the head are covered by the head's crc, the payload area by
 * the hashes and checksums in the records, so that a payload can be overwritten in place (erased) and the chain still
 * holds.
 *
 * Chain: a commit carries the crc of the one before it (the first of a segment: the last of the segment before, which
 * also stands in the segment's head), its own number, and the random salt of its segment. Bytes left behind by a torn
 * write, or copied from elsewhere, never pass for the next commit.
 *
 * A commit is written only after the sync of the one before has returned. So a commit that fails its checks is either
 * the last one, torn and never acknowledged, or damage; damage shows by a later commit, by the next segment's head, or
 * by the end that a clean stop noted. */
#pragma once
#include "journal/event.h"
#include <assert.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the structs below are written as they lie in memory");

#define FORMAT_VERSION 1
#define SEG_MAGIC "TLJSEG\r\n"
#define SEG_HEAD_SIZE 4096u
#define COMMIT_MAGIC 0x31434c54u /* "TLC1" */
#define ALIGN8(n) (((n) + 7u) & ~(uint64_t)7)
#define NAMES_MAX 65536u              /* names of a segment; ids count from 1 */
#define SEGMENT_BYTES_MOST (1u << 30) /* a segment never grows past this */

struct seg_head {
    char magic[8];        /*   0 */
    uint32_t version;     /*   8 FORMAT_VERSION */
    uint32_t crc;         /*  12 crc32c of bytes 16..128 */
    uint64_t number;      /*  16 of the segment */
    uint64_t first;       /*  24 number of its first commit */
    uint64_t salt;        /*  32 random */
    uint64_t epoch;       /*  40 of the journal when it was made */
    int64_t last_time_ms; /*  48 time of the commit before */
    uint8_t instance[16]; /*  56 */
    uint32_t prev_crc;    /*  72 crc of the commit before; 0 for the first */
    uint32_t spare;       /*  76 0 */
    char program[24];     /*  80 version of the program that writes it, NUL-padded */
    uint8_t spare2[24];   /* 104 0 */
};
static_assert(sizeof(struct seg_head) == 128, "on disk");

struct commit_head {
    uint32_t magic;       /*  0 COMMIT_MAGIC */
    uint32_t crc;         /*  4 crc32c of byte 8 to the end of the directory */
    uint64_t number;      /*  8 */
    uint64_t salt;        /* 16 the segment's */
    int64_t time_ms;      /* 24 accept time */
    uint64_t epoch;       /* 32 */
    uint32_t prev_crc;    /* 40 crc of the commit before */
    uint32_t version;     /* 44 FORMAT_VERSION */
    uint32_t event_count; /* 48 */
    uint32_t event_size;  /* 52 bytes of each event record */
    uint32_t other_count; /* 56 */
    uint32_t other_len;   /* 60 bytes of the other records */
    uint32_t body_len;    /* 64 bytes of the payload area, a multiple of 8 */
    uint32_t spare;       /* 68 0 */
};
static_assert(sizeof(struct commit_head) == 72, "on disk");

/* Every record begins with this. */
struct rec_head {
    uint8_t kind;    /* enum tl_record_kind */
    uint8_t version; /* 1 */
    uint16_t flags;
    uint32_t len; /* of the whole record, a multiple of 8 */
};

struct event_rec {
    struct rec_head head; /*  0 flags: enum tl_event_flags */
    uint64_t dedupe;      /*  8 keyed hash of source and dedupe key; 0: none */
    uint64_t key;         /* 16 keyed hash of the business key; 0: none */
    uint8_t hash[16];     /* 24 of the payload: first half of SHA-256 */
    uint64_t cause;       /* 40 position */
    uint32_t back;        /* 48 bytes from the commit's head to this record */
    uint32_t type;        /* 52 name id */
    uint32_t source;      /* 56 name id */
    uint32_t cause_flow;  /* 60 name id or 0 */
    uint32_t body_off;    /* 64 in the payload area: the clear part, then the payload */
    uint32_t clear_len;   /* 68 */
    uint32_t payload_len; /* 72 */
    uint32_t clear_crc;   /* 76 crc32c of the clear part */
    uint32_t window_s;    /* 80 life of its dedupe key after it was last seen */
    uint8_t priority;     /* 84 */
    uint8_t spare[3];     /* 85 0 */
};
static_assert(sizeof(struct event_rec) == 88, "on disk");

/* The clear part of an event: this, then the texts in the order of the lengths. An erased event has its clear part and
 * payload overwritten by ERASED_BYTE. */
struct clear_head {
    uint16_t key_len, dedupe_len, record_len, version_len; /* 0 */
    uint16_t trace_state_len;                              /* 8 */
    uint8_t trace_flags;                                   /* 10 */
    uint8_t spare[5];                                      /* 11 0 */
    uint8_t trace_id[16];                                  /* 16 all zero: no trace */
    uint8_t span_id[8];                                    /* 32 */
};
static_assert(sizeof(struct clear_head) == 40, "on disk");
#define ERASED_BYTE 0xee

struct name_rec {
    struct rec_head head;
    uint32_t id;  /* 8 next free id of the segment */
    uint32_t len; /* 12 of the text that follows */
};

struct dup_rec {
    struct rec_head head;
    uint64_t dedupe;   /*  8 as in the event */
    uint8_t hash[16];  /* 16 of the payload */
    uint64_t first;    /* 32 position of the first event */
    uint32_t back;     /* 40 */
    uint32_t source;   /* 44 name id */
    uint32_t window_s; /* 48 */
    uint32_t body_off; /* 52 in the payload area: the dedupe key in clear */
    uint32_t body_len; /* 56 */
    uint32_t body_crc; /* 60 */
};
static_assert(sizeof(struct dup_rec) == 64, "on disk");

struct outcome_rec {
    struct rec_head head;
    uint64_t event;        /*  8 position */
    uint32_t back;         /* 16 */
    uint32_t flow;         /* 20 name id */
    uint32_t revision;     /* 24 name id or 0 */
    uint16_t note_len;     /* 28 */
    uint16_t effect_count; /* 30 */
    uint8_t ending;        /* 32 enum tl_ending */
    uint8_t spare[7]; /* 33; then the note, then the effects, each struct effect_rec and the remote id, unaligned */
};
static_assert(sizeof(struct outcome_rec) == 40, "on disk");

struct effect_rec {
    uint32_t system, operation; /* 0 name ids */
    uint32_t duration_ms;       /* 8 */
    uint16_t status, attempts;  /* 12 */
    uint16_t remote_len;        /* 16 */
    uint8_t class_, spare;      /* 18 */
    uint8_t request_hash[16];   /* 20 */
};
static_assert(sizeof(struct effect_rec) == 36, "on disk");

/* Put and delete. In the payload area: the key, the attributes, the value. */
struct state_rec {
    struct rec_head head;
    uint32_t table;                    /*  8 name id */
    uint32_t body_off;                 /* 12 */
    uint32_t body_crc;                 /* 16 of all of it */
    uint32_t value_len;                /* 20 */
    uint16_t key_len;                  /* 24 */
    uint16_t attr_len[TL_STATE_ATTRS]; /* 26 */
    uint8_t spare[6];                  /* 34 */
};
static_assert(sizeof(struct state_rec) == 40, "on disk");
