#include "diff.h"
#include "base/alloc.h"
#include <string.h>

#define AROUND 2
#define CELLS_MAX ((size_t)16 << 20) /* of the table; beyond that the middle is shown as two blocks */

struct lines {
    tl_str *items; /* own */
    size_t count;
};

static struct lines split(tl_str text)
{
    struct lines lines = {NULL, 0};
    tl_str line;
    while (text.len > 0 && tl_str_cut(&text, '\n', &line)) {
        if ((lines.count & (lines.count + 1)) == 0)
            lines.items = tl_realloc(lines.items, (lines.count + 1) * 2 * sizeof *lines.items);
        lines.items[lines.count++] = line;
    }
    return lines;
}

/* One line of the result. */
struct mark {
    char kind; /* '-', '+', ' ' */
    tl_str text;
};

struct marks {
    struct mark *items; /* own */
    size_t count;
};

static void add(struct marks *marks, char kind, tl_str text)
{
    if ((marks->count & (marks->count + 1)) == 0)
        marks->items = tl_realloc(marks->items, (marks->count + 1) * 2 * sizeof *marks->items);
    marks->items[marks->count++] = (struct mark){kind, text};
}

/* Longest common subsequence of what is left between a common head and a common tail. */
static void middle(const tl_str *a, size_t n, const tl_str *b, size_t m, struct marks *marks)
{
    size_t i = 0, j = 0;
    uint32_t *table = (n + 1) * (m + 1) <= CELLS_MAX ? tl_zalloc((n + 1) * (m + 1), sizeof *table) : NULL;
    if (table != NULL) {
        for (i = n; i-- > 0;) {
            for (j = m; j-- > 0;) {
                uint32_t down = table[(i + 1) * (m + 1) + j], right = table[i * (m + 1) + j + 1];
                table[i * (m + 1) + j] = tl_str_eq(a[i], b[j]) ? table[(i + 1) * (m + 1) + j + 1] + 1
                                         : down > right        ? down
                                                               : right;
            }
        }
        i = j = 0;
        while (i < n && j < m) {
            if (tl_str_eq(a[i], b[j])) {
                add(marks, ' ', a[i++]);
                j++;
            } else if (table[(i + 1) * (m + 1) + j] >= table[i * (m + 1) + j + 1]) {
                add(marks, '-', a[i++]);
            } else {
                add(marks, '+', b[j++]);
            }
        }
        tl_free(table);
    }
    while (i < n)
        add(marks, '-', a[i++]);
    while (j < m)
        add(marks, '+', b[j++]);
}

static bool near_change(const struct marks *marks, size_t at)
{
    size_t from = at > AROUND ? at - AROUND : 0;
    for (size_t i = from; i < marks->count && i <= at + AROUND; i++) {
        if (marks->items[i].kind != ' ')
            return true;
    }
    return false;
}

static void print(const struct marks *marks, struct tl_buf *out)
{
    bool gap = false;
    for (size_t i = 0; i < marks->count; i++) {
        if (!near_change(marks, i)) {
            gap = true;
            continue;
        }
        if (gap)
            tl_buf_add_z(out, "  ...\n");
        gap = false;
        tl_buf_addf(out, "%c %.*s\n", marks->items[i].kind, TL_STR_ARGS(marks->items[i].text));
    }
    if (gap && out->len > 0)
        tl_buf_add_z(out, "  ...\n");
}

void tl_diff_print(tl_str expected, tl_str got, struct tl_buf *out)
{
    if (tl_str_eq(expected, got))
        return;
    struct lines a = split(expected), b = split(got);
    struct marks marks = {NULL, 0};
    size_t head = 0, tail = 0;
    while (head < a.count && head < b.count && tl_str_eq(a.items[head], b.items[head]))
        add(&marks, ' ', a.items[head++]);
    while (tail < a.count - head && tail < b.count - head &&
           tl_str_eq(a.items[a.count - 1 - tail], b.items[b.count - 1 - tail]))
        tail++;
    if (a.count > 0 && b.count > 0)
        middle(a.items + head, a.count - head - tail, b.items + head, b.count - head - tail, &marks);
    else /* one of them has no lines, not even a place for them */
        middle(a.items, a.count, b.items, b.count, &marks);
    for (; tail > 0; tail--)
        add(&marks, ' ', a.items[a.count - tail]);
    print(&marks, out);
    tl_free(a.items);
    tl_free(b.items);
    tl_free(marks.items);
}
