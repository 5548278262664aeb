/* What Zendesk calls things: an object's name, which is its path, and the wrapper around one record. */
#ifndef ZENDESK_KINDS_H
#define ZENDESK_KINDS_H

#include <tidelock/call.h>

struct tlc_kind {
    const char *path;  /* "tickets": what the object is called */
    const char *alias; /* "Ticket": understood as well */
    const char *one;   /* "ticket" */
    int upserts;       /* has create_or_update */
    int external;      /* has external_id */
};

/* By path or alias; NULL when unknown. */
const tlc_kind *zd_kind_named(tlc_slice name);
/* By the word in "zen:event-type:ticket.created"; NULL for what we do not read. */
const tlc_kind *zd_kind_of_event(tlc_slice type);
/* All kinds, one after another; NULL at the end. */
const tlc_kind *zd_kind_at(int i);

#endif
