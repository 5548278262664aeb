/* Queues: see rt.h. */
#include "rt.h"

const struct rt_queue *rt_queue(const tlc_call *c, tlc_slice id_or_name)
{
    const struct rt_queue *queue = c->instance->queues;

    while (queue && !tlc_same(queue->id, id_or_name) && !tlc_same(queue->name, id_or_name))
        queue = queue->next;
    return queue;
}

/* 0: the answer is no queue. */
static int learn(tlc_call *c, tlc_slice body)
{
    tlc_instance *instance = c->instance;
    tlc_slice name = tlc_json_text(c->host, c->scope, body, "/Name"),
              id = tlc_json_text(c->host, c->scope, body, "/id");
    struct rt_queue *queue;

    if (!name.len || !id.len)
        return 0;
    queue = instance->host->alloc(instance->scope, sizeof *queue);
    queue->name = tlc_keep(c->host, instance->scope, name);
    queue->id = tlc_keep(c->host, instance->scope, id);
    queue->fields = tlc_keep(c->host, instance->scope, tlc_json_raw(c->host, c->scope, body, "/TicketCustomFields"));
    queue->next = instance->queues;
    instance->queues = queue;
    return 1;
}

int rt_queue_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_PART_BEGIN(&s->inner);
    if (s->queue.len && !rt_queue(c, s->queue)) {
        TL_PART_HTTP(tlc_ask_any(c, "GET", TLC_JOIN(c, TLC_TEXT("queue/"), tlc_percent(c, s->queue))));
        if (in->outcome == TLC_SENT && in->status == 404)
            TL_PART_FAIL(TLC_DATA, TLC_JOIN(c, TLC_TEXT("there is no queue "), s->queue));
        if (in->outcome != TLC_SENT || in->status >= 300)
            TL_PART_FAIL(0, TLC_TEXT(""));
        if (!learn(c, in->body))
            TL_PART_FAIL(TLC_RETRY, TLC_TEXT("the answer is no queue of Request Tracker's"));
    }
    TL_PART_END;
}

int rt_queue_has(tlc_call *c, const struct rt_queue *queue, tlc_slice field)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    while (queue->fields.len && c->host->json_next(c->scope, queue->fields, &at, &name, &raw) == 1)
        if (tlc_same(tlc_json_text(c->host, c->scope, raw, "/name"), field))
            return 1;
    return 0;
}
