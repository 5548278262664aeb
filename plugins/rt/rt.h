/* The Request Tracker connector: what its files share. Everything lives in the scope of its call or instance, so
 * nothing is freed. */
#ifndef RT_H
#define RT_H

#include <tidelock/call.h>
#include <tidelock/json.h>
#include <tidelock/parts.h>
#include <tidelock/seen.h>

/* A queue as it was read once: tickets name their queue by its id alone. */
struct rt_queue {
    tlc_slice id, name;
    tlc_slice fields; /* its tickets' custom fields, as RT lists them */
    struct rt_queue *next;
};

struct tlc_instance {
    const tlc_host *host;
    tlc_scope *scope;
    tlc_slice url;   /* of the server, for links a person can follow */
    tlc_slice queue; /* for tickets that name none; may be absent */
    struct rt_queue *queues;
    tlc_seen seen;
};

/* What a call keeps: on tlc_call.state from begin. */
struct rt_call {
    tl_async part, inner;           /* of the part that runs, and of one inside it */
    tlc_slice id;                   /* the ticket's */
    tlc_slice queue;                /* id or name of the queue that rt_queue_run looks up */
    tlc_slice answer;               /* of the ticket, as RT gave it */
    tlc_slice version;              /* its ETag without quotes: the number of its last transaction */
    tlc_slice record, field, value; /* what is written; the custom field and the text that name the ticket */
    tlc_slice messages;             /* what RT said about a write */
    uint32_t found;                 /* how many tickets have that text */
    int tries;
    void *own; /* of the step function */
};

static inline struct rt_call *rt_state(const tlc_call *c)
{
    return (struct rt_call *)c->state;
}

void rt_put(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_create(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_update(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_link(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_get(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_message(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_message_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void rt_changes(tlc_call *c, const tlc_input *in, tlc_action *out);

/* ---- searches (find.c) ---- */

/* A text of RT's query language with its quotes. */
tlc_slice rt_quoted(tlc_call *c, tlc_slice text);
/* Reads args.key, {"<custom field>": text}, into field and value. 0: it is something else. */
int rt_read_key(tlc_call *c);
/* Part: looks for tickets by field and value; sets found, and id when there is one. */
int rt_find_run(tlc_call *c, const tlc_input *in, tlc_action *out);

/* ---- tickets (ticket.c) ---- */

tlc_slice rt_ticket_url(tlc_call *c, tlc_slice id);
/* Part: reads the ticket `id` into answer and version, and its queue. answer is absent when it is not there. */
int rt_ticket_run(tlc_call *c, const tlc_input *in, tlc_action *out);
/* The ticket as a plain record. */
tlc_slice rt_ticket_plain(tlc_call *c);
/* Into the call's result. */
void rt_take(tlc_call *c);

/* ---- queues (queue.c) ---- */

/* By id or name; NULL while it is not known. */
const struct rt_queue *rt_queue(const tlc_call *c, tlc_slice id_or_name);
/* Part: sees to it that the queue of the state is known, where there is one. */
int rt_queue_run(tlc_call *c, const tlc_input *in, tlc_action *out);
/* Does the queue's tickets have a custom field of that name? */
int rt_queue_has(tlc_call *c, const struct rt_queue *queue, tlc_slice field);

/* ---- what RT made of a write (check.c) ---- */

/* The first member of the record that the ticket does not have; absent when it has all. RT answers 200 also when it
 * refuses a value, with a sentence among others. */
tlc_slice rt_check(tlc_call *c, tlc_slice record, tlc_slice plain);
/* RT's sentences as one text. */
tlc_slice rt_sentences(tlc_call *c, tlc_slice list);

#endif
