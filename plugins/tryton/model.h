/* The fields of Tryton's models: asked for once an instance, because a number goes out as a decimal, a double or a
 * reference by the type of its field alone. */
#ifndef TRYTON_MODEL_H
#define TRYTON_MODEL_H

#include <tidelock/call.h>

struct tr_model {
    tlc_slice name;   /* "sale.sale" */
    tlc_slice fields; /* {"party": {"type": "many2one", "relation": "party.party"}, …} */
    struct tr_model *next;
};

/* NULL while it is not known. */
const struct tr_model *tr_model(const tlc_call *c, tlc_slice name);
/* Keeps the answer of fields_get for the life of the instance. 0: it is none. */
int tr_model_learn(tlc_call *c, tlc_slice name, tlc_slice answer);
/* The type of a field ("numeric"); absent when there is no such field. */
tlc_slice tr_field_type(tlc_call *c, const struct tr_model *model, tlc_slice field);
/* The model that a field leads to. */
tlc_slice tr_field_relation(tlc_call *c, const struct tr_model *model, tlc_slice field);

#endif
