/* Messages on their way: kept as rows until they are delivered. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "escalate_int.h"
#include "journal/state.h"
#include <stdio.h>

#define AT_ONCE 4
#define FIRST_WAIT_MS 5000
#define LONGEST_WAIT_MS (3600 * 1000)
#define GIVE_UP_MS (3LL * 24 * 3600 * 1000)
#define TEXT_MAX (1 << 20)

static const char *const channels[TL_ESCALATION_CHANNELS] = {"webhook", "mail"};

void tl_posting_free(struct tl_posting *posting)
{
    tl_free(posting->id);
    tl_free(posting->to);
    tl_free(posting->mail);
    tl_free(posting->subject);
    tl_free(posting->body);
    tl_free(posting);
}

/* ---- rows ---- */

static void put_row(const struct tl_posting *posting, struct tl_batch *batch)
{
    struct tl_buf value;
    struct tl_json_writer w;
    tl_buf_init(&value, 8 * TEXT_MAX);
    tl_json_writer_init(&w, &value);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "channel", channels[posting->channel]);
    tl_json_put_z(&w, "to", posting->to);
    tl_json_put_z(&w, "mail", posting->mail);
    tl_json_put_z(&w, "subject", posting->subject);
    tl_json_key(&w, "body");
    tl_json_lossy(&w, tl_str_z(posting->body));
    tl_json_put_int(&w, "created", posting->created_ms);
    tl_json_end_object(&w);
    struct tl_state_put put = {
        .table = TL_STR(TL_TABLE_ESCALATION_MESSAGE), .key = tl_str_z(posting->id), .value = tl_buf_str(&value)};
    struct tl_error err;
    if (tl_json_writer_done(&w, &err) != TL_OK || tl_batch_put(batch, &put, &err) != TL_OK)
        tl_log(TL_ERROR, "escalation.message", err.text, TL_FSTR("message", posting->id));
    tl_buf_free(&value);
}

static struct tl_posting *row_read(const struct tl_state_row *row)
{
    struct tl_json_doc *doc;
    if (tl_json_parse_borrowed(row->value, NULL, &doc, NULL) != TL_OK)
        return NULL;
    const struct tl_json_value *root = tl_json_root(doc);
    struct tl_posting *posting = TL_NEW(struct tl_posting);
    *posting = (struct tl_posting){.channel = tl_str_is(tl_json_get_text(root, "channel"), "mail") ? TL_BY_MAIL
                                                                                                   : TL_BY_WEBHOOK,
                                   .id = tl_str_dup(row->key),
                                   .to = tl_str_dup(tl_json_get_text(root, "to")),
                                   .mail = tl_str_dup(tl_json_get_text(root, "mail")),
                                   .subject = tl_str_dup(tl_json_get_text(root, "subject")),
                                   .body = tl_str_dup(tl_json_get_text(root, "body")),
                                   .created_ms = tl_json_get_i64(root, "created", 0)};
    tl_json_free(doc);
    return posting;
}

tl_code tl_postings_read(struct tl_escalator *escalator, struct tl_error *err)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_ESCALATION_MESSAGE), .limit = 1000};
    struct tl_state_page page;
    struct tl_arena arena;
    tl_code code;
    tl_arena_init(&arena);
    do {
        code = tl_state_scan(escalator->engine->journal, &query, &arena, &page, err);
        for (size_t i = 0; code == TL_OK && i < page.count; i++) {
            struct tl_posting *posting = row_read(&page.rows[i]);
            if (posting != NULL)
                tl_list_push(&escalator->postings, &posting->link);
        }
        query.after = page.next;
    } while (code == TL_OK && page.next.len > 0);
    tl_arena_free(&arena);
    return code;
}

/* ---- new ones ---- */

static void add(struct tl_escalator *escalator, enum tl_escalation_channel channel, const char *to, const char *mail,
                tl_str subject, tl_str body, int64_t now_ms, struct tl_batch *batch, struct tl_list *out)
{
    struct tl_posting *posting = TL_NEW(struct tl_posting);
    *posting = (struct tl_posting){
        .channel = channel,
        .id = tl_printf("%013lld-%06llu", (long long)now_ms, (unsigned long long)(++escalator->serial % 1000000)),
        .to = tl_copy_z(to),
        .mail = tl_copy_z(mail),
        .subject = tl_str_dup(subject),
        .body = tl_str_dup(body),
        .created_ms = now_ms};
    put_row(posting, batch);
    tl_list_push(out, &posting->link);
}

