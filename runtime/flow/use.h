/* What the owner lent to the engine and wants back after a switch: bundles and systems, counted by those who use them.
 * The plan counts for one while they are live; Lua states, attachments of lanes, old routes and prepared switches count
 * too. Thread: any, but the notice comes on the owner's loop. */
#pragma once
#include <stddef.h>

struct tl_engine;
struct tl_use;
struct tl_bundle;
struct tl_system;

/* One more user of it. NULL: there is nothing to count, and NULL is given back. */
struct tl_use *tl_use_bundle(struct tl_engine *engine, const struct tl_bundle *bundle);
struct tl_use *tl_use_system(struct tl_engine *engine, struct tl_system *system);
struct tl_use *tl_use_more(struct tl_use *use);
/* It is live, or was: from then on the owner is told of its end. NULL is fine. */
void tl_use_live(struct tl_use *use);
/* One user less; with the last one the owner is told, if it was ever live. NULL is fine. */
void tl_use_drop(struct tl_use *use);
/* How many things are in use; for tests and figures. */
size_t tl_uses(struct tl_engine *engine);
/* Nobody is told any more. On the owner's thread. */
void tl_uses_end(struct tl_engine *engine);
