/* Index files: writing, opening, looking up. */
#include "index.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/crc32c.h"
#include "base/disk.h"
#include "segment.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define INDEX_MAGIC "TLJIDX\r\n"
#define INDEX_PAGE 4096u
#define CHUNK (1u << 20)
static_assert(sizeof(struct index_head) < INDEX_PAGE, "on disk");

/* ---- writing ---- */

struct index_writer {
    int file;
    uint64_t at;
    int failed; /* -errno */
};

static void put_section(struct index_writer *w, struct index_section *section, const void *ptr, uint64_t len)
{
    section->offset = w->at;
    section->len = len;
    section->crc = tl_crc32c(0, ptr, len);
    for (uint64_t done = 0; done < len && !w->failed; done += CHUNK) {
        uint64_t n = len - done < CHUNK ? len - done : CHUNK;
        w->failed = tl_disk_pwrite(w->file, (const uint8_t *)ptr + done, n, w->at + done);
    }
    w->at = ALIGN8(w->at + len);
}

static void put_names(struct index_writer *w, const struct tl_segment *segment, struct index_head *head)
{
    struct tl_buf buf;
    tl_buf_init(&buf, SIZE_MAX / 2);
    for (uint32_t id = 1; id <= head->name_count; id++) {
        tl_str text = segment->names[id]->text;
        uint16_t len = (uint16_t)text.len;
        tl_must(tl_buf_add(&buf, &len, 2) && tl_buf_add_str(&buf, text));
    }
    put_section(w, &head->names, buf.ptr, buf.len);
    tl_buf_free(&buf);
}

static void put_entries(struct index_writer *w, struct index_head *head, struct tl_index_entry *entries[INDEX_KINDS],
                        const size_t counts[INDEX_KINDS])
{
    for (int k = 0; k < INDEX_KINDS; k++)
        put_section(w, &head->entries[k], entries[k], counts[k] * sizeof **entries);
    for (int k = 0; k < INDEX_KINDS; k++) {
        struct tl_bloom bloom;
        tl_bloom_init(&bloom, counts[k]);
        for (size_t i = 0; i < counts[k]; i++)
            tl_bloom_add(&bloom, entries[k][i].hash);
        put_section(w, &head->filters[k], bloom.words, tl_bloom_bytes(counts[k]));
        tl_bloom_free(&bloom);
    }
}

static void fill_head(const struct tl_segment *segment, struct index_head *head)
{
    *head = (struct index_head){.version = 1,
                                .number = segment->head.number,
                                .salt = segment->head.salt,
                                .first = segment->head.first,
                                .last = atomic_load(&segment->last),
                                .end = segment->end,
                                .last_crc = segment->last_crc,
                                .events = segment->events,
                                .last_time_ms = segment->last_time_ms,
                                .keys_until_ms = segment->keys_until_ms,
                                .name_count = segment->name_count};
    memcpy(head->magic, INDEX_MAGIC, 8);
}

static int write_file(struct tl_segment *segment, int file)
{
    struct index_writer w = {.file = file, .at = INDEX_PAGE};
    struct tl_index_entry *entries[INDEX_KINDS];
    size_t counts[INDEX_KINDS];
    struct index_head head;
    pthread_mutex_lock(&segment->lock);
    fill_head(segment, &head);
    for (int k = 0; k < INDEX_KINDS; k++)
        entries[k] = tl_table_sorted(segment->tables[k], &counts[k]);
    pthread_mutex_unlock(&segment->lock);
    put_names(&w, segment, &head);
    put_section(&w, &head.offsets, segment->offsets, segment->offset_count * sizeof *segment->offsets);
    put_entries(&w, &head, entries, counts);
    for (int k = 0; k < INDEX_KINDS; k++)
        tl_free(entries[k]);
    head.crc = tl_crc32c(0, (const uint8_t *)&head + 16, sizeof head - 16);
    if (!w.failed)
        w.failed = tl_disk_pwrite(file, &head, sizeof head, 0);
    return w.failed ? w.failed : tl_disk_sync(file);
}

int tl_index_write(struct tl_segment *segment, const char *path)
{
    char *tmp = tl_printf("%s.tmp", path);
    int file = tl_disk_open(tmp, O_RDWR | O_CREAT | O_TRUNC);
    int code = file < 0 ? file : write_file(segment, file);
    if (file >= 0)
        tl_disk_close(file);
    if (!code)
        code = tl_disk_rename(tmp, path);
    if (code)
        tl_disk_unlink(tmp);
    tl_free(tmp);
    return code;
}