void tl_postings_add(struct tl_escalator *escalator, const struct tl_overdue *list, size_t count, int64_t now_ms,
                     struct tl_batch *batch, struct tl_list *out)
{
    const struct tl_escalation_port *port = &escalator->port;
    const struct tl_steward *to = tl_plan_steward(&escalator->engine->plan, list[0].to);
    struct tl_buf json, subject, text;
    tl_buf_init(&json, TEXT_MAX);
    tl_buf_init(&subject, 1024);
    tl_buf_init(&text, TEXT_MAX);
    tl_digest_write(escalator, list, count, now_ms, &json, &subject, &text);
    if (port->has(port->ctx, TL_BY_WEBHOOK))
        add(escalator, TL_BY_WEBHOOK, list[0].to, "", tl_buf_str(&subject), tl_buf_str(&json), now_ms, batch, out);
    if (port->has(port->ctx, TL_BY_MAIL) && to != NULL && to->mail != NULL && to->mail[0] != 0)
        add(escalator, TL_BY_MAIL, list[0].to, to->mail, tl_buf_str(&subject), tl_buf_str(&text), now_ms, batch, out);
    tl_buf_free(&json);
    tl_buf_free(&subject);
    tl_buf_free(&text);
}

/* ---- sending ---- */

/* It is delivered, or given up. */
static void drop(struct tl_escalator *escalator, struct tl_posting *posting)
{
    struct tl_batch *batch = tl_batch_new(escalator->engine->journal);
    struct tl_error err;
    tl_code code = tl_batch_del(batch, TL_STR(TL_TABLE_ESCALATION_MESSAGE), tl_str_z(posting->id), &err);
    tl_batch_insist(batch);
    if (code == TL_OK)
        code = tl_journal_submit_wait(escalator->engine->journal, batch, TL_DURABLE, &err);
    if (code != TL_OK)
        tl_log(TL_WARN, "escalation.message", err.text, TL_FSTR("message", posting->id));
    tl_batch_free(batch);
    tl_list_remove(&posting->link);
    tl_posting_free(posting);
}

static void failed(struct tl_posting *posting, const char *why)
{
    int64_t wait = FIRST_WAIT_MS;
    for (unsigned i = 0; i < posting->failures && wait < LONGEST_WAIT_MS; i++)
        wait *= 2;
    posting->failures++;
    posting->next_ms = tl_wall_ms() + (wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS);
    tl_log(TL_WARN, "escalation.unsent", "a message about what is overdue could not be delivered; tried again later",
           TL_FSTR("message", posting->id), TL_FSTR("by", channels[posting->channel]), TL_FSTR("to", posting->to),
           TL_FSTR("why", why), TL_FINT("failures", posting->failures));
}

static void on_sent(void *ctx, bool sent, const char *why)
{
    struct tl_posting *posting = ctx;
    struct tl_escalator *escalator = posting->escalator;
    posting->under_way = false;
    if (escalator == NULL) {
        tl_posting_free(posting);
        return;
    }
    if (!sent) {
        failed(posting, why);
        return;
    }
    tl_log(TL_INFO, "escalation.sent", "a message about what is overdue was delivered", TL_FSTR("message", posting->id),
           TL_FSTR("by", channels[posting->channel]), TL_FSTR("to", posting->to));
    drop(escalator, posting);
}

static void send_one(struct tl_escalator *escalator, struct tl_posting *posting)
{
    struct tl_escalation_message message = {.channel = posting->channel,
                                            .id = tl_str_z(posting->id),
                                            .to = tl_str_z(posting->to),
                                            .mail = tl_str_z(posting->mail),
                                            .subject = tl_str_z(posting->subject),
                                            .body = tl_str_z(posting->body),
                                            .created_ms = posting->created_ms};
    posting->escalator = escalator;
    posting->under_way = true;
    escalator->port.send(escalator->port.ctx, &message, on_sent, posting);
}

void tl_postings_send(struct tl_escalator *escalator, int64_t now_ms)
{
    size_t under_way = 0;
    struct tl_link *next;
    for (struct tl_link *link = tl_list_first(&escalator->postings); link != NULL; link = next) {
        struct tl_posting *posting = TL_LIST_ITEM(link, struct tl_posting, link);
        next = tl_list_after(&escalator->postings, link);
        under_way += posting->under_way;
    }
    for (struct tl_link *link = tl_list_first(&escalator->postings); link != NULL && under_way < AT_ONCE; link = next) {
        struct tl_posting *posting = TL_LIST_ITEM(link, struct tl_posting, link);
        next = tl_list_after(&escalator->postings, link);
        if (posting->under_way)
            continue;
        if (now_ms - posting->created_ms > GIVE_UP_MS) {
            tl_log(TL_ERROR, "escalation.lost", "a message about what is overdue was not delivered in three days",
                   TL_FSTR("message", posting->id), TL_FSTR("to", posting->to));
            drop(escalator, posting);
        } else if (posting->next_ms <= now_ms && escalator->port.has(escalator->port.ctx, posting->channel)) {
            send_one(escalator, posting);
            under_way++;
        }
    }
}
