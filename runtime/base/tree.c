#include "base/tree.h"
#include "base/alloc.h"
#include "base/disk.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct names {
    char **items; /* own */
    size_t count;
};

static bool take_name(void *arg, const char *name)
{
    struct names *names = arg;
    names->items = tl_realloc(names->items, (names->count + 1) * sizeof *names->items);
    names->items[names->count++] = tl_copy_z(name);
    return true;
}

/* Calls `each` with the path of everything in the folder. The names are read first: `each` may remove them. */
static int for_each(const char *path, int (*each)(const char *path))
{
    struct names names = {0};
    int code = tl_disk_list(path, take_name, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *child = tl_printf("%s/%s", path, names.items[i]);
        if (code == 0)
            code = each(child);
        tl_free(child);
        tl_free(names.items[i]);
    }
    tl_free(names.items);
    return code;
}

int tl_tree_make(const char *root, const char *path)
{
    int code = 0;
    for (const char *slash = strchr(path, '/'); code == 0 && slash; slash = strchr(slash + 1, '/')) {
        char *folder = tl_printf("%s/%.*s", root, (int)(slash - path), path);
        code = tl_disk_mkdir(folder);
        tl_free(folder);
    }
    return code;
}

static int sync_below(const char *path)
{
    int code = tl_tree_sync(path);
    return code == -ENOTDIR ? 0 : code; /* files are synced by who writes them */
}

int tl_tree_sync(const char *path)
{
    int code = for_each(path, sync_below);
    return code == 0 ? tl_disk_sync_dir(path) : code;
}

int tl_tree_remove(const char *path)
{
    int code = tl_disk_unlink(path); /* first: a link to a folder is not a folder */
    if (code != -EISDIR && code != -EPERM)
        return code == -ENOENT ? 0 : code;
    code = for_each(path, tl_tree_remove);
    if (code == 0 && rmdir(path) != 0)
        code = -errno;
    return code;
}
