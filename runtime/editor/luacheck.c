/* .luacheckrc: the globals that scripts have, with the members of their libraries. Thread: one. */
#include "describe.h"
#include "folder.h"
#include "script/declarations.h"
#include <string.h>

/* Of tests; their annotations are in trial.lua, and a test keeps both the same. */
static const char *const test_words[] = {"describe", "context", "it", "pending", "before_each", "after_each"};

struct printing {
    struct tl_buf *out;
    const char *tables[16]; /* globals whose members were printed; the last one's are being printed */
    size_t count;
};

static void print_member(void *ctx, const char *global, const char *member)
{
    struct printing *p = ctx;
    bool begun = p->count && strcmp(p->tables[p->count - 1], global) == 0;
    if (!begun && p->count == TL_COUNT_OF(p->tables))
        return;
    if (!begun) {
        tl_buf_addf(p->out, "%s  %s = { fields = { ", p->count ? " } },\n" : "", global);
        p->tables[p->count++] = global;
    }
    tl_buf_addf(p->out, "%s\"%s\"", begun ? ", " : "", member);
}

static bool is_table(const struct printing *p, const char *global)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->tables[i], global) == 0)
            return true;
    return false;
}

tl_code tl_describe_globals(struct tl_buf *out, struct tl_error *err)
{
    struct printing p = {.out = out};
    size_t count;
    const char *const *globals = tl_word_globals(&count);
    tl_buf_add_z(out, TL_OURS "; without this line the file is yours and stays as it is.\n"
                              "std = \"none\"\nmax_line_length = false\nunused_args = false\n"
                              "exclude_files = { \".editor\", \".tidelock\" }\nread_globals = {\n");
    tl_code code = tl_word_members(print_member, &p, err);
    if (code != TL_OK)
        return code;
    tl_buf_add_z(out, p.count ? " } },\n" : "");
    for (size_t i = 0; i < count; i++)
        if (!is_table(&p, globals[i]))
            tl_buf_addf(out, "  %s = { other_fields = true },\n", globals[i]);
    tl_buf_add_z(out, "}\nfiles[\"tests\"] = { read_globals = { assert = { other_fields = true }");
    for (size_t i = 0; i < TL_COUNT_OF(test_words); i++)
        tl_buf_addf(out, ", \"%s\"", test_words[i]);
    /* tests of variants, which are copied over the folder */
    tl_buf_add_z(out, " } }\nfiles[\"**/tests/*.lua\"] = files[\"tests\"]\n");
    return code;
}
