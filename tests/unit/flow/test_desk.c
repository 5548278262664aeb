/* The exceptions desk: groups by cause, acts on a group, changes to payloads, stewards, superseding. */
#include "flow_world.h"
#include "codec/json.h"
#include "codec/json_pointer.h"

static const char *const won[] = {"won@1"};
static const struct tl_system_decl systems[] = {
    {.name = "erp", .kind = "erp", .connector = "fake", .connector_major = 1}};
static const struct tl_steward stewards[] = {
    {.name = "order-desk", .mail = "orders@acme.example", .due_ms = 3600000, .escalate = "it-ops"},
    {.name = "it-ops", .mail = "", .due_ms = 0, .escalate = ""}};
static struct tl_flow flows[1];

/* The payload says how it goes: {"line":N,"message":"…"} fails there, anything else goes to the ERP. */
static void step_say(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    tl_str message, line;
    struct tl_buf scratch;
    uint64_t at = 0;
    tl_buf_init(&scratch, 1024);
    if (tl_json_pointer_text(tl_str_z(run->payload), TL_STR("/line"), &scratch, &line, NULL) == TL_OK &&
        tl_json_pointer_text(tl_str_z(run->payload), TL_STR("/message"), &scratch, &message, NULL) == TL_OK &&
        tl_str_u64(line, &at)) {
        snprintf(run->text, sizeof run->text, "%.*s", TL_STR_ARGS(message));
        run->outcome = (struct tl_run_outcome){
            .ending = TL_RUN_ERROR,
            .error = {.cls = TL_STR("data"), .message = tl_str_z(run->text), .place = {"flows/test.lua", (int)at}}};
    } else
        step_put(w, run, result);
    tl_buf_free(&scratch);
}

static const struct scripted scripts[] = {{"order", step_say}};

static void setup_world(struct world *w, enum tl_after_failure after)
{
    flows[0] = (struct tl_flow){.name = "order",
                                .on = won,
                                .on_count = 1,
                                .scope = "order",
                                .after_failure = after,
                                .priority = TL_NORMAL,
                                .steward = "order-desk"};
    world_new(w, flows, scripts, 1, systems, 1);
    w->config.first.stewards = stewards;
    w->config.first.steward_count = 2;
    world_start(w);
}

static void fails(struct world *w, const char *key, int line, const char *message)
{
    char payload[256];
    snprintf(payload, sizeof payload, "{\"line\":%d,\"message\":\"%s\",\"note\":\"x\"}", line, message);
    world_accept(w, "won@1", key, payload);
    world_settle(w); /* parked at this moment, before the clock moves */
}

/* ---- asking ---- */

static struct tl_json_doc *parsed(struct tl_buf *text)
{
    struct tl_json_doc *doc;
    assert_int_equal(tl_json_parse(tl_buf_str(text), NULL, &doc, NULL), TL_OK);
    tl_buf_free(text);
    return doc;
}

static struct tl_json_doc *groups_of(struct world *w, const char *steward, size_t limit)
{
    struct tl_buf out;
    struct tl_group_query query = {.steward = tl_str_z(steward), .limit = limit};
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_exceptions_groups(w->engine, &query, &out, NULL), TL_OK);
    return parsed(&out);
}

static struct tl_json_doc *row_of(struct world *w, const char *id)
{
    struct tl_buf out;
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_exception_show(w->engine, tl_str_z(id), &out, NULL), TL_OK);
    return parsed(&out);
}

static void assert_at(const struct tl_json_doc *doc, const char *pointer, const char *raw)
{
    tl_str value = tl_json_raw(tl_json_at(tl_json_root(doc), tl_str_z(pointer)));
    char *text = tl_str_dup(value);
    assert_string_equal(text, raw);
    tl_free(text);
}

static size_t audited(struct world *w, const char *act)
{
    struct tl_arena arena;
    struct tl_state_page page;
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_AUDIT), .limit = 10000};
    size_t count = 0;
    tl_arena_init(&arena);
    tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
    assert_int_equal(tl_state_scan(w->journal, &query, &arena, &page, NULL), TL_OK);
    for (size_t i = 0; i < page.count; i++) {
        struct tl_json_doc *doc;
        assert_int_equal(tl_json_parse(page.rows[i].value, NULL, &doc, NULL), TL_OK);
        count += tl_json_is(tl_json_get(tl_json_root(doc), "act"), act);
        tl_json_free(doc);
    }
    tl_arena_free(&arena);
    return count;
}

/* The cause of the group at `i`, to be freed. */
static char *cause_at(struct world *w, size_t i)
{
    struct tl_json_doc *doc = groups_of(w, "", 0);
    const struct tl_json_value *group = tl_json_item(tl_json_get(tl_json_root(doc), "groups"), i);
    char *cause = tl_json_dup(tl_json_get(group, "cause"));
    tl_json_free(doc);
    return cause;
}

/* ---- groups ---- */

