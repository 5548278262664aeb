/* Finding connectors in the plugins folder. A connector, once loaded, stays; a lock guards the list. */
#include "connector/library.h"
#include "base/alloc.h"
#include "base/log.h"
#include "base/nearest.h"
#include "loaded.h"
#include "section.h"
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTED_MAX 256

struct tl_library {
    char *folder;               /* own */
    struct tl_connector *first; /* own */
    pthread_mutex_t lock;
};

struct tl_library *tl_library_new(const char *folder)
{
    struct tl_library *library = TL_NEW(struct tl_library);
    library->folder = tl_copy_z(folder);
    pthread_mutex_init(&library->lock, NULL);
    return library;
}

void tl_library_free(struct tl_library *library)
{
    if (!library)
        return;
    while (library->first) {
        struct tl_connector *connector = library->first;
        library->first = connector->next;
        tl_connector_free(connector);
    }
    pthread_mutex_destroy(&library->lock);
    tl_free(library->folder);
    tl_free(library);
}

/* ---- one connector ---- */

tl_code tl_connector_new(const char *path, char *text, size_t len, struct tl_connector **out, struct tl_error *err)
{
    struct tl_connector *connector = TL_NEW(struct tl_connector);
    connector->path = tl_copy_z(path);
    connector->text = text;
    connector->len = len;
    tl_code code = tl_manifest_new((tl_str){text, len}, &connector->manifest, err);
    if (code != TL_OK) {
        tl_connector_free(connector);
        return code;
    }
    *out = connector;
    return TL_OK;
}

void tl_connector_free(struct tl_connector *connector)
{
    if (!connector)
        return;
    tl_manifest_deinit(&connector->manifest);
    tl_free(connector->path);
    tl_free(connector->text);
    tl_free(connector);
}

tl_str tl_connector_id(const struct tl_connector *connector)
{
    return tl_json_get_text(connector->manifest.root, "id");
}

tl_str tl_connector_version(const struct tl_connector *connector)
{
    return tl_json_get_text(connector->manifest.root, "version");
}

tl_str tl_connector_manifest(const struct tl_connector *connector)
{
    return (tl_str){connector->text, connector->len};
}

uint64_t tl_connector_major(const struct tl_connector *connector)
{
    tl_str version = tl_connector_version(connector), part = TL_STR_NONE;
    uint64_t major = 0;
    tl_str_cut(&version, '.', &part);
    tl_must(tl_str_u64(part, &major));
    return major;
}

/* Is there anything in the manifest that only code can do? */
static bool needs_code(const struct tl_json_value *root)
{
    const char *const maps[] = {"operations", "changes", "auth"};
    for (size_t m = 0; m < TL_COUNT_OF(maps); m++) {
        struct tl_json_iter i = tl_json_iter(tl_json_get(root, maps[m]));
        while (tl_json_next(&i))
            if (tl_json_get_bool(i.value, "code", false))
                return true;
    }
    return tl_json_get_bool(tl_json_get(root, "webhook"), "code", false) ||
           tl_json_get_bool(tl_json_get(root, "probe"), "code", false);
}

static tl_code check_table(struct tl_connector *connector, const tlc_connector *table, struct tl_error *err)
{
    if (!table)
        return tl_fail(err, TL_EVERSION, "the connector refuses ABI %u.%u of this Tidelock", TLC_ABI_MAJOR,
                       TLC_ABI_MINOR);
    if (table->abi >> 16 != TLC_ABI_MAJOR)
        return tl_fail(err, TL_EVERSION, "built for connector ABI %u.%u, this Tidelock has %u.%u: rebuild it",
                       table->abi >> 16, table->abi & 0xffff, TLC_ABI_MAJOR, TLC_ABI_MINOR);
    if (table->size < sizeof *table || !table->describe)
        return tl_fail(err, TL_ECONFIG, "its table of functions is too short (%u bytes)", table->size);
    tlc_slice said = table->describe();
    if (said.len != connector->len || memcmp(said.ptr, connector->text, connector->len) != 0)
        return tl_fail(err, TL_ECONFIG,
                       "describe() and the section %s differ: there is one manifest, use "
                       "TLC_EMBED_MANIFEST",
                       TLC_MANIFEST_SECTION);
    bool has_code = table->open && table->close && table->begin && table->step && table->end;
    if (!has_code && needs_code(connector->manifest.root))
        return tl_fail(err, TL_ECONFIG,
                       "its manifest says \"code\": true, but its table has no "
                       "open, begin, step, end and close");
    connector->table = table;
    return TL_OK;
}

