/* Links of the platform: opaque, but they stay on its own origin. */
#include "odata.h"

tlc_slice od_origin(tlc_slice url)
{
    uint64_t i, slashes = 0;

    for (i = 0; i < url.len; i++)
        if (url.ptr[i] == '/' && ++slashes == 3)
            break;
    return tlc_text_n(url.ptr, i);
}

tlc_slice od_own_link(tlc_call *c, tlc_slice url)
{
    uint64_t at;

    if (url.len > 4 && memcmp(url.ptr, "http", 4) == 0) {
        at = od_origin(url).len;
        url = tlc_text_n(url.ptr + at, url.len - at);
    }
    if (url.len && url.ptr[0] == '/')
        url = TLC_JOIN(c, c->instance->origin, url);
    return url;
}
