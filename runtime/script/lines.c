/* Noting lines. Invariant: a line is known when an instruction stands on it, except the return that ends every function
 * and the preparation of arguments that begins some (nobody wrote them). Thread: that of the state. */
#include "lines.h"
#include "base/alloc.h"
#include "bundle_private.h"
#include "chunk.h"
#include <stdlib.h>
#include <string.h>

#define DUMP_MAX (64u * 1024 * 1024)

struct file {
    char *path;     /* own */
    uint8_t *state; /* own */
    int count;
};

struct tl_lines {
    struct file *files; /* own; sorted by path */
    size_t count;
    struct file *last; /* where the line before was */
    struct tl_fields fields;
};

/* ---- what can run ---- */

static void know(struct file *file, const struct tl_proto *proto)
{
    for (int i = 0; i + 1 < proto->code_count; i++) {
        int line = proto->lines[i];
        if (TL_OP(proto->code[i]) != TL_OP_VARARGPREP && line >= 1 && line <= file->count)
            file->state[line - 1] = TL_LINE_MISSED;
    }
    for (int i = 0; i < proto->proto_count; i++)
        know(file, &proto->protos[i]);
}

static int add_piece(lua_State *L, const void *piece, size_t size, void *ud)
{
    (void)L;
    return !tl_buf_add(ud, piece, size);
}

static void read_file(struct file *file, const struct tl_source *source)
{
    struct tl_buf dump;
    struct tl_arena arena;
    struct tl_proto *main;
    lua_State *L = luaL_newstate();
    tl_must(L != NULL);
    tl_buf_init(&dump, DUMP_MAX);
    tl_arena_init(&arena);
    file->path = tl_copy_z(source->path);
    file->count = 1;
    for (size_t i = 0; i < source->text.len; i++)
        file->count += source->text.ptr[i] == '\n';
    file->state = tl_zalloc((size_t)file->count, 1);
    if (luaL_loadbufferx(L, source->text.ptr, source->text.len, "=file", "t") == LUA_OK &&
        lua_dump(L, add_piece, &dump, 0) == 0 && tl_chunk_read(tl_buf_str(&dump), &arena, &main, NULL) == TL_OK)
        know(file, main);
    tl_arena_free(&arena);
    tl_buf_free(&dump);
    lua_close(L);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

struct tl_lines *tl_lines_new(const struct tl_bundle *bundle)
{
    struct tl_lines *lines = TL_NEW(struct tl_lines);
    lines->files = tl_zalloc(bundle->sources.count + 1, sizeof *lines->files);
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        if (source->role == TL_SOURCE_MAIN || source->role == TL_SOURCE_LIB)
            read_file(&lines->files[lines->count++], source);
    }
    qsort(lines->files, lines->count, sizeof *lines->files, by_path);
    return lines;
}

void tl_lines_free(struct tl_lines *lines)
{
    if (lines == NULL)
        return;
    for (size_t i = 0; i < lines->count; i++) {
        tl_free(lines->files[i].path);
        tl_free(lines->files[i].state);
    }
    tl_free(lines->files);
    tl_fields_free(&lines->fields);
    tl_free(lines);
}

/* ---- what ran ---- */

static struct file *find(struct tl_lines *lines, const char *path)
{
    struct file key = {.path = (char *)(uintptr_t)path};
    if (lines->last == NULL || strcmp(lines->last->path, path) != 0)
        lines->last = bsearch(&key, lines->files, lines->count, sizeof *lines->files, by_path);
    return lines->last;
}

static void on_line(lua_State *L, lua_Debug *info)
{
    struct tl_lines *lines = tl_script_of(L)->limits.lines;
    lua_getinfo(L, "S", info);
    struct file *file = info->source[0] == '@' ? find(lines, info->source + 1) : NULL;
    int line = info->currentline;
    if (file != NULL && line >= 1 && line <= file->count && file->state[line - 1] != TL_LINE_NONE)
        file->state[line - 1] = TL_LINE_RAN;
}

void tl_lines_watch(lua_State *L)
{
    if (tl_script_of(L)->limits.lines != NULL)
        lua_sethook(L, on_line, LUA_MASKLINE, 0);
    else
        lua_sethook(L, NULL, 0, 0);
}

bool tl_lines_file(const struct tl_lines *lines, size_t i, struct tl_lines_file *out)
{
    if (i >= lines->count)
        return false;
    const struct file *file = &lines->files[i];
    *out = (struct tl_lines_file){.path = file->path, .state = file->state, .count = file->count};
    for (int line = 0; line < file->count; line++) {
        out->executable += file->state[line] != TL_LINE_NONE;
        out->ran += file->state[line] == TL_LINE_RAN;
    }
    return true;
}

/* ---- fields ---- */

struct tl_fields *tl_lines_fields(struct tl_lines *lines)
{
    return &lines->fields;
}

bool tl_lines_field(const struct tl_lines *lines, size_t i, struct tl_lines_field *out)
{
    if (i >= lines->fields.count)
        return false;
    const struct tl_field *field = &lines->fields.items[i];
    *out = (struct tl_lines_field){field->map, field->way, field->name, field->passed};
    return true;
}
