#include "table.h"
#include "shown.h"
#include <stdio.h>

enum { COLUMNS_MAX = 16, CELL_MAX = 72 };

const struct tl_json_value *tl_table_member(const struct tl_json_value *object, const char *path)
{
    tl_str rest = tl_str_z(path), part;
    uint64_t index;
    while (object != NULL && tl_str_cut(&rest, '.', &part)) {
        bool item = tl_json_type(object) == TL_JSON_IS_ARRAY && tl_str_u64(part, &index);
        object = item ? tl_json_item(object, (size_t)index) : tl_json_get_str(object, part);
    }
    return object;
}

tl_str tl_table_text(const struct tl_json_value *object, const char *path)
{
    return tl_table_value(tl_table_member(object, path));
}

tl_str tl_table_value(const struct tl_json_value *value)
{
    if (value == NULL || tl_json_is_null(value))
        return TL_STR_NONE;
    tl_str text = tl_json_text(value);
    return tl_shown(text.ptr != NULL ? text : tl_json_raw(value));
}

tl_str tl_table_lines(const struct tl_json_value *object, const char *path)
{
    tl_str text = tl_json_text(tl_table_member(object, path));
    return tl_shown_lines(text);
}

/* Characters, not bytes: continuation bytes take no room. */
static size_t width_of(tl_str s)
{
    size_t width = 0;
    for (size_t i = 0; i < s.len; i++)
        width += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return width;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t print_cell(tl_str s)
{
    size_t shown = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool starts = (c & 0xc0) != 0x80;
        if (starts && shown == CELL_MAX - 1 && width_of(tl_str_from(s, i)) > 1) {
            fputs("\xe2\x80\xa6", stdout);
            return shown + 1;
        }
        shown += starts;
        putchar((int)c);
    }
    return shown;
}

void tl_table_print(const struct tl_json_value *rows, const struct tl_column *columns, size_t count, const char *empty)
{
    size_t widths[COLUMNS_MAX];
    if (tl_json_count(rows) == 0) {
        puts(empty);
        return;
    }
    for (size_t c = 0; c < count; c++)
        widths[c] = width_of(tl_str_z(columns[c].title));
    struct tl_json_iter i = tl_json_iter(rows);
    while (tl_json_next(&i)) {
        for (size_t c = 0; c < count; c++) {
            size_t width = min(width_of(tl_table_text(i.value, columns[c].key)), CELL_MAX);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    for (size_t c = 0; c < count; c++)
        printf("%-*s%s", (int)(c + 1 < count ? widths[c] + 2 : 0), columns[c].title, c + 1 < count ? "" : "\n");
    i = tl_json_iter(rows);
    while (tl_json_next(&i)) {
        for (size_t c = 0; c < count; c++) {
            size_t shown = print_cell(tl_table_text(i.value, columns[c].key));
            if (c + 1 < count)
                printf("%*s", (int)(widths[c] + 2 - shown), "");
        }
        putchar('\n');
    }
}
