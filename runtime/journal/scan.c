/* Walking a segment file. */
#include "scan.h"
#include "base/alloc.h"
#include "base/disk.h"
#include <string.h>

#define WINDOW (256u * 1024)

tl_code tl_scan_init(struct tl_scan *scan, struct tl_segment *segment, struct tl_error *err)
{
    *scan = (struct tl_scan){.segment = segment,
                             .offset = segment->end,
                             .number = atomic_load(&segment->last) + 1,
                             .prev_crc = segment->last_crc};
    int64_t size = tl_disk_size(segment->file);
    if (size < 0)
        return tl_fail(err, TL_EIO, "%s: %s", segment->path, strerror((int)-size));
    scan->size = (uint64_t)size;
    return TL_OK;
}

void tl_scan_free(struct tl_scan *scan)
{
    tl_free(scan->window);
}

/* `len` bytes at `offset`, NULL when the file does not have them. */
static const uint8_t *bytes_at(struct tl_scan *scan, uint64_t offset, uint64_t len, tl_code *code, struct tl_error *err)
{
    if (offset > scan->size || len > scan->size - offset)
        return NULL;
    if (offset >= scan->window_at && offset + len <= scan->window_at + scan->window_len)
        return scan->window + (offset - scan->window_at);
    uint64_t want = len < WINDOW ? WINDOW : len;
    if (scan->window_cap < want) {
        tl_free(scan->window);
        scan->window = tl_alloc(want);
        scan->window_cap = want;
    }
    ssize_t n = tl_disk_pread(scan->segment->file, scan->window, want, offset);
    scan->window_at = offset;
    scan->window_len = n < 0 ? 0 : (uint64_t)n;
    if (n < 0)
        *code = tl_fail(err, TL_EIO, "%s cannot be read at offset %llu: %s", scan->segment->path,
                        (unsigned long long)offset, strerror((int)-n));
    return scan->window_len >= len ? scan->window : NULL;
}

/* A commit with a right checksum at `offset`, or NULL. */
static const struct commit_head *whole_at(struct tl_scan *scan, uint64_t offset, tl_code *code, struct tl_error *err)
{
    const void *p = bytes_at(scan, offset, sizeof(struct commit_head), code, err);
    if (!p)
        return NULL;
    struct commit_head head;
    memcpy(&head, p, sizeof head);
    if (head.magic != COMMIT_MAGIC || head.salt != scan->segment->head.salt)
        return NULL;
    /* the sizes and the crc stand where they stand in every version: whole first, then readable */
    struct commit_head sizes = head;
    sizes.version = FORMAT_VERSION;
    if (tl_commit_head_check(&sizes, scan->size - offset, NULL) != TL_OK)
        return NULL;
    p = bytes_at(scan, offset, sizeof head + tl_commit_dir_len(&head), code, err);
    if (!p || tl_commit_crc(&head, (const uint8_t *)p + sizeof head) != head.crc)
        return NULL;
    if (head.version == FORMAT_VERSION)
        return p;
    *code = tl_fail(err, TL_EVERSION, "%s at offset %llu: commit format %u, written by Tidelock %.23s; this is %s",
                    scan->segment->path, (unsigned long long)offset, head.version, scan->segment->head.program,
                    TIDELOCK_VERSION);
    return NULL;
}

tl_code tl_scan_next(struct tl_scan *scan, const struct commit_head **head, const uint8_t **dir, struct tl_error *err)
{
    tl_code code = TL_OK;
    const struct commit_head *found = whole_at(scan, scan->offset, &code, err);
    if (code)
        return code;
    if (!found || found->number != scan->number || found->prev_crc != scan->prev_crc)
        return TL_ENOTFOUND;
    *head = found;
    *dir = (const uint8_t *)(found + 1);
    code = tl_directory_check(found, *dir, err);
    if (code)
        tl_error_prefix(err, "%s at offset %llu, commit %llu, written by Tidelock %.23s (this is %s)",
                        scan->segment->path, (unsigned long long)scan->offset, (unsigned long long)found->number,
                        scan->segment->head.program, TIDELOCK_VERSION);
    return code;
}

void tl_scan_advance(struct tl_scan *scan, const struct commit_head *head)
{
    scan->prev_crc = head->crc;
    scan->number = head->number + 1;
    scan->offset += tl_commit_total(head);
}

bool tl_scan_later(struct tl_scan *scan, uint64_t *number, uint64_t *offset)
{
    tl_code code = TL_OK;
    uint64_t at = scan->offset;
    const uint64_t salt = scan->segment->head.salt;
    while (scan->size - at >= sizeof(struct commit_head) && at < scan->size) {
        uint64_t len = scan->size - at < WINDOW ? scan->size - at : WINDOW;
        const uint8_t *p = bytes_at(scan, at, len, &code, NULL);
        if (!p)
            return false;
        uint64_t step = 0;
        for (; step + sizeof(struct commit_head) <= len; step += 8) {
            uint64_t first;
            memcpy(&first, p + step, 8);
            if ((uint32_t)first != COMMIT_MAGIC || memcmp(p + step + 16, &salt, 8) != 0)
                continue;
            const struct commit_head *head = whole_at(scan, at + step, &code, NULL);
            if (head && head->number > scan->number) {
                *number = head->number;
                *offset = at + step;
                return true;
            }
            p = bytes_at(scan, at, len, &code, NULL);
            if (!p)
                return false;
        }
        at += step;
    }
    return false;
}

tl_code tl_scan_body(struct tl_scan *scan, const struct commit_head *head, uint64_t offset, uint8_t **out,
                     struct tl_error *err)
{
    uint8_t *body = tl_alloc(head->body_len + 1u);
    uint64_t at = offset + sizeof *head + tl_commit_dir_len(head);
    tl_code code = tl_segment_read(scan->segment, body, head->body_len, at, err);
    if (code) {
        tl_free(body);
        return code;
    }
    *out = body;
    return TL_OK;
}
