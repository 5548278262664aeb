#include "moment.h"

int64_t tl_moment_from(struct tl_journal *journal, uint64_t commit)
{
    struct tl_cursor *cursor = tl_cursor_new(journal, commit, TL_RECORD_BIT(TL_RECORD_EVENT));
    struct tl_record record;
    int64_t time = tl_cursor_next(cursor, &record, NULL) == TL_OK ? record.entry.time_ms : INT64_MAX;
    tl_cursor_free(cursor);
    return time;
}

/* Time never goes back from one commit to the next. */
uint64_t tl_moment_commit(struct tl_journal *journal, int64_t since_ms)
{
    uint64_t low = tl_journal_first(journal), high = tl_journal_last(journal) + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (tl_moment_from(journal, middle) < since_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
