/* Checking a whole journal that nobody has open: every commit, every payload, every index. */
#include "base/alloc.h"
#include "base/disk.h"
#include "journal_int.h"
#include "scan.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verify {
    const char *dir;
    void (*report)(void *ctx, const char *line);
    void *ctx;
    struct tl_verify_result *result;
    struct head_file head;
    struct tl_names names;
    uint64_t *numbers; /* own */
    size_t count;
    struct tl_error first; /* finding */
    bool found;
    uint64_t next_commit; /* the next segment must begin with it; 0: any */
    uint32_t next_crc;
};

static void finding(struct verify *v, const struct tl_error *what)
{
    if (v->report)
        v->report(v->ctx, what->text);
    if (!v->found)
        v->first = *what;
    v->found = true;
}

static void finding_at(struct verify *v, tl_code code, const char *fmt, ...) TL_PRINTF(3, 4);

static void finding_at(struct verify *v, tl_code code, const char *fmt, ...)
{
    struct tl_error what;
    va_list ap;
    va_start(ap, fmt);
    (void)tl_vfail(&what, code, fmt, ap);
    va_end(ap);
    finding(v, &what);
}

static bool see_name(void *arg, const char *name)
{
    struct verify *v = arg;
    uint64_t number;
    if (strncmp(name, "seg-", 4) == 0 && tl_str_u64(tl_str_z(name + 4), &number)) {
        v->numbers = tl_realloc(v->numbers, (v->count + 1) * sizeof *v->numbers);
        v->numbers[v->count++] = number;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* One commit's payloads. False: wrong. */
static bool check_body(struct verify *v, struct tl_scan *scan, const struct commit_head *head, const uint8_t *dir)
{
    uint8_t *body = NULL;
    bool right = tl_scan_body(scan, head, scan->offset, &body, NULL) == TL_OK &&
                 tl_body_check(head, dir, body, &v->result->erased);
    tl_free(body);
    return right;
}

static void scan_segment(struct verify *v, struct tl_segment *segment, struct tl_scan *scan, bool is_last)
{
    const struct commit_head *head;
    const uint8_t *dir;
    struct tl_error err = {0};
    tl_code code;
    bool wrong = false; /* the payloads of the commit before */
    uint64_t wrong_at = 0;
    uint64_t wrong_number = 0;
    while ((code = tl_scan_next(scan, &head, &dir, &err)) == TL_OK) {
        if (wrong)
            finding_at(v, TL_ECORRUPT, "%s: payloads of commit %llu (offset %llu) are damaged", segment->path,
                       (unsigned long long)wrong_number, (unsigned long long)wrong_at);
        if (tl_segment_learn_names(segment, &v->names, head, dir, &err))
            finding(v, &err);
        wrong = !check_body(v, scan, head, dir);
        wrong_at = scan->offset;
        wrong_number = head->number;
        v->result->commits++;
        v->result->events += head->event_count;
        v->result->bytes += tl_commit_total(head);
        if (wrong && is_last)
            v->result->torn_bytes = tl_commit_total(head);
        else
            v->result->torn_bytes = 0;
        tl_scan_advance(scan, head);
    }
    if (code != TL_ENOTFOUND)
        finding(v, &err);
    if (wrong && !is_last)
        finding_at(v, TL_ECORRUPT, "%s: payloads of commit %llu (offset %llu) are damaged", segment->path,
                   (unsigned long long)wrong_number, (unsigned long long)wrong_at);
    uint64_t later, later_offset;
    if (tl_scan_later(scan, &later, &later_offset))
        finding_at(v, TL_ECORRUPT,
                   "%s is damaged at offset %llu: commit %llu cannot be read, commit %llu at offset %llu can",
                   segment->path, (unsigned long long)scan->offset, (unsigned long long)scan->number,
                   (unsigned long long)later, (unsigned long long)later_offset);
}

static void check_index(struct verify *v, struct tl_segment *segment, const struct tl_scan *scan, bool is_last)
{
    char *path = tl_segment_path(v->dir, segment->head.number, ".idx");
    struct tl_index *index = NULL;
    struct tl_error err;
    if (tl_index_open(segment, &v->names, path, &index, &err) == TL_OK) {
        if (tl_index_check(index, path, &err))
            finding(v, &err);
        if (index->head.last >= scan->number || (!is_last && index->head.last + 1 != scan->number))
            finding_at(v, TL_ECORRUPT, "%s knows commits up to %llu, the segment ends with %llu", path,
                       (unsigned long long)index->head.last, (unsigned long long)scan->number - 1);
        tl_index_free(index);
    }
    tl_free(path);
}

static void check_segment(struct verify *v, size_t i)
{
    char *path = tl_segment_path(v->dir, v->numbers[i], "");
    struct seg_head head;
    struct tl_error err;
    int file = tl_disk_open(path, O_RDONLY);
    tl_code code =
        file < 0 ? tl_fail(&err, TL_EIO, "%s: %s", path, strerror(-file)) : tl_seg_head_read(file, path, &head, &err);
    if (code) {
        finding(v, &err);
        if (file >= 0)
            tl_disk_close(file);
        tl_free(path);
        v->next_commit = 0;
        return;
    }
    if (v->next_commit && (head.first != v->next_commit || head.prev_crc != v->next_crc))
        finding_at(v, TL_ECORRUPT, "%s begins with commit %llu; the segment before ends with commit %llu", path,
                   (unsigned long long)head.first, (unsigned long long)v->next_commit - 1);
    if (i && v->numbers[i] != v->numbers[i - 1] + 1)
        finding_at(v, TL_ECORRUPT, "the segment before %s is missing", path);
    struct tl_segment *segment = tl_segment_new(path, file, &head);
    struct tl_scan scan = {0};
    bool is_last = i + 1 == v->count;
    code = tl_scan_init(&scan, segment, &err);
    if (code)
        finding(v, &err);
    else
        scan_segment(v, segment, &scan, is_last);
    check_index(v, segment, &scan, is_last);
    v->result->segments++;
    v->next_commit = scan.number;
    v->next_crc = scan.prev_crc;
    tl_scan_free(&scan);
    tl_segment_unref(segment);
    tl_free(path);
}

tl_code tl_journal_verify(const char *dir, void (*report)(void *ctx, const char *line), void *ctx,
                          struct tl_verify_result *out, struct tl_error *err)
{
    struct verify v = {.dir = dir, .report = report, .ctx = ctx, .result = out};
    *out = (struct tl_verify_result){0};
    int lock_file = -1;
    tl_code code = tl_journal_lock(dir, false, &lock_file, err);
    if (code)
        return code;
    tl_names_init(&v.names);
    struct tl_error head_error;
    if (tl_head_read(dir, &v.head, &head_error))
        finding(&v, &head_error);
    int failed = tl_disk_list(dir, see_name, &v);
    if (v.count)
        qsort(v.numbers, v.count, sizeof *v.numbers, by_number);
    for (size_t i = 0; i < v.count; i++)
        check_segment(&v, i);
    tl_names_free(&v.names);
    tl_free(v.numbers);
    tl_disk_close(lock_file);
    if (failed)
        return tl_fail(err, TL_EIO, "%s cannot be listed: %s", dir, strerror(-failed));
    return v.found ? tl_fail(err, v.first.code, "%s", v.first.text) : TL_OK;
}
