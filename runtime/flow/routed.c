#include "routed.h"
#include "base/alloc.h"

const char *tl_routed_find(const struct tl_routed *routed, tl_str kind)
{
    for (size_t i = 0; i < routed->count; i++) {
        if (tl_str_is(kind, routed->kinds[i].kind))
            return routed->kinds[i].system;
    }
    return NULL;
}

void tl_routed_add(struct tl_routed *routed, tl_str kind, tl_str system)
{
    routed->kinds = tl_realloc(routed->kinds, (routed->count + 1) * sizeof *routed->kinds);
    routed->kinds[routed->count++] = (struct tl_routed_kind){tl_str_dup(kind), tl_str_dup(system)};
}

void tl_routed_clear(struct tl_routed *routed)
{
    for (size_t i = 0; i < routed->count; i++) {
        tl_free(routed->kinds[i].kind);
        tl_free(routed->kinds[i].system);
    }
    tl_free(routed->kinds);
    *routed = (struct tl_routed){0};
}
