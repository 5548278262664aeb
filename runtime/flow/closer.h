/* Closes Lua states that nothing uses any more, on a thread of its own: giving 20 MB back takes longer than a lane may
 * stand still. An engine turned by hand has no such thread and closes at once. */
#pragma once
#include "base/error.h"

struct tl_engine;
struct tl_use;

TL_MUST_CHECK tl_code tl_closer_start(struct tl_engine *engine, struct tl_error *err);
/* Takes the state, and the use of its bundle. [any] */
void tl_closer_take(struct tl_engine *engine, void *host, struct tl_use *use);
/* Closes what is left; nothing is taken any more. */
void tl_closer_end(struct tl_engine *engine);
