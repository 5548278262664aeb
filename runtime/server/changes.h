/* Private to the room: what another bundle would change on this server. `live` is the one of its integration, NULL when
 * none is live; `next` NULL: it goes; `owner` as in tl_settings_of. Thread: any; bundles are only read. */
#pragma once
#include "codec/json_writer.h"
#include "connector/library.h"
#include "flow/engine.h"
#include "script/bundle.h"
#include "server/settings.h"

/* Writes an array of {"kind","name","change","text"}: `change` is new, gone or changed, `text` what of it, for
 * contracts also whether it is compatible. Kinds: integration steward system route entity event flow schedule
 * expectation, and of files contract lens map lookup operations library file. Gives how many. */
size_t tl_changes_put(struct tl_json_writer *w, const struct tl_bundle *live, const struct tl_bundle *next);
/* Writes an array of {"connector","loaded","installed"}: those that the bundle's systems use and whose file in the
 * folder `plugins` is another version than the one that `connectors` has loaded; it is taken at the next start. */
void tl_connectors_put(struct tl_json_writer *w, struct tl_library *connectors, const char *plugins,
                       const struct tl_bundle *bundle);
/* Writes an array of {"kind","name","used","do"}: settings and secrets without a value. Gives how many. */
size_t tl_missing_put(struct tl_json_writer *w, struct tl_settings *settings, const char *owner,
                      const struct tl_bundle *bundle);
/* Writes an array of {"flow","units"}: flows that go and have units pending in the engine, which runs. */
void tl_pending_put(struct tl_json_writer *w, struct tl_engine *engine, const char *owner, const struct tl_bundle *live,
                    const struct tl_bundle *next);
/* Writes an array of {"flow","runs","gone","systems_gone"}: open runs, which stay on the revision they began with;
 * `gone`: the flow is; systems_gone: what it names that will not be there. */
void tl_staying_put(struct tl_json_writer *w, struct tl_journal *journal, const char *owner,
                    const struct tl_bundle *live, const struct tl_bundle *next);