/* ---- opening ---- */

static bool section_read(int file, const struct index_section *section, void *out)
{
    return tl_disk_pread(file, out, section->len, section->offset) == (ssize_t)section->len &&
           tl_crc32c(0, out, section->len) == section->crc;
}

static bool sections_fit(const struct index_head *head, uint64_t size)
{
    const struct index_section *s = &head->names;
    for (size_t i = 0; i < 2 + 2 * INDEX_KINDS; i++)
        if (s[i].offset > size || s[i].len > size - s[i].offset)
            return false;
    for (int k = 0; k < INDEX_KINDS; k++)
        if (head->entries[k].len % sizeof(struct tl_index_entry) ||
            head->filters[k].len != tl_bloom_bytes(head->entries[k].len / sizeof(struct tl_index_entry)))
            return false;
    return head->offsets.len == (head->last + 1 - head->first) * sizeof(uint32_t) && head->name_count < NAMES_MAX;
}

static bool head_right(int file, const struct tl_segment *segment, struct index_head *head)
{
    int64_t size = tl_disk_size(file);
    return size > 0 && tl_disk_pread(file, head, sizeof *head, 0) == (ssize_t)sizeof *head &&
           memcmp(head->magic, INDEX_MAGIC, 8) == 0 && head->version == 1 &&
           head->crc == tl_crc32c(0, (const uint8_t *)head + 16, sizeof *head - 16) &&
           head->number == segment->head.number && head->salt == segment->head.salt &&
           head->first == segment->head.first && head->last + 1 >= head->first && sections_fit(head, (uint64_t)size);
}

static bool take_names(const struct index_head *head, int file, struct tl_segment *segment, struct tl_names *names)
{
    if (segment->name_count == head->name_count)
        return true; /* just written from what the segment knows, which others read now */
    uint8_t *bytes = tl_alloc(head->names.len + 1);
    bool right = section_read(file, &head->names, bytes);
    uint64_t at = 0;
    for (uint32_t id = 1; right && id <= head->name_count; id++) {
        uint16_t len;
        right = head->names.len - at >= 2;
        if (!right)
            break;
        memcpy(&len, bytes + at, 2);
        at += 2;
        right = head->names.len - at >= len;
        if (right)
            segment->names[id] = tl_names_get(names, tl_str_n(bytes + at, len));
        at += len;
    }
    tl_free(bytes);
    if (right)
        segment->name_count = head->name_count;
    return right;
}

static bool take_filters(struct tl_index *index)
{
    for (int k = 0; k < INDEX_KINDS; k++) {
        tl_bloom_init(&index->filters[k], index->head.entries[k].len / sizeof(struct tl_index_entry));
        if (!section_read(index->file, &index->head.filters[k], index->filters[k].words))
            return false;
    }
    return true;
}

tl_code tl_index_open(struct tl_segment *segment, struct tl_names *names, const char *path, struct tl_index **out,
                      struct tl_error *err)
{
    int file = tl_disk_open(path, O_RDONLY);
    if (file < 0)
        return tl_fail(err, TL_ENOTFOUND, "%s: %s", path, strerror(-file));
    struct tl_index *index = TL_NEW(struct tl_index);
    index->file = file;
    if (head_right(file, segment, &index->head) && take_names(&index->head, file, segment, names) &&
        take_filters(index)) {
        *out = index;
        return TL_OK;
    }
    tl_index_free(index);
    return tl_fail(err, TL_ENOTFOUND, "%s cannot be used", path);
}

void tl_index_free(struct tl_index *index)
{
    if (!index)
        return;
    tl_disk_close(index->file);
    for (int k = 0; k < INDEX_KINDS; k++)
        tl_bloom_free(&index->filters[k]);
    tl_free(index);
}

