/* `tidelock tool validate`: does the document on standard input keep a contract? */
#include "base/buf.h"
#include "codec/json_writer.h"
#include "command.h"
#include "contract_file.h"
#include "stream.h"
#include <stdio.h>

enum { DOCUMENT_MAX = 64 << 20, VIOLATIONS_MOST = 1000 };

static void print_text(const struct tl_violations *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct tl_violation *v = &all->items[i];
        printf("%s: %s; is %s (%s)\n", v->pointer[0] ? v->pointer : "the document", v->text, v->value, v->rule);
    }
    if (all->count == all->most)
        printf("… and perhaps more\n");
}

static tl_code print_json(const struct tl_violations *all, struct tl_error *err)
{
    struct tl_buf out;
    struct tl_json_writer w;
    tl_buf_init(&out, 64 << 20);
    tl_json_writer_init_pretty(&w, &out, 2);
    tl_json_begin_object(&w);
    tl_json_put_bool(&w, "valid", all->count == 0);
    tl_json_key(&w, "violations");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < all->count; i++) {
        tl_json_begin_object(&w);
        tl_json_put_z(&w, "pointer", all->items[i].pointer);
        tl_json_put_z(&w, "keyword", all->items[i].keyword);
        tl_json_put_z(&w, "rule", all->items[i].rule);
        tl_json_put_z(&w, "value", all->items[i].value);
        tl_json_put_z(&w, "text", all->items[i].text);
        tl_json_end_object(&w);
    }
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    return tl_stream_print_json(&w, &out, err);
}

static tl_code read_formats(const struct tl_args *args, enum tl_schema_formats *out, struct tl_error *err)
{
    const char *word = tl_arg(args, "--formats");
    *out = TL_FORMATS_ASSERT;
    if (word == NULL || tl_str_is(tl_str_z(word), "assert"))
        return TL_OK;
    *out = TL_FORMATS_ANNOTATE;
    if (tl_str_is(tl_str_z(word), "annotate"))
        return TL_OK;
    return tl_fail(err, TL_EUSAGE, "--formats is assert or annotate, not %s", word);
}

static tl_code validate(const struct tl_schema *schema, tl_str text, bool json, struct tl_error *err)
{
    struct tl_violations all;
    tl_violations_init(&all, VIOLATIONS_MOST);
    tl_code code = tl_schema_validate_text(schema, text, &all, err), printed = TL_OK;
    if (code == TL_OK || code == TL_EDIFFERS) {
        if (json)
            printed = print_json(&all, err);
        else
            print_text(&all);
    }
    if (code == TL_EINPUT)
        tl_error_prefix(err, "standard input");
    if (printed == TL_OK && code == TL_EDIFFERS) {
        code = TL_EFAILED;
        err->text[0] = '\0'; /* everything is said already */
    }
    tl_violations_free(&all);
    return printed == TL_OK ? code : printed;
}

tl_code tl_cmd_tool_validate(const struct tl_args *args, struct tl_error *err)
{
    const char *path = tl_arg(args, "--contract");
    enum tl_schema_formats formats;
    struct tl_schema *schema = NULL;
    struct tl_buf text;
    if (path == NULL)
        return tl_fail(err, TL_EUSAGE, "--contract FILE is missing: the JSON Schema to check standard input by");
    tl_buf_init(&text, DOCUMENT_MAX);
    tl_code code = read_formats(args, &formats, err);
    if (code == TL_OK)
        code = tl_contract_file(path, formats, &schema, err);
    if (code == TL_OK)
        code = tl_stream_read("-", &text, err);
    if (code == TL_OK)
        code = validate(schema, tl_buf_str(&text), tl_flag(args, "--json"), err);
    tl_schema_free(schema);
    tl_buf_free(&text);
    return code;
}
