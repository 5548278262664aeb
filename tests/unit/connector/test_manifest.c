/* manifest.c, manifest_check.c, manifest_keys.c: what a manifest may say. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "manifest.h"

#define WRITE "\"w\":{\"effect\":\"idempotent\",\"method\":\"PUT\",\"path\":\"a\"}"
#define HEAD "\"manifest\":1,\"id\":\"acme\",\"version\":\"1.2.3\",\"abi\":\"1.0\",\"licence\":\"MIT\""

static tl_code load(const char *text, struct tl_error *err)
{
    struct tl_manifest manifest = {0};
    tl_code code = tl_manifest_new(tl_str_z(text), &manifest, err);
    tl_manifest_deinit(&manifest);
    return code;
}

static void accepts_the_least_manifest(void **state)
{
    (void)state;
    assert_int_equal(load("{" HEAD "}", NULL), TL_OK);
    assert_int_equal(load("{" HEAD ",\"x-internal\":{\"any\":[1]}}", NULL), TL_OK);
}

static void refuses_with_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        tl_code code;
    } rows[] = {
        {"[]", "must be an object", TL_ECONFIG},
        {"{", "line 1", TL_ECONFIG},
        {"{\"manifest\":2}", "format 2", TL_EVERSION},
        {"{\"manifest\":1,\"id\":\"A\"}", "id:", TL_ECONFIG},
        {"{\"manifest\":1,\"id\":\"a\",\"version\":\"1\"}", "version:", TL_ECONFIG},
        {"{\"manifest\":1,\"id\":\"a\",\"version\":\"1.0.0\",\"abi\":\"2.0\"}", "abi 2.0", TL_EVERSION},
        {"{\"manifest\":1,\"id\":\"a\",\"version\":\"1.0.0\",\"abi\":\"1.0\"}", "\"licence\" is missing", TL_ECONFIG},
        {"{" HEAD ",\"operatoins\":{}}", "did you mean \"operations\"", TL_ECONFIG},
        {"{" HEAD ",\"config\":{\"url\":{\"type\":\"uri\"}}}", "/config/url/type: \"uri\" must be one of", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{}}}", "/operations/x: \"effect\" is missing", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"safe\"}}}", "/operations/x/effect", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\"}}}", "needs \"method\" and \"path\"", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"code\":true,\"path\":\"a\"}}}", "both code and a path",
         TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"keyed\",\"method\":\"POST\",\"path\":\"a\"}}}", "key_ttl",
         TL_ECONFIG},
        {"{" HEAD
         ",\"operations\":{\"x\":{\"effect\":\"keyed\",\"key_ttl\":\"2h\",\"method\":\"POST\",\"path\":\"a\"}}}",
         "is nowhere sent", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a/{config.urk}\"}}}",
         "there is nothing called config.urk", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a/{auth.password}\"}}}",
         "auth.password", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a/{id\"}}}", "unbalanced",
         TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a\","
         "\"args\":{\"type\":\"objekt\"}}}}",
         "/operations/x/args: schema", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a\","
         "\"args\":{\"patternProperties\":{}}}}}",
         "patternProperties", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a\","
         "\"lookup_by\":{\"operation\":\"y\"}}}}",
         "no operation \"y\"", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a\","
         "\"result\":{\"id\":\"id\"}}}}",
         "/operations/x/result/id", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"DELETE\",\"path\":\"a\"}}}",
         "/operations/x: is a DELETE with the effect \"read\"", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{" WRITE "},\"probe\":{\"operation\":\"w\"}}",
         "/probe/operation: \"w\" is no read, its effect is \"idempotent\"", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{" WRITE "},\"changes\":{\"A\":{\"read\":{\"operation\":\"w\"}}}}",
         "/changes/A/read/operation: \"w\" is no read", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{" WRITE ",\"x\":{\"effect\":\"unsafe\",\"method\":\"POST\",\"path\":\"a\","
         "\"lookup_by\":{\"operation\":\"w\"}}}}",
         "/operations/x/lookup_by/operation: \"w\" is no read", TL_ECONFIG},
        {"{" HEAD ",\"base\":\"ftp://a.example/\"}", "/base: ftp://a.example: only http and https", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\","
         "\"path\":\"https://b.example/a\"}}}",
         "/operations/x/path: goes to https://b.example, which is neither in \"hosts\"", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\","
         "\"path\":\"gopher://b.example/a\"}}}",
         "only http and https", TL_ECONFIG},
        {"{" HEAD ",\"errors\":[{\"status\":400,\"class\":\"oops\"}]}", "/errors/0/class", TL_ECONFIG},
        {"{" HEAD ",\"errors\":[{\"status\":\"6xx\",\"class\":\"data\"}]}", "/errors/0/status", TL_ECONFIG},
        {"{" HEAD ",\"errors\":[{\"status\":400,\"class\":\"retry\",\"wait\":\"5 s\"}]}", "/errors/0/wait", TL_ECONFIG},
        {"{" HEAD ",\"auth\":{\"magic\":{}}}", "/auth/magic", TL_ECONFIG},
        {"{" HEAD ",\"auth\":{\"oauth2_jwt\":{}}}", "token_url", TL_ECONFIG},
        {"{" HEAD ",\"auth\":{\"session\":{}}}", "\"code\": true or \"login\"", TL_ECONFIG},
        {"{" HEAD ",\"changes\":{\"A\":{}}}", "/changes/A", TL_ECONFIG},
        {"{" HEAD ",\"webhook\":{\"scheme\":\"github\",\"key\":\"/id\",\"dedupe\":\"/id\"}}", "needs \"object\"",
         TL_ECONFIG},
        {"{" HEAD ",\"webhook\":{\"scheme\":\"md5\"}}", "/webhook/scheme", TL_ECONFIG},
        {"{" HEAD ",\"webhook\":{\"scheme\":\"github\",\"object\":\"T\",\"key\":\"/id\"}}", "\"version\" or \"dedupe\"",
         TL_ECONFIG},
        {"{" HEAD ",\"probe\":{\"operation\":\"whoami\"}}", "no operation \"whoami\"", TL_ECONFIG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tl_error err = {0};
        tl_code code = load(rows[i].text, &err);
        if (code != rows[i].code || !strstr(err.text, rows[i].says))
            fail_msg("row %zu: %s\n  got %s: %s\n  wanted: %s", i, rows[i].text, tl_code_name(code), err.text,
                     rows[i].says);
    }
}

static void refuses_code_when_a_file_brings_operations(void **state)
{
    (void)state;
    struct tl_manifest of = {0}, extra = {0};
    struct tl_error err = {0};
    assert_int_equal(
        tl_manifest_new(TL_STR("{" HEAD ",\"operations\":{\"find\":{\"effect\":\"read\",\"method\":\"GET\","
                               "\"path\":\"x\"}}}"),
                        &of, NULL),
        TL_OK);
    assert_int_equal(tl_manifest_extra_new(TL_STR("{\"operations\":{\"a\":{\"effect\":\"read\",\"code\":true}}}"), &of,
                                           &extra, &err),
                     TL_ECONFIG);
    assert_non_null(strstr(err.text, "cannot bring code"));
    assert_int_equal(tl_manifest_extra_new(TL_STR("{\"operations\":{\"a\":{\"effect\":\"unsafe\",\"method\":\"POST\","
                                                  "\"path\":\"y\",\"lookup_by\":{\"operation\":\"find\"}}}}"),
                                           &of, &extra, &err),
                     TL_OK);
    tl_manifest_deinit(&extra);
    tl_manifest_deinit(&of);
}

#define READ "\"effect\":\"read\",\"method\":\"GET\",\"path\":\"x\""
#define LIST(paging) "{\"operations\":{\"x\":{" READ ",\"paging\":{\"items\":\"/a\"," paging "}}}}"

static void says_where_and_what_when_a_file_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says; /* NULL: it is good */
    } rows[] = {
        {"{}", NULL},
        {LIST("\"next\":{\"param\":\"page\",\"page\":1},\"size\":\"{config.size}\",\"total\":\"/n\""), NULL},
        {LIST("\"next\":{\"link\":\"next\"}"), NULL},
        {LIST("\"next\":[\"/next\",{\"header\":\"X-Next\"}]"), NULL},
        {LIST("\"next\":{\"header\":\"X-Next\"}"), NULL},
        {"{\"config\":{\"size\":{\"type\":\"text\"}}}", "/config/size/type: \"text\" must be one of"},
        {"{\"id\":\"other\"}", "there is no key \"id\" here"},
        {"{\"opertions\":{}}", "did you mean \"operations\"?"},
        {"{\"config\":[]}", "/config: is array, must be an object"},
        {"{\"operations\":{\"a/b\":{" READ ",\"efect\":1}}}",
         "/operations/a~1b: there is no key \"efect\" here; did you mean \"effect\"?"},
        {"{\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"get\",\"path\":\"x\"}}}",
         "/operations/x/method: \"get\" must be one of GET"},
        {"{\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"x/{nmae}\",\"args\":{"
         "\"additionalProperties\":false,\"properties\":{\"name\":{}}}}}}",
         "/operations/x/path: template \"x/{nmae}\": there is nothing called nmae; did you mean \"name\"?"},
        {"{\"operations\":{\"x\":{" READ ",\"query\":{\"q\":\"{config.sise}\"}}}}",
         "/operations/x/query/q: template \"{config.sise}\": there is nothing called config.sise; did you mean "
         "\"size\"?"},
        {"{\"operations\":{\"x\":{" READ ",\"code\":true}}}", "both code and a path"},
        {"{\"operations\":{\"x\":{\"effect\":\"read\",\"code\":true}}}", "/operations/x: a file cannot bring code"},
        {"{\"changes\":{\"A\":{\"code\":true}}}", "/changes/A: a file cannot bring code"},
        {"{\"webhook\":{\"scheme\":\"code\",\"object\":\"A\",\"key\":\"/id\",\"hint\":true}}",
         "/webhook: a file cannot bring code"},
        {LIST("\"next\":{\"param\":\"page\"}"), "/operations/x/paging/next: \"param\" goes with one of"},
        {LIST("\"next\":{\"param\":\"page\",\"page\":1,\"offset\":0}"), "\"param\" goes with one of"},
        {LIST("\"next\":{\"page\":1}"), "\"param\" goes with one of"},
        {LIST("\"next\":{\"lnik\":\"next\"}"), "did you mean \"link\"?"},
        {LIST("\"next\":\"next\""), "\"next\" is no pointer"},
        {"{\"operations\":{\"find\":{" READ "},\"x\":{" READ ",\"lookup_by\":{\"operation\":\"fnid\"}}}}",
         "/operations/x/lookup_by/operation: there is no operation \"fnid\"; did you mean \"find\"?"},
        {"{\"errors\":[{\"status\":400,\"class\":\"retyr\"}]}",
         "/errors/0/class: \"retyr\" is no failure class (retry auth quota data missing conflict gap config "
         "unsupported "
         "bug, or done); did you mean \"retry\"?"},
        {"{\"changes\":{\"A\":{\"poll\":{\"path\":\"a\",\"items\":\"/a\",\"cursor\":\"/c\"}}}}",
         "/changes/A: needs \"key\""},
        {"{\"changes\":{\"A\":{\"key\":\"/id\",\"poll\":{\"path\":\"a\",\"query\":{\"s\":\"{curser}\"},"
         "\"items\":\"/a\",\"cursor\":\"/c\"}}}}",
         "/changes/A/poll/query/s: template \"{curser}\": there is nothing called curser"},
        {"{\"changes\":{\"A\":{\"key\":\"/id\",\"config\":{\"kind\":{\"type\":\"string\"}},\"poll\":{\"path\":"
         "\"{option.kimd}\",\"items\":\"/a\",\"cursor\":\"/c\"}}}}",
         "did you mean \"kind\"?"},
        {"{\"webhook\":{\"scheme\":\"standard\",\"object\":\"A\",\"key\":\"/id\",\"hint\":true}}",
         "/webhook: needs \"secret\""},
        {"{\"webhook\":{\"scheme\":\"standard\",\"secret\":\"hok\",\"object\":\"A\",\"key\":\"/id\",\"hint\":true},"
         "\"config\":{\"hook\":{\"type\":\"string\"}}}",
         "/webhook/secret: there is no config field \"hok\"; did you mean \"hook\"?"},
        {"[]", "is array, must be an object"},
        {"{\"operations\":", "line 1"},
    };
    struct tl_manifest of = {0};
    assert_int_equal(
        tl_manifest_new(TL_STR("{" HEAD ",\"by_file\":true,\"config\":{\"size\":{\"type\":\"integer\"}}}"), &of, NULL),
        TL_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tl_manifest made = {0};
        struct tl_error err = {0};
        tl_code code = tl_manifest_by_file_new(tl_str_z(rows[i].text), &of, &made, &err);
        if (code != (rows[i].says ? TL_ECONFIG : TL_OK) || (rows[i].says && !strstr(err.text, rows[i].says)))
            fail_msg("row %zu: %s\n  got %s: %s\n  wanted: %s", i, rows[i].text, tl_code_name(code), err.text,
                     rows[i].says ? rows[i].says : "nothing to say");
        tl_manifest_deinit(&made);
    }
    tl_manifest_deinit(&of);
}

