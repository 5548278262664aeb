#include "contract_file.h"
#include "base/alloc.h"
#include "codec/json_pointer.h"
#include "stream.h"
#include <string.h>

struct reading {
    struct tl_arena arena; /* the texts, until compiled */
    const char *path;      /* of the contract itself */
};

static bool read_text(struct reading *r, const char *path, tl_str *text)
{
    struct tl_buf bytes;
    tl_buf_init(&bytes, TL_SCHEMA_BYTES);
    bool done = tl_stream_read(path, &bytes, NULL) == TL_OK;
    if (done)
        *text = tl_arena_str(&r->arena, tl_buf_str(&bytes));
    tl_buf_free(&bytes);
    return done;
}

/* A URI of a contract's own making: the file of that name beside the contract, when it calls itself so. */
static bool read_by_id(struct reading *r, tl_str uri, tl_str *text)
{
    const char *folder = strrchr(r->path, '/');
    size_t folder_len = folder ? (size_t)(folder - r->path) + 1 : 0, begin = uri.len;
    struct tl_buf scratch;
    tl_str id;
    while (begin && uri.ptr[begin - 1] != '/' && uri.ptr[begin - 1] != ':')
        begin--;
    char *path = tl_printf("%.*s%.*s", (int)folder_len, r->path, TL_STR_ARGS(tl_str_from(uri, begin)));
    tl_buf_init(&scratch, 4096);
    bool found = begin < uri.len && read_text(r, path, text) &&
                 tl_json_pointer_text(*text, TL_STR("/$id"), &scratch, &id, NULL) == TL_OK && tl_str_eq(id, uri);
    tl_buf_free(&scratch);
    tl_free(path);
    return found;
}

static bool resolve(void *ctx, tl_str uri, tl_str *text)
{
    struct reading *r = ctx;
    bool has_scheme = tl_str_find(uri, ':') > 0;
    char *path = tl_str_dup(uri);
    bool found = has_scheme ? read_by_id(r, uri, text) : strlen(path) == uri.len && read_text(r, path, text);
    tl_free(path);
    return found;
}

tl_code tl_contract_file(const char *path, enum tl_schema_formats formats, struct tl_schema **out, struct tl_error *err)
{
    struct tl_buf text;
    struct reading r = {.path = path};
    tl_arena_init(&r.arena);
    tl_buf_init(&text, TL_SCHEMA_BYTES);
    tl_code code = tl_stream_read(path, &text, err);
    struct tl_schema_source source = {
        .text = tl_buf_str(&text), .name = tl_str_z(path), .resolve = resolve, .ctx = &r, .formats = formats};
    if (code == TL_OK && tl_schema_compile(&source, out, NULL, err) != TL_OK)
        code = err->code = TL_ECONFIG;
    tl_buf_free(&text);
    tl_arena_free(&r.arena);
    return code;
}
