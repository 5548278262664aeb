/* An integration's folder as it travels to a server: the files that a bundle reads, and those of its tests. In JSON:
 *
 *     [{"path": "flows/order.lua", "text": "…"}, {"path": "lookups/old.csv", "base64": "…"}, …]
 *
 * Bounds, the tests counted: 2,000 files, 4 MB a file, 64 MB in all, TL_PARCEL_JSON_MAX bytes of JSON. Thread: one at a
 * time. */
#pragma once
#include "base/arena.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include <stdbool.h>

/* Texts travel in base64 when that is shorter, so four thirds of 64 MB and the names are enough. */
#define TL_PARCEL_JSON_MAX ((size_t)96 << 20)

struct tl_parcel_file {
    const char *path; /* relative, with '/' */
    tl_str text;
};

/* Texts and paths live in the arena. Zero-initialised is empty. */
struct tl_parcel {
    struct tl_arena arena;
    struct tl_parcel_file *files; /* own; sorted by path when it was read from a folder */
    size_t count, bytes;
};

/* Is the file at this path taken, and is anything below this folder? Relative to the integration's folder, with '/'. */
bool tl_parcel_takes(const char *path);
bool tl_parcel_enters(const char *folder);
/* What of the folder is taken; links are not followed. TL_EINPUT: no such folder, no integration.lua in it, or a bound
 * is passed; TL_EIO. `out` is released with tl_parcel_free whatever came. */
TL_MUST_CHECK tl_code tl_parcel_read(const char *dir, struct tl_parcel *out, struct tl_error *err);
/* What arrived. TL_EINPUT: no such array, a path that leads elsewhere, twice the same path, or a bound is passed. `out`
 * is released with tl_parcel_free whatever came. */
TL_MUST_CHECK tl_code tl_parcel_parse(const struct tl_json_value *files, struct tl_parcel *out, struct tl_error *err);
/* Writes the array. */
void tl_parcel_put(struct tl_json_writer *w, const struct tl_parcel *parcel);
/* Writes the files below `dir`, which is made, or emptied first. TL_EINPUT: one path is a file and a folder; TL_EFULL,
 * TL_EIO. Not synced: what is staged need not outlive a crash. */
TL_MUST_CHECK tl_code tl_parcel_write(const struct tl_parcel *parcel, const char *dir, struct tl_error *err);
/* Is there a test in it: tests/…_test.lua, or tests/maps/<map>/<case>.input.json? */
bool tl_parcel_has_tests(const struct tl_parcel *parcel);
void tl_parcel_free(struct tl_parcel *parcel);