static void groups_equal_causes_and_keeps_places_apart(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    fails(&w, "A", 9, "order SO-1 costs 12.50, too much for 'Meyer'");
    world_advance(&w, 1000);
    fails(&w, "B", 9, "order SO-22 costs 7, too much for 'Schulz & Co'");
    fails(&w, "C", 12, "order SO-3 costs 9, too much for 'Meyer'");
    world_accept(&w, "won@1", "A", "{}"); /* waits behind the first */
    world_settle(&w);
    for (int restarted = 0; restarted < 2; restarted++) {
        struct tl_json_doc *doc = groups_of(&w, "", 0);
        assert_int_equal(tl_json_count(tl_json_get(tl_json_root(doc), "groups")), 2);
        assert_at(doc, "/exceptions", "3");
        assert_at(doc, "/groups/0/count", "2");
        assert_at(doc, "/groups/0/message", "\"order # costs #, too much for \\\"…\\\"\"");
        assert_at(doc, "/groups/0/place", "\"flows/test.lua:9\"");
        assert_at(doc, "/groups/0/steward", "\"order-desk\"");
        assert_at(doc, "/groups/0/first", "\"2023-11-14T22:13:20.000Z\"");
        assert_at(doc, "/groups/0/last", "\"2023-11-14T22:13:21.000Z\"");
        assert_at(doc, "/groups/0/due", "\"2023-11-14T23:13:20.000Z\"");
        assert_at(doc, "/groups/0/held", "1");
        assert_at(doc, "/groups/1/count", "1");
        assert_at(doc, "/groups/1/place", "\"flows/test.lua:12\"");
        tl_json_free(doc);
        if (!restarted) {
            world_stop(&w);
            world_start(&w);
            world_settle(&w);
        }
    }
    struct tl_json_doc *doc = groups_of(&w, "", 1);
    assert_at(doc, "/groups_left", "1");
    tl_json_free(doc);
    doc = groups_of(&w, "it-ops", 0);
    assert_at(doc, "/exceptions", "0");
    tl_json_free(doc);
    world_free(&w);
}

static void picks_the_oldest_of_a_group_and_leaves_out_what_may_not_run(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_PASS);
    const char *keys[] = {"A", "B", "C", "D"};
    for (int i = 0; i < 4; i++) {
        fails(&w, keys[i], 9, "bad");
        world_advance(&w, 1000);
    }
    world_accept(&w, "won@1", "B", "{}"); /* passes, and is later */
    world_settle(&w);
    char *cause = cause_at(&w, 0);
    struct tl_desk_group group = {.act = TL_DESK_RETRY, .cause = tl_str_z(cause), .limit = 2};
    struct tl_desk_picked picked;
    assert_int_equal(tl_desk_group_pick(w.engine, &group, &picked, NULL), TL_OK);
    assert_int_equal(picked.all, 4);
    assert_int_equal(picked.later, 1);
    assert_int_equal(picked.count, 2);
    struct tl_json_doc *doc = row_of(&w, picked.ids[0]);
    assert_at(doc, "/key", "\"A\"");
    tl_json_free(doc);
    doc = row_of(&w, picked.ids[1]);
    assert_at(doc, "/key", "\"C\"");
    tl_json_free(doc);
    tl_free(picked.ids);
    group.although_later = true;
    group.limit = 0;
    assert_int_equal(tl_desk_group_pick(w.engine, &group, &picked, NULL), TL_OK);
    assert_int_equal(picked.count, 4);
    tl_free(picked.ids);
    group.cause = TL_STR("0123456789abcdef");
    assert_int_equal(tl_desk_group_pick(w.engine, &group, &picked, NULL), TL_ENOTFOUND);
    group.cause = TL_STR("4711");
    assert_int_equal(tl_desk_group_pick(w.engine, &group, &picked, NULL), TL_EINPUT);
    tl_free(cause);
    world_free(&w);
}

static void previews_an_act_with_one_example_and_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    struct tl_buf out;
    struct tl_error err;
    setup_world(&w, TL_AFTER_HOLD);
    fails(&w, "A", 9, "bad");
    fails(&w, "B", 9, "bad");
    world_accept(&w, "won@1", "A", "{}");
    world_settle(&w);
    char *cause = cause_at(&w, 0);
    struct tl_desk_group group = {
        .act = TL_DESK_RETRY, .cause = tl_str_z(cause), .changes = TL_STR("{\"/line\":null,\"/note\":\"y\"}")};
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_desk_group_preview(w.engine, &group, &out, NULL), TL_OK);
    struct tl_json_doc *doc = parsed(&out);
    assert_at(doc, "/count", "2");
    assert_at(doc, "/held", "1");
    assert_at(doc, "/flow", "\"order\"");
    assert_at(doc, "/example/before", "\"{\\\"line\\\":9,\\\"message\\\":\\\"bad\\\",\\\"note\\\":\\\"x\\\"}\"");
    assert_at(doc, "/example/after", "\"{\\\"line\\\":null,\\\"message\\\":\\\"bad\\\",\\\"note\\\":\\\"y\\\"}\"");
    tl_json_free(doc);
    group.changes = TL_STR("{\"/lines/0\":1}");
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_desk_group_preview(w.engine, &group, &out, &err), TL_EINPUT);
    assert_non_null(strstr(err.text, "/lines/0"));
    tl_buf_free(&out);
    assert_int_equal(tl_exceptions_open(w.engine), 2);
    assert_int_equal(audited(&w, "retry"), 0);
    tl_free(cause);
    world_free(&w);
}

