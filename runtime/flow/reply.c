#include "reply.h"
#include "base/alloc.h"

struct tl_reply *tl_reply_new(struct tl_loop *loop, void (*done)(void *ctx, tl_code code, const char *text), void *ctx)
{
    struct tl_reply *reply = TL_NEW(struct tl_reply);
    *reply = (struct tl_reply){.loop = loop, .done = done, .ctx = ctx};
    return reply;
}

static void deliver(struct tl_mail *mail)
{
    struct tl_reply *reply = TL_CONTAINER_OF(mail, struct tl_reply, mail);
    reply->done(reply->ctx, reply->code, reply->text);
    tl_free(reply->text);
    tl_free(reply);
}

void tl_reply_send(struct tl_reply *reply, tl_code code, const char *text)
{
    reply->code = code;
    reply->text = tl_copy_z(text != NULL ? text : "");
    tl_mail_init(&reply->mail, deliver);
    tl_loop_post(reply->loop, &reply->mail);
}