static tl_code load_code(struct tl_connector *connector, struct tl_error *err)
{
    void *handle = dlopen(connector->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle)
        return tl_fail(err, TL_ECONFIG, "cannot be loaded: %s", dlerror());
    tlc_entry entry;
    void *symbol = dlsym(handle, TLC_ENTRY_NAME);
    if (!symbol) {
        dlclose(handle);
        return tl_fail(err, TL_ECONFIG, "does not export %s()", TLC_ENTRY_NAME);
    }
    memcpy(&entry, &symbol, sizeof entry);
    tl_code code = check_table(connector, entry(TLC_ABI), err);
    dlclose(handle); /* stays mapped: RTLD_NODELETE */
    return code;
}

tl_code tl_library_show(const char *path, char **manifest, struct tl_error *err)
{
    char *text = NULL;
    size_t len = 0;
    struct tl_connector *connector = NULL;
    tl_code code = tl_elf_read_section(path, TLC_MANIFEST_SECTION, &text, &len, err);
    if (code != TL_OK)
        return code;
    char *copy = tl_copy(text, len);
    code = tl_connector_new(path, text, len, &connector, err);
    if (code == TL_OK) {
        *manifest = copy;
    } else {
        tl_error_prefix(err, "%s", path);
        tl_free(copy);
    }
    tl_connector_free(connector);
    return code;
}

static tl_code load(const char *path, struct tl_connector **out, struct tl_error *err)
{
    char *text = NULL;
    size_t len = 0;
    tl_code code = tl_elf_read_section(path, TLC_MANIFEST_SECTION, &text, &len, err);
    if (code != TL_OK)
        return code;
    struct tl_connector *connector = NULL;
    code = tl_connector_new(path, text, len, &connector, err);
    if (code == TL_OK)
        code = load_code(connector, err);
    if (code == TL_OK) {
        *out = connector;
        return TL_OK;
    }
    tl_error_prefix(err, "%s", path);
    tl_connector_free(connector);
    return code;
}

/* ---- by name ---- */

static tl_code split_name(tl_str name, tl_str *id, uint64_t *major, struct tl_error *err)
{
    tl_str rest = name;
    if (tl_str_cut(&rest, '@', id) && id->len && tl_str_u64(rest, major)) {
        for (size_t i = 0; i < id->len; i++)
            if (id->ptr[i] == '/' || id->ptr[i] == '.' || id->ptr[i] == 0)
                return tl_fail(err, TL_ECONFIG, "\"%.*s\" is no connector's name", TL_STR_ARGS(name));
        return TL_OK;
    }
    return tl_fail(err, TL_ECONFIG,
                   "connector \"%.*s\": a name and its major version are wanted, like \"salesforce@1\"",
                   TL_STR_ARGS(name));
}

static struct tl_connector *find_loaded(struct tl_library *library, tl_str id, uint64_t major)
{
    for (struct tl_connector *c = library->first; c; c = c->next)
        if (tl_str_eq(tl_connector_id(c), id) && tl_connector_major(c) == major)
            return c;
    return NULL;
}

struct names {
    char text[LISTED_MAX][48];
    const char *words[LISTED_MAX];
    size_t count;
};

static void collect(void *ctx, const char *path, tl_str id, tl_str version, const char *problem)
{
    struct names *names = ctx;
    (void)path;
    (void)version;
    if (problem || names->count == LISTED_MAX)
        return;
    snprintf(names->text[names->count], sizeof names->text[0], "%.*s", TL_STR_ARGS(id));
    names->words[names->count] = names->text[names->count];
    names->count++;
}

static tl_code refuse_unknown(struct tl_library *library, tl_str name, tl_str id, struct tl_error *err)
{
    struct names *names = TL_NEW(struct names);
    tl_library_list(library, collect, names);
    const char *near = tl_nearest(id, names->words, names->count);
    struct tl_buf all;
    tl_buf_init(&all, 400);
    for (size_t i = 0; i < names->count; i++)
        tl_buf_addf(&all, "%s%s", i ? ", " : "", names->words[i]);
    tl_fail(err, TL_ENOTFOUND, "there is no connector \"%.*s\" in %s%s%s%s; installed: %s", TL_STR_ARGS(name),
            library->folder, near ? "; did you mean \"" : "", near ? near : "", near ? "\"" : "",
            all.len ? all.ptr : "none");
    tl_buf_free(&all);
    tl_free(names);
    return TL_ENOTFOUND;
}

