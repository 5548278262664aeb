/* Mail: how one thread hands work to another one's loop. The mail is a field of the object that travels; posting takes
 * no memory and no lock. Waking a sleeping thread costs more than mapping an order, so a wake is sent only when the
 * box was empty, and a sender with several mails for one loop chains them first.
 *
 * Order: mails of one sender arrive in the order they were posted. From post until `deliver` is called the mail belongs
 * to the loop; in `deliver` it is the receiver's again and may be freed or posted anew. */
#pragma once
#include "base/attr.h"
#include <stddef.h>

struct tl_loop;

struct tl_mail {
    struct tl_mail *next;                  /* borrow; the box's */
    void (*deliver)(struct tl_mail *mail); /* called once on the loop's thread; finds its object with TL_CONTAINER_OF */
};

/* A list of mails to be posted together. Zero-initialised is empty. Thread: one at a time. */
struct tl_mail_chain {
    struct tl_mail *newest, *oldest; /* borrow */
};

void tl_mail_init(struct tl_mail *mail, void (*deliver)(struct tl_mail *mail));
void tl_mail_chain_add(struct tl_mail_chain *chain, struct tl_mail *mail);

/* The loop must live until the mail is delivered. [any] */
void tl_loop_post(struct tl_loop *loop, struct tl_mail *mail);
/* Posts the whole chain with at most one wake and empties it. An empty chain is fine. [any] */
void tl_loop_post_chain(struct tl_loop *loop, struct tl_mail_chain *chain);
