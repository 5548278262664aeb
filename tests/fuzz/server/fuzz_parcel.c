/* What arrives over the control socket as an integration: arbitrary JSON. Whatever is taken stays below its folder,
 * keeps the bounds, and travels on as it is. */
#include "base/alloc.h"
#include "server/parcel.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void check_path(const char *path)
{
    tl_str rest = tl_str_z(path), part;
    expect(path[0] != '\0');
    while (tl_str_cut(&rest, '/', &part))
        expect(part.len > 0 && part.ptr[0] != '.');
}

/* Written and read again it is the same. */
static void check_way(const struct tl_parcel *parcel)
{
    struct tl_buf json;
    struct tl_json_writer w;
    struct tl_json_doc *doc = NULL;
    struct tl_parcel again;
    tl_buf_init(&json, TL_PARCEL_JSON_MAX);
    tl_json_writer_init(&w, &json);
    tl_parcel_put(&w, parcel);
    expect(tl_json_writer_done(&w, NULL) == TL_OK);
    expect(tl_json_parse(tl_buf_str(&json), NULL, &doc, NULL) == TL_OK);
    expect(tl_parcel_parse(tl_json_root(doc), &again, NULL) == TL_OK && again.count == parcel->count);
    for (size_t i = 0; i < again.count; i++)
        expect(strcmp(again.files[i].path, parcel->files[i].path) == 0 &&
               tl_str_eq(again.files[i].text, parcel->files[i].text));
    tl_parcel_free(&again);
    tl_json_free(doc);
    tl_buf_free(&json);
}

/* Every line is a file: its path, a blank, its text; the paths as they are, in the folders that are taken. */
static void write_files(tl_str lines, struct tl_buf *out)
{
    static const char *const folders[] = {"", "lib/", "tests/", "contracts/"};
    struct tl_json_writer w;
    tl_str line, path;
    tl_json_writer_init(&w, out);
    tl_json_begin_array(&w);
    for (size_t i = 0; lines.len > 0 && tl_str_cut(&lines, '\n', &line); i++) {
        tl_str text = line;
        (void)tl_str_cut(&text, ' ', &path);
        char *whole = tl_printf("%s%.*s", folders[i % TL_COUNT_OF(folders)], TL_STR_ARGS(path));
        tl_json_begin_object(&w);
        tl_json_put_lossy(&w, "path", tl_str_z(whole));
        tl_json_put_lossy(&w, i % 3 == 0 ? "base64" : "text", text);
        tl_json_end_object(&w);
        tl_free(whole);
    }
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "path", "integration.lua");
    tl_json_put_z(&w, "text", "");
    tl_json_end_object(&w);
    tl_json_end_array(&w);
}

static void check(tl_str json)
{
    struct tl_json_doc *doc = NULL;
    struct tl_parcel parcel;
    if (tl_json_parse(json, NULL, &doc, NULL) != TL_OK)
        return;
    tl_code code = tl_parcel_parse(tl_json_root(doc), &parcel, NULL);
    expect(code == TL_OK || code == TL_EINPUT);
    expect(parcel.count <= 2000);
    for (size_t i = 0; i < parcel.count; i++)
        check_path(parcel.files[i].path);
    if (code == TL_OK)
        check_way(&parcel);
    tl_parcel_free(&parcel);
    tl_json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_buf json;
    if (size == 0)
        return 0;
    tl_str rest = tl_str_n(data + 1, size - 1);
    tl_buf_init(&json, 64 << 20);
    if (data[0] & 1)
        write_files(rest, &json);
    check(data[0] & 1 ? tl_buf_str(&json) : rest);
    tl_buf_free(&json);
    return 0;
}
