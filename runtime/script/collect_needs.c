/* What declarations name must be there: stewards, systems and kinds. Thread: one at a time. */
#include "base/nearest.h"
#include "collect.h"
#include <string.h>

#define NAMES_MAX 512

void tl_complain(struct tl_bundle *bundle, struct tl_place place, const char *what, const char *name,
                 const char *nearest)
{
    if (!tl_bundle_is_whole(bundle))
        return;
    tl_findings_add(&bundle->findings, TL_FINDING_ERROR, place, "%s \"%s\"%s%s%s", what, name,
                    nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

void tl_need_steward(struct tl_bundle *bundle, struct tl_place place, const char *name)
{
    if (!name[0])
        return;
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < bundle->stewards.count && count < NAMES_MAX; i++) {
        if (strcmp(bundle->stewards.items[i].name, name) == 0)
            return;
        names[count++] = bundle->stewards.items[i].name;
    }
    tl_complain(bundle, place, "there is no steward", name, tl_nearest(tl_str_z(name), names, count));
}

void tl_need_target(struct tl_bundle *bundle, struct tl_place place, const char *name)
{
    if (name[0] && !tl_bundle_is_target(bundle, tl_str_z(name)))
        tl_complain(bundle, place, "there is no system or kind", name,
                    tl_bundle_nearest_target(bundle, tl_str_z(name)));
}
