/* Links to what comes next, as Salesforce writes them. */
#include "salesforce.h"

tlc_slice sf_relative(tlc_slice url)
{
    static const char root[] = "/services/data/";
    uint64_t i, n = sizeof root - 1;

    for (i = 0; i + n < url.len; i++) {
        if (memcmp(url.ptr + i, root, (size_t)n) != 0)
            continue;
        for (i += n; i < url.len && url.ptr[i] != '/'; i++)
            ;
        return i < url.len ? tlc_text_n(url.ptr + i + 1, url.len - i - 1) : url;
    }
    return url;
}
