/* The mailbox: a stack that senders push onto and the receiver takes whole, which keeps it free of locks and of the ABA
 * problem. The receiver turns the stack round, so each sender's mails come out in order. Only the push onto an empty
 * stack wakes the loop: whoever pushes later knows that the taking is still to come. */
#include "loop_int.h"

void tl_mail_init(struct tl_mail *mail, void (*deliver)(struct tl_mail *mail))
{
    mail->next = NULL;
    mail->deliver = deliver;
}

void tl_mail_chain_add(struct tl_mail_chain *chain, struct tl_mail *mail)
{
    mail->next = chain->newest;
    chain->newest = mail;
    if (chain->oldest == NULL)
        chain->oldest = mail;
}

static void push(struct tl_loop *loop, struct tl_mail *newest, struct tl_mail *oldest)
{
    struct tl_mail *head = atomic_load_explicit(&loop->box, memory_order_relaxed);
    do
        oldest->next = head;
    while (!atomic_compare_exchange_weak(&loop->box, &head, newest));
    if (head == NULL)
        uv_async_send(&loop->wake);
}

void tl_loop_post(struct tl_loop *loop, struct tl_mail *mail)
{
    push(loop, mail, mail);
}

void tl_loop_post_chain(struct tl_loop *loop, struct tl_mail_chain *chain)
{
    if (chain->newest == NULL)
        return;
    struct tl_mail_chain taken = *chain;
    *chain = (struct tl_mail_chain){NULL, NULL};
    push(loop, taken.newest, taken.oldest);
}

void tl_loop_deliver(struct tl_loop *loop)
{
    struct tl_mail *newest = atomic_exchange(&loop->box, NULL);
    struct tl_mail *oldest = NULL;
    while (newest != NULL) {
        struct tl_mail *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    while (oldest != NULL) {
        struct tl_mail *mail = oldest;
        oldest = mail->next;
        mail->next = NULL;
        mail->deliver(mail);
    }
}
