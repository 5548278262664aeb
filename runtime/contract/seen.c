/* Which members or elements some rule has looked at. */
#include "base/alloc.h"
#include "validate.h"
#include <string.h>

void tl_seen_init(struct tl_seen *seen, const struct tl_json_value *value)
{
    memset(seen, 0, sizeof *seen);
    seen->count = tl_json_count(value);
    seen->bits = seen->count <= 64 * TL_COUNT_OF(seen->few) ? seen->few : tl_zalloc(seen->count / 64 + 1, 8);
}

void tl_seen_free(struct tl_seen *seen)
{
    if (seen->bits != seen->few)
        tl_free(seen->bits);
}

void tl_seen_mark(struct tl_seen *seen, size_t index)
{
    if (seen && index < seen->count)
        seen->bits[index / 64] |= (uint64_t)1 << (index % 64);
}

bool tl_seen_has(const struct tl_seen *seen, size_t index)
{
    return index < seen->count && (seen->bits[index / 64] >> (index % 64) & 1u) != 0;
}

void tl_seen_merge(struct tl_seen *into, const struct tl_seen *from)
{
    for (size_t i = 0; into && i * 64 < into->count; i++)
        into->bits[i] |= from->bits[i];
}
