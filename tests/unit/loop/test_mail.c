#include "../cmocka_room.h"
#include "base/alloc.h"
#include "loop/loop.h"
#include "loop/thread.h"
#include <stdatomic.h>

enum { SENDERS = 4, PER_SENDER = 20000, CHAIN = 16 };

struct note {
    struct tl_mail mail;
    int sender, number;
};

static struct tl_loop *loop;
static int next_number[SENDERS];
static int delivered;

static void on_note(struct tl_mail *mail)
{
    struct note *note = TL_CONTAINER_OF(mail, struct note, mail);
    assert_true(tl_loop_current() == loop);
    assert_int_equal(note->number, next_number[note->sender]);
    next_number[note->sender]++;
    tl_free(note);
    if (++delivered == SENDERS * PER_SENDER)
        tl_loop_stop(loop);
}

static struct note *note_new(int sender, int number)
{
    struct note *note = TL_NEW(struct note);
    tl_mail_init(&note->mail, on_note);
    note->sender = sender;
    note->number = number;
    return note;
}

static void send_many(void *ctx)
{
    int sender = *(int *)ctx;
    for (int i = 0; i < PER_SENDER;) {
        if (sender % 2 == 0) {
            tl_loop_post(loop, &note_new(sender, i++)->mail);
            continue;
        }
        struct tl_mail_chain chain = {NULL, NULL};
        for (int k = 0; k < CHAIN && i < PER_SENDER; k++)
            tl_mail_chain_add(&chain, &note_new(sender, i++)->mail);
        tl_loop_post_chain(loop, &chain);
        assert_null(chain.newest);
    }
}

static void keeps_each_senders_order_when_many_threads_post(void **state)
{
    (void)state;
    loop = tl_loop_new("mail");
    delivered = 0;
    struct tl_thread *threads[SENDERS];
    int ids[SENDERS];
    for (int i = 0; i < SENDERS; i++) {
        ids[i] = i;
        next_number[i] = 0;
        assert_int_equal(tl_thread_start("sender", send_many, &ids[i], &threads[i], NULL), TL_OK);
    }
    tl_loop_run(loop);
    for (int i = 0; i < SENDERS; i++)
        tl_thread_join(threads[i]);
    assert_int_equal(delivered, SENDERS * PER_SENDER);
    tl_loop_free(loop);
}

static int plain_count;
static void on_plain(struct tl_mail *mail)
{
    (void)mail;
    plain_count++;
}

static void takes_one_turn_when_a_chain_is_posted(void **state)
{
    (void)state;
    loop = tl_loop_new("chain");
    struct tl_mail mails[100];
    struct tl_mail_chain chain = {NULL, NULL};
    for (int i = 0; i < 100; i++) {
        tl_mail_init(&mails[i], on_plain);
        tl_mail_chain_add(&chain, &mails[i]);
    }
    plain_count = 0;
    tl_loop_turn(loop);
    uint64_t turns = tl_loop_turns(loop);
    tl_loop_post_chain(loop, &chain);
    tl_loop_post_chain(loop, &chain); /* empty now */
    tl_loop_wait(loop, 1000);
    assert_int_equal(plain_count, 100);
    assert_int_equal(tl_loop_turns(loop), turns + 1);
    tl_loop_free(loop);
}

static void delivers_what_is_left_when_the_loop_is_freed(void **state)
{
    (void)state;
    loop = tl_loop_new("left");
    struct tl_mail mail;
    tl_mail_init(&mail, on_plain);
    plain_count = 0;
    tl_loop_post(loop, &mail);
    tl_loop_free(loop);
    assert_int_equal(plain_count, 1);
}

static int again_count;
static void on_again(struct tl_mail *mail)
{
    if (++again_count < 3)
        tl_loop_post(loop, mail);
}

static void may_be_posted_anew_when_delivered(void **state)
{
    (void)state;
    loop = tl_loop_new("again");
    struct tl_mail mail;
    tl_mail_init(&mail, on_again);
    again_count = 0;
    tl_loop_post(loop, &mail);
    for (int i = 0; i < 3; i++)
        tl_loop_wait(loop, 1000);
    assert_int_equal(again_count, 3);
    tl_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_senders_order_when_many_threads_post),
        cmocka_unit_test(takes_one_turn_when_a_chain_is_posted),
        cmocka_unit_test(delivers_what_is_left_when_the_loop_is_freed),
        cmocka_unit_test(may_be_posted_anew_when_delivered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
