/* What editors are told about an integration: annotations for the Lua language server (LuaLS), and the globals for
 * luacheck. They are made from the tables that check the integration, from its own declarations and contracts, and from
 * its connectors' manifests. Thread: one. */
#pragma once
#include "base/error.h"
#include "server/integration.h"

/* Writes DIR/.editor/ anew, DIR/.luarc.json when there is none, and DIR/.luacheckrc unless somebody has made it their
 * own. An integration with errors is described as far as it goes. A file that says the same already is not touched.
 * `words` is the folder of the annotations that are the same for all (share/tidelock/editor). TL_EIO. */
TL_MUST_CHECK tl_code tl_editor_write(const char *words, struct tl_integration *integration, const char *dir,
                                      struct tl_error *err);