static void joins_the_file_with_the_connectors_head(void **state)
{
    (void)state;
    struct tl_manifest of = {0}, made = {0};
    struct tl_error err = {0};
    assert_int_equal(
        tl_manifest_new(TL_STR("{" HEAD ",\"by_file\":true,\"title\":\"any\",\"config\":{\"url\":{\"type\":\"url\"},"
                               "\"size\":{\"type\":\"integer\"}},\"auth\":{\"none\":{}}}"),
                        &of, NULL),
        TL_OK);
    assert_int_equal(tl_manifest_by_file_new(TL_STR("{\"title\":\"mine\",\"config\":{\"size\":{\"type\":\"string\"},"
                                                    "\"hook\":{\"type\":\"string\"}}}"),
                                             &of, &made, &err),
                     TL_OK);
    assert_true(tl_str_is(tl_json_get_text(made.root, "title"), "mine"));
    assert_true(tl_str_is(tl_json_get_text(made.root, "id"), "acme"));
    assert_int_equal(tl_json_count(tl_json_get(made.root, "config")), 3);
    assert_true(tl_json_is(tl_json_get(tl_json_get(tl_json_get(made.root, "config"), "size"), "type"), "string"));
    assert_non_null(tl_json_get(tl_json_get(made.root, "auth"), "none"));
    tl_manifest_deinit(&made);
    tl_manifest_deinit(&of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_least_manifest),
        cmocka_unit_test(refuses_with_the_place),
        cmocka_unit_test(says_where_and_what_when_a_file_is_wrong),
        cmocka_unit_test(joins_the_file_with_the_connectors_head),
        cmocka_unit_test(refuses_code_when_a_file_brings_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
