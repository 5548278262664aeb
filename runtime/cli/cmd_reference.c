/* `tidelock reference`: every declaration, function, option and exit status, in Markdown. */
#include "base/alloc.h"
#include "base/nearest.h"
#include "command.h"
#include "editor/reference.h"
#include "place.h"
#include "stream.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_MAX = 4 << 20, PAGES_MAX = 16 };
static const char commands_page[] = "commands";

/* ---- commands ---- */

static void print_command(struct tl_buf *out, const struct tl_command *c)
{
    tl_buf_addf(out, "\n### `tidelock %s%s%s`\n\n%s.\n\n", c->name, c->words[0] ? " " : "", c->words, c->summary);
    tl_str rest = tl_str_z(c->help), part;
    bool code = false;
    while (rest.len && tl_str_cut(&rest, '\n', &part)) {
        bool example = tl_str_starts(part, TL_STR("  "));
        if (example != code)
            tl_buf_add_z(out, "```\n");
        code = example;
        tl_buf_addf(out, "%.*s\n", TL_STR_ARGS(example ? tl_str_from(part, 2) : part));
    }
    tl_buf_add_z(out, code ? "```\n" : "");
    for (const struct tl_option *o = c->options; o && o->name; o++)
        tl_buf_addf(out, "%s- `%s%s%s`: %s\n", o == c->options ? "\n" : "", o->name, o->value ? " " : "",
                    o->value ? o->value : "", o->help);
}

static void print_commands(const struct tl_command_list *commands, struct tl_buf *out)
{
    tl_buf_addf(out, "# Commands\n\n%s\n", tl_exit_statuses);
    for (size_t i = 0; i < commands->count; i++) {
        if (commands->items[i].run)
            print_command(out, &commands->items[i]);
        else
            tl_buf_addf(out, "\n## %s\n", commands->items[i].name);
    }
}

/* ---- pages ---- */

static tl_code print_page(const struct tl_args *args, const char *page, struct tl_buf *out, struct tl_error *err)
{
    char *words = tl_place_beside("share/tidelock/editor");
    tl_code code = TL_OK;
    if (strcmp(page, commands_page) == 0)
        print_commands(args->commands, out);
    else
        code = tl_reference_print(page, words, out, err);
    tl_free(words);
    return code;
}

static size_t list_pages(const char *names[PAGES_MAX])
{
    size_t count;
    const struct tl_reference_page *pages = tl_reference_pages(&count);
    for (size_t i = 0; i < count; i++)
        names[i] = pages[i].name;
    names[count++] = commands_page;
    return count;
}

static tl_code check_page(const char *page, const char *const *names, size_t count, struct tl_error *err)
{
    for (size_t i = 0; page && i < count; i++)
        if (strcmp(names[i], page) == 0)
            return TL_OK;
    const char *near = page ? tl_nearest(tl_str_z(page), names, count) : NULL;
    return page ? tl_fail(err, TL_EUSAGE,
                          "there is no page '%s'%s%s%s; pages: declarations ctx maps values libraries "
                          "tests commands",
                          page, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "")
                : TL_OK;
}

static tl_code write_page(const char *folder, const char *page, tl_str text, struct tl_error *err)
{
    char *path = tl_printf("%s/%s.md", folder, page);
    FILE *file = fopen(path, "w");
    bool done = file && fwrite(text.ptr, 1, text.len, file) == text.len;
    if (file)
        done = fclose(file) == 0 && done;
    tl_code code = done ? TL_OK : tl_fail(err, TL_EIO, "cannot write %s: %s", path, strerror(errno));
    tl_free(path);
    return code;
}

tl_code tl_cmd_reference(const struct tl_args *args, struct tl_error *err)
{
    const char *names[PAGES_MAX], *wanted = args->word_count ? args->words[0] : NULL, *folder = tl_arg(args, "--out");
    size_t count = list_pages(names);
    struct tl_buf out;
    tl_buf_init(&out, PAGE_MAX);
    tl_code code = check_page(wanted, names, count, err);
    if (code == TL_OK && folder && mkdir(folder, 0777) != 0 && errno != EEXIST)
        code = tl_fail(err, TL_EIO, "cannot make the folder %s: %s", folder, strerror(errno));
    for (size_t i = 0; i < count && code == TL_OK; i++) {
        if (wanted && strcmp(wanted, names[i]) != 0)
            continue;
        tl_buf_clear(&out);
        code = print_page(args, names[i], &out, err);
        if (code == TL_OK)
            code =
                folder ? write_page(folder, names[i], tl_buf_str(&out), err) : tl_stream_print(tl_buf_str(&out), err);
    }
    tl_buf_free(&out);
    return code;
}
