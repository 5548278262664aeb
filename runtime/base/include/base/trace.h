/* W3C trace context (www.w3.org/TR/trace-context, level 1 with the level 2 rule for unknown flags): what comes in with
 * a request, is stored with the event and goes out on every call. Thread: any. */
#pragma once
#include "base/error.h"
#include "base/str.h"

#define TL_TRACESTATE_MAX 512 /* the least a vendor must propagate; longer is dropped whole */

struct tl_trace {
    uint8_t trace_id[16]; /* all zero: no trace */
    uint8_t span_id[8];   /* the caller's span */
    uint8_t flags;
    char state[TL_TRACESTATE_MAX + 1]; /* tracestate as received, combined, validated; "" when none */
};

/* Parses one traceparent header. TL_EINPUT when it must be ignored by the specification. */
TL_MUST_CHECK tl_code tl_trace_parse(tl_str traceparent, struct tl_trace *out, struct tl_error *err);
/* Adds a tracestate header (several are combined in order). An invalid one drops the whole state: TL_EINPUT. */
TL_MUST_CHECK tl_code tl_trace_add_state(struct tl_trace *trace, tl_str tracestate, struct tl_error *err);
/* A new trace with random ids, sampled. */
void tl_trace_start(struct tl_trace *out);
/* The same trace with a new span id, for an outgoing call. */
void tl_trace_child(const struct tl_trace *parent, struct tl_trace *out);
bool tl_trace_is_set(const struct tl_trace *trace);
/* "00-<32 hex>-<16 hex>-<2 hex>" and a NUL: 56 bytes. */
void tl_trace_print(const struct tl_trace *trace, char out[56]);
