/* The declarations of an integration as C reads them, and the fixture from capture to effect. */
#include "script_case.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct tl_bundle *load_shop(void)
{
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle = NULL;
    struct tl_error err;
    if (tl_bundle_load(TIDELOCK_ROOT "/tests/unit/script/fixtures/shop", &options, &bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    size_t count;
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    if (tl_bundle_errors(bundle))
        fail_msg("%s:%d %s", f[0].place.file, f[0].place.line, f[0].text);
    return bundle;
}

static void reads_systems(void **state)
{
    (void)state;
    struct tl_bundle *b = load_shop();
    assert_string_equal(tl_bundle_integration(b), "shop");
    assert_string_equal(tl_bundle_steward(b), "desk");
    const struct tl_system_decl *s = tl_bundle_system(b, TL_STR("crm"));
    assert_string_equal(s->kind, "crm");
    assert_string_equal(s->connector, "salesforce");
    assert_int_equal(s->connector_major, 1);
    assert_int_equal(s->url.kind, TL_REF_SETTING);
    assert_string_equal(s->url.text, "crm.url");
    assert_string_equal(s->auth, "{\"client_id\":{\"$secret\":\"crm.client_id\"},\"kind\":\"oauth2_jwt\"}");
    assert_int_equal(s->limits.concurrent, 10);
    assert_int_equal(s->limits.keep_for_live, 30);
    assert_int_equal(s->retry.first_ms, 500);
    assert_int_equal(s->retry.cap_ms, 600000);
    assert_int_equal(s->breaker.probe_after_ms, 20000);
    assert_int_equal(s->maintenance_count, 1);
    assert_int_equal(s->capture_count, 1);
    assert_string_equal(s->captures[0].object, "Opportunity");
    assert_int_equal(s->captures[0].poll_ms, 30000);
    assert_string_equal(s->captures[0].config, "{\"fields\":[\"Name\",\"Amount\"],\"poll\":\"30s\"}");
    assert_int_equal(s->place.line, 6);
    assert_int_equal(s->redelivers_ms, 7LL * 24 * 3600 * 1000);
    s = tl_bundle_system(b, TL_STR("erp_us"));
    assert_string_equal(s->kind, "erp");
    assert_int_equal(s->url.kind, TL_REF_TEXT);
    assert_int_equal(s->timeout_ms, 10000);
    s = tl_bundle_system(b, TL_STR("desk_app"));
    assert_non_null(strstr(s->config, "\"webhook_secret\":{\"$secret\":\"desk.hook\"}"));
    assert_null(tl_bundle_system(b, TL_STR("nope")));
    tl_bundle_free(b);
}

static void reads_needs_entities_events_and_flows(void **state)
{
    (void)state;
    struct tl_bundle *b = load_shop();
    size_t count;
    const struct tl_need *needs = tl_bundle_needs(b, &count);
    assert_int_equal(count, 5);
    assert_string_equal(needs[0].name, "crm.url");
    assert_false(needs[0].secret);
    const struct tl_entity *entity = tl_bundle_entities(b, &count);
    assert_int_equal(count, 1);
    assert_int_equal(entity->key_count, 1);
    assert_string_equal(entity->key[0], "order_no");
    assert_non_null(strstr(entity->config, "{\"$function\":\"entities.lua:3\"}"));
    const struct tl_event_type *event = tl_bundle_event(b, TL_STR("order.won@1"));
    assert_string_equal(event->key.pointer, "/order_no");
    assert_string_equal(event->from, "crm.Opportunity");
    assert_string_equal(event->entity, "order@1");
    assert_true(event->when);
    assert_int_equal(event->when_place.line, 4);
    assert_true(tl_bundle_event(b, TL_STR("order.placed@1"))->key.function);
    const struct tl_flow *flows = tl_bundle_flows(b, &count);
    assert_int_equal(count, 3);
    assert_string_equal(flows[0].name, "place");
    assert_string_equal(flows[0].scope, "order");
    assert_string_equal(flows[0].order.pointer, "/order_no");
    assert_int_equal(flows[0].deadline_ms, 2 * 24 * 3600 * 1000);
    assert_int_equal(flows[0].priority, TL_URGENT);
    assert_int_equal(flows[0].target_count, 1);
    assert_string_equal(flows[0].targets[0], "erp");
    assert_null(flows[0].one_per);
    assert_true(flows[1].order.function);
    assert_true(flows[2].internal);
    assert_string_equal(flows[2].name, "event:order.won@1");
    assert_string_equal(flows[2].on[0], "crm.Opportunity");
    assert_int_equal(event->flow, 2);
    tl_bundle_free(b);
}

static void one_per_is_the_order_too(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c,
               "flow \"g\" { on = \"in@1\", steward = \"s\", one_per = \"no\", again = \"restart\", on_failure = "
               "\"compensate\", run = function() end }",
               "", "{}");
    size_t count;
    const struct tl_flow *flow = tl_bundle_flows(c.bundle, &count);
    assert_string_equal(flow->name, "g");
    assert_string_equal(flow->one_per, "/no");
    assert_string_equal(flow->order.pointer, "/no");
    assert_string_equal(flow->scope, "g");
    assert_int_equal(flow->again, TL_AGAIN_RESTART);
    assert_int_equal(flow->on_failure, TL_FAILURE_COMPENSATE);
    assert_int_equal(flow[1].again, TL_AGAIN_IGNORE);
    case_end(&c);
}

static const struct tl_flow *flow_at(const struct tl_bundle *bundle, size_t index)
{
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(bundle, &count);
    assert_true(index < count);
    return &flows[index];
}

static void knows_the_calls_of_a_flow(void **state)
{
    (void)state;
    struct case_run c;
    case_start(
        &c,
        "flow \"g\" { on = \"in@1\", steward = \"s\", run = function(ctx, e) local erp = ctx.erp "
        "erp:credit_status{ n = 1 } if e.data.x then erp:credit_status{ n = 2 } ctx.erp:pay({}, { once = e.key }) end "
        "erp:put(\"order@1\", {}) end }",
        "", "{}");
    size_t count;
    const struct tl_flow *flow = tl_bundle_flows(c.bundle, &count);
    assert_int_equal(flow->call_count, 2);
    assert_string_equal(flow->calls[0].target, "erp");
    assert_string_equal(flow->calls[0].operation, "credit_status");
    assert_string_equal(flow->calls[1].operation, "pay");
    case_end(&c);
}

static void schedules_are_flows_on_their_ticks(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c,
               "every \"02:00 UTC\" { name = \"a\", steward = \"s\", run = function() end }\n"
               "every \"02:00 UTC\" { name = \"b\", steward = \"s\", missed = \"skip\", max_late = \"2h\", "
               "after_failure = \"hold\", priority = \"bulk\", run = function(ctx, tick) "
               "ctx.erp:put(\"order@1\", { no = tick.data.planned }) end }",
               "", "{}");
    size_t count;
    const struct tl_every *every = tl_bundle_everys(c.bundle, &count);
    assert_int_equal(count, 2);
    assert_string_equal(every[0].expression, "02:00 UTC");
    assert_int_equal(every[0].missed, TL_MISSED_ONCE);
    assert_int_equal(every[1].missed, TL_MISSED_SKIP);
    assert_int_equal(every[1].max_late_ms, 2 * 3600 * 1000);
    const struct tl_flow *a = flow_at(c.bundle, every[0].flow), *b = flow_at(c.bundle, every[1].flow);
    assert_string_equal(a->name, "a");
    assert_string_equal(a->on[0], "tick:a");
    assert_int_equal(a->after_failure, TL_AFTER_PASS);
    assert_int_equal(b->after_failure, TL_AFTER_HOLD);
    assert_int_equal(b->priority, TL_BULK);
    assert_string_equal(b->targets[0], "erp");
    tl_run_free(c.run);
    struct tl_run_event tick = {
        .type = TL_STR("tick:b"), .key = TL_STR("b"), .payload = TL_STR("{\"planned\":\"2026-01-01T02:00:00Z\"}")};
    c.outcome = tl_run_start(c.script, every[1].flow, &tick, &c.run);
    assert_asks(&c, "erp:put#1");
    assert_non_null(strstr(case_ask(&c, "erp:put#1")->args.ptr, "2026-01-01T02:00:00Z"));
    case_end(&c);
    const char *errors =
        case_errors("flows/f.lua", "every \"02:00 UTC\" { name = \"a\", steward = \"s\", run = function() end }\n"
                                   "every \"03:00 UTC\" { name = \"a\", steward = \"s\", run = function() end }\n");
    assert_non_null(strstr(errors, "flows/f.lua:2 every \"a\" is declared twice (first in flows/f.lua:1)"));
}

