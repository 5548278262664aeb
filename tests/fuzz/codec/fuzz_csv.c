/* A table ends, is refused with its line, or comes back when its fields are written anew in quotes. */
#include "base/attr.h"
#include "codec/csv.h"
#include <stdint.h>
#include <string.h>

static void write_field(struct tl_buf *out, tl_str field)
{
    tl_must(tl_buf_add_char(out, '"'));
    for (size_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == '"')
            tl_must(tl_buf_add_char(out, '"'));
        tl_must(tl_buf_add_char(out, field.ptr[i]));
    }
    tl_must(tl_buf_add_char(out, '"'));
}

static void write_row(struct tl_buf *out, const struct tl_csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        if (i)
            tl_must(tl_buf_add_char(out, ','));
        write_field(out, csv->fields[i]);
    }
    tl_must(tl_buf_add_z(out, "\r\n"));
}

/* Appends every row to `out`; false: refused. */
static bool write_again(tl_str text, struct tl_buf *out)
{
    struct tl_csv csv;
    struct tl_error err = {.text = ""};
    tl_code code;
    tl_csv_init(&csv, text);
    while ((code = tl_csv_next(&csv, &err)) == TL_OK && csv.count > 0) {
        tl_must(csv.line > 0 && csv.next_line > csv.line);
        write_row(out, &csv);
    }
    tl_must(code == TL_OK || (code == TL_EINPUT && strncmp(err.text, "line ", 5) == 0));
    tl_csv_free(&csv);
    return code == TL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_buf once, twice;
    tl_buf_init(&once, size * 8 + 64);
    tl_buf_init(&twice, size * 8 + 64);
    if (write_again(tl_str_n(data, size), &once)) {
        tl_must(write_again(tl_buf_str(&once), &twice));
        tl_must(tl_str_eq(tl_buf_str(&once), tl_buf_str(&twice)));
    }
    tl_buf_free(&once);
    tl_buf_free(&twice);
    return 0;
}
