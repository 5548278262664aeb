/* `tidelock tool json`: one document through Lua values and back. */
#include "base/alloc.h"
#include "command.h"
#include "place.h"
#include "script/run.h"
#include "stream.h"
#include <stdio.h>

enum { DOCUMENT_MAX = 256 << 20 };

static tl_code convert(const char *library, struct tl_buf *in, struct tl_buf *out, struct tl_error *err)
{
    struct tl_script_limits limits = {0};
    struct tl_script *script = NULL;
    tl_code code = tl_script_new_bare(library, &limits, &script, err);
    if (code != TL_OK)
        return code;
    code = tl_script_roundtrip(script, tl_buf_str(in), out, err);
    tl_script_free(script);
    return code;
}

/* "line 1, column 3: …" as editors and scripts want it: "1:3: …". */
static void shorten_place(struct tl_error *err)
{
    size_t line, column;
    int used = 0;
    if (sscanf(err->text, "line %zu, column %zu: %n", &line, &column, &used) != 2 || used == 0)
        return;
    struct tl_error whole = *err;
    tl_fail(err, whole.code, "%zu:%zu: %s", line, column, whole.text + used);
}

tl_code tl_cmd_tool_json(const struct tl_args *args, struct tl_error *err)
{
    struct tl_buf in, out;
    tl_buf_init(&in, DOCUMENT_MAX);
    tl_buf_init(&out, (size_t)DOCUMENT_MAX * 6); /* every byte may become a \u escape */
    char *library = tl_place_library(args);
    tl_code code = tl_stream_read("-", &in, err);
    if (code == TL_OK)
        code = convert(library, &in, &out, err);
    if (code == TL_OK && tl_buf_add_char(&out, '\n'))
        code = tl_stream_print(tl_buf_str(&out), err);
    if (code == TL_EINPUT)
        shorten_place(err);
    tl_free(library);
    tl_buf_free(&in);
    tl_buf_free(&out);
    return code;
}
