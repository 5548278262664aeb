/* What is overdue is told to somebody else. An exception or a decision that passes its due time goes to the steward
 * that its own steward escalates to (or to its own, when there is none); each further due period it goes one step up
 * that chain. Each step is taken once, whatever is restarted, and is a row in the audit (act "escalate").
 *
 * What is told at one time to one steward is one message; the next one to him comes five minutes later at the earliest.
 * Messages are kept until they are delivered (at least once, with the same id), for three days at most.
 *
 * All functions and callbacks: [loop], a loop that may wait for the journal, so no lane's; while the engine runs. */
#pragma once
#include "base/error.h"
#include "flow/engine.h"
#include "loop/loop.h"

/* Row: key = "exception/<id>" or "decision/<id>"; value = {"level","to","at","steward","due"}: the last step taken, and
 * of whom and for which due time. A new steward or due time begins anew. The row goes some time after its subject. */
#define TL_TABLE_ESCALATION "escalation"
/* Row: key = id of a message; value = {"channel","to","mail","subject","body","created"}: not delivered yet. */
#define TL_TABLE_ESCALATION_MESSAGE "escalation_message"

enum tl_escalation_channel { TL_BY_WEBHOOK, TL_BY_MAIL, TL_ESCALATION_CHANNELS };

struct tl_escalation_message { /* borrowed until `send` returns */
    enum tl_escalation_channel channel;
    tl_str id;      /* letters, digits and '-'; equal when the same message is sent again */
    tl_str to;      /* the steward */
    tl_str mail;    /* address; by mail */
    tl_str subject; /* by mail */
    tl_str body;    /* text for a mail, JSON for a webhook: {"type":"tidelock.escalation","timestamp","data":{…}} */
    int64_t created_ms;
};

typedef void tl_escalation_sent(void *ctx, bool sent, const char *why);

/* How messages leave. */
struct tl_escalation_port {
    /* Is this way set up? Asked before every message. */
    bool (*has)(void *ctx, enum tl_escalation_channel channel);
    /* `done` is called once, in a later callback; `why` says what failed. */
    void (*send)(void *ctx, const struct tl_escalation_message *message, tl_escalation_sent *done, void *done_ctx);
    void *ctx;
};

struct tl_escalator;

/* Reads what was told before, and begins to look every ten seconds. `port` is copied; `integration` names the first as
 * the sender of messages. */
TL_MUST_CHECK tl_code tl_escalator_new(struct tl_engine *engine, struct tl_loop *loop,
                                       const struct tl_escalation_port *port, const char *integration,
                                       struct tl_escalator **out, struct tl_error *err);
/* What is being sent ends without it and is sent again after the next start. Before tl_engine_stop. NULL is allowed. */
void tl_escalator_free(struct tl_escalator *escalator);
