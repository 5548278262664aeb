/* Where the program's own files are: the standard library and the connectors, found from where the program stands, the
 * same way in a build folder and after an installation (bin/, share/tidelock/lib, lib/tidelock/plugins). */
#pragma once
#include "base/error.h"
#include "command.h"

/* `--lib` or beside the program. tl_free. */
char *tl_place_library(const struct tl_args *args);
/* `--plugins` or beside the program. tl_free. */
char *tl_place_plugins(const struct tl_args *args);
/* The folder of a server's data: `--data` or `--target`, $TIDELOCK_DATA or .tidelock. tl_free. */
char *tl_place_data(const struct tl_args *args);
/* A path below the folder that holds bin/. tl_free. */
char *tl_place_beside(const char *folder);
/* The running program. tl_free. */
char *tl_place_program(void);
