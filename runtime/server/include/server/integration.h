/* An integration folder loaded and checked with the installed connectors. Thread: one. */
#pragma once
#include "base/error.h"
#include "connector/library.h"
#include "connector/system.h"
#include "script/bundle.h"

struct tl_integration;

/* Findings are in the bundle; TL_OK also when there are errors. `library`: folder of the standard library; `plugins`:
 * folder of the connectors. */
TL_MUST_CHECK tl_code tl_integration_load(const char *dir, const char *library, const char *plugins,
                                          struct tl_integration **out, struct tl_error *err);
/* The same with connectors that outlive it and are shared with other integrations. */
TL_MUST_CHECK tl_code tl_integration_load_with(const char *dir, const char *library, struct tl_library *connectors,
                                               struct tl_integration **out, struct tl_error *err);
/* A kept revision (script/bundle_store.h) below `store`, its standard library the one it was kept with. Its systems are
 * asked again: TL_ECONFIG names one whose connector is not there or refuses the declaration. Other codes as
 * tl_bundle_load_kept. */
TL_MUST_CHECK tl_code tl_integration_load_kept(const char *store, const char *hash, struct tl_library *connectors,
                                               struct tl_integration **out, struct tl_error *err);
/* NULL is fine. */
void tl_integration_free(struct tl_integration *integration);
struct tl_bundle *tl_integration_bundle(struct tl_integration *integration);
/* A declared system as far as it can be known before settings have values, to be asked what it can do; tl_system_free.
 * TL_ECONFIG, TL_ENOTFOUND: it cannot be made, which is a finding of the bundle as well. */
TL_MUST_CHECK tl_code tl_integration_draft(struct tl_integration *integration, const struct tl_system_decl *decl,
                                           struct tl_system **out, struct tl_error *err);
struct tl_library *tl_integration_connectors(struct tl_integration *integration);
