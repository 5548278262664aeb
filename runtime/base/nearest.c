#include "base/nearest.h"

enum { WORD_MAX = 64 };

static size_t least3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein distance; words past WORD_MAX are never near. `slips`: two letters that were swapped are one edit, and
 * case does not count. */
static size_t distance(tl_str a, tl_str b, bool slips)
{
    size_t row[3][WORD_MAX + 1];
    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *before2 = row[(i + 1) % 3], *before = row[(i + 2) % 3], *now = row[i % 3];
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char x = a.ptr[i - 1], y = b.ptr[j - 1];
            bool same = x == y || (slips && lower(x) == lower(y));
            bool swapped =
                slips && i > 1 && j > 1 && lower(x) == lower(b.ptr[j - 2]) && lower(y) == lower(a.ptr[i - 2]);
            now[j] = least3(before[j] + 1, now[j - 1] + 1, before[j - 1] + (same ? 0 : 1));
            if (swapped && before2[j - 2] + 1 < now[j])
                now[j] = before2[j - 2] + 1;
        }
    }
    return row[a.len % 3][b.len];
}

const char *tl_nearest(tl_str word, const char *const *words, size_t count)
{
    size_t limit = word.len / 3 > 2 ? word.len / 3 : 2;
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, tl_str_z(words[i]), false);
        if (d <= limit && d < word.len) {
            best = words[i];
            limit = d == 0 ? 0 : d - 1;
            if (d == 0)
                break;
        }
    }
    return best;
}

const char *tl_slip(tl_str word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t least = 3;
    for (size_t i = 0; i < count && word.len > 0; i++) {
        tl_str other = tl_str_z(words[i]);
        size_t edits = distance(word, other, true);
        if (tl_str_eq(word, other))
            return NULL;
        if (edits < least && edits <= (other.len >= 9 ? 2 : 1)) {
            least = edits;
            best = words[i];
        }
    }
    return best;
}
