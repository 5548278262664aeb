/* capture.c, capture_poll.c, event.c: rounds by manifest and by code; the cursor moves only with what is stored. */
#include "connector/capture.h"
#include "rig.h"

struct owner {
    struct rig *rig;
    struct tl_capture *capture;
    char events[1500]; /* "object key version dedupe payload[ deleted]\n" */
    char cursor[100];
    int stores, failures, caught_up, stopped;
    enum tl_failure failure;
    bool hold;   /* do not answer stores */
    bool refuse; /* answer: not stored */
    int64_t after_failure;
    int64_t not_ready; /* once */
};

static void store(void *ctx, struct tl_capture *capture, const struct tl_captured *events, size_t count, tl_str cursor)
{
    struct owner *o = ctx;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(o->events);
        snprintf(o->events + n, sizeof o->events - n, "%.*s %.*s %.*s %.*s %.*s%s\n", TL_STR_ARGS(events[i].object),
                 TL_STR_ARGS(events[i].key), TL_STR_ARGS(events[i].version), TL_STR_ARGS(events[i].dedupe),
                 TL_STR_ARGS(events[i].payload),
                 events[i].deleted ? " deleted"
                 : events[i].gap   ? " gap"
                                   : "");
    }
    snprintf(o->cursor, sizeof o->cursor, "%.*s", TL_STR_ARGS(cursor));
    o->stores++;
    if (!o->hold)
        tl_capture_stored(capture, !o->refuse);
}

static int64_t failed(void *ctx, const struct tl_call_result *result)
{
    struct owner *o = ctx;
    o->failure = result->failure;
    o->failures++;
    if (result->failure == TL_FAIL_GAP)
        tl_capture_rewind(o->capture, TL_STR(""));
    return o->after_failure;
}

static void caught_up(void *ctx)
{
    ((struct owner *)ctx)->caught_up++;
}

static int64_t ready(void *ctx)
{
    struct owner *o = ctx;
    int64_t ms = o->not_ready;
    o->not_ready = 0;
    return ms;
}

static void stopped(void *ctx)
{
    ((struct owner *)ctx)->stopped++;
}

static void start(struct rig *rig, struct owner *o, const char *object, const char *options, const char *cursor)
{
    struct tl_error err = {0};
    o->rig = rig;
    struct tl_capture_owner owner = {
        .ready = ready, .store = store, .failed = failed, .caught_up = caught_up, .ctx = o};
    struct tl_capture_config config = {
        .object = tl_str_z(object), .options = tl_str_z(options), .cursor = tl_str_z(cursor)};
    if (tl_capture_start(rig->lane, &config, &owner, &o->capture, &err) != TL_OK)
        fail_msg("%s", err.text);
}

static void polls_by_manifest(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/changes?start=0&kind=b", 200, NULL,
         "{\"items\":[{\"id\":1,\"at\":\"t1\"},{\"id\":2,\"at\":\"t1\",\"gone\":true}],\"cursor\":\"c1\",\"end\":"
         "false}"},
        {"GET /api/changes?cursor=c1&kind=b", 200, NULL,
         "{\"items\":[{\"id\":1,\"at\":\"t2\"}],\"cursor\":\"c2\",\"end\":true}"},
        {"GET /api/changes?cursor=c2&kind=b", 200, NULL, "{\"items\":[],\"cursor\":\"c2\",\"end\":true}"},
        {"GET /api/changes?cursor=c2&kind=b", 204, NULL, NULL},
        {"GET /api/changes?cursor=c2&kind=b", 200, NULL, "{\"ok\":false,\"items\":[],\"cursor\":\"c3\"}"},
        {"GET /api/changes?cursor=c2&kind=b", 410, NULL, NULL},
        {"GET /api/changes?start=0&kind=b", 503, "Retry-After: 1", NULL},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct owner o = {.after_failure = -1, .not_ready = 5};
    rig_open(&rig, "rest_t@1", "", script);
    start(&rig, &o, "Item", "{\"kind\":\"b\",\"poll\":\"1h\"}", "");
    rig_until(&rig, &o.caught_up);
    assert_string_equal(o.events, "Item 1 t1 Item:1:t1 {\"id\":1,\"at\":\"t1\"}\n"
                                  "Item 2 t1 Item:2:t1:deleted {\"id\":2,\"at\":\"t1\",\"gone\":true} deleted\n"
                                  "Item 1 t2 Item:1:t2 {\"id\":1,\"at\":\"t2\"}\n");
    assert_string_equal(o.cursor, "c2");
    assert_int_equal(o.stores, 2);
    o.caught_up = 0;
    tl_capture_poke(o.capture);
    rig_until(&rig, &o.caught_up);
    assert_int_equal(o.stores, 2); /* nothing new: nothing to store */
    o.caught_up = 0;
    tl_capture_poke(o.capture);
    rig_until(&rig, &o.caught_up); /* no content is nothing new too */
    assert_int_equal(o.stores, 2);
    tl_capture_poke(o.capture);
    rig_until(&rig, &o.failures); /* a 200 that says it failed, by a row that names the status */
    assert_int_equal(o.failure, TL_FAIL_DATA);
    assert_string_equal(o.cursor, "c2");
    o.failures = 0;
    o.events[0] = 0;
    tl_capture_poke(o.capture);
    rig_until(&rig, &o.failures); /* of the read from the start, which follows the gap */
    assert_int_equal(o.failure, TL_FAIL_RETRY);
    assert_memory_equal(o.events, "Item Item  Item:Item:#", 22);
    assert_non_null(strstr(o.events, "@c2 {\"why\":\"410 Gone\"} gap\n"));
    assert_string_equal(o.cursor, "");
    tl_capture_stop(o.capture, stopped, &o);
    rig_until(&rig, &o.stopped);
    rig_close(&rig);
}

