/* Escalation with a driven clock: who is told what, when, once, and in how many messages. */
#include "flow_world.h"
#include "codec/json.h"
#include "base/log.h"
#include "codec/json_pointer.h"
#include "escalate_int.h"
#include "flow/runs.h"

#define HOUR 3600000LL

static const char *const won[] = {"won@1"};
static const struct tl_system_decl systems[] = {
    {.name = "erp", .kind = "erp", .connector = "fake", .connector_major = 1}};
static const struct tl_steward stewards[] = {
    {.name = "order-desk", .mail = "orders@acme.example", .due_ms = HOUR, .escalate = "it-ops"},
    {.name = "it-ops", .mail = "it-ops@acme.example", .due_ms = 2 * HOUR, .escalate = "head"},
    {.name = "head", .mail = "", .due_ms = 0, .escalate = ""},
    {.name = "alone", .mail = "alone@acme.example", .due_ms = HOUR, .escalate = ""},
    {.name = "ring-a", .mail = "", .due_ms = HOUR, .escalate = "ring-b"},
    {.name = "ring-b", .mail = "", .due_ms = HOUR, .escalate = "ring-a"}};
static struct tl_flow flows[1];

/* Fails with its payload as the message. */
static void step_fail(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w, (void)result;
    snprintf(run->text, sizeof run->text, "%s", run->payload);
    run->outcome = (struct tl_run_outcome){
        .ending = TL_RUN_ERROR,
        .error = {.cls = TL_STR("data"), .message = tl_str_z(run->text), .place = {"flows/test.lua", 9}}};
}

static const struct scripted scripts[] = {{"order", step_fail}};

/* ---- a port that writes down ---- */

struct note {
    enum tl_escalation_channel channel;
    char id[64], to[64], mail[64], subject[256];
    char *body; /* own */
};

static struct {
    struct world *w;
    struct tl_escalator *escalator;
    struct note notes[128];
    size_t count;
    bool no_mail, broken;
} post;

struct answer_later {
    struct tl_mail mail;
    tl_escalation_sent *done;
    void *ctx;
    bool sent;
};

static void on_answer(struct tl_mail *mail)
{
    struct answer_later *answer = TL_CONTAINER_OF(mail, struct answer_later, mail);
    answer->done(answer->ctx, answer->sent, answer->sent ? "" : "nobody listens");
    tl_free(answer);
}

static struct tl_loop *loop_of(struct world *w)
{
    return tl_lane_loop(tl_engine_lane(w->engine, 0));
}

static void take(void *ctx, const struct tl_escalation_message *message, tl_escalation_sent *done, void *done_ctx)
{
    (void)ctx;
    assert_true(post.count < TL_COUNT_OF(post.notes));
    struct note *note = &post.notes[post.count++];
    note->channel = message->channel;
    snprintf(note->id, sizeof note->id, "%.*s", TL_STR_ARGS(message->id));
    snprintf(note->to, sizeof note->to, "%.*s", TL_STR_ARGS(message->to));
    snprintf(note->mail, sizeof note->mail, "%.*s", TL_STR_ARGS(message->mail));
    snprintf(note->subject, sizeof note->subject, "%.*s", TL_STR_ARGS(message->subject));
    note->body = tl_str_dup(message->body);
    struct answer_later *answer = TL_NEW(struct answer_later);
    *answer = (struct answer_later){.done = done, .ctx = done_ctx, .sent = !post.broken};
    tl_mail_init(&answer->mail, on_answer);
    tl_loop_post(loop_of(post.w), &answer->mail);
}

static bool has(void *ctx, enum tl_escalation_channel channel)
{
    (void)ctx;
    return channel == TL_BY_WEBHOOK || !post.no_mail;
}

static void forget(void)
{
    for (size_t i = 0; i < post.count; i++)
        tl_free(post.notes[i].body);
    post.count = 0;
}

/* ---- life ---- */

static void watch(struct world *w)
{
    const struct tl_escalation_port port = {has, take, NULL};
    struct tl_error err;
    if (tl_escalator_new(w->engine, loop_of(w), &port, "acme", &post.escalator, &err) != TL_OK)
        fail_msg("%s", err.text);
}

