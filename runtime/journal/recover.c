/* Finding out what the disk holds: opens every segment, builds what is missing, tells a torn tail from damage. Runs
 * before any thread of the journal starts. */
#include "base/alloc.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/random.h"
#include "journal_int.h"
#include "scan.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding them ---- */

struct found {
    uint64_t *numbers; /* own */
    size_t count;
    const char *dir;
};

static bool see_name(void *arg, const char *name)
{
    struct found *found = arg;
    size_t len = strlen(name);
    if (len > 4 && strcmp(name + len - 4, ".tmp") == 0) {
        char *path = tl_printf("%s/%s", found->dir, name);
        (void)tl_disk_unlink(path);
        tl_free(path);
        return true;
    }
    uint64_t number;
    if (strncmp(name, "seg-", 4) == 0 && tl_str_u64(tl_str_z(name + 4), &number)) {
        found->numbers = tl_realloc(found->numbers, (found->count + 1) * sizeof *found->numbers);
        found->numbers[found->count++] = number;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static tl_code open_segment(struct tl_journal *journal, uint64_t number, struct tl_segment **out, struct tl_error *err)
{
    char *path = tl_segment_path(journal->dir, number, "");
    int file = tl_disk_open(path, O_RDWR);
    tl_code code = TL_OK;
    struct seg_head head;
    if (file < 0)
        code = tl_fail(err, TL_EIO, "%s cannot be opened: %s", path, strerror(-file));
    if (!code)
        code = tl_seg_head_read(file, path, &head, err);
    if (!code && (head.number != number || memcmp(head.instance, journal->head.instance, 16) != 0))
        code =
            tl_fail(err, TL_ECORRUPT,
                    "%s is segment %llu of %s journal: it was renamed or copied here. Put the right file back, or run "
                    "`tidelock restore`",
                    path, (unsigned long long)head.number,
                    memcmp(head.instance, journal->head.instance, 16) ? "another" : "this");
    if (!code)
        *out = tl_segment_new(path, file, &head);
    else if (file >= 0)
        tl_disk_close(file);
    tl_free(path);
    return code;
}

/* ---- reading one ---- */

/* Reads what the segment does not know yet. The last commit's place and size are left in the scan. */
static tl_code read_commits(struct tl_journal *journal, struct tl_scan *scan, struct commit_head *last,
                            uint64_t *last_offset, struct tl_error *err)
{
    const struct commit_head *head;
    const uint8_t *dir;
    tl_code code;
    while ((code = tl_scan_next(scan, &head, &dir, err)) == TL_OK) {
        *last = *head;
        *last_offset = scan->offset;
        code = tl_segment_learn_names(scan->segment, &journal->names, head, dir, err);
        if (code)
            return code;
        tl_segment_learn(scan->segment, scan->offset, head, dir);
        tl_scan_advance(scan, head);
    }
    return code == TL_ENOTFOUND ? TL_OK : code;
}

static tl_code damaged(const struct tl_scan *scan, uint64_t later, uint64_t later_offset, struct tl_error *err)
{
    unsigned long long lost = later - scan->number;
    return tl_fail(
        err, TL_ECORRUPT,
        "%s is damaged at offset %llu: commit %llu cannot be read, but commit %llu at offset %llu can, so %llu "
        "commit%s accepted before would be lost. Nothing was changed. Run `tidelock doctor` to check everything, and "
        "`tidelock restore` to go back to a backup",
        scan->segment->path, (unsigned long long)scan->offset, (unsigned long long)scan->number,
        (unsigned long long)later, (unsigned long long)later_offset, lost, lost == 1 ? "" : "s");
}

/* Does the end of the segment lie where the index of a clean stop says? */
static tl_code check_noted_end(struct tl_segment *segment, const struct index_head *noted, struct tl_error *err)
{
    struct commit_head head = {0};
    if (noted->last < noted->first)
        return TL_OK;
    uint64_t offset = tl_segment_offset(segment, noted->last);
    tl_code code = offset ? tl_segment_read(segment, &head, sizeof head, offset, err) : TL_ECORRUPT;
    if (code == TL_EIO)
        return code;
    if (code || head.magic != COMMIT_MAGIC || head.number != noted->last || head.crc != noted->last_crc)
        return tl_fail(
            err, TL_ECORRUPT,
            "%s: commit %llu, acknowledged before a clean stop, is not at offset %llu any more. Run `tidelock "
            "doctor`, and `tidelock restore` to go back to a backup",
            segment->path, (unsigned long long)noted->last, (unsigned long long)offset);
    return TL_OK;
}

/* Goes on from an index, when there is one that fits. */
static tl_code start_from_index(struct tl_journal *journal, struct tl_segment *segment, struct tl_error *err)
{
    char *path = tl_segment_path(journal->dir, segment->head.number, ".idx");
    struct tl_index *index = NULL;
    tl_code code = tl_index_open(segment, &journal->names, path, &index, err);
    tl_free(path);
    if (code)
        return TL_OK; /* derived: built again from the segment */
    code = tl_index_load(index, segment, err);
    if (code) {
        tl_index_free(index);
        return TL_ENOTFOUND;
    }
    segment->end = index->head.end;
    segment->last_crc = index->head.last_crc;
    segment->last_time_ms = index->head.last_time_ms;
    segment->keys_until_ms = index->head.keys_until_ms;
    segment->events = index->head.events;
    atomic_store(&segment->last, index->head.last);
    code = check_noted_end(segment, &index->head, err);
    tl_index_free(index);
    return code;
}

/* Forgets what was taken up from a damaged index. */
static void forget(struct tl_segment *segment)
{
    for (int k = 0; k < INDEX_KINDS; k++) {
        tl_table_free(segment->tables[k]);
        segment->tables[k] = tl_table_new();
    }
    tl_free(segment->offsets);
    segment->offsets = NULL;
    segment->offset_count = segment->offset_cap = 0;
    memset(segment->names, 0, NAMES_MAX * sizeof *segment->names);
    segment->name_count = 0;
}

static tl_code read_segment(struct tl_journal *journal, struct tl_segment *segment, struct tl_scan *scan,
                            struct commit_head *last, uint64_t *last_offset, struct tl_error *err)
{
    tl_code code = start_from_index(journal, segment, err);
    if (code == TL_ENOTFOUND) {
        forget(segment);
        code = TL_OK;
    }
    if (!code)
        code = tl_scan_init(scan, segment, err);
    return code ? code : read_commits(journal, scan, last, last_offset, err);
}

/* A closed segment: its index, or all its directories. */
static tl_code open_closed(struct tl_journal *journal, struct tl_segment *segment, const struct seg_head *next,
                           struct tl_error *err)
{
    char *path = tl_segment_path(journal->dir, segment->head.number, ".idx");
    struct tl_index *index = NULL;
    tl_code code = tl_index_open(segment, &journal->names, path, &index, err);
    tl_free(path);
    if (!code && index->head.last + 1 == next->first && index->head.last_crc == next->prev_crc) {
        segment->index = index;
        for (int k = 0; k < INDEX_KINDS; k++) {
            tl_table_free(segment->tables[k]);
            segment->tables[k] = NULL;
        }
        segment->end = index->head.end;
        segment->last_crc = index->head.last_crc;
        segment->last_time_ms = index->head.last_time_ms;
        segment->keys_until_ms = index->head.keys_until_ms;
        segment->events = index->head.events;
        atomic_store(&segment->last, index->head.last);
        return TL_OK;
    }
    tl_index_free(index);
    forget(segment);
    struct tl_scan scan = {0};
    struct commit_head last = {0};
    uint64_t last_offset = 0;
    code = read_segment(journal, segment, &scan, &last, &last_offset, err);
    if (!code && (segment->last_crc != next->prev_crc || atomic_load(&segment->last) + 1 != next->first))
        code = damaged(&scan, next->first, 0, err);
    tl_scan_free(&scan);
    return code;
}

/* The payloads of the last commit were synced with its directory or not at all. */
static tl_code check_last(struct tl_segment *segment, struct tl_scan *scan, const struct commit_head *last,
                          uint64_t offset, bool *torn, struct tl_error *err)
{
    const struct commit_head *head;
    const uint8_t *dir;
    uint8_t *body = NULL;
    scan->offset = offset;
    scan->number = last->number;
    scan->prev_crc = last->prev_crc;
    tl_code code = tl_scan_next(scan, &head, &dir, err);
    if (!code)
        code = tl_scan_body(scan, head, offset, &body, err);
    (void)segment;
    if (code && code != TL_ECORRUPT)
        return code;
    *torn = code == TL_ECORRUPT || !tl_body_check(head, dir, body, NULL);
    tl_free(body);
    return TL_OK;
}

static tl_code open_last(struct tl_journal *journal, struct tl_segment *segment, struct tl_error *err, bool *torn)
{
    struct tl_scan scan = {0};
    struct commit_head last = {0};
    uint64_t last_offset = 0;
    uint64_t later, later_offset;
    tl_code code = read_segment(journal, segment, &scan, &last, &last_offset, err);
    if (!code && tl_scan_later(&scan, &later, &later_offset))
        code = damaged(&scan, later, later_offset, err);
    if (!code && last_offset)
        code = check_last(segment, &scan, &last, last_offset, torn, err);
    tl_scan_free(&scan);
    if (!code)
        atomic_store(&segment->zeroed, scan.size > segment->end ? scan.size : segment->end);
    return code;
}

/* Reads the last segment once more without its torn last commit: rare, so the simple way. */
static tl_code reopen_without_last(struct tl_journal *journal, struct tl_segment **segment, struct tl_error *err)
{
    struct tl_segment *old = *segment;
    uint64_t torn = atomic_load(&old->last);
    uint64_t offset = tl_segment_offset(old, torn);
    static const struct commit_head nothing;
    int failed = tl_disk_pwrite(old->file, &nothing, sizeof nothing, offset);
    if (!failed)
        failed = tl_disk_sync(old->file);
    if (failed)
        return tl_fail(err, TL_EIO, "%s cannot be written at offset %llu: %s", old->path, (unsigned long long)offset,
                       strerror(-failed));
    tl_log(TL_WARN, "journal.torn", "dropped a commit that was never acknowledged", TL_FSTR("file", old->path),
           TL_FINT("offset", offset), TL_FINT("commit", torn));
    uint64_t number = old->head.number;
    tl_segment_unref(old);
    *segment = NULL;
    tl_code code = open_segment(journal, number, segment, err);
    bool again = false;
    return code ? code : open_last(journal, *segment, err, &again);
}

static tl_code check_order(const struct tl_segment_list *list, struct tl_error *err)
{
    for (size_t i = 1; i < list->count; i++)
        if (list->segments[i]->head.number != list->segments[i - 1]->head.number + 1)
            return tl_fail(err, TL_ECORRUPT,
                           "%s is there, but the segment before it is missing. Put it back, or run `tidelock restore`",
                           list->segments[i]->path);
    return TL_OK;
}

static tl_code read_all(struct tl_journal *journal, struct tl_segment_list *list, struct tl_error *err)
{
    tl_code code = check_order(list, err);
    for (size_t i = 0; !code && i + 1 < list->count; i++)
        code = open_closed(journal, list->segments[i], &list->segments[i + 1]->head, err);
    bool torn = false;
    struct tl_segment **last = &list->segments[list->count - 1];
    if (!code)
        code = open_last(journal, *last, err, &torn);
    if (!code && torn)
        code = reopen_without_last(journal, last, err);
    return code;
}

static tl_code create_first(struct tl_journal *journal, struct tl_segment **out, struct tl_error *err)
{
    struct seg_head head = {.number = 1, .first = 1, .epoch = journal->head.epoch};
    tl_random_bytes(&head.salt, sizeof head.salt);
    memcpy(head.instance, journal->head.instance, 16);
    int code = tl_segment_create(journal, &head, out);
    if (code)
        return tl_fail(err, tl_disk_is_full(code) ? TL_EFULL : TL_EIO, "no segment can be made in %s: %s", journal->dir,
                       strerror(-code));
    return TL_OK;
}

tl_code tl_journal_recover(struct tl_journal *journal, struct tl_error *err)
{
    struct found found = {.dir = journal->dir};
    int failed = tl_disk_list(journal->dir, see_name, &found);
    if (failed) {
        tl_free(found.numbers);
        return tl_fail(err, TL_EIO, "%s cannot be listed: %s", journal->dir, strerror(-failed));
    }
    tl_code code = TL_OK;
    struct tl_segment_list *list = tl_segments_new(found.count ? found.count : 1);
    if (found.count)
        qsort(found.numbers, found.count, sizeof *found.numbers, by_number);
    for (size_t i = 0; !code && i < found.count; i++)
        code = open_segment(journal, found.numbers[i], &list->segments[i], err);
    if (!code)
        code = found.count ? read_all(journal, list, err) : create_first(journal, &list->segments[0], err);
    tl_free(found.numbers);
    tl_segments_set(journal, list);
    if (code)
        return code;
    journal->open = list->segments[list->count - 1];
    /* names may go on where the segment left them */
    for (uint32_t id = 1; id <= journal->open->name_count; id++) {
        journal->open->names[id]->segment = journal->open->head.number;
        journal->open->names[id]->id = id;
    }
    journal->last_time_ms = journal->open->last_time_ms;
    atomic_store(&journal->last, atomic_load(&journal->open->last));
    for (size_t i = 0; i + 1 < list->count; i++)
        if (!list->segments[i]->index)
            tl_ahead_index(journal, tl_segment_ref(list->segments[i]));
    return TL_OK;
}
