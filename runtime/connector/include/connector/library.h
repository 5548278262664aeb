/* The installed connectors. A connector is `<id>.so` or `<id>@<major>.so` in the plugins folder, with its manifest in
 * the ELF section `.tidelock_manifest` (sdk/docs/manifest.md). The manifest is read and checked without running any of
 * its code; only then the shared object is loaded. Loaded code is never unloaded.
 *
 * Only files of the plugins folder are loaded: in-process connectors are part of the runtime, and containment for
 * others does not exist yet, so they are refused with that reason.
 *
 * Thread: any (a lock guards the table); a connector is immutable once given out and lives as long as the library. */
#pragma once
#include "base/error.h"
#include "base/str.h"

struct tl_library;
struct tl_connector;

/* `folder` is copied; it need not exist yet. */
struct tl_library *tl_library_new(const char *folder);
/* No system may use its connectors any more. NULL is fine. */
void tl_library_free(struct tl_library *library);
/* By "salesforce@1". TL_ENOTFOUND (names what is installed and the nearest), TL_ECONFIG (what is wrong with the file:
 * not an ELF, another machine, no manifest, manifest refused with its place), TL_EVERSION (ABI). */
TL_MUST_CHECK tl_code tl_library_get(struct tl_library *library, tl_str name, const struct tl_connector **out,
                                     struct tl_error *err);
/* By path, for the vendor's commands. TL_EACCESS outside the plugins folder. */
TL_MUST_CHECK tl_code tl_library_get_file(struct tl_library *library, const char *path, const struct tl_connector **out,
                                          struct tl_error *err);
/* Reads and checks the manifest of any file without running it, also outside the folder (`connector show`). *manifest
 * is tl_free'd by the caller, NUL-terminated. */
TL_MUST_CHECK tl_code tl_library_show(const char *path, char **manifest, struct tl_error *err);
/* Calls `each` with every `.so` of the folder, sorted; `problem` is NULL for a good one. Returns how many. */
size_t tl_library_list(struct tl_library *library,
                       void (*each)(void *ctx, const char *path, tl_str id, tl_str version, const char *problem),
                       void *ctx);

tl_str tl_connector_id(const struct tl_connector *connector);
tl_str tl_connector_version(const struct tl_connector *connector);
/* The manifest's bytes. */
tl_str tl_connector_manifest(const struct tl_connector *connector);