static void setup_world(struct world *w, const char *steward)
{
    flows[0] = (struct tl_flow){
        .name = "order", .on = won, .on_count = 1, .scope = "order", .priority = TL_NORMAL, .steward = steward};
    world_new(w, flows, scripts, 1, systems, 1);
    w->config.first.stewards = stewards;
    w->config.first.steward_count = TL_COUNT_OF(stewards);
    w->config.first.steward = "alone";
    memset(&post, 0, sizeof post);
    post.w = w;
    world_start(w);
    watch(w);
}

static void restart(struct world *w)
{
    tl_escalator_free(post.escalator);
    world_stop(w);
    world_start(w);
    world_settle(w);
    watch(w);
}

static void end(struct world *w)
{
    forget();
    tl_escalator_free(post.escalator);
    world_free(w);
}

/* One look after so much time. */
static void after(struct world *w, int64_t ms)
{
    world_advance(w, ms);
    world_settle(w);
}

static void assert_at(const char *json, const char *pointer, const char *raw)
{
    tl_str value;
    assert_int_equal(tl_json_pointer(tl_str_z(json), tl_str_z(pointer), &value, NULL), TL_OK);
    char *text = tl_str_dup(value);
    assert_string_equal(text, raw);
    tl_free(text);
}

/* ---- when and whom ---- */

static void goes_up_one_step_each_period_and_each_step_once(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    world_accept(&w, "won@1", "A", "bad");
    world_settle(&w);
    for (int round = 0; round < 2; round++) {
        after(&w, round == 0 ? HOUR - 60000 : 1);
        assert_int_equal(post.count, 0);
    }
    after(&w, 60000);
    assert_int_equal(post.count, 2); /* by webhook and by mail */
    assert_string_equal(post.notes[0].to, "it-ops");
    assert_int_equal(post.notes[0].channel, TL_BY_WEBHOOK);
    assert_at(post.notes[0].body, "/data/level", "1");
    assert_at(post.notes[0].body, "/data/exceptions", "1");
    assert_at(post.notes[0].body, "/data/groups/0/steward", "\"order-desk\"");
    assert_at(post.notes[0].body, "/timestamp", "\"2023-11-14T23:13:20.001Z\"");
    assert_int_equal(post.notes[1].channel, TL_BY_MAIL);
    assert_string_equal(post.notes[1].mail, "it-ops@acme.example");
    assert_string_equal(post.notes[1].subject, "[acme] overdue: 1 exception");
    assert_non_null(strstr(post.notes[1].body, "1 of flow order, data at flows/test.lua:9: bad"));
    forget();
    restart(&w);
    after(&w, 2 * HOUR - 60000);
    assert_int_equal(post.count, 0);
    after(&w, 60000);
    assert_int_equal(post.count, 1); /* head has no mail address */
    assert_string_equal(post.notes[0].to, "head");
    assert_at(post.notes[0].body, "/data/level", "2");
    forget();
    restart(&w);
    for (int day = 0; day < 10; day++)
        after(&w, 24 * HOUR);
    assert_int_equal(post.count, 0); /* nobody is above */
    assert_int_equal(world_rows(&w, TL_TABLE_ESCALATION), 1);
    assert_int_equal(world_rows(&w, TL_TABLE_ESCALATION_MESSAGE), 0);
    assert_int_equal(world_rows(&w, TL_TABLE_AUDIT), 2);
    end(&w);
}

static void says_nothing_of_what_was_settled_in_time(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    world_accept(&w, "won@1", "A", "bad");
    world_settle(&w);
    after(&w, HOUR - 60000);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), "", false);
    after(&w, 5 * HOUR);
    assert_int_equal(post.count, 0);
    end(&w);
}

static void forgets_what_has_ended(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    world_accept(&w, "won@1", "A", "bad");
    world_settle(&w);
    after(&w, HOUR);
    assert_int_equal(world_rows(&w, TL_TABLE_ESCALATION), 1);
    world_desk(&w, TL_DESK_DISCARD, world_exception(&w), "", false);
    for (int i = 0; i < 60; i++)
        after(&w, 10000);
    assert_int_equal(world_rows(&w, TL_TABLE_ESCALATION), 0);
    end(&w);
}

