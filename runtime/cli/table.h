/* Prints an array of JSON objects as a text table with aligned columns. */
#pragma once
#include "codec/json.h"

struct tl_column {
    const char *title;
    const char *key; /* member; nested with '.' ("gate.why", "waits.0.for") */
};

/* `empty` is printed when there are no rows. */
void tl_table_print(const struct tl_json_value *rows, const struct tl_column *columns, size_t count, const char *empty);
/* A member by dotted path; NULL when absent. */
const struct tl_json_value *tl_table_member(const struct tl_json_value *object, const char *path);
/* Its text for people, on one line (shown.h): strings and numbers as they are, others as JSON; empty when absent. */
tl_str tl_table_text(const struct tl_json_value *object, const char *path);
/* The same of a value. */
tl_str tl_table_value(const struct tl_json_value *value);
/* A text that is several lines; empty when absent. */
tl_str tl_table_lines(const struct tl_json_value *object, const char *path);
