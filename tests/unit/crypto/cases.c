#include "../cmocka_room.h"
#include "cases.h"

#include "base/buf.h"

#include <stdlib.h>

struct tl_json_doc *open_case(const char *path)
{
    const char *folder = getenv("TIDELOCK_CASES");
    char name[4096], piece[4096];
    struct tl_json_doc *doc = NULL;
    struct tl_error err = {0};
    struct tl_buf text;
    size_t len;

    snprintf(name, sizeof(name), "%s/%s", folder ? folder : TIDELOCK_ROOT "/../shared/cases", path);
    FILE *file = fopen(name, "r");
    if (!file) {
        print_message("skipped: %s is absent (TIDELOCK_CASES)\n", name);
        return NULL;
    }
    tl_buf_init(&text, 1 << 22);
    while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
        tl_buf_add(&text, piece, len);
    fclose(file);
    if (tl_json_parse(tl_buf_str(&text), NULL, &doc, &err) != TL_OK)
        fail_msg("%s: %s", name, err.text);
    tl_buf_free(&text);
    return doc;
}
