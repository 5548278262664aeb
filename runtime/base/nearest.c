#include "base/nearest.h"

enum { WORD_MAX = 64 };

static size_t least3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein distance; words past WORD_MAX are never near. */
static size_t distance(tl_str a, tl_str b)
{
    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return WORD_MAX;
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t change = diagonal + (a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1);
            row[j] = least3(above + 1, row[j - 1] + 1, change);
            diagonal = above;
        }
    }
    return row[b.len];
}

const char *tl_nearest(tl_str word, const char *const *words, size_t count)
{
    size_t limit = word.len / 3 > 2 ? word.len / 3 : 2;
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, tl_str_z(words[i]));
        if (d <= limit && d < word.len) {
            best = words[i];
            limit = d == 0 ? 0 : d - 1;
            if (d == 0)
                break;
        }
    }
    return best;
}
