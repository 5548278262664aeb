/* Systems of one kind: which one, and that they do not wait for each other. */
#include "flow_world.h"

static const char *const won[] = {"won@1"};
static const char *const erp[] = {"erp"};
static struct tl_system_decl systems[2];
static struct tl_flow flows[1];
static const struct scripted scripts[] = {{"order", step_put}};
static const struct tl_route_to to[] = {{"1000", "erp_de"}, {"2000", "erp_fr"}};
static const struct tl_route routes[] = {
    {.kind = "erp", .by = "/c", .to = to, .to_count = 2, .place = {"integration.lua", 9}}};

static void world_of(struct world *w)
{
    for (size_t i = 0; i < 2; i++)
        systems[i] = (struct tl_system_decl){
            .name = i == 0 ? "erp_de" : "erp_fr", .kind = "erp", .connector = "fake", .connector_major = 1};
    flows[0] = (struct tl_flow){.name = "order",
                                .on = won,
                                .on_count = 1,
                                .scope = "order",
                                .priority = TL_NORMAL,
                                .steward = "desk",
                                .targets = erp,
                                .target_count = 1};
    world_new(w, flows, scripts, 1, systems, 2);
    w->config.first.routes = routes;
    w->config.first.route_count = 1;
    w->config.queue_positions = 50;
    world_start(w);
}

static void asks_the_system_that_the_payload_names(void **state)
{
    (void)state;
    struct world w;
    world_of(&w);
    world_accept(&w, "won@1", "A", "{\"c\":1000}");
    world_accept(&w, "won@1", "B", "{\"c\":\"2000\"}");
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp_de"), 1);
    assert_int_equal(world_applied(&w, "erp_fr"), 1);
    world_free(&w);
}

static void parks_what_no_system_is_there_for(void **state)
{
    (void)state;
    struct world w;
    struct tl_buf out;
    world_of(&w);
    tl_position event = world_accept(&w, "won@1", "A", "{\"c\":3000}");
    world_settle(&w);
    assert_string_equal(world_endings(&w, event, "order"), "parked");
    tl_buf_init(&out, 65536);
    assert_int_equal(tl_exception_show(w.engine, tl_str_z(world_exception(&w)), &out, NULL), TL_OK);
    assert_non_null(strstr(out.ptr, "\"class\":\"route\""));
    assert_non_null(strstr(out.ptr, "\\\"3000\\\" at /c is none of its values"));
    tl_buf_free(&out);
    world_free(&w);
}

static void goes_on_with_one_system_while_the_other_is_closed(void **state)
{
    (void)state;
    struct world w;
    world_of(&w);
    world_pause(&w, "erp_de", true);
    struct tl_batch *batch = tl_batch_new(w.journal);
    for (int i = 0; i < 2000; i++) {
        char key[32], payload[32];
        snprintf(key, sizeof key, "k%d", i);
        snprintf(payload, sizeof payload, "{\"c\":%d,\"i\":%d}", i % 10 == 9 ? 2000 : 1000, i);
        struct tl_event_in in = {.type = TL_STR("won@1"),
                                 .source = TL_STR("crm"),
                                 .key = tl_str_z(key),
                                 .payload = tl_str_z(payload),
                                 .priority = TL_NORMAL};
        assert_int_equal(tl_batch_event(batch, &in, NULL, NULL), TL_OK);
    }
    assert_int_equal(tl_journal_submit_wait(w.journal, batch, TL_DURABLE, NULL), TL_OK);
    tl_batch_free(batch);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp_fr"), 200); /* behind 1,800 of the other, more than a queue holds */
    assert_int_equal(world_applied(&w, "erp_de"), 0);
    world_stop(&w);
    world_start(&w);
    world_settle(&w);
    world_pause(&w, "erp_de", false);
    world_settle(&w);
    assert_int_equal(world_applied(&w, "erp_de"), 1800);
    assert_int_equal(world_applied(&w, "erp_fr"), 200);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_the_system_that_the_payload_names),
        cmocka_unit_test(parks_what_no_system_is_there_for),
        cmocka_unit_test(goes_on_with_one_system_while_the_other_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
