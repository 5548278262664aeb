/* A plain record as the values of a Tryton record: numbers by the types of their fields, lists of lines as commands,
 * and references by natural key ({"code": "A-100"}) as ids. What it takes from Tryton (fields, ids) is fetched as
 * it turns out to be missing, and the record encoded anew. */
#ifndef TRYTON_ENCODE_H
#define TRYTON_ENCODE_H

#include <tidelock/call.h>

struct tr_ref {
    tlc_slice model, domain, id;
    struct tr_ref *next;
};

struct tr_encoding {
    tl_async async;
    tlc_slice model, record;
    tlc_slice existing; /* updates: the record as it is there, with the ids in its lists; else absent */
    tlc_slice values;   /* the result, an object */
    /* what was missing last */
    tlc_slice need_model, need_domain; /* need_domain absent: the model's fields */
    tlc_slice wrong;                   /* why it cannot be encoded at all */
    struct tr_ref *refs;
};

/* Sets up what tr_encode_run will do; references that are known already stay known. */
void tr_encode(tlc_call *c, tlc_slice model, tlc_slice record, tlc_slice existing);
/* Part: gives encoding.values, or ends the call. */
int tr_encode_run(tlc_call *c, const tlc_input *in, tlc_action *out);
/* Part: sees to it that the fields of encoding.model are known. */
int tr_model_run(tlc_call *c, const tlc_input *in, tlc_action *out);
/* The fields of the record that hold lists, as a JSON list of names. The model must be known. */
tlc_slice tr_encode_lists(tlc_call *c, tlc_slice model, tlc_slice record);

#endif
