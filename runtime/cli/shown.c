#include "shown.h"
#include "base/arena.h"
#include "base/buf.h"
#include "codec/utf8.h"

static struct tl_arena arena; /* a command is short; all that it printed goes with it */

static bool steers(uint32_t code, bool lines)
{
    return tl_utf8_steers(code) && !(lines && (code == '\n' || code == '\t'));
}

static void add(struct tl_buf *out, uint32_t code)
{
    if (code == '\n' || code == '\r' || code == '\t')
        tl_buf_addf(out, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
    else
        tl_buf_addf(out, "\\u%04x", (unsigned)code);
}

static tl_str show(tl_str text, bool lines)
{
    struct tl_buf out;
    size_t at = 0, from = 0;
    uint32_t code;
    tl_buf_init(&out, SIZE_MAX / 2);
    for (size_t before = 0; tl_utf8_next(text, &at, &code); before = at) {
        if (!steers(code, lines))
            continue;
        tl_buf_add(&out, text.ptr + from, before - from);
        add(&out, code);
        from = at;
    }
    if (from == 0)
        return text;
    tl_buf_add_str(&out, tl_str_from(text, from));
    text = tl_str_z(tl_arena_copy(&arena, tl_buf_str(&out)));
    tl_buf_free(&out);
    return text;
}

tl_str tl_shown(tl_str text)
{
    return show(text, false);
}

tl_str tl_shown_lines(tl_str text)
{
    return show(text, true);
}
