/* `tidelock serve`: words and options become a server. */
#include "base/alloc.h"
#include "base/duration.h"
#include "base/log.h"
#include "command.h"
#include "place.h"
#include "server/server.h"
#include <string.h>

static const char *or_else(const char *value, const char *otherwise)
{
    return value != NULL ? value : otherwise;
}

static tl_code read_options(const struct tl_args *args, struct tl_server_config *config, struct tl_error *err)
{
    uint64_t lanes = 0;
    const char *lanes_text = tl_arg(args, "--lanes"), *log = or_else(tl_arg(args, "--log"), "text");
    if (config->data == NULL)
        return tl_fail(err, TL_EUSAGE, "--data DIR is required: the folder where the journal is kept");
    if (lanes_text != NULL && (!tl_str_u64(tl_str_z(lanes_text), &lanes) || lanes == 0 || lanes > 64))
        return tl_fail(err, TL_EUSAGE, "--lanes %s: a number from 1 to 64", lanes_text);
    config->lanes = (unsigned)lanes;
    if ((config->tls_cert == NULL) != (config->tls_key == NULL))
        return tl_fail(err, TL_EUSAGE, "--tls-cert and --tls-key go together");
    if (strcmp(log, "text") != 0 && strcmp(log, "json") != 0)
        return tl_fail(err, TL_EUSAGE, "--log %s: text or json", log);
    tl_log_setup(tl_flag(args, "--verbose") ? TL_DEBUG : TL_INFO, strcmp(log, "json") == 0 ? TL_LOG_JSON : TL_LOG_TEXT);
    tl_code code = tl_duration_parse(tl_str_z(or_else(tl_arg(args, "--retain"), "30d")), &config->retain_ms, err);
    if (code == TL_OK)
        code = tl_duration_parse(tl_str_z(or_else(tl_arg(args, "--trial"), "2m")), &config->trial_ms, err);
    return code;
}

tl_code tl_cmd_serve(const struct tl_args *args, struct tl_error *err)
{
    char *library = tl_place_library(args), *plugins = tl_place_plugins(args), *program = tl_place_program();
    struct tl_server_config config = {.dir = args->word_count != 0 ? args->words[0] : NULL,
                                      .data = tl_arg(args, "--data"),
                                      .library = library,
                                      .plugins = plugins,
                                      .program = program,
                                      .listen = or_else(tl_arg(args, "--listen"), "127.0.0.1:8480"),
                                      .ops = or_else(tl_arg(args, "--ops"), "127.0.0.1:8481"),
                                      .tls_cert = tl_arg(args, "--tls-cert"),
                                      .tls_key = tl_arg(args, "--tls-key"),
                                      .key_file = tl_arg(args, "--key-file"),
                                      .settings_file = tl_arg(args, "--settings"),
                                      .secrets_file = tl_arg(args, "--secrets"),
                                      .park_removed = tl_flag(args, "--park-removed"),
                                      .alone = tl_flag(args, "--alone")};
    tl_code code = read_options(args, &config, err);
    if (code == TL_OK)
        code = tl_server_run(&config, err);
    tl_free(library);
    tl_free(plugins);
    tl_free(program);
    return code;
}
