/* traceparent and tracestate headers: what is accepted prints to something that is accepted again. */
#include "base/trace.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_trace trace = {0}, again;
    tl_str rest = tl_str_n(data, size), line;
    char text[56];

    if (tl_str_cut(&rest, '\n', &line) && tl_trace_parse(line, &trace, NULL) == TL_OK) {
        tl_trace_print(&trace, text);
        tl_must(tl_trace_parse(tl_str_n(text, 55), &again, NULL) == TL_OK);
        tl_must(memcmp(trace.trace_id, again.trace_id, 16) == 0);
    }
    while (tl_str_cut(&rest, '\n', &line))
        (void)!tl_trace_add_state(&trace, line, NULL);
    tl_must(strlen(trace.state) <= TL_TRACESTATE_MAX);
    memset(&again, 0, sizeof(again));
    tl_must(tl_trace_add_state(&again, tl_str_z(trace.state), NULL) == TL_OK);
    tl_must(strcmp(again.state, trace.state) == 0);
    return 0;
}