static void an_expectation_awaits_and_parks_while_it_waits_on(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c,
               "expect \"out follows\" { after = \"in@1\", event = \"out@1\", within = \"15m\", steward = \"s\", "
               "key = \"deal\" }",
               "", "{}");
    size_t count;
    const struct tl_expectation *expectation = tl_bundle_expectations(c.bundle, &count);
    assert_int_equal(count, 1);
    const struct tl_flow *flow = flow_at(c.bundle, expectation->flow);
    assert_string_equal(flow->name, "expect:out follows");
    assert_string_equal(flow->on[0], "in@1");
    assert_true(flow->internal);
    tl_run_free(c.run);
    struct tl_run_event event = {
        .id = TL_STR("e1"), .type = TL_STR("in@1"), .key = TL_STR("A"), .payload = TL_STR("{\"deal\":7}")};
    c.outcome = tl_run_start(c.script, expectation->flow, &event, &c.run);
    assert_asks(&c, "await#1");
    assert_int_equal(case_ask(&c, "await#1")->within_ms, 15 * 60 * 1000);
    assert_memory_equal(case_ask(&c, "await#1")->key.ptr, "7", 2);
    case_answer(&c, "await#1", "");
    assert_asks(&c, "first#1/desk/park#1 first#1/late/await#1");
    assert_int_equal(case_ask(&c, "first#1/late/await#1")->within_ms, 0);
    assert_non_null(strstr(case_ask(&c, "first#1/desk/park#1")->data.ptr, "\"missing\":[\"out@1\"]"));
    case_answer(&c, "first#1/late/await#1", "{\"data\":{},\"id\":\"e2\",\"time\":\"T\",\"type\":\"out@1\"}");
    assert_ending(&c, TL_RUN_DONE);
    assert_string_equal(case_withdrawn(&c), "first#1/desk/park#1");
    assert_string_equal(c.outcome->data.ptr, "\"late: out@1 came at T (e2)\"");
    tl_run_free(c.run);
    event.payload = TL_STR("{}"); /* no key: that is an error of its data, not silence */
    c.outcome = tl_run_start(c.script, expectation->flow, &event, &c.run);
    assert_ending(&c, TL_RUN_ERROR);
    case_end(&c);
    case_refuses("flows/f.lua", "flow \"expect:x\" { on = \"in@1\", steward = \"s\", run = function() end }", 1,
                 "belong to expectations");
}

