/* `tidelock editor`: tells editors about an integration. */
#include "base/alloc.h"
#include "base/log.h"
#include "command.h"
#include "editor/editor.h"
#include "place.h"
#include <stdio.h>

tl_code tl_editor_refresh(const struct tl_args *args, const char *dir, struct tl_error *err)
{
    char *library = tl_place_library(args), *plugins = tl_place_plugins(args);
    char *words = tl_place_beside("share/tidelock/editor");
    struct tl_integration *integration = NULL;
    tl_log_setup(TL_WARN, TL_LOG_TEXT);
    tl_code code = tl_integration_load(dir, library, plugins, &integration, err);
    if (code == TL_OK)
        code = tl_editor_write(words, integration, dir, err);
    tl_integration_free(integration);
    tl_free(words);
    tl_free(library);
    tl_free(plugins);
    return code;
}

tl_code tl_cmd_editor(const struct tl_args *args, struct tl_error *err)
{
    const char *dir = args->words[0];
    tl_code code = tl_editor_refresh(args, dir, err);
    if (code == TL_OK && !tl_flag(args, "--quiet"))
        printf("%s/.editor, .luarc.json and .luacheckrc describe the integration as it is now\n", dir);
    return code;
}
