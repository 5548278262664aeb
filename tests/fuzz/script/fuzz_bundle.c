/* Bundles on disk. A kept copy is damaged in every way that a disk or a person might, and read: it is the bundle that
 * was kept, or it is refused, and keeping it again puts it right. And a folder with arbitrary files is loaded, kept and
 * read back: what could be loaded can be kept, and comes back with the same hash. */
#include "base/alloc.h"
#include "base/log.h"
#include "script/bundle_store.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tl_bundle_file kept[] = {
    {"integration.lua", TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}\n"
                               "system \"crm\" { connector = \"salesforce@1\", operations = \"systems/crm.json\" }\n")},
    {"systems/crm.json", TL_STR("{\"operations\":{}}")},
    {"contracts/o.json", TL_STR("{\"type\":\"object\"}")},
    {"lookups/regions.csv", TL_STR("key,name\n1,North\n")},
    {"lib/deep/er/words.lua", TL_STR("return { yes = 'ja' }\n")},
    {"events.lua", TL_STR("event \"in@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }\n")}};
/* The least that a standard library is, so that an input costs microseconds. */
#define LIBRARY "return { as = {}, compile = function() return {} end }\n"

static const char *const places[] = {"integration/",
                                     "integration/lib/",
                                     "integration/lib/deep/",
                                     "integration/maps/",
                                     "integration/contracts/",
                                     "integration/lookups/",
                                     "integration/samples/",
                                     "integration/flows/",
                                     "integration/tests/",
                                     "library/",
                                     ""};
static const char *const names[] = {"integration.lua", "events.lua", "words.lua",     "o.json", "regions.csv",
                                    "mapping.lua",     "crm.json",   "lib/words.lua", "er",     "deep"};