static void routes_a_kind_by_the_payload(void **state)
{
    (void)state;
    struct tl_bundle *b = load_shop();
    struct tl_error err;
    assert_string_equal(tl_bundle_route_to(b, TL_STR("erp"), TL_STR("{\"company_code\":\"2000\"}"), &err)->name,
                        "erp_us");
    assert_string_equal(tl_bundle_route_to(b, TL_STR("erp"), TL_STR("{\"company_code\":1000}"), &err)->name, "erp_de");
    assert_string_equal(tl_bundle_route_to(b, TL_STR("erp_us"), TL_STR("{}"), &err)->name, "erp_us");
    assert_string_equal(tl_bundle_route_to(b, TL_STR("support"), TL_STR("{}"), &err)->name, "desk_app");
    assert_null(tl_bundle_route_to(b, TL_STR("erp"), TL_STR("{\"company_code\":\"9\"}"), &err));
    assert_non_null(strstr(err.text, "\"9\", which names no system"));
    assert_null(tl_bundle_route_to(b, TL_STR("erp"), TL_STR("{}"), &err));
    tl_bundle_free(b);
}

static void the_hash_is_of_the_contents(void **state)
{
    (void)state;
    struct tl_bundle *a = load_shop(), *b = load_shop();
    assert_string_equal(tl_bundle_hash(a), tl_bundle_hash(b));
    assert_int_equal(strlen(tl_bundle_hash(a)), 64);
    struct tl_bundle_file one[] = {
        {"integration.lua", TL_STR("integration \"x\" { steward = \"s\" } steward \"s\" {}")}};
    struct tl_bundle_file two[] = {
        {"integration.lua", TL_STR("integration \"y\" { steward = \"s\" } steward \"s\" {}")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *c, *d;
    assert_int_equal(tl_bundle_load_files(one, 1, &options, &c, NULL), TL_OK);
    assert_int_equal(tl_bundle_load_files(two, 1, &options, &d, NULL), TL_OK);
    assert_string_not_equal(tl_bundle_hash(c), tl_bundle_hash(d));
    tl_bundle_free(a);
    tl_bundle_free(b);
    tl_bundle_free(c);
    tl_bundle_free(d);
}

static const char deal[] =
    "{\"OrderNumber__c\":\"SO-1\",\"Account\":{\"AccountNumber\":\"A-1\"},\"Amount\":1234567890123.455,"
    "\"CloseDate\":\"2024-05-17\",\"StageName\":\"Closed Won\",\"Description\":null,\"Country\":\"SE\","
    "\"Lines\":{\"records\":[{\"ProductCode\":\"X\",\"Quantity\":2.0,\"UnitPrice\":19.10}]}}";

static void an_event_declaration_filters_and_maps(void **state)
{
    (void)state;
    struct tl_bundle *b = load_shop();
    struct tl_script *script;
    struct tl_error err;
    assert_int_equal(tl_script_new(b, NULL, &script, &err), TL_OK);
    struct tl_run_event event = {.type = TL_STR("crm.Opportunity"), .key = TL_STR("006"), .payload = tl_str_z(deal)};
    struct tl_run *run;
    const struct tl_run_outcome *out = tl_run_start(script, 2, &event, &run);
    assert_int_equal(out->ending, TL_RUN_DONE);
    assert_int_equal(out->emit_count, 1);
    assert_true(tl_str_is(out->emits[0].key, "SO-1"));
    assert_true(
        tl_str_is(out->emits[0].data,
                  "{\"account_no\":\"A-1\",\"amount\":1234567890123.46,\"company_code\":\"1000\",\"kind\":\"sale\","
                  "\"lines\":[{\"price\":19.10,\"qty\":2,\"sku\":\"X\"}],\"note\":null,\"order_no\":\"SO-1\","
                  "\"region\":\"north\",\"status\":\"won\",\"won_on\":\"2024-05-17\"}"));
    tl_run_free(run);
    event.payload = TL_STR("{\"StageName\":\"New\"}");
    out = tl_run_start(script, 2, &event, &run);
    assert_int_equal(out->ending, TL_RUN_DROPPED);
    assert_string_equal(out->place.file, "events.lua");
    assert_int_equal(out->place.line, 4);
    tl_run_free(run);
    event.payload = TL_STR("{\"StageName\":\"Closed Won\",\"CloseDate\":\"2024-02-30\"}");
    out = tl_run_start(script, 2, &event, &run);
    assert_int_equal(out->ending, TL_RUN_ERROR);
    assert_true(tl_str_is(out->error.cls, "data"));
    assert_non_null(strstr(out->error.message.ptr, "won_on: '2024-02-30' is not a date"));
    tl_run_free(run);
    tl_script_free(script);
    tl_bundle_free(b);
}

static void keys_and_orders_may_be_functions(void **state)
{
    (void)state;
    struct tl_bundle *b = load_shop();
    struct tl_script *script;
    struct tl_error err;
    assert_int_equal(tl_script_new(b, NULL, &script, &err), TL_OK);
    struct tl_buf out;
    tl_buf_init(&out, 100);
    struct tl_run_event event = {.type = TL_STR("order.placed@1"), .key = TL_STR("7"), .payload = TL_STR("{}")};
    assert_int_equal(tl_script_order_key(script, 1, &event, &out, &err), TL_OK);
    assert_string_equal(out.ptr, "d-7");
    tl_buf_clear(&out);
    const struct tl_event_type *type = tl_bundle_event(b, TL_STR("order.placed@1"));
    assert_int_equal(tl_script_event_key(script, type, TL_STR("{\"order_no\":\"SO\"}"), &out, &err), TL_OK);
    assert_string_equal(out.ptr, "SO");
    assert_int_equal(tl_script_event_key(script, type, TL_STR("{}"), &out, &err), TL_EINPUT);
    tl_buf_clear(&out);
    type = tl_bundle_event(b, TL_STR("order.won@1"));
    assert_int_equal(tl_script_event_key(script, type, TL_STR("{\"order_no\":12}"), &out, &err), TL_OK);
    assert_string_equal(out.ptr, "12");
    tl_buf_free(&out);
    tl_script_free(script);
    tl_bundle_free(b);
}

static void a_bundle_with_errors_gives_no_state(void **state)
{
    (void)state;
    struct tl_bundle_file one[] = {{"integration.lua", TL_STR("integration \"x\" { }")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *b;
    struct tl_script *script;
    struct tl_error err;
    assert_int_equal(tl_bundle_load_files(one, 1, &options, &b, &err), TL_OK);
    assert_int_equal(tl_script_new(b, NULL, &script, &err), TL_ECONFIG);
    tl_bundle_free(b);
    assert_int_equal(tl_bundle_load("/nowhere", &options, &b, &err), TL_EINPUT);
    assert_int_equal(tl_bundle_load_files(one, 0, &options, &b, &err), TL_EINPUT);
    assert_non_null(strstr(err.text, "no integration.lua"));
}

static void a_document_goes_through_values_and_back(void **state)
{
    (void)state;
    struct tl_script *script;
    struct tl_error err;
    assert_int_equal(tl_script_new_bare(TIDELOCK_ROOT "/scripts/lib", NULL, &script, &err), TL_OK);
    struct tl_buf out;
    tl_buf_init(&out, 4096);
    assert_int_equal(tl_script_roundtrip(script, TL_STR(" { \"b\" : [ 1.50 , null ] , \"a\" : {} } "), &out, &err),
                     TL_OK);
    assert_string_equal(out.ptr, "{\"a\":{},\"b\":[1.50,null]}");
    assert_int_equal(tl_script_roundtrip(script, TL_STR("{\n \"a\": tru}"), &out, &err), TL_EINPUT);
    assert_non_null(strstr(err.text, "line 2, column 7"));
    static char deep[20000];
    memset(deep, '[', 10000);
    memset(deep + 10000, ']', 9999);
    assert_int_equal(tl_script_roundtrip(script, tl_str_z(deep), &out, &err), TL_EINPUT);
    tl_buf_free(&out);
    tl_script_free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_calls_of_a_flow),
        cmocka_unit_test(one_per_is_the_order_too),
        cmocka_unit_test(schedules_are_flows_on_their_ticks),
        cmocka_unit_test(an_expectation_awaits_and_parks_while_it_waits_on),
        cmocka_unit_test(reads_systems),
        cmocka_unit_test(reads_needs_entities_events_and_flows),
        cmocka_unit_test(routes_a_kind_by_the_payload),
        cmocka_unit_test(the_hash_is_of_the_contents),
        cmocka_unit_test(an_event_declaration_filters_and_maps),
        cmocka_unit_test(keys_and_orders_may_be_functions),
        cmocka_unit_test(a_bundle_with_errors_gives_no_state),
        cmocka_unit_test(a_document_goes_through_values_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
