/* A bundle from its files to its declarations. Thread: as script/bundle.h says. */
#include "base/alloc.h"
#include "bundle_private.h"
#include "load.h"
#include "script/bundle.h"

static tl_code check(struct tl_bundle *bundle, struct tl_error *err)
{
    tl_lookups_read(bundle);
    struct tl_script *script = tl_state_new(NULL);
    tl_code code = tl_load_files(script, bundle, bundle, err);
    tl_script_free(script);
    tl_findings_sort(&bundle->findings);
    return code;
}

static struct tl_bundle *bundle_new(const struct tl_bundle_options *options)
{
    struct tl_bundle *bundle = TL_NEW(struct tl_bundle);
    tl_arena_init(&bundle->arena);
    tl_findings_init(&bundle->findings, &bundle->arena);
    bundle->options = *options;
    bundle->integration = bundle->steward = "";
    return bundle;
}

static tl_code finish(struct tl_bundle *bundle, tl_code code, struct tl_bundle **out, struct tl_error *err)
{
    if (code == TL_OK)
        code = check(bundle, err);
    if (code == TL_OK)
        *out = bundle;
    else
        tl_bundle_free(bundle);
    return code;
}

tl_code tl_bundle_load(const char *dir, const struct tl_bundle_options *options, struct tl_bundle **out,
                       struct tl_error *err)
{
    struct tl_bundle *bundle = bundle_new(options);
    return finish(bundle, tl_sources_read(bundle, dir, err), out, err);
}

tl_code tl_bundle_load_files(const struct tl_bundle_file *files, size_t count, const struct tl_bundle_options *options,
                             struct tl_bundle **out, struct tl_error *err)
{
    struct tl_bundle *bundle = bundle_new(options);
    return finish(bundle, tl_sources_take(bundle, files, count, err), out, err);
}

void tl_bundle_free(struct tl_bundle *bundle)
{
    if (!bundle)
        return;
    tl_lookups_drop(bundle);
    tl_contracts_drop(bundle);
    tl_findings_free(&bundle->findings);
    tl_free(bundle->sources.items);
    tl_free(bundle->stewards.items);
    tl_free(bundle->needs.items);
    tl_free(bundle->systems.items);
    tl_free(bundle->routes.items);
    tl_free(bundle->entities.items);
    tl_free(bundle->events.items);
    tl_free(bundle->flows.items);
    tl_free(bundle->everys.items);
    tl_free(bundle->expectations.items);
    tl_arena_free(&bundle->arena);
    tl_free(bundle);
}