/* The library's lock is held. */
static tl_code keep(struct tl_library *library, const char *path, const struct tl_connector **out, struct tl_error *err)
{
    struct tl_connector *connector = NULL;
    tl_code code = load(path, &connector, err);
    if (code != TL_OK)
        return code;
    struct tl_connector *same = find_loaded(library, tl_connector_id(connector), tl_connector_major(connector));
    if (same) {
        tl_connector_free(connector);
        *out = same;
        return TL_OK;
    }
    connector->next = library->first;
    library->first = connector;
    tl_log(TL_INFO, "connector.loaded", "connector loaded", TL_FSLICE("connector", tl_connector_id(connector)),
           TL_FSLICE("version", tl_connector_version(connector)), TL_FSTR("file", path));
    *out = connector;
    return TL_OK;
}

static tl_code get_locked(struct tl_library *library, tl_str name, const struct tl_connector **out,
                          struct tl_error *err)
{
    tl_str id;
    uint64_t major;
    tl_code code = split_name(name, &id, &major, err);
    if (code != TL_OK)
        return code;
    *out = find_loaded(library, id, major);
    if (*out)
        return TL_OK;
    char *path = tl_printf("%s/%.*s@%llu.so", library->folder, TL_STR_ARGS(id), (unsigned long long)major);
    if (access(path, F_OK) != 0) {
        tl_free(path);
        path = tl_printf("%s/%.*s.so", library->folder, TL_STR_ARGS(id));
    }
    code = access(path, F_OK) != 0 ? refuse_unknown(library, name, id, err) : keep(library, path, out, err);
    if (code == TL_OK && (!tl_str_eq(tl_connector_id(*out), id) || tl_connector_major(*out) != major))
        code = tl_fail(err, TL_ENOTFOUND, "%s is %.*s %.*s, not \"%.*s\"", path, TL_STR_ARGS(tl_connector_id(*out)),
                       TL_STR_ARGS(tl_connector_version(*out)), TL_STR_ARGS(name));
    tl_free(path);
    return code;
}

tl_code tl_library_get(struct tl_library *library, tl_str name, const struct tl_connector **out, struct tl_error *err)
{
    const struct tl_connector *found = NULL;
    pthread_mutex_lock(&library->lock);
    tl_code code = get_locked(library, name, &found, err);
    pthread_mutex_unlock(&library->lock);
    if (code == TL_OK)
        *out = found;
    return code;
}

tl_code tl_library_get_file(struct tl_library *library, const char *path, const struct tl_connector **out,
                            struct tl_error *err)
{
    char real[PATH_MAX], folder[PATH_MAX];
    if (!realpath(path, real))
        return tl_fail(err, TL_ENOTFOUND, "%s: no such file", path);
    size_t n = realpath(library->folder, folder) ? strlen(folder) : 0;
    if (n == 0 || strncmp(real, folder, n) != 0 || real[n] != '/')
        return tl_fail(err, TL_EACCESS,
                       "%s is not in the plugins folder %s: a connector from elsewhere must run contained "
                       "(isolation = \"process\"), which this version cannot do yet; install it there if you trust it",
                       path, library->folder);
    pthread_mutex_lock(&library->lock);
    tl_code code = keep(library, real, out, err);
    pthread_mutex_unlock(&library->lock);
    return code;
}

/* ---- listing ---- */

static int is_shared_object(const struct dirent *entry)
{
    return tl_str_ends(tl_str_z(entry->d_name), TL_STR(".so"));
}

size_t tl_library_list(struct tl_library *library,
                       void (*each)(void *ctx, const char *path, tl_str id, tl_str version, const char *problem),
                       void *ctx)
{
    struct dirent **entries = NULL;
    int count = scandir(library->folder, &entries, is_shared_object, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = tl_printf("%s/%s", library->folder, entries[i]->d_name), *text = NULL;
        size_t len = 0;
        struct tl_connector *connector = NULL;
        struct tl_error err = {0};
        tl_code code = tl_elf_read_section(path, TLC_MANIFEST_SECTION, &text, &len, &err);
        if (code == TL_OK)
            code = tl_connector_new(path, text, len, &connector, &err);
        if (code == TL_OK)
            each(ctx, path, tl_connector_id(connector), tl_connector_version(connector), NULL);
        else
            each(ctx, path, TL_STR_NONE, TL_STR_NONE, err.text);
        tl_connector_free(connector);
        tl_free(path);
        free(entries[i]);
    }
    free(entries);
    return count > 0 ? (size_t)count : 0;
}
