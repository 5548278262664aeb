/* Times of the platform: what its clock says, and how a cursor holds them. */
#include "changes.h"

#include <tidelock/time.h>

int64_t sf_platform_now(tlc_call *c, const tlc_input *in)
{
    int64_t ms;
    if (tlc_http_date_read(tlc_header_get(in->headers, in->header_count, "Date"), &ms))
        return ms;
    return c->host->wall_ms(c->scope);
}

tlc_slice sf_time_text(tlc_call *c, int64_t ms)
{
    char text[TLC_TIME_SIZE];
    return tlc_keep(c->host, c->scope, tlc_time_print(ms, text));
}

int64_t sf_time_of(tlc_slice text)
{
    int64_t ms = 0;
    return text.len && tlc_time_read(text, &ms) ? ms : 0;
}
