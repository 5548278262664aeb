/* Completing records whose child results did not fit into one answer. */
#ifndef SALESFORCE_CHILDREN_H
#define SALESFORCE_CHILDREN_H

#include "salesforce.h"

struct sf_child {
    uint32_t record; /* index: start with 0, goes on from there */
    tlc_slice name;  /* the relationship */
    tlc_slice next;  /* where its next page is */
};

/* The next incomplete child of any record from out->record on; 0 when all are complete. */
int sf_children_open(tlc_call *c, tlc_slice *records, uint32_t count, struct sf_child *out);
/* Puts the rows of `page` behind those the record has. 0: the page is not what it should be. */
int sf_children_join(tlc_call *c, tlc_slice *record, const struct sf_child *child, tlc_slice page);

#endif
