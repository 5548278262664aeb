/* A batch as the writer sees it. */
#pragma once
#include "base/buf.h"
#include "journal/journal.h"
#include "loop/mail.h"
#include "name.h"

struct batch_event {
    struct event_rec rec; /* body_off is relative to the batch's body; names are filled in by the writer */
    struct tl_name *type, *source, *cause_flow;
    bool unwanted;
    /* answer */
    tl_position position;
    bool duplicate;
    uint32_t place; /* the writer's: index among the accepted events of the commit */
};

/* A name id inside `others`, written once the segment's id is known. */
struct batch_name {
    size_t offset;
    struct tl_name *name;
};

struct tl_batch {
    struct tl_journal *journal; /* borrow */
    struct tl_batch *next;      /* in the queue, or among those to be answered */
    struct batch_event *events; /* own */
    uint32_t event_count, event_cap;
    struct batch_name *names; /* own */
    size_t name_count, name_cap;
    struct tl_buf others; /* records that are no events, as on disk but for names, body_off and back */
    struct tl_buf body;
    struct tl_name *last_type,
        *last_source; /* borrow; of the event before: mostly the same again, found without the lock */
    uint32_t other_count, state_count;
    bool insist, has_outcome, has_cause, submitted;

    enum tl_until until;
    struct tl_loop *loop; /* borrow, may be NULL */
    void (*done)(struct tl_batch *batch, void *ctx);
    void *ctx;
    struct tl_mail mail;

    tl_code code;
    uint64_t commit;
    int64_t time_ms;
};

/* True when a full disk refuses it. */
bool tl_batch_is_refusable(const struct tl_batch *batch);
/* The body of an event: its clear part, then its payload. */
const uint8_t *tl_batch_body(const struct tl_batch *batch, const struct batch_event *event);