static char top[64];

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static void remove_top(void)
{
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void clear(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void no_line(void *ctx, tl_str line)
{
    (void)ctx, (void)line;
}

static void write_file(const char *path, tl_str text, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | flags, 0666);
    if (fd < 0)
        return;
    if (text.len > 0 && write(fd, text.ptr, text.len) < 0)
        perror(path);
    close(fd);
}

static char *path_of(const char *root, const char *name)
{
    return tl_printf("%s/%s", root, name);
}

static void set_up(void)
{
    snprintf(top, sizeof top, "/dev/shm/tidelock-fuzz-XXXXXX");
    tl_must(mkdtemp(top) != NULL);
    atexit(remove_top);
    tl_log_sink(no_line, NULL);
    char *library = path_of(top, "library"), *mapping = path_of(top, "library/mapping.lua");
    mkdir(library, 0777);
    write_file(mapping, TL_STR(LIBRARY), 0);
    tl_free(library);
    tl_free(mapping);
}

/* ---- what is done to a folder ---- */

struct input {
    const uint8_t *at;
    size_t left;
};

static uint8_t take(struct input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++;
}

static tl_str take_bytes(struct input *in, size_t len)
{
    tl_str bytes = tl_str_n(in->at, len < in->left ? len : in->left);
    in->at += bytes.len;
    in->left -= bytes.len;
    return bytes;
}

/* A file of the bundle, a known name in a known place, or an arbitrary name there. */
static char *take_path(struct input *in, const char *root)
{
    uint8_t how = take(in), which = take(in);
    if (how % 4 == 0) {
        size_t at = which % (TL_COUNT_OF(kept) + 1);
        return at == TL_COUNT_OF(kept) ? tl_printf("%s/library/mapping.lua", root)
                                       : tl_printf("%s/integration/%s", root, kept[at].path);
    }
    const char *place = places[which % TL_COUNT_OF(places)];
    if (how % 4 == 1)
        return tl_printf("%s/%s%s", root, place, names[take(in) % TL_COUNT_OF(names)]);
    char *name = tl_str_dup(take_bytes(in, how % 32 + 1u));
    for (char *c = name; *c; c++)
        *c = *c == '/' ? '_' : *c;
    bool upwards = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || name[0] == '\0';
    char *path = tl_printf("%s/%s%s%s", root, place, upwards ? "x" : name,
                           how & 64    ? ".lua"
                           : how & 128 ? ".json"
                                       : "");
    tl_free(name);
    return path;
}

static void make_parents(char *path, size_t from)
{
    for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
}

static void act(struct input *in, const char *root)
{
    uint8_t what = take(in);
    char *path = take_path(in, root);
    tl_str text = take_bytes(in, (size_t)take(in) * (what & 128 ? 8 : 1));
    make_parents(path, strlen(root) + 1);
    switch (what % 8) {
    case 0:
    case 1:
        write_file(path, text, O_TRUNC);
        break;
    case 2:
        write_file(path, text, O_APPEND);
        break;
    case 3:
        write_file(path, text, 0); /* over what is there */
        break;
    case 4:
        clear(path);
        break;
    case 5:
        clear(path);
        mkdir(path, 0777);
        break;
    case 6:
        clear(path);
        if (symlink("integration.lua", path) != 0)
            perror(path);
        break;
    default:
        if (truncate(path, take(in)) != 0)
            break;
    }
    tl_free(path);
}

/* ---- what must hold ---- */

static tl_code read_back(const char *store, const char *hash, struct tl_bundle **out)
{
    struct tl_bundle_options options = {.library = "/nowhere"};
    return tl_bundle_load_kept(store, hash, &options, out, NULL);
}

static void is_the_kept_one(const struct tl_bundle *bundle)
{
    for (size_t i = 0; i < TL_COUNT_OF(kept); i++)
        tl_must(tl_str_eq(tl_bundle_file(bundle, kept[i].path), kept[i].text));
}

static void damage(struct input *in, const struct tl_bundle_options *options)
{
    char *store = path_of(top, "store");
    struct tl_bundle *bundle, *back;
    tl_must(tl_bundle_load_files(kept, TL_COUNT_OF(kept), options, &bundle, NULL) == TL_OK);
    tl_must(tl_bundle_keep(bundle, store, NULL, NULL) == TL_OK);
    char *root = path_of(store, tl_bundle_hash(bundle));
    while (in->left > 0)
        act(in, root);
    tl_code code = read_back(store, tl_bundle_hash(bundle), &back);
    tl_must(code == TL_OK || code == TL_ECORRUPT || code == TL_ENOTFOUND);
    if (code == TL_OK) {
        is_the_kept_one(back);
        tl_bundle_free(back);
    }
    tl_must(tl_bundle_keep(bundle, store, NULL, NULL) == TL_OK);
    tl_must(read_back(store, tl_bundle_hash(bundle), &back) == TL_OK);
    is_the_kept_one(back);
    tl_bundle_free(back);
    tl_bundle_free(bundle);
    tl_free(root);
    tl_free(store);
}

static void load(struct input *in, const struct tl_bundle_options *options)
{
    char *root = path_of(top, "made"), *folder = path_of(root, "integration"), *store = path_of(top, "other");
    char *first = path_of(folder, "integration.lua");
    struct tl_bundle *bundle, *back;
    mkdir(root, 0777);
    mkdir(folder, 0777);
    write_file(first, kept[0].text, 0);
    while (in->left > 0)
        act(in, root);
    if (tl_bundle_load(folder, options, &bundle, NULL) == TL_OK) {
        tl_must(tl_bundle_keep(bundle, store, NULL, NULL) == TL_OK);
        tl_code code = read_back(store, tl_bundle_hash(bundle), &back);
        tl_must(code == (tl_bundle_errors(bundle) == 0 ? TL_OK : TL_ECONFIG));
        if (code == TL_OK) {
            tl_must(strcmp(tl_bundle_hash(bundle), tl_bundle_hash(back)) == 0);
            tl_bundle_free(back);
        }
        tl_bundle_free(bundle);
    }
    clear(root);
    clear(store);
    tl_free(first);
    tl_free(root);
    tl_free(folder);
    tl_free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        set_up();
    ready = true;
    if (size < 2 || size > 4096)
        return 0;
    char *library = path_of(top, "library");
    struct tl_bundle_options options = {.library = library};
    struct input in = {data + 1, size - 1};
    if (data[0] & 1)
        damage(&in, &options);
    else
        load(&in, &options);
    tl_free(library);
    return 0;
}
