/* From rows and annotations to Markdown. Thread: one. */
#include "editor/reference.h"
#include "base/alloc.h"
#include "folder.h"
#include "meta.h"
#include "script/declarations.h"
#include <string.h>

/* Which page a file of annotations belongs to; modules are the libraries. */
static const struct {
    const char *file, *page;
} places[] = {
    {"ctx.lua", "ctx"}, {"words.lua", "maps"}, {"lens.lua", "maps"}, {"values.lua", "values"}, {"trial.lua", "tests"}};

static const struct tl_reference_page pages[] = {
    {"declarations", "Declarations", "What a file may declare, with every key. **Bold** keys must be there."},
    {"ctx", "ctx", "What a flow may ask of the runtime: the first parameter of its function."},
    {"maps", "Maps and lenses", "The words of fields, `as.…`, and what a map or a lens is to a script."},
    {"values", "Values", "Nulls, arrays, exact decimals, errors, settings."},
    {"libraries", "Libraries", "What `require` finds beside an integration's own `lib/`."},
    {"tests", "Tests", "The words of `tests/*_test.lua`, run by `tidelock test`."},
};

const struct tl_reference_page *tl_reference_pages(size_t *count)
{
    *count = TL_COUNT_OF(pages);
    return pages;
}

/* ---- declarations ---- */

static void print_takes(struct tl_buf *out, const struct tl_form_key *key)
{
    static const struct {
        unsigned bit;
        const char *word;
    } words[] = {{TL_FORM_TEXT, "text"},
                 {TL_FORM_INTEGER, "whole number"},
                 {TL_FORM_BOOLEAN, "true or false"},
                 {TL_FORM_TABLE, "table"},
                 {TL_FORM_FUNCTION, "function"}};
    size_t some = 0;
    for (size_t i = 0; key->values && key->values[i]; i++)
        tl_buf_addf(out, "%s`\"%s\"`", some++ ? " " : "", key->values[i]);
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if ((key->takes & words[i].bit) && !key->values)
            tl_buf_addf(out, "%s%s", some++ ? " or " : "", words[i].word);
}

static void print_declarations(struct tl_buf *out)
{
    size_t count;
    const struct tl_declaration *rows = tl_declarations(&count);
    for (size_t i = 0; i < count; i++) {
        tl_buf_addf(out, "\n## %s%s%s\n\n%s\n\n| key | takes | |\n|---|---|---|\n", rows[i].kind,
                    rows[i].part[0] ? ", " : "", rows[i].part, rows[i].help);
        for (size_t k = 0; k < rows[i].key_count; k++) {
            const struct tl_form_key *key = &rows[i].keys[k];
            const char *bold = key->takes & TL_FORM_REQUIRED ? "**" : "";
            tl_buf_addf(out, "| %s`%s`%s | ", bold, key->name, bold);
            print_takes(out, key);
            tl_buf_addf(out, " | %s%s%s%s |\n", key->help, key->later ? " (comes with " : "",
                        key->later ? key->later : "", key->later ? ")" : "");
        }
        if (rows[i].others)
            tl_buf_addf(out, "\nEvery other key is %s.\n", rows[i].others);
    }
}

/* ---- annotations ---- */

/* Classes as they are met in a script. */
static void print_name(struct tl_buf *out, const char *name)
{
    static const char *const met[][2] = {{"Ctx:", "ctx:"},          {"TestWorld:", "w:"},   {"Decimal:", "amount:"},
                                         {"Platform:", "w.erp:"},   {"Rule:", "rule:"},     {"Lens.", "lens."},
                                         {"tidelock.Lens", "lens"}, {"tidelock.Map", "map"}};
    for (size_t i = 0; i < TL_COUNT_OF(met); i++)
        if (tl_str_starts(tl_str_z(name), tl_str_z(met[i][0]))) {
            tl_buf_addf(out, "%s%s", met[i][1], name + strlen(met[i][0]));
            return;
        }
    tl_buf_add_z(out, name);
}

static void print_part(struct tl_buf *out, const struct tl_meta_part *part)
{
    tl_buf_addf(out, "- `%s%s` `%s`%s%s\n", part->name, part->optional ? "?" : "", part->type,
                part->help[0] ? ": " : "", part->help);
}

