/* Files beside those that an integration is made of: a misspelt folder would be silently nothing. Looked for by
 * `tidelock check` only, since what travels to a server has been sorted out already. Thread: as script/bundle.h says.
 */
#include "base/nearest.h"
#include "bundle_private.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

static const char *const folders[] = {"entities", "maps",  "lenses",    "events",  "flows",   "apis",
                                      "lib",      "tests", "contracts", "systems", "lookups", "samples"};
static const char *const files[] = {"integration.lua", "entities.lua", "maps.lua",
                                    "lenses.lua",      "events.lua",   "flows.lua"};

static bool is_folder(const char *name)
{
    for (size_t i = 0; i < TL_COUNT_OF(folders); i++) {
        if (strcmp(name, folders[i]) == 0)
            return true;
    }
    return false;
}

static void add(struct tl_bundle *bundle, const char *path, const char *what, const char *meant, const char *tail)
{
    struct tl_place place = {tl_arena_copy(&bundle->arena, tl_str_z(path)), 1};
    tl_findings_add(&bundle->findings, TL_FINDING_WARNING, place, "%s%s%s%s%s", what,
                    meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "", meant != NULL ? tail : "",
                    meant != NULL ? "?" : "");
}

/* At the top: those that have a role are read. */
static void check_files(struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        tl_str path = tl_str_z(source->path);
        if (source->role == TL_SOURCE_SKIPPED && tl_str_find(path, '/') < 0 && tl_str_ends(path, TL_STR(".lua")))
            add(bundle, source->path, "this file is not read", tl_nearest(path, files, TL_COUNT_OF(files)), "");
    }
}

static bool matters(tl_str name, bool near)
{
    return tl_str_ends(name, TL_STR(".lua")) ||
           (near && (tl_str_ends(name, TL_STR(".json")) || tl_str_ends(name, TL_STR(".csv"))));
}

/* Names the first file of a folder that nobody reads; others have the same reason. */
static void check_folder(struct tl_bundle *bundle, const char *dir, const char *name)
{
    char path[600];
    const char *meant = tl_nearest(tl_str_z(name), folders, TL_COUNT_OF(folders));
    snprintf(path, sizeof path, "%s/%s", dir, name);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return; /* no folder */
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.' || !matters(tl_str_z(entry->d_name), meant != NULL))
            continue;
        snprintf(path, sizeof path, "%s/", name);
        add(bundle, path, "nothing in this folder is read", meant, "/");
        break;
    }
    closedir(folder);
}

static void check_tests(struct tl_bundle *bundle, const char *dir)
{
    char path[600];
    snprintf(path, sizeof path, "%s/tests", dir);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        tl_str name = tl_str_z(entry->d_name);
        bool test = tl_str_ends(name, TL_STR("test.lua")) || tl_str_ends(name, TL_STR("tests.lua")) ||
                    tl_str_starts(name, TL_STR("test"));
        if (!test || !tl_str_ends(name, TL_STR(".lua")) || tl_str_ends(name, TL_STR("_test.lua")))
            continue;
        snprintf(path, sizeof path, "tests/%.500s", entry->d_name);
        add(bundle, path, "this file is not run: the names of tests end in _test.lua", NULL, "");
    }
    closedir(folder);
}

void tl_bundle_check_unread(struct tl_bundle *bundle, const char *dir)
{
    DIR *folder = opendir(dir);
    check_files(bundle);
    check_tests(bundle, dir);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.' && !is_folder(entry->d_name))
            check_folder(bundle, dir, entry->d_name);
    }
    if (folder != NULL)
        closedir(folder);
    tl_findings_sort(&bundle->findings);
}
