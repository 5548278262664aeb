/* What is written to the journal and read from it: events, outcomes and the records of other kinds. Plain values; who
 * owns the bytes is said where they are used. */
#pragma once
#include "base/priority.h"
#include "base/trace.h"
#include "journal/position.h"

#define TL_KEY_MAX 4096     /* bytes of a key, dedupe key, record id or version */
#define TL_NAME_LEN_MAX 255 /* bytes of a type, source, flow, system, operation, revision or table name */
#define TL_PAYLOAD_MAX (64u * 1024 * 1024) /* bytes of a payload or a state value */
#define TL_BATCH_EVENTS_MAX 65536          /* events in a batch */

/* An event to be accepted. Names (type, source, cause_flow) come from the integration, never from a payload: the
 * journal keeps each one in memory for good. All slices are copied. */
struct tl_event_in {
    tl_str type;           /* "order.won@1", "salesforce.Account" */
    tl_str source;         /* the system (or endpoint, or flow) it came from; namespace of the dedupe key */
    tl_str key;            /* business key as canonical text; empty: none */
    tl_str dedupe;         /* dedupe key; empty: never a duplicate */
    tl_str record_id;      /* the remote record; empty: none */
    tl_str record_version; /* the platform's version of it; empty: none */
    tl_str payload;
    enum tl_priority priority;
    const struct tl_trace *trace; /* NULL: none */
    tl_position cause;            /* the event whose unit emitted this one; TL_POSITION_NONE: came from outside */
    tl_str cause_flow;            /* the flow of that unit */
    int64_t redelivers_for_ms;    /* how long its dedupe key lives after it was last seen; 0: the journal's default */
    bool unwanted;                /* no flow takes it: its ending stands in its own record, no outcome follows */
};

enum tl_event_flags {
    TL_EVENT_CONFLICT = 1, /* its dedupe key was known with another payload (rule 14): the steward is told */
    TL_EVENT_UNWANTED = 2  /* no flow took events of its type when it was accepted */
};

/* An event as read. */
struct tl_event {
    tl_position position;
    int64_t time_ms; /* accepted at; never goes back from one position to the next */
    uint32_t flags;  /* enum tl_event_flags */
    enum tl_priority priority;
    tl_str type, source;
    tl_str key, dedupe, record_id, record_version, payload, cause_flow;
    tl_position cause;
    int64_t redelivers_for_ms;
    uint8_t payload_hash[16]; /* first half of its SHA-256 */
    bool erased;              /* the payload and the clear keys were overwritten on request; they are empty here */
    struct tl_trace trace;
};

/* How a unit ended. */
#define TL_ENDINGS(X)                                                                                                  \
    X(TL_DONE, "done")                                                                                                 \
    X(TL_DROPPED, "dropped")       /* a filter did not want it; the note names file and line */                        \
    X(TL_PARKED, "parked")         /* not an end: an exception waits for a person */                                   \
    X(TL_FAILED, "failed")         /* for good */                                                                      \
    X(TL_SUPERSEDED, "superseded") /* a later event of the key made it needless */                                     \
    X(TL_DISCARDED, "discarded")   /* a person decided against it */                                                   \
    X(TL_IGNORED, "ignored")       /* by again = "ignore"; the note names the run */                                   \
    X(TL_UNWANTED, "unwanted")     /* no flow takes events of this type */                                             \
    X(TL_WAITING, "waiting")       /* not an end: the run left memory with a row of its own */

enum tl_ending {
#define X(name, word) name,
    TL_ENDINGS(X)
#undef X
        TL_ENDING_COUNT
};
/* "done", "dropped" … */
const char *tl_ending_name(enum tl_ending ending);

/* One effect of a unit. */
struct tl_effect {
    tl_str system, operation; /* names */
    tl_str remote_id;         /* at most TL_KEY_MAX */
    uint8_t request_hash[16];
    uint16_t status;   /* of the platform's answer; 0: none */
    uint16_t attempts; /* calls it took */
    uint8_t class_;    /* enum of the failure classes, 0: done */
    uint32_t duration_ms;
};

struct tl_outcome {
    tl_position event;
    tl_str flow;     /* name */
    tl_str revision; /* name; empty: none */
    enum tl_ending ending;
    tl_str note;                     /* at most 65,535 bytes */
    const struct tl_effect *effects; /* borrow */
    size_t effect_count;             /* at most 65,535 */
    /* read only: */
    tl_position position; /* its commit (index 0) */
    int64_t time_ms;      /* of its commit */
};

#define TL_STATE_ATTRS 4

/* A state record: a named value, the newest put wins. The attributes are indexed, so that a table can be listed by
 * them; an empty one is absent. */
struct tl_state_put {
    tl_str table; /* name */
    tl_str key;   /* at most TL_KEY_MAX; may be empty */
    tl_str value;
    tl_str attr[TL_STATE_ATTRS]; /* a1..a4, each at most TL_KEY_MAX */
};

/* A directory entry of an event: what dispatch needs without the payload. */
struct tl_entry {
    tl_position position;
    int64_t time_ms;
    tl_str type, source; /* borrow from the journal, for good */
    uint64_t key_hash;   /* keyed; 0: no business key. Equal keys have equal hashes within one journal. */
    uint32_t flags;
    uint32_t payload_len;
    enum tl_priority priority;
    tl_position cause;
};

enum tl_record_kind {
    TL_RECORD_EVENT = 1,
    TL_RECORD_OUTCOME = 2,
    TL_RECORD_PUT = 3,
    TL_RECORD_DELETE = 4,
    TL_RECORD_DUPLICATE = 5, /* an event came again: `position` is the first one's */
    TL_RECORD_NAME = 6       /* the journal's own */
};
#define TL_RECORD_BIT(kind) (1u << (kind))

/* A record of any kind, as cursors and commits yield it. */
struct tl_record {
    enum tl_record_kind kind;
    uint64_t commit;
    int64_t time_ms;
    struct tl_entry entry;     /* TL_RECORD_EVENT */
    struct tl_outcome outcome; /* TL_RECORD_OUTCOME */
    struct tl_state_put put;   /* TL_RECORD_PUT; TL_RECORD_DELETE has table and key only */
    tl_position position;      /* TL_RECORD_DUPLICATE */
};
