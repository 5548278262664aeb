/* What a call locks on the platform beside its records: the parents that the operation's manifest points at. A call
 * that is out holds them, and rows of another object that need one of them wait for its end; a lock that is refused
 * would cost a call and a retry. Lines of one operation have one home, so there is nothing to guard. */
#include "batcher_int.h"
#include "base/alloc.h"
#include <string.h>

tl_str tl_line_operation(const char *name)
{
    const char *slash = strchr(name, '/');
    slash = slash != NULL ? strchr(slash + 1, '/') : NULL;
    return slash != NULL ? tl_str_n(name, (size_t)(slash - name)) : tl_str_z(name);
}

static bool has_parent(const struct tl_row *row, tl_str parent)
{
    for (size_t i = 0; i < row->parent_count; i++)
        if (tl_str_eq(row->parents[i], parent))
            return true;
    return false;
}

/* A parent that is written itself is locked as well: it may be named by its key. */
static bool meet(const struct tl_row *a, const struct tl_row *b)
{
    if (has_parent(a, b->key) || has_parent(b, a->key))
        return true;
    for (size_t i = 0; i < a->parent_count; i++)
        if (has_parent(b, a->parents[i]))
            return true;
    return false;
}

static bool is_beside(const struct tl_line *line, const struct tl_line *other)
{
    return other != line && tl_str_eq(tl_line_operation(line->name), tl_line_operation(other->name));
}

bool tl_line_is_locked(const struct tl_line *line, const struct tl_row *row)
{
    size_t i = 0;
    tl_str name;
    void *at;
    if (row->parents == NULL)
        return false;
    while (tl_map_next(&line->batcher->lines, &i, &name, &at)) {
        const struct tl_line *other = at;
        for (size_t o = 0; is_beside(line, other) && o < other->out_count; o++)
            if (meet(row, other->out[o]))
                return true;
    }
    return false;
}

void tl_line_unlocked(const struct tl_line *line)
{
    size_t i = 0;
    tl_str name;
    void *at;
    while (tl_map_next(&line->batcher->lines, &i, &name, &at)) {
        struct tl_line *other = at;
        if (is_beside(line, other) && !tl_list_empty(&other->waiting) && !tl_timer_is_set(&other->again))
            tl_line_wake(other);
    }
}

void tl_rows_group(struct tl_row **rows, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        size_t next = i + 1;
        if (rows[i]->parent_count == 0)
            continue;
        for (size_t k = i + 1; k < count; k++) {
            if (rows[k]->parent_count == 0 || !tl_str_eq(rows[k]->parents[0], rows[i]->parents[0]))
                continue;
            struct tl_row *row = rows[k];
            memmove(rows + next + 1, rows + next, (k - next) * sizeof *rows);
            rows[next++] = row;
        }
        i = next - 1;
    }
}