tl_code tl_index_load(const struct tl_index *index, struct tl_segment *segment, struct tl_error *err)
{
    const struct index_head *head = &index->head;
    bool right = true;
    for (int k = 0; k < INDEX_KINDS && right; k++) {
        struct tl_index_entry *entries = tl_alloc(head->entries[k].len + 1);
        right = section_read(index->file, &head->entries[k], entries);
        if (right)
            tl_table_reserve(segment->tables[k], head->entries[k].len / sizeof *entries);
        for (size_t i = 0; right && i < head->entries[k].len / sizeof *entries; i++)
            tl_table_add(segment->tables[k], entries[i].hash, entries[i].place, entries[i].tag);
        tl_free(entries);
    }
    uint32_t count = (uint32_t)(head->offsets.len / sizeof(uint32_t));
    segment->offsets = tl_realloc(segment->offsets, head->offsets.len + sizeof(uint32_t));
    right = right && section_read(index->file, &head->offsets, segment->offsets);
    if (!right)
        return tl_fail(err, TL_ENOTFOUND, "the index of %s is damaged", segment->path);
    segment->offset_count = count;
    segment->offset_cap = count + 1;
    return TL_OK;
}

/* ---- looking up ---- */

static bool read_entries(const struct tl_index *index, enum index_kind kind, uint64_t from, size_t count,
                         struct tl_index_entry *out)
{
    size_t len = count * sizeof *out;
    return tl_disk_pread(index->file, out, len, index->head.entries[kind].offset + from * sizeof *out) == (ssize_t)len;
}

static bool is_before(const struct tl_index_entry *e, uint64_t hash, uint32_t place)
{
    return e->hash < hash || (e->hash == hash && e->place < place);
}

/* Number of entries before (hash, place). Hashes are even, so the place is close to where it would be in a ruler: a
 * window around that first, halving only outside it. */
static uint64_t lower_bound(const struct tl_index *index, enum index_kind kind, uint64_t hash, uint32_t place)
{
    enum { WINDOW = 128 };
    struct tl_index_entry window[WINDOW];
    uint64_t low = 0;
    uint64_t high = index->head.entries[kind].len / sizeof *window;
    uint64_t guess = (uint64_t)(((__uint128_t)hash * high) >> 64);
    while (high - low > WINDOW) {
        uint64_t from = guess < low + WINDOW / 2 ? low : guess - WINDOW / 2;
        if (from > high - WINDOW)
            from = high - WINDOW;
        if (!read_entries(index, kind, from, WINDOW, window))
            return 0;
        if (!is_before(&window[0], hash, place))
            high = from;
        else if (is_before(&window[WINDOW - 1], hash, place))
            low = from + WINDOW;
        else {
            low = from;
            high = from + WINDOW;
        }
        guess = low + (high - low) / 2;
    }
    if (high == low || !read_entries(index, kind, low, high - low, window))
        return low;
    for (uint64_t i = 0; i < high - low; i++)
        if (!is_before(&window[i], hash, place))
            return low + i;
    return high;
}

size_t tl_index_places(const struct tl_index *index, enum index_kind kind, uint64_t hash, uint32_t below,
                       struct tl_index_entry *out, size_t cap)
{
    if (!tl_bloom_has(&index->filters[kind], hash))
        return 0;
    uint64_t end = lower_bound(index, kind, hash, below);
    size_t count = 0;
    while (end > 0 && count < cap) {
        struct tl_index_entry block[64];
        size_t n = end < TL_COUNT_OF(block) ? end : TL_COUNT_OF(block);
        if (!read_entries(index, kind, end - n, n, block))
            break;
        for (size_t i = n; i-- > 0 && count < cap;) {
            if (block[i].hash != hash)
                return count;
            out[count++] = block[i];
        }
        end -= n;
    }
    return count;
}

uint64_t tl_index_offset(const struct tl_index *index, uint64_t commit)
{
    uint32_t place;
    if (commit < index->head.first || commit > index->head.last)
        return 0;
    uint64_t at = index->head.offsets.offset + (commit - index->head.first) * sizeof place;
    return tl_disk_pread(index->file, &place, sizeof place, at) == (ssize_t)sizeof place ? (uint64_t)place * 8 : 0;
}

tl_code tl_index_check(const struct tl_index *index, const char *path, struct tl_error *err)
{
    const struct index_section *sections = &index->head.names;
    for (size_t i = 0; i < 2 + 2 * INDEX_KINDS; i++) {
        void *bytes = tl_alloc(sections[i].len + 1);
        bool right = section_read(index->file, &sections[i], bytes);
        tl_free(bytes);
        if (!right)
            return tl_fail(
                err, TL_ECORRUPT,
                "%s is damaged at offset %llu; nothing is lost: remove the file, the next start builds it again", path,
                (unsigned long long)sections[i].offset);
    }
    return TL_OK;
}
