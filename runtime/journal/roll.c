/* The next segment: made and synced under another name, then opened in place of the full one. Thread: the writer's, or
 * the opener's before it starts. */
#include "base/alloc.h"
#include "base/disk.h"
#include "base/random.h"
#include "journal_int.h"
#include <fcntl.h>
#include <string.h>

int tl_segment_create(struct tl_journal *journal, const struct seg_head *head, struct tl_segment **out)
{
    char *path = tl_segment_path(journal->dir, head->number, "");
    char *tmp = NULL;
    uint64_t zeroed = 0;
    int file = journal->ahead ? tl_ahead_take(journal, head->number, &tmp, &zeroed) : -1;
    if (file < 0) {
        tmp = tl_segment_path(journal->dir, head->number, ".tmp");
        file = tl_disk_open(tmp, O_RDWR | O_CREAT | O_TRUNC);
    }
    struct seg_head filled = *head;
    int code = file < 0 ? file : tl_seg_head_write(file, &filled);
    if (!code)
        code = tl_disk_sync(file);
    if (!code)
        code = tl_disk_rename(tmp, path);
    if (!code)
        code = tl_disk_sync_dir(journal->dir);
    if (!code) {
        *out = tl_segment_new(path, file, &filled);
        atomic_store(&(*out)->zeroed, zeroed > SEG_HEAD_SIZE ? zeroed : SEG_HEAD_SIZE);
    } else if (file >= 0) {
        tl_disk_close(file);
        (void)tl_disk_unlink(tmp);
    }
    tl_free(path);
    tl_free(tmp);
    return code;
}

int tl_segment_roll(struct tl_journal *journal)
{
    struct tl_segment *old = journal->open;
    struct seg_head head = {.number = old->head.number + 1,
                            .first = atomic_load(&old->last) + 1,
                            .epoch = atomic_load(&journal->epoch),
                            .last_time_ms = journal->last_time_ms,
                            .prev_crc = old->last_crc};
    tl_random_bytes(&head.salt, sizeof head.salt);
    memcpy(head.instance, journal->head.instance, 16);
    struct tl_segment *next;
    int code = tl_segment_create(journal, &head, &next);
    if (code)
        return code;
    struct tl_segment_list *before = tl_segments_get(journal);
    struct tl_segment_list *after = tl_segments_new(before->count + 1);
    for (size_t i = 0; i < before->count; i++)
        after->segments[i] = tl_segment_ref(before->segments[i]);
    after->segments[before->count] = next;
    tl_segments_put(before);
    journal->open = next;
    tl_segments_set(journal, after);
    tl_ahead_open(journal, next);
    tl_ahead_index(journal, tl_segment_ref(old));
    return 0;
}