/* ---- single acts ---- */

static void retries_with_changes_to_the_present_payload(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    fails(&w, "A", 9, "bad");
    world_settle(&w);
    struct tl_desk_request request = {.act = TL_DESK_EDIT,
                                      .id = tl_str_z(world_exception(&w)),
                                      .who = TL_STR("ann"),
                                      .changes = TL_STR("{\"/note\":\"y\"}")};
    world_desk_do(&w, &request);
    assert_int_equal(w.reply_code, TL_OK);
    request.act = TL_DESK_RETRY;
    request.changes = TL_STR("{\"/nowhere/at/all\":1}");
    world_desk_do(&w, &request);
    assert_int_equal(w.reply_code, TL_EINPUT);
    assert_int_equal(tl_exceptions_open(w.engine), 1);
    request.changes = TL_STR("{\"/line\":null}");
    world_desk_do(&w, &request);
    assert_int_equal(w.reply_code, TL_OK);
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    assert_int_equal(w.log_count, 1);
    assert_non_null(strstr(w.log[0].args, "{\"line\":null,\"message\":\"bad\",\"note\":\"y\"}"));
    assert_int_equal(audited(&w, "edit"), 1);
    assert_int_equal(audited(&w, "retry"), 1);
    world_free(&w);
}

static void assigns_to_another_steward_for_good(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_HOLD);
    fails(&w, "A", 9, "bad");
    world_settle(&w);
    struct tl_desk_request request = {
        .act = TL_DESK_ASSIGN, .id = tl_str_z(world_exception(&w)), .who = TL_STR("ann"), .steward = TL_STR("it-op")};
    world_desk_do(&w, &request);
    assert_int_equal(w.reply_code, TL_EINPUT);
    assert_non_null(strstr(w.reply_text, "\"it-ops\""));
    request.steward = TL_STR("it-ops");
    world_desk_do(&w, &request);
    assert_int_equal(w.reply_code, TL_OK);
    assert_int_equal(audited(&w, "assign"), 1);
    for (int round = 0; round < 3; round++) {
        struct tl_json_doc *doc = row_of(&w, world_exception(&w));
        assert_at(doc, "/steward", "\"it-ops\"");
        assert_at(doc, "/due", "null");
        tl_json_free(doc);
        doc = groups_of(&w, "it-ops", 0);
        assert_at(doc, "/exceptions", "1");
        tl_json_free(doc);
        if (round == 0)
            world_desk(&w, TL_DESK_RETRY, world_exception(&w), "", false); /* fails again, and stays assigned */
        else if (round == 1) {
            world_stop(&w);
            world_start(&w);
            world_settle(&w);
        }
    }
    world_free(&w);
}

/* ---- superseding ---- */

static enum answer later_one(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation;
    return strstr(args, "\"newer\"") != NULL ? ANSWER_LATER : ANSWER_DONE;
}

static bool one_later(struct world *w)
{
    return w->later_count > 0;
}

static void supersedes_also_a_retry_that_waits_behind_the_newer_event(void **state)
{
    (void)state;
    struct world w;
    setup_world(&w, TL_AFTER_SUPERSEDE);
    fails(&w, "A", 9, "bad");
    world_settle(&w);
    tl_position first = w.last_position;
    w.answer = later_one;
    world_accept(&w, "won@1", "A", "{\"newer\":1}");
    world_until(&w, one_later);
    world_desk(&w, TL_DESK_RETRY, world_exception(&w), "{\"older\":1}", false);
    assert_int_equal(w.reply_code, TL_OK);
    world_answer(&w, 0, TL_FAIL_NONE);
    world_settle(&w);
    assert_string_equal(world_endings(&w, first, "order"), "parked superseded");
    assert_int_equal(tl_exceptions_open(w.engine), 0);
    assert_int_equal(w.log_count, 1); /* what is older was not written over what is newer */
    assert_int_equal(audited(&w, "supersede"), 1);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_equal_causes_and_keeps_places_apart),
        cmocka_unit_test(picks_the_oldest_of_a_group_and_leaves_out_what_may_not_run),
        cmocka_unit_test(previews_an_act_with_one_example_and_changes_nothing),
        cmocka_unit_test(retries_with_changes_to_the_present_payload),
        cmocka_unit_test(assigns_to_another_steward_for_good),
        cmocka_unit_test(supersedes_also_a_retry_that_waits_behind_the_newer_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
