/* Bundles kept on disk, each below its hash, so that a run can go on with the revision it began with after the
 * integration's folder and the installed standard library have changed. Below the store's folder `dir`:
 *
 *     <hash>/integration/…   what the bundle has of the integration's folder: Lua, contracts, systems, lookups
 *     <hash>/library/…       the standard library as it was
 *     <hash>.new/            being written or removed; never read, swept by the next keeping
 *
 * Nothing else says what a copy holds: its files must add up to the hash that its folder is named by, or it is damaged.
 * Thread: keeping and dropping on one; loading and listing on any. */
#pragma once
#include "script/bundle.h"

/* Writes the bundle's files below `dir` (made when absent) unless a whole copy is there: synced under another name,
 * read back, then renamed, so a copy is there whole or not at all. A damaged copy is said in the log and written anew.
 * *written (NULL allowed): a copy was written. TL_EFULL, TL_EIO: nothing is there under the hash that was not before,
 * or nothing at all. */
TL_MUST_CHECK tl_code tl_bundle_keep(const struct tl_bundle *bundle, const char *dir, bool *written,
                                     struct tl_error *err);
/* The bundle of that hash; its standard library is the copy's, options->library is not read. It was checked when it was
 * live: systems are not checked again (check_system is not asked), and effect_class, which speaks of the systems of
 * today, is asked only by runs. TL_ENOTFOUND: no copy is there; TL_ECORRUPT: it is damaged, nothing of it was run;
 * TL_ECONFIG: this program finds errors in it. */
TL_MUST_CHECK tl_code tl_bundle_load_kept(const char *dir, const char *hash, const struct tl_bundle_options *options,
                                          struct tl_bundle **bundle, struct tl_error *err);
/* Calls `each` with the hash of every copy, whole or damaged, in no order, until it gives false. None when there is no
 * folder. */
TL_MUST_CHECK tl_code tl_bundle_kept(const char *dir, bool (*each)(void *ctx, const char *hash), void *ctx,
                                     struct tl_error *err);
/* Removes a copy; fine when there is none. */
TL_MUST_CHECK tl_code tl_bundle_drop_kept(const char *dir, const char *hash, struct tl_error *err);
/* Is it 64 lowercase hex digits? */
bool tl_bundle_is_hash(const char *text);
