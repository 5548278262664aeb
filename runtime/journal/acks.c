/* Answers to batches, gathered by loop so that each loop is woken once. Thread: the gatherer's; `done` runs on the
 * loop. */
#include "base/alloc.h"
#include "journal_int.h"
#include "loop/loop.h"

static void answered(struct tl_mail *mail)
{
    struct tl_batch *batch = TL_CONTAINER_OF(mail, struct tl_batch, mail);
    tl_loop_op_end(batch->loop);
    batch->submitted = false;
    batch->done(batch, batch->ctx);
}

static struct ack_group *group_of(struct acks *acks, struct tl_loop *loop)
{
    for (size_t i = 0; i < acks->count; i++)
        if (acks->groups[i].loop == loop)
            return &acks->groups[i];
    if (acks->count == acks->cap) {
        acks->cap = acks->cap ? acks->cap * 2 : 8;
        acks->groups = tl_realloc(acks->groups, acks->cap * sizeof *acks->groups);
    }
    acks->groups[acks->count] = (struct ack_group){.loop = loop};
    return &acks->groups[acks->count++];
}

void tl_acks_add(struct acks *acks, struct tl_batch *batch)
{
    if (!batch->loop) {
        batch->submitted = false;
        batch->done(batch, batch->ctx);
        return;
    }
    tl_mail_init(&batch->mail, answered);
    tl_mail_chain_add(&group_of(acks, batch->loop)->chain, &batch->mail);
}

void tl_acks_send(struct acks *acks)
{
    for (size_t i = 0; i < acks->count; i++)
        tl_loop_post_chain(acks->groups[i].loop, &acks->groups[i].chain);
    acks->count = 0;
}

void tl_acks_free(struct acks *acks)
{
    tl_free(acks->groups);
    *acks = (struct acks){0};
}
