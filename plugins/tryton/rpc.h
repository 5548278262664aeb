/* One JSON-RPC request with all that belongs to it: the context, which is read first when it is not known yet, warnings
 * that the caller accepts beforehand, and the failure class of an error, which Tryton answers with status 200. */
#ifndef TRYTON_RPC_H
#define TRYTON_RPC_H

#include <tidelock/call.h>

struct tr_rpc {
    tl_async async;
    tlc_slice method, params; /* params without brackets and without the context */
    tlc_slice context;        /* members to add to the context, with a comma before each; may be absent */
    tlc_slice warning;        /* name of the warning that is being acknowledged */
    int warnings;             /* how many were */
    tlc_slice result;         /* of the answer; lives as long as the call */
    int64_t at_ms;            /* Tryton's clock when it answered, Unix milliseconds to the second; 0: it did not say */
};

/* Sets the request up; `params` as above. Then TL_PART_DO(tr_rpc_run(c, in, out)) or TL_DO(…). */
void tr_rpc(tlc_call *c, tlc_slice method, tlc_slice params);
/* Part: gives rpc.result, or ends the call with the failure's class. Warnings named by args.accept are acknowledged. */
int tr_rpc_run(tlc_call *c, const tlc_input *in, tlc_action *out);

/* Waits for one request; `result` of the state is its answer. */
#define TL_PART_CALL(method_, params_)                                                                                 \
    do {                                                                                                               \
        tr_rpc(c, (method_), (params_));                                                                               \
        TL_PART_DO(tr_rpc_run(c, in, out));                                                                            \
    } while (0)
#define TL_CALL(method_, params_)                                                                                      \
    do {                                                                                                               \
        tr_rpc(c, (method_), (params_));                                                                               \
        TL_DO(tr_rpc_run(c, in, out));                                                                                 \
    } while (0)

/* ---- fault.c ---- */

/* The failure class of {"error": […]}, and its words for people. */
int32_t tr_fault(tlc_call *c, tlc_slice body, tlc_slice *code, tlc_slice *message);
/* Is it a warning, and does the caller accept it? `name` is how it is acknowledged. */
int tr_fault_is_accepted(tlc_call *c, tlc_slice body, tlc_slice *name);

#endif
