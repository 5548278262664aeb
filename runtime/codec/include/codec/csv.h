/* Tables as text: CSV as RFC 4180 has it, row by row, without a copy of the text. Thread: one at a time. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

#define TL_CSV_FIELDS_MAX 256

struct tl_csv {
    tl_str fields[TL_CSV_FIELDS_MAX]; /* of the row read last; borrowed from the text or `plain`, until the next row */
    size_t count;                     /* how many; 0: there are no more rows */
    int line;                         /* where that row begins, from 1 */
    tl_str rest;                      /* what has not been read */
    int next_line;                    /* where `rest` begins */
    struct tl_buf plain;              /* fields whose doubled quotes became single; never longer than the text */
};

/* `text` must outlive the reader. A UTF-8 byte order mark at its beginning is left out; else bytes are not looked at.
 */
void tl_csv_init(struct tl_csv *csv, tl_str text);
/* The next row, into `fields` and `count`. Rows end with LF or CRLF, the last one may end with the text; an empty line
 * is a row of one empty field. Quoted fields may hold commas, line ends and doubled quotes; a quote within a field that
 * does not begin with one is an ordinary character. TL_EINPUT, with the line: a quoted field without its end, something
 * behind that end, a CR that ends no line, more than TL_CSV_FIELDS_MAX fields. After that there are no more rows. */
tl_code tl_csv_next(struct tl_csv *csv, struct tl_error *err);
void tl_csv_free(struct tl_csv *csv);
