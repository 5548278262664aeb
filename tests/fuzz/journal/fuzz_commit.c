/* A commit as it might lie on a damaged disk: the head, the directory and the payload area are arbitrary bytes.
 * Whatever passes the checks is decoded in full. The crc is not checked here: it would only keep the fuzzer out. */
#include "base/alloc.h"
#include "record.h"
#include <stdint.h>
#include <string.h>

static tl_str name_of(const void *ctx, uint32_t id)
{
    (void)ctx;
    (void)id;
    return TL_STR("name");
}

static volatile uint8_t sink;

static void touch(tl_str s)
{
    for (size_t i = 0; i < s.len; i++)
        sink = (uint8_t)(sink ^ (uint8_t)s.ptr[i]);
}

static void decode_others(const struct tl_decoder *names, const struct commit_head *head, const uint8_t *dir,
                          const uint8_t *body)
{
    uint64_t at = 0;
    const struct rec_head *rec;
    struct tl_effect effects[4];
    while ((rec = tl_other_next(head, dir, &at)) != NULL) {
        const void *p = rec;
        if (rec->kind == TL_RECORD_OUTCOME) {
            struct tl_outcome outcome;
            tl_outcome_decode(names, head, p, effects, TL_COUNT_OF(effects), &outcome);
            touch(outcome.note);
            for (size_t i = 0; i < outcome.effect_count && i < TL_COUNT_OF(effects); i++)
                touch(effects[i].remote_id);
        } else if (rec->kind == TL_RECORD_PUT || rec->kind == TL_RECORD_DELETE) {
            const struct state_rec *state = p;
            struct tl_state_put put;
            tl_state_decode(names, state, body + state->body_off, &put);
            touch(put.key);
            touch(put.value);
            for (int i = 0; i < TL_STATE_ATTRS; i++)
                touch(put.attr[i]);
        }
    }
}

/* Puts right what is a constant in every commit, so that most inputs get as far as the sizes and offsets. */
static void heal(struct commit_head *head, uint8_t *dir)
{
    for (uint32_t i = 0; i < head->event_count; i++) {
        struct event_rec *rec = (void *)(dir + i * sizeof *rec);
        rec->head = (struct rec_head){TL_RECORD_EVENT, 1, rec->head.flags, sizeof *rec};
        rec->back = (uint32_t)(sizeof *head + i * sizeof *rec);
        rec->clear_len = sizeof(struct clear_head) + rec->clear_len % 64;
        rec->type |= 1;
    }
    uint8_t *others = dir + head->event_count * sizeof(struct event_rec);
    head->other_count = 0;
    for (uint64_t at = 0; at + sizeof(struct rec_head) <= head->other_len; head->other_count++) {
        struct rec_head *rec = (void *)(others + at);
        uint64_t room = head->other_len - at;
        rec->kind = (uint8_t)(2 + rec->kind % 5);
        rec->version = 1;
        rec->len = rec->kind == TL_RECORD_DUPLICATE                              ? sizeof(struct dup_rec)
                   : rec->kind == TL_RECORD_PUT || rec->kind == TL_RECORD_DELETE ? sizeof(struct state_rec)
                                                                                 : (rec->len % 256 + 8) & ~7u;
        uint32_t back = (uint32_t)(sizeof *head + head->event_count * sizeof(struct event_rec) + at);
        if (rec->kind == TL_RECORD_OUTCOME && room >= sizeof(struct outcome_rec))
            ((struct outcome_rec *)(void *)rec)->back = back;
        if (rec->kind == TL_RECORD_DUPLICATE && room >= sizeof(struct dup_rec))
            ((struct dup_rec *)(void *)rec)->back = back;
        at += rec->len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct commit_head head;
    if (size < sizeof head)
        return 0;
    memcpy(&head, data, sizeof head);
    head.magic = COMMIT_MAGIC;
    head.version = FORMAT_VERSION;
    head.event_size = sizeof(struct event_rec);
    bool healed = head.spare & 7;
    if (healed) {
        uint64_t room = size - sizeof head;
        head.event_count %= 6;
        uint64_t events = head.event_count * sizeof(struct event_rec);
        room = room > events ? room - events : 0;
        head.other_len = (uint32_t)(room / 2 & ~7u);
        head.body_len = (uint32_t)((room - head.other_len) & ~7u);
    }
    if (tl_commit_head_check(&head, size, NULL))
        return 0;
    uint64_t dir_len = tl_commit_dir_len(&head);
    uint8_t *dir = tl_alloc(dir_len + 1); /* of their own, so that a step outside is seen */
    uint8_t *body = tl_alloc(head.body_len + 1u);
    memcpy(dir, data + sizeof head, dir_len);
    memcpy(body, data + sizeof head + dir_len, head.body_len);
    if (healed)
        heal(&head, dir);
    if (tl_directory_check(&head, dir, NULL) == TL_OK) {
        struct tl_decoder names = {name_of, NULL};
        for (uint32_t i = 0; i < head.event_count; i++) {
            const struct event_rec *rec = tl_event_rec_at(dir, i);
            struct tl_event event;
            struct tl_entry entry;
            tl_entry_decode(&names, &head, rec, i, &entry);
            if (tl_event_decode(&names, &head, rec, i, body + rec->body_off, &event)) {
                touch(event.key);
                touch(event.dedupe);
                touch(event.record_id);
                touch(event.record_version);
                touch(event.payload);
            }
        }
        decode_others(&names, &head, dir, body);
        (void)tl_body_check(&head, dir, body, NULL);
    }
    tl_free(dir);
    tl_free(body);
    return 0;
}
