/* Two integrations side by side: what they share by name and version has to be the same thing, and what both do to one
 * record is said. Thread: as script/bundle.h says. */
#include "bundle_private.h"
#include "contract/compat.h"
#include "contract/schema.h"
#include <string.h>

struct beside {
    struct tl_bundle *bundle;
    const struct tl_bundle *other;
};

/* A contract that both declare. Either may write what the other reads, so no difference may break anybody. */
static void compare(struct beside *b, const char *what, const char *name, const struct tl_place *place,
                    const struct tl_place *there, const struct tl_schema *mine, const struct tl_schema *theirs)
{
    struct tl_differences differences;
    if (mine == NULL || theirs == NULL)
        return; /* has a finding of its own, here or there */
    tl_schema_compare(theirs, mine, &differences);
    for (size_t i = 0; i < differences.count; i++) {
        const struct tl_difference *d = &differences.items[i];
        if (!d->breaks)
            continue;
        tl_findings_add(
            &b->bundle->findings, TL_FINDING_ERROR, *place,
            "the contract of %s \"%s\" is not the one of integration \"%s\" (%s:%d), which shares it: %s%s%s "
            "(%s) breaks %s; make them agree, or give one a new version",
            what, name, b->other->integration, there->file, there->line, d->pointer, d->pointer[0] ? ": " : "", d->text,
            d->rule, tl_breaks_words(d->breaks));
    }
    tl_differences_free(&differences);
}

static void check_events(struct beside *b)
{
    for (size_t i = 0; i < b->bundle->events.count; i++) {
        const struct tl_event_type *is = &b->bundle->events.items[i],
                                   *was = tl_bundle_event(b->other, tl_str_z(is->name));
        if (was == NULL)
            continue;
        compare(b, "event", is->name, &is->place, &was->place, is->schema, was->schema);
        if (is->from[0] != '\0' && was->from[0] != '\0')
            tl_findings_add(
                &b->bundle->findings, TL_FINDING_WARNING, is->place,
                "event \"%s\" is made here from %s, and in integration \"%s\" (%s:%d) from %s: flows on it get "
                "both; let one make it, and the other only name it",
                is->name, is->from, b->other->integration, was->place.file, was->place.line, was->from);
    }
}

static void check_entities(struct beside *b)
{
    for (size_t i = 0; i < b->bundle->entities.count; i++) {
        const struct tl_entity *is = &b->bundle->entities.items[i],
                               *was = tl_bundle_entity(b->other, tl_str_z(is->name));
        if (was == NULL)
            continue;
        compare(b, "entity", is->name, &is->place, &was->place, is->schema, was->schema);
        if (strcmp(is->owner, was->owner) != 0)
            tl_findings_add(&b->bundle->findings, TL_FINDING_WARNING, is->place,
                            "entity \"%s\" is owned by \"%s\" here, and by \"%s\" in integration \"%s\" (%s:%d)",
                            is->name, is->owner, was->owner, b->other->integration, was->place.file, was->place.line);
    }
}

void tl_bundle_check_beside(struct tl_bundle *bundle, const struct tl_bundle *other)
{
    struct beside b = {bundle, other};
    check_events(&b);
    check_entities(&b);
    tl_bundle_check_overlaps(bundle, other);
    tl_findings_sort(&bundle->findings);
}
