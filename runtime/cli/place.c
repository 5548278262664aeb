#include "place.h"
#include "base/alloc.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *tl_place_program(void)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    tl_must(len > 0 && (size_t)len < sizeof path);
    return tl_copy(path, (size_t)len);
}

char *tl_place_beside(const char *folder)
{
    char *program = tl_place_program();
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (slash != NULL)
            *slash = '\0';
    }
    char *path = tl_printf("%s/%s", program, folder);
    tl_free(program);
    return path;
}

char *tl_place_library(const struct tl_args *args)
{
    const char *given = tl_arg(args, "--lib");
    return given != NULL ? tl_copy_z(given) : tl_place_beside("share/tidelock/lib");
}

char *tl_place_plugins(const struct tl_args *args)
{
    const char *given = tl_arg(args, "--plugins");
    return given != NULL ? tl_copy_z(given) : tl_place_beside("lib/tidelock/plugins");
}

char *tl_place_data(const struct tl_args *args)
{
    const char *given = tl_arg(args, "--data");
    if (given == NULL)
        given = tl_arg(args, "--target");
    if (given == NULL)
        given = getenv("TIDELOCK_DATA");
    return tl_copy_z(given != NULL && given[0] != '\0' ? given : ".tidelock");
}
