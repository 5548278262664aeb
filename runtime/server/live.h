/* Private to the room: the integrations that are live side by side. The first gives its names as they are; another
 * one's are "<name>@<integration>" to people, in rows and in the engine (flow/engine.h). Thread: any; a set is only
 * read while others may read it. */
#pragma once
#include "flow/engine.h"
#include "server/integration.h"

enum { TL_INTEGRATIONS_MAX = 32 };

struct tl_server_systems;

struct tl_live {
    struct tl_integration *list[TL_INTEGRATIONS_MAX]; /* what holds the set says whether they are its own */
    size_t count;
};

struct tl_bundle *tl_live_bundle(const struct tl_live *live, size_t i);
const char *tl_live_name(const struct tl_live *live, size_t i);
const char *tl_live_hash(const struct tl_live *live, size_t i);
/* -1: no integration of that name is live. */
int tl_live_find(const struct tl_live *live, const char *name);
/* Its bundle; NULL when no integration of that name is live. */
const struct tl_bundle *tl_live_named(const struct tl_live *live, const char *name);
bool tl_live_has(const struct tl_live *live, const struct tl_integration *integration);
/* What stands behind the names of an integration of that name (tl_settings_of): "" of the first, or when there is none
 * yet. The result is `name` or static. */
const char *tl_live_owner(const struct tl_live *live, const char *name);
/* The same of the one at that place. */
const char *tl_live_owner_at(const struct tl_live *live, size_t i);
/* "<name>@<owner>", or the name itself for the owner "". The caller frees it. */
char *tl_live_whole(const char *owner, const char *name);
/* Takes the place of the one of its name, or the last place. TL_ECONFIG: there are too many. */
TL_MUST_CHECK tl_code tl_live_put(struct tl_live *live, struct tl_integration *integration, struct tl_error *err);
void tl_live_drop(struct tl_live *live, size_t i);
/* The hashes, `out` with room for all. */
void tl_live_hashes(const struct tl_live *live, const char *out[TL_INTEGRATIONS_MAX]);
/* Who needs the setting or secret of that whole name; NULL: nobody. */
const struct tl_need *tl_live_need(const struct tl_live *live, bool secret, tl_str whole);

/* Puts the bundles and the systems into an engine's configuration; `others` is borrowed by it. */
void tl_live_configure(const struct tl_live *live, const struct tl_server_systems *systems,
                       struct tl_engine_integration others[TL_INTEGRATIONS_MAX], struct tl_engine_config *config);
