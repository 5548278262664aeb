/* The reserve: a file of allocated blocks that is cut when the disk is full, so that outcomes and state still find
 * room. Events never get any of it. Thread: the writer and the state thread, under its lock. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/disk.h"
#include "base/log.h"
#include "journal_int.h"
#include <fcntl.h>
#include <string.h>

#define STEPS 16u /* it is given back in parts of this many */
#define TRY_MS 100

static bool fill(struct reserve *reserve)
{
    int code = tl_disk_allocate(reserve->file, 0, reserve->size);
    if (code) {
        /* a failed allocation may have taken part of it, which the full disk needs */
        (void)tl_disk_truncate(reserve->file, reserve->left);
        return false;
    }
    reserve->left = reserve->size;
    return true;
}

tl_code tl_reserve_open(struct tl_journal *journal, struct tl_error *err)
{
    struct reserve *reserve = &journal->reserve;
    pthread_mutex_init(&reserve->lock, NULL);
    reserve->size = journal->options.reserve_bytes;
    char *path = tl_printf("%s/reserve", journal->dir);
    reserve->file = tl_disk_open(path, O_RDWR | O_CREAT);
    tl_code code = TL_OK;
    if (reserve->file < 0 && !tl_disk_is_full(reserve->file))
        code = tl_fail(err, TL_EIO, "%s cannot be opened: %s", path, strerror(-reserve->file));
    tl_free(path);
    if (code || reserve->file < 0)
        return code;
    int64_t size = tl_disk_size(reserve->file);
    reserve->left = size > 0 ? (uint64_t)size : 0;
    if (reserve->left < reserve->size && !fill(reserve))
        atomic_store(&journal->room, TL_ROOM_FULL);
    return TL_OK;
}

void tl_reserve_close(struct tl_journal *journal)
{
    if (journal->reserve.file >= 0)
        tl_disk_close(journal->reserve.file);
    pthread_mutex_destroy(&journal->reserve.lock);
}

bool tl_reserve_use(struct tl_journal *journal, uint64_t need, bool for_state)
{
    struct reserve *reserve = &journal->reserve;
    uint64_t kept = for_state ? reserve->size / 2 : 0; /* the log comes first: the state can be applied later */
    pthread_mutex_lock(&reserve->lock);
    uint64_t had = reserve->file >= 0 ? reserve->left : 0;
    uint64_t take = need + reserve->size / STEPS;
    if (had <= kept)
        take = 0;
    else if (take > had - kept)
        take = had - kept;
    if (take) {
        reserve->left = had - take;
        if (tl_disk_truncate(reserve->file, reserve->left))
            reserve->left = had;
        atomic_store(&journal->room, TL_ROOM_RESERVE);
        tl_log(TL_WARN, "journal.reserve", "the disk is full: using the reserve", TL_FINT("left", reserve->left));
    }
    pthread_mutex_unlock(&reserve->lock);
    return take > 0;
}

bool tl_reserve_restore(struct tl_journal *journal)
{
    struct reserve *reserve = &journal->reserve;
    int64_t now = tl_mono_ms();
    pthread_mutex_lock(&reserve->lock);
    bool whole = reserve->left >= reserve->size;
    if (!whole && reserve->file >= 0 && now - reserve->tried_ms >= TRY_MS) {
        reserve->tried_ms = now;
        whole = fill(reserve);
    }
    pthread_mutex_unlock(&reserve->lock);
    return whole;
}
