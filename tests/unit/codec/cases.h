/* Published test data from outside the project, found through TIDELOCK_CASES. A test without its data is skipped and
 * says so. */
#pragma once
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "base/str.h"
#include <stdlib.h>

static inline char *cases_path(const char *name)
{
    const char *root = getenv("TIDELOCK_CASES");
    return root ? tl_printf("%s/%s", root, name) : tl_printf("%s/../shared/cases/%s", TIDELOCK_ROOT, name);
}

/* The whole file as an owned string (tl_free), or NULL. */
static inline char *cases_read(const char *name, size_t *len)
{
    char *path = cases_path(name), *bytes = NULL;
    *len = 0;
    FILE *file = fopen(path, "rb");
    if (file) {
        const size_t max = 4 * 1024 * 1024;
        bytes = tl_alloc(max + 1);
        *len = fread(bytes, 1, max, file);
        bytes[*len] = '\0';
        fclose(file);
    }
    tl_free(path);
    return bytes;
}

static inline char *cases_need(const char *name, size_t *len)
{
    char *bytes = cases_read(name, len);
    if (!bytes) {
        print_message("skipped: %s is not there (set TIDELOCK_CASES)\n", name);
        skip();
    }
    return bytes;
}

#define assert_str(actual, expected)                                                                                   \
    do {                                                                                                               \
        tl_str str_ = (actual);                                                                                        \
        char *copy_ = tl_copy(str_.len ? str_.ptr : "", str_.len);                                                     \
        assert_string_equal(copy_, (expected));                                                                        \
        tl_free(copy_);                                                                                                \
    } while (0)
