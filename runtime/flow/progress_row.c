#include "progress_row.h"
#include "base/alloc.h"

static unsigned nibble(const uint64_t *bits, uint32_t i)
{
    return (unsigned)(bits[i / 16] >> (i % 16 * 4)) & 15;
}

void tl_progress_row_write(const struct tl_progress_entry *entry, const struct tl_plan *plan, struct tl_buf *out)
{
    tl_buf_addf(out, "1 %u %lld\n", entry->events, (long long)entry->time_ms);
    for (uint16_t f = 0; f < entry->flows; f++) {
        const uint64_t *bits = &entry->data[(size_t)f * entry->words];
        uint64_t any = 0;
        for (uint32_t w = 0; w < entry->words; w++)
            any |= bits[w];
        if (any == 0)
            continue;
        for (uint32_t i = 0; i < (entry->events + 3) / 4; i++)
            tl_buf_add_char(out, "0123456789abcdef"[nibble(bits, i)]);
        tl_buf_addf(out, " %s\n", plan->flows[entry->data[(size_t)entry->flows * entry->words + f]]->name);
    }
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct units {
    struct tl_progress_unit *list; /* own */
    size_t count, cap;
};

static void add(struct units *units, uint32_t flow, uint32_t index)
{
    if (units->count == units->cap) {
        units->cap = units->cap == 0 ? 64 : units->cap * 2;
        units->list = tl_realloc(units->list, units->cap * sizeof *units->list);
    }
    units->list[units->count++] = (struct tl_progress_unit){flow, index};
}

static bool read_flow(struct units *units, const struct tl_plan *plan, uint32_t events, tl_str line)
{
    tl_str bits;
    if (!tl_str_cut(&line, ' ', &bits) || bits.len != (events + 3) / 4)
        return false;
    int flow = tl_plan_flow(plan, line);
    for (uint32_t i = 0; flow >= 0 && i < bits.len; i++) {
        int digit = hex(bits.ptr[i]);
        if (digit < 0)
            return false;
        for (uint32_t b = 0; b < 4 && i * 4 + b < events; b++) {
            if ((digit >> b & 1) != 0)
                add(units, (uint32_t)flow, i * 4 + b);
        }
    }
    return true;
}

bool tl_progress_row_read(struct tl_progress *progress, const struct tl_plan *plan, tl_str key, tl_str value)
{
    uint64_t commit, events, time_ms;
    tl_str line, part;
    if (!tl_str_u64(key, &commit) || !tl_str_cut(&value, '\n', &line) || !tl_str_cut(&line, ' ', &part) ||
        !tl_str_is(part, "1") || !tl_str_cut(&line, ' ', &part) || !tl_str_u64(part, &events) ||
        !tl_str_u64(line, &time_ms) || events > 1u << TL_POSITION_INDEX_BITS)
        return false;
    struct units units = {0};
    bool good = true;
    while (good && tl_str_cut(&value, '\n', &line) && line.len > 0)
        good = read_flow(&units, plan, (uint32_t)events, line);
    if (good)
        tl_progress_add_row(progress, commit, (int64_t)time_ms, (uint32_t)events, units.list, units.count);
    tl_free(units.list);
    return good;
}
