/* Answers to a $batch as the odata connector reads them: any bytes, with any boundary; every part lies in them. */
#include "batch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(tlc_slice part, tlc_slice whole)
{
    if (part.len > 0 && (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len))
        abort();
}

/* The first line is the content type, the rest the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
    size_t n = end ? (size_t)(end - text) : 0;
    tlc_slice type = {text, n}, body = {text + n, size - n};
    struct od_parts parts;
    struct od_part part;
    uint64_t left;

    od_parts_begin(&parts, type, body);
    left = parts.rest.len + 1;
    while (od_parts_next(&parts, &part)) {
        if (parts.rest.len >= left)
            abort(); /* no progress */
        left = parts.rest.len;
        inside(part.head, body);
        inside(part.body, body);
        inside(od_part_header(&part, "ETag"), body);
    }
    return 0;
}