static void begins_anew_with_another_steward(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    world_accept(&w, "won@1", "A", "bad");
    world_settle(&w);
    after(&w, HOUR);
    forget();
    struct tl_desk_request request = {
        .act = TL_DESK_ASSIGN, .id = tl_str_z(world_exception(&w)), .who = TL_STR("ann"), .steward = TL_STR("alone")};
    world_desk_do(&w, &request);
    after(&w, HOUR - 60000);
    assert_int_equal(post.count, 0);
    after(&w, 60000);
    assert_int_equal(post.count, 2); /* nobody is above him: he is reminded, once */
    assert_string_equal(post.notes[0].to, "alone");
    forget();
    after(&w, 48 * HOUR);
    assert_int_equal(post.count, 0);
    end(&w);
}

static void knows_the_ends_of_a_chain(void **state)
{
    (void)state;
    struct world w;
    struct tl_step_up step;
    setup_world(&w, "order-desk");
    const struct tl_plan *plan = &w.engine->plan;
    assert_true(tl_step_up(plan, "ring-a", 1000, 0, &step));
    assert_string_equal(step.to, "ring-b");
    assert_int_equal(step.from_ms, 1000);
    assert_false(tl_step_up(plan, "ring-a", 1000, 1, &step)); /* back at ring-a: a circle */
    assert_true(tl_step_up(plan, "gone", 1000, 0, &step));    /* not declared any more: the integration's own */
    assert_string_equal(step.to, "alone");
    assert_false(tl_step_up(plan, "head", 1000, 1, &step));
    assert_true(tl_step_up(plan, "order-desk", 1000, 1, &step));
    assert_int_equal(step.from_ms, 1000 + 2 * HOUR);
    end(&w);
}

/* ---- messages ---- */

static void puts_all_that_is_overdue_into_one_message(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    post.no_mail = true;
    for (int i = 0; i < 60; i++) {
        for (int n = 0; n < 2; n++) {
            char key[32], message[48];
            snprintf(key, sizeof key, "K-%d-%d", i, n);
            snprintf(message, sizeof message, "cause %c%c of %d", 'a' + i / 26, 'a' + i % 26, n);
            world_accept(&w, "won@1", key, message);
        }
    }
    world_settle(&w);
    after(&w, HOUR);
    assert_int_equal(post.count, 1);
    const char *body = post.notes[0].body;
    assert_at(body, "/data/exceptions", "120");
    assert_at(body, "/data/groups/0/count", "2");
    assert_at(body, "/data/groups_left", "10");
    tl_str none;
    assert_int_equal(tl_json_pointer(tl_str_z(body), TL_STR("/data/groups/49"), &none, NULL), TL_OK);
    assert_int_equal(tl_json_pointer(tl_str_z(body), TL_STR("/data/groups/50"), &none, NULL), TL_ENOTFOUND);
    end(&w);
}

static void leaves_a_steward_alone_for_a_while_after_a_message(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    post.no_mail = true;
    for (int i = 0; i < 3; i++) {
        char key[16];
        snprintf(key, sizeof key, "K-%d", i);
        world_accept(&w, "won@1", key, "bad");
        world_settle(&w);
        after(&w, 30000);
    }
    after(&w, HOUR - 90000);
    assert_int_equal(post.count, 1);
    assert_at(post.notes[0].body, "/data/exceptions", "1");
    after(&w, 30000);
    after(&w, 30000);
    assert_int_equal(post.count, 1);
    after(&w, 240000);
    assert_int_equal(post.count, 2); /* the other two, together */
    assert_at(post.notes[1].body, "/data/exceptions", "2");
    end(&w);
}

