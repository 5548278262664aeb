/* `tidelock test`: runs an integration's own tests. */
#include "base/alloc.h"
#include "base/log.h"
#include "command.h"
#include "limits.h"
#include "place.h"
#include "trial/trial.h"

tl_code tl_cmd_test(const struct tl_args *args, struct tl_error *err)
{
    char *library = tl_place_library(args), *plugins = tl_place_plugins(args);
    char *words = tl_place_beside("share/tidelock/trial");
    struct tl_trial_options options = {.dir = args->words[0],
                                       .library = library,
                                       .plugins = plugins,
                                       .words = words,
                                       .filter = tl_arg(args, "--filter"),
                                       .junit = tl_arg(args, "--junit"),
                                       .accept = tl_flag(args, "--accept"),
                                       .coverage = tl_flag(args, "--coverage"),
                                       .coverage_json = tl_arg(args, "--coverage-json")};
    struct tl_trial_result result = {0};
    tl_log_setup(TL_WARN, TL_LOG_TEXT);
    tl_code code = tl_limits_apply(args, err);
    if (code == TL_OK)
        code = tl_trial_run(&options, &result, err);
    if (code == TL_OK && result.failed > 0) {
        code = TL_EFAILED;
        err->text[0] = '\0'; /* everything is said already */
    }
    tl_free(library);
    tl_free(plugins);
    tl_free(words);
    return code;
}
