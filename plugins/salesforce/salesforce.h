/* The Salesforce connector: what its files share. The manifest says most of it; C is here for what a table
 * cannot say: put, find, and the capture of changes. Everything lives in the scope of its call or instance,
 * so nothing is freed. */
#ifndef SALESFORCE_H
#define SALESFORCE_H

#include <tidelock/call.h>
#include <tidelock/seen.h>

/* The fields of an object, as describe gave them. */
struct sf_fields {
    tlc_slice object, list;
    struct sf_fields *next;
};

struct tlc_instance {
    const tlc_host *host;
    tlc_scope *scope;
    tlc_slice url; /* of the org, for links a person can follow */
    struct sf_fields *fields;
    tlc_seen seen;
};

void sf_put_many(tlc_call *c, const tlc_input *in, tlc_action *out);
void sf_put(tlc_call *c, const tlc_input *in, tlc_action *out);
void sf_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void sf_changes(tlc_call *c, const tlc_input *in, tlc_action *out);

/* ---- small help ---- */

/* The path of a next page, without "/services/data/vNN.N/", since the base has that. */
tlc_slice sf_relative(tlc_slice url);
/* "query?q=…" of a SOQL text. */
tlc_slice sf_query_url(tlc_call *c, tlc_slice soql);
/* A SOQL string literal with its quotes. */
tlc_slice sf_soql_text(tlc_call *c, tlc_slice text);

#endif