static void keeps_a_message_until_it_is_delivered(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    post.no_mail = true;
    post.broken = true;
    world_accept(&w, "won@1", "A", "bad");
    world_settle(&w);
    after(&w, HOUR);
    assert_int_equal(post.count, 1);
    after(&w, 10000);
    assert_int_equal(post.count, 2);
    after(&w, 10000);
    assert_int_equal(post.count, 3);
    after(&w, 10000);
    assert_int_equal(post.count, 3); /* it waits longer each time */
    restart(&w);
    post.broken = false;
    after(&w, 10000);
    assert_int_equal(post.count, 4);
    for (int i = 1; i < 4; i++)
        assert_string_equal(post.notes[i].id, post.notes[0].id); /* so that who gets it twice can tell */
    after(&w, 10000);
    after(&w, HOUR / 2);
    assert_int_equal(post.count, 4);
    assert_int_equal(world_rows(&w, TL_TABLE_ESCALATION_MESSAGE), 0);
    end(&w);
}

static void say_nothing(void *ctx, tl_str line)
{
    (void)ctx, (void)line;
}

static void gives_a_message_up_after_three_days(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "alone");
    post.no_mail = true;
    post.broken = true;
    world_accept(&w, "won@1", "A", "bad");
    world_settle(&w);
    tl_log_sink(say_nothing, NULL);
    after(&w, HOUR);
    for (int hour = 0; hour < 74; hour++)
        after(&w, HOUR);
    tl_log_sink(NULL, NULL);
    assert_int_equal(world_rows(&w, TL_TABLE_ESCALATION_MESSAGE), 0);
    forget();
    post.broken = false;
    after(&w, HOUR);
    assert_int_equal(post.count, 0);
    end(&w);
}

/* ---- decisions ---- */

static void decide(struct world *w, const char *id, const char *due)
{
    struct tl_batch *batch = tl_batch_new(w->journal);
    if (due != NULL) {
        struct tl_state_put put = {
            .table = TL_STR(TL_TABLE_DECISION),
            .key = tl_str_z(id),
            .value =
                TL_STR("{\"id\":\"d1\",\"flow\":\"order\",\"key\":\"SO-1\",\"about\":\"credit\\nhold\",\"steward\":"
                       "\"order-desk\",\"due\":\"2023-11-14T22:14:20.000Z\"}"),
            .attr = {TL_STR("order"), TL_STR("order-desk"), TL_STR("SO-1"), tl_str_z(due)}};
        assert_int_equal(tl_batch_put(batch, &put, NULL), TL_OK);
    } else
        assert_int_equal(tl_batch_del(batch, TL_STR(TL_TABLE_DECISION), tl_str_z(id), NULL), TL_OK);
    assert_int_equal(tl_journal_submit_wait(w->journal, batch, TL_APPLIED, NULL), TL_OK);
    tl_batch_free(batch);
}

static void escalates_decisions_that_nobody_takes(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, "order-desk");
    decide(&w, "d1", "1700000060000");
    decide(&w, "d2", "1700999960000");
    after(&w, 50000);
    assert_int_equal(post.count, 0);
    after(&w, 10000);
    assert_int_equal(post.count, 2);
    assert_string_equal(post.notes[0].to, "it-ops");
    assert_at(post.notes[0].body, "/data/decisions", "1");
    assert_at(post.notes[0].body, "/data/open_decisions/0/key", "\"SO-1\"");
    assert_string_equal(post.notes[1].subject, "[acme] overdue: 1 decision");
    assert_non_null(strstr(post.notes[1].body, "d1 of flow order, key SO-1: credit hold\n"));
    forget();
    decide(&w, "d1", NULL);
    for (int i = 0; i < 60; i++)
        after(&w, 10000);
    after(&w, 3 * HOUR);
    assert_int_equal(post.count, 0);
    assert_int_equal(world_rows(&w, TL_TABLE_ESCALATION), 0);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_up_one_step_each_period_and_each_step_once),
        cmocka_unit_test(says_nothing_of_what_was_settled_in_time),
        cmocka_unit_test(forgets_what_has_ended),
        cmocka_unit_test(begins_anew_with_another_steward),
        cmocka_unit_test(knows_the_ends_of_a_chain),
        cmocka_unit_test(puts_all_that_is_overdue_into_one_message),
        cmocka_unit_test(leaves_a_steward_alone_for_a_while_after_a_message),
        cmocka_unit_test(keeps_a_message_until_it_is_delivered),
        cmocka_unit_test(gives_a_message_up_after_three_days),
        cmocka_unit_test(escalates_decisions_that_nobody_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
