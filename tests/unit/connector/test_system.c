/* system.c, config.c: settings against the manifest. */
#include "rig.h"

static tl_code make(const char *connector, const char *settings, const char *operations, bool lenient,
                    struct tl_error *err)
{
    struct tl_library *library = tl_library_new(RIG_CONNECTORS);
    struct tl_system *system = NULL;
    struct tl_system_config config = {.name = TL_STR("erp_de"),
                                      .connector = tl_str_z(connector),
                                      .settings = tl_str_z(settings),
                                      .operations = tl_str_z(operations)};
    tl_code code =
        lenient ? tl_system_draft(library, &config, &system, err) : tl_system_new(library, &config, NULL, &system, err);
    tl_system_free(system);
    tl_library_free(library);
    return code;
}

#define URL "\"url\":\"https://x.example\""

static void checks_settings(void **state)
{
    (void)state;
    static const struct {
        const char *settings, *says; /* NULL: fits */
    } rows[] = {
        {"{" URL "}", NULL},
        {"{" URL ",\"limits\":{\"concurrent\":3},\"breaker\":{},\"kind\":\"erp\"}", NULL},
        {"{" URL ",\"auth\":{\"kind\":\"basic\",\"user\":\"u\",\"password\":\"p\"}}", NULL},
        {"{" URL ",\"hook\":[\"new\",\"old\"]}", NULL},
        {"{}", "url: is missing: base address"},
        {"{\"url\":null}", "url: is missing"},
        {"{\"url\":\"x.example\"}", "url: is \"x.example\", must be a URL without user and password, like "
                                    "\"https://api.example.com\": base address"},
        {"{\"url\":\"https://u:p@x.example\"}", "must be a URL"},
        {"{" URL ",\"page_sise\":3}", "page_sise: there is no such field; did you mean \"page_size\"?"},
        {"{" URL ",\"page_size\":\"3\"}", "page_size: is \"3\", must be an integer"},
        {"{" URL ",\"at\":\"/a/0\",\"what\":\"Order.Paid\"}", NULL},
        {"{" URL ",\"at\":\"\"}", NULL},
        {"{" URL ",\"at\":\"id\"}", "at: is \"id\", must be a JSON pointer, like \"/order/id\": where the id is"},
        {"{" URL ",\"at\":\"/a~\"}", "at: is \"/a~\", must be a JSON pointer"},
        {"{" URL ",\"what\":\"/type\"}", "what: is \"/type\", must be a name without blanks and slashes"},
        {"{" URL ",\"what\":\"\"}", "what: is \"\", must be a name"},
        {"{" URL ",\"what\":[\"a\"]}", "what: is array, must be a name"},
        {"{" URL ",\"hook\":3}", "hook: is number, must be a text"},
        {"{" URL ",\"mode\":\"slow\"}", "mode: must be one of"},
        {"{" URL ",\"auth\":{\"kind\":\"magic\"}}", "auth.kind \"magic\": this connector has none, basic"},
        {"{" URL ",\"auth\":{\"kind\":\"basic\",\"user\":\"u\"}}", "auth.password: is missing"},
        {"{" URL ",\"auth\":{\"kind\":\"basic\",\"user\":\"u\",\"pasword\":\"p\",\"password\":\"p\"}}",
         "auth.pasword: there is no such field; did you mean \"password\"?"},
        {"[]", "must be an object"},
        {"{", "line 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tl_error err = {0};
        tl_code code = make("rest_t@1", rows[i].settings, "", false, &err);
        if (code != (rows[i].says ? TL_ECONFIG : TL_OK) ||
            (rows[i].says && (!strstr(err.text, rows[i].says) || !strstr(err.text, "system \"erp_de\""))))
            fail_msg("%s gives %s: %s", rows[i].settings, tl_code_name(code), err.text);
    }
    assert_int_equal(make("rest_t@1", "{\"url\":null,\"auth\":{\"kind\":\"token\",\"token\":null}}", "", true, NULL),
                     TL_OK);
}

static void adds_operations_from_a_file(void **state)
{
    (void)state;
    static const char file[] =
        "{\"operations\":{\"credit_status\":{\"effect\":\"read\",\"method\":\"GET\","
        "\"path\":\"credit/{account}\",\"args\":{\"required\":[\"account\"]}},"
        "\"get\":{\"effect\":\"idempotent\",\"method\":\"PUT\",\"path\":\"x\",\"settle\":\"5s\"}}}";
    struct tl_library *library = tl_library_new(RIG_CONNECTORS);
    struct tl_system *system = NULL;
    struct tl_error err = {0};
    struct tl_operation_facts facts;
    tl_str name;
    struct tl_system_config config = {.name = TL_STR("erp"),
                                      .connector = TL_STR("rest_t@1"),
                                      .settings = TL_STR("{" URL "}"),
                                      .operations = tl_str_z(file)};
    assert_int_equal(tl_system_new(library, &config, NULL, &system, &err), TL_OK);
    assert_true(tl_system_operation(system, TL_STR("credit_status"), &facts));
    assert_int_equal(facts.effect, TL_EFFECT_READ);
    assert_true(tl_system_operation(system, TL_STR("get"), &facts)); /* the file's wins */
    assert_int_equal(facts.effect, TL_EFFECT_IDEMPOTENT);
    assert_int_equal(facts.settle_ms, 5000);
    assert_true(tl_system_operation(system, TL_STR("keyed"), &facts));
    assert_int_equal(facts.effect, TL_EFFECT_KEYED);
    assert_int_equal(facts.key_ttl_ms, 7200000);
    assert_true(tl_system_operation(system, TL_STR("create"), &facts));
    assert_true(facts.has_lookup);
    assert_false(tl_system_operation(system, TL_STR("gett"), &facts));
    assert_string_equal(tl_system_nearest_operation(system, TL_STR("credit_state")), "credit_status");
    assert_true(tl_system_operation_at(system, 0, &name) && tl_str_is(name, "credit_status"));
    assert_int_equal(tl_system_check_args(system, TL_STR("credit_status"), TL_STR("{}"), &err), TL_EINPUT);
    assert_non_null(strstr(err.text, "account is missing"));
    assert_int_equal(tl_system_check_args(system, TL_STR("credit_statu"), TL_STR("{}"), &err), TL_ENOTFOUND);
    assert_int_equal(tl_system_check_changes(system, TL_STR("Item"), TL_STR("{\"poll\":\"5s\"}"), &err), TL_OK);
    assert_int_equal(tl_system_check_changes(system, TL_STR("Item"), TL_STR("{\"kinds\":\"x\"}"), &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "did you mean \"kind\""));
    assert_int_equal(tl_system_check_changes(system, TL_STR("Other"), TL_STR_NONE, &err), TL_ECONFIG);
    assert_true(tl_system_has_webhook(system));
    tl_system_free(system);
    tl_library_free(library);
    assert_int_equal(make("rest_t@1", "{" URL "}", "{\"operations\":{\"a\":{\"effect\":\"read\"}}}", false, &err),
                     TL_ECONFIG);
    assert_non_null(strstr(err.text, "operations file: /operations/a"));
}

static void takes_everything_from_a_file(void **state)
{
    (void)state;
    struct tl_library *library = tl_library_new(RIG_SHIPPED);
    struct tl_system *system = NULL;
    struct tl_error err = {0};
    struct tl_system_config config = {.name = TL_STR("billing"),
                                      .connector = TL_STR("rest@1"),
                                      .settings = TL_STR("{" URL ",\"size\":5}"),
                                      .operations_file = TL_STR("systems/billing.json")};
    assert_int_equal(tl_system_new(library, &config, NULL, &system, &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "operations = \"systems/billing.json\""));
    config.operations = TL_STR("{\"operations\":{\"x\":{\"effect\":\"reed\",\"method\":\"GET\",\"path\":\"x\"}}}");
    assert_int_equal(tl_system_new(library, &config, NULL, &system, &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "systems/billing.json: /operations/x/effect: \"reed\" must be one of"));
    assert_non_null(strstr(err.text, "did you mean \"read\"?"));
    config.operations =
        TL_STR("{\"config\":{\"size\":{\"type\":\"integer\"}},\"operations\":{\"list\":{\"effect\":\"read\","
               "\"method\":\"GET\",\"path\":\"x\"}},\"changes\":{\"Item\":{\"key\":\"/id\",\"poll\":{\"path\":"
               "\"x\",\"items\":\"\",\"cursor\":{\"max\":\"/at\"}}}}}");
    if (tl_system_new(library, &config, NULL, &system, &err) != TL_OK)
        fail_msg("%s", err.text);
    struct tl_operation_facts facts;
    assert_true(tl_system_operation(system, TL_STR("list"), &facts));
    assert_int_equal(tl_system_check_changes(system, TL_STR("Item"), TL_STR_NONE, &err), TL_OK);
    assert_false(tl_system_has_webhook(system));
    tl_system_free(system);
    tl_library_free(library);
}

static void note(void *ctx)
{
    ++*(int *)ctx;
}

/* What is out ends by itself; a stop that follows ends it at once. */
static void a_retired_lane_ends_with_its_calls(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {
        {"GET /api/find?mark=a", 0, NULL, NULL}, {"GET /api/find?mark=b", 0, NULL, NULL}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct tl_error err;
    struct tl_http_answer fine = {.status = 200, .type = "application/json", .body = TL_STR("{}")};
    struct tl_call_request request = {.operation = TL_STR("find"), .timeout_ms = 60000};
    int retired = 0, ended = 0;
    rig_open(&rig, "rest_t@1", "", script);
    request.args = TL_STR("{\"mark\":\"a\"}");
    tl_call_start(rig.lane, &request, rig_take, &rig);
    while (rig.held_count == 0)
        tl_loop_wait(rig.loop, 1);
    tl_system_lane_retire(rig.lane, note, &retired);
    for (int i = 0; i < 20; i++)
        tl_loop_turn(rig.loop);
    assert_int_equal(retired + rig.result.count, 0);
    tl_http_reply(rig.held[--rig.held_count], &fine);
    rig_until(&rig, &retired);
    assert_int_equal(rig.result.count, 1);
    assert_int_equal(rig.result.raw.failure, TL_FAIL_NONE);
    assert_int_equal(tl_system_attach(rig.system, rig.loop, rig.client, &rig.lane, &err), TL_OK);
    rig.result.count = 0;
    request.args = TL_STR("{\"mark\":\"b\"}");
    tl_call_start(rig.lane, &request, rig_take, &rig);
    while (rig.held_count == 0)
        tl_loop_wait(rig.loop, 1);
    tl_system_lane_retire(rig.lane, note, &retired);
    tl_system_lane_stop(rig.lane, note, &ended);
    rig_until(&rig, &ended);
    assert_int_equal(retired, 1); /* the stop's was called instead */
    assert_int_equal(rig.result.count, 1);
    rig.lane = NULL;
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retired_lane_ends_with_its_calls),
        cmocka_unit_test(checks_settings),
        cmocka_unit_test(adds_operations_from_a_file),
        cmocka_unit_test(takes_everything_from_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
