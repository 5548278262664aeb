/* The texts of one integration's annotations. Thread: one. */
#pragma once
#include "classes.h"
#include "server/integration.h"

struct tl_describing {
    struct tl_integration *integration;
    const struct tl_bundle *bundle;
    struct tl_classes classes;
};

enum { TL_DESCRIPTION_MAX = 16 << 20 };

/* kinds.c: the functions that declare, with their keys. */
void tl_describe_kinds(struct tl_describing *d, struct tl_buf *out);
/* integration.c: contracts, events, entities, systems, ctx, the world of tests. */
void tl_describe_integration(struct tl_describing *d, struct tl_buf *out);
/* lenses.c: the lenses by title, in place of scripts/editor/lens.lua. */
void tl_describe_lenses(struct tl_describing *d, struct tl_buf *out);
/* luacheck.c: .luacheckrc. */
TL_MUST_CHECK tl_code tl_describe_globals(struct tl_buf *out, struct tl_error *err);
/* The class of an event, "Event.order_won_1"; of the data of an event or entity. */
const char *tl_event_class(struct tl_describing *d, const struct tl_event_type *event);
const char *tl_entity_class(struct tl_describing *d, const struct tl_entity *entity);
const char *tl_flow_class(struct tl_describing *d, const struct tl_flow *flow);
