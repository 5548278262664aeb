/* `tidelock contract diff`: is the new version of a contract compatible with the old one, or who breaks? */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "contract/compat.h"
#include "contract_file.h"
#include "stream.h"
#include <stdio.h>

static void print_text(const struct tl_differences *d, const char *old_path, const char *new_path)
{
    size_t breaking = 0;
    for (size_t i = 0; i < d->count; i++) {
        const struct tl_difference *item = &d->items[i];
        breaking += item->breaks != TL_BREAKS_NOBODY;
        printf("%s%s  %s: %s (%s)\n", item->breaks ? "breaks " : "compatible",
               item->breaks ? tl_breaks_words(item->breaks) : "", item->pointer[0] ? item->pointer : "the document",
               item->text, item->rule);
    }
    if (d->breaks)
        printf("%s is not compatible with %s: %zu of %zu differences break %s\n", new_path, old_path, breaking,
               d->count, tl_breaks_words(d->breaks));
    else
        printf("%s is compatible with %s: %zu differences, none breaks readers or writers\n", new_path, old_path,
               d->count);
}

static void put_breaks(struct tl_json_writer *w, unsigned breaks)
{
    tl_json_key(w, "breaks");
    tl_json_begin_array(w);
    if (breaks & TL_BREAKS_READERS)
        tl_json_string_z(w, "readers");
    if (breaks & TL_BREAKS_WRITERS)
        tl_json_string_z(w, "writers");
    tl_json_end_array(w);
}

static tl_code print_json(const struct tl_differences *d, struct tl_error *err)
{
    struct tl_buf out;
    struct tl_json_writer w;
    tl_buf_init(&out, 64 << 20);
    tl_json_writer_init_pretty(&w, &out, 2);
    tl_json_begin_object(&w);
    tl_json_put_bool(&w, "compatible", d->breaks == TL_BREAKS_NOBODY);
    put_breaks(&w, d->breaks);
    tl_json_key(&w, "differences");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < d->count; i++) {
        tl_json_begin_object(&w);
        put_breaks(&w, d->items[i].breaks);
        tl_json_put_z(&w, "pointer", d->items[i].pointer);
        tl_json_put_z(&w, "rule", d->items[i].rule);
        tl_json_put_z(&w, "text", d->items[i].text);
        tl_json_end_object(&w);
    }
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    return tl_stream_print_json(&w, &out, err);
}

tl_code tl_cmd_contract_diff(const struct tl_args *args, struct tl_error *err)
{
    const char *old_path = args->words[0], *new_path = args->words[1];
    struct tl_schema *before = NULL, *after = NULL;
    tl_code code = tl_contract_file(old_path, TL_FORMATS_ASSERT, &before, err);
    if (code == TL_OK)
        code = tl_contract_file(new_path, TL_FORMATS_ASSERT, &after, err);
    if (code == TL_OK) {
        struct tl_differences differences;
        tl_schema_compare(before, after, &differences);
        if (tl_flag(args, "--json"))
            code = print_json(&differences, err);
        else
            print_text(&differences, old_path, new_path);
        if (code == TL_OK && differences.breaks) {
            code = TL_EDIFFERS;
            err->text[0] = '\0'; /* everything is said already */
        }
        tl_differences_free(&differences);
    }
    tl_schema_free(before);
    tl_schema_free(after);
    return code;
}