static void reads_all_that_a_list_is_said_to_have(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/all", 200, NULL, "{\"items\":[{\"id\":1,\"at\":\"t\"}],\"total\":2}"}, /* fewer than `size` */
        {"GET /api/all?page=2", 200, NULL, "{\"items\":[],\"total\":2}"},
        {"GET /api/all", 200, NULL, "{\"items\":[{\"id\":1,\"at\":\"t\"}],\"total\":2}"},
        {"GET /api/all?page=2", 200, NULL, "{\"items\":[{\"id\":2,\"at\":\"t\"}],\"total\":2}"},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct owner o = {.after_failure = 1};
    rig_open(&rig, "rest_t@1", "", script);
    start(&rig, &o, "Counted", "", "");
    rig_until(&rig, &o.failures);
    assert_int_equal(o.failure, TL_FAIL_RETRY);
    o.events[0] = 0;
    rig_until(&rig, &o.caught_up);
    assert_non_null(strstr(o.events, "Counted 2 t"));
    rig_close(&rig);
}

static void starts_again_from_the_stored_cursor(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"GET /api/changes?cursor=c7&kind=all", 200, NULL,
                                                "{\"items\":[{\"id\":1,\"at\":\"t\"}],\"cursor\":\"c8\",\"end\":true}"},
                                               {"GET /api/changes?cursor=c7&kind=all", 200, NULL,
                                                "{\"items\":[{\"id\":1,\"at\":\"t\"}],\"cursor\":\"c8\",\"end\":true}"},
                                               {"GET /api/changes?cursor=c7&kind=all", 200, NULL,
                                                "{\"items\":[{\"id\":1,\"at\":\"t\"}],\"cursor\":\"c8\",\"end\":true}"},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct owner o = {.refuse = true, .after_failure = 1};
    rig_open(&rig, "rest_t@1", "", script);
    start(&rig, &o, "Item", "", "c7");
    rig_until(&rig, &o.failures); /* not stored: the cursor stays */
    o.refuse = false;
    o.hold = true;
    o.stores = 0;
    rig_until(&rig, &o.stores);
    tl_capture_stop(o.capture, stopped, &o); /* while the store is out */
    rig_until(&rig, &o.stopped);
    o.hold = false;
    start(&rig, &o, "Item", "", "c7"); /* a new process */
    rig_until(&rig, &o.caught_up);
    assert_string_equal(o.cursor, "c8");
    rig_close(&rig); /* the lane stops the capture */
}

static void runs_the_connectors_code(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /changes?since=", 200, NULL, "{\"items\":[{\"id\":\"a\",\"v\":\"1\"}],\"cursor\":\"1\",\"more\":true}"},
        {"GET /changes?since=1", 200, NULL, "{\"items\":[{\"id\":\"b\"}],\"cursor\":\"2\",\"more\":false}"},
        {"GET /changes?since=2", 418, NULL, NULL},
        {"GET /changes?since=2", 0, NULL, NULL},
        {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct owner o = {.after_failure = 0, .hold = true};
    rig_open(&rig, "coded@2", "", script);
    start(&rig, &o, "Anything", "", "");
    rig_until(&rig, &o.stores);
    for (int i = 0; i < 10; i++)
        tl_loop_wait(rig.loop, 1);
    assert_int_equal(rig.seen_count, 1); /* nothing goes on before it is stored */
    o.hold = false;
    tl_capture_stored(o.capture, true);
    rig_until(&rig, &o.caught_up);
    assert_non_null(strstr(o.events, "Anything a 1 Anything:a:1 {\"id\":\"a\",\"v\":\"1\"}\n"));
    assert_non_null(strstr(o.events, "Anything b  Anything:b:#")); /* without a version: by content and cursor */
    assert_non_null(strstr(o.events, "@1 {\"id\":\"b\"}"));
    tl_capture_poke(o.capture);
    rig_until(&rig, &o.failures);
    assert_int_equal(o.failure, TL_FAIL_UNSUPPORTED);
    for (int i = 0; i < RIG_TURNS && rig.held_count < 1; i++)
        tl_loop_wait(rig.loop, 1);
    rig_close(&rig); /* in the middle of a round */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polls_by_manifest),
        cmocka_unit_test(reads_all_that_a_list_is_said_to_have),
        cmocka_unit_test(starts_again_from_the_stored_cursor),
        cmocka_unit_test(runs_the_connectors_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
