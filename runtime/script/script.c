/* States with an integration's code in them, or with the libraries alone. Thread: that of the state. */
#include "load.h"
#include "run_private.h"

tl_code tl_script_new(const struct tl_bundle *bundle, const struct tl_script_limits *limits, struct tl_script **out,
                      struct tl_error *err)
{
    if (tl_bundle_errors(bundle))
        return tl_fail(err, TL_ECONFIG, "the integration has %zu errors; tidelock check lists them",
                       tl_bundle_errors(bundle));
    struct tl_script *script = tl_state_new(limits);
    script->bundle = bundle;
    tl_code code = tl_load_files(script, bundle, NULL, err);
    if (code != TL_OK) {
        tl_script_free(script);
        return code;
    }
    *out = script;
    return TL_OK;
}

tl_code tl_script_new_bare(const char *library, const struct tl_script_limits *limits, struct tl_script **out,
                           struct tl_error *err)
{
    (void)library;
    struct tl_script *script = tl_state_new(limits);
    tl_code code = tl_load_libraries(script, err);
    if (code != TL_OK) {
        tl_script_free(script);
        return code;
    }
    *out = script;
    return TL_OK;
}