static void print_function(struct tl_buf *out, const struct tl_meta_item *item)
{
    tl_buf_add_z(out, "\n### `");
    print_name(out, item->name);
    tl_buf_add_char(out, '(');
    for (size_t i = 0; i < item->param_count; i++)
        tl_buf_addf(out, "%s%s%s", i ? ", " : "", item->params[i].name, item->params[i].optional ? "?" : "");
    tl_buf_addf(out, ")`\n\n%s%s", item->help, item->help[0] ? "\n\n" : "");
    for (size_t i = 0; i < item->param_count; i++)
        print_part(out, &item->params[i]);
    for (size_t i = 0; i < item->return_count; i++)
        tl_buf_addf(out, "- gives `%s`%s%s\n", item->returns[i].type, item->returns[i].name[0] ? ", " : "",
                    item->returns[i].name);
}

static void print_item(struct tl_buf *out, const struct tl_meta_item *item)
{
    if (item->kind == TL_META_FUNCTION) {
        print_function(out, item);
        return;
    }
    if (!item->help[0] && item->param_count == 0 && item->kind != TL_META_ALIAS)
        return; /* a class that only holds functions */
    tl_buf_addf(out, "\n### `%s`\n\n%s%s", item->name, item->help, item->help[0] ? "\n\n" : "");
    if (item->kind == TL_META_ALIAS)
        tl_buf_addf(out, "`%s`\n", item->type);
    else if (item->type[0])
        tl_buf_addf(out, "Also what `%s` has.\n\n", item->type);
    for (size_t i = 0; i < item->param_count; i++)
        print_part(out, &item->params[i]);
}

struct printing {
    const char *page, *words;
    struct tl_buf *out;
};

static bool belongs(const struct tl_meta *meta, const char *file, const char *page)
{
    if (meta->module[0])
        return strcmp(page, "libraries") == 0;
    for (size_t i = 0; i < TL_COUNT_OF(places); i++)
        if (strcmp(places[i].file, file) == 0)
            return strcmp(places[i].page, page) == 0;
    return false;
}

/* Functions first, then what they take and give. */
static void print_file(struct tl_buf *out, const struct tl_meta *meta)
{
    if (meta->module[0])
        tl_buf_addf(out, "\n## %s\n", meta->module);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < meta->count; i++) {
            const struct tl_meta_item *item = &meta->items[i];
            bool head = meta->module[0] && item->kind == TL_META_CLASS && item->help[0] && item->param_count == 0;
            if (round == 0 && head)
                tl_buf_addf(out, "\n%s\n", item->help);
            else if (!head && (item->kind == TL_META_FUNCTION) == (round == 0))
                print_item(out, item);
        }
}

static tl_code print_words(void *ctx, const char *name, struct tl_error *err)
{
    const struct printing *p = ctx;
    struct tl_meta meta;
    struct tl_buf text;
    char *path = tl_printf("%s/%s", p->words, name);
    tl_buf_init(&text, TL_WORDS_MAX);
    tl_code code = tl_editor_read(path, &text, err);
    tl_free(path);
    if (code == TL_OK) {
        code = tl_meta_read(name, tl_buf_str(&text), &meta, err);
        if (code == TL_OK && belongs(&meta, name, p->page))
            print_file(p->out, &meta);
        tl_meta_free(&meta);
    }
    tl_buf_free(&text);
    return code;
}

static void print_globals(struct tl_buf *out)
{
    size_t count;
    const char *const *globals = tl_word_globals(&count);
    tl_buf_add_z(out, "\n## Globals\n\nA file may read these, and write none:");
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(out, " `%s`", globals[i]);
    tl_buf_add_z(out, ".\n");
}

tl_code tl_reference_print(const char *page, const char *words, struct tl_buf *out, struct tl_error *err)
{
    struct printing p = {page, words, out};
    for (size_t i = 0; i < TL_COUNT_OF(pages); i++) {
        if (strcmp(pages[i].name, page) != 0)
            continue;
        tl_buf_addf(out, "# %s\n\n%s\n", pages[i].title, pages[i].about);
        if (strcmp(page, "declarations") == 0)
            print_declarations(out);
        if (strcmp(page, "values") == 0)
            print_globals(out);
        return tl_editor_each(words, print_words, &p, err);
    }
    return tl_fail(err, TL_ENOTFOUND, "there is no page '%s'", page);
}
