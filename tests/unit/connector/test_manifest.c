/* manifest.c, manifest_check.c, manifest_keys.c: what a manifest may say. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "manifest.h"

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
        {"{" HEAD ",\"config\":{\"url\":{\"type\":\"uri\"}}}", "config.url.type: \"uri\" must be one of", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{}}}", "operations.x: \"effect\" is missing", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"safe\"}}}", "operations.x.effect", TL_ECONFIG},
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
         "operations.x.args: schema", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a\","
         "\"args\":{\"patternProperties\":{}}}}}",
         "patternProperties", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a\","
         "\"lookup_by\":{\"operation\":\"y\"}}}}",
         "no operation \"y\"", TL_ECONFIG},
        {"{" HEAD ",\"operations\":{\"x\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"a\","
         "\"result\":{\"id\":\"id\"}}}}",
         "operations.x.result.id", TL_ECONFIG},
        {"{" HEAD ",\"errors\":[{\"status\":400,\"class\":\"oops\"}]}", "errors.0.class", TL_ECONFIG},
        {"{" HEAD ",\"errors\":[{\"status\":\"6xx\",\"class\":\"data\"}]}", "errors.0.status", TL_ECONFIG},
        {"{" HEAD ",\"errors\":[{\"status\":400,\"class\":\"retry\",\"wait\":\"5 s\"}]}", "errors.0.wait", TL_ECONFIG},
        {"{" HEAD ",\"auth\":{\"magic\":{}}}", "auth.magic", TL_ECONFIG},
        {"{" HEAD ",\"auth\":{\"oauth2_jwt\":{}}}", "token_url", TL_ECONFIG},
        {"{" HEAD ",\"auth\":{\"session\":{}}}", "\"code\": true or \"login\"", TL_ECONFIG},
        {"{" HEAD ",\"changes\":{\"A\":{}}}", "changes.A", TL_ECONFIG},
        {"{" HEAD ",\"webhook\":{\"scheme\":\"github\",\"key\":\"/id\",\"dedupe\":\"/id\"}}", "needs \"object\"",
         TL_ECONFIG},
        {"{" HEAD ",\"webhook\":{\"scheme\":\"md5\"}}", "webhook.scheme", TL_ECONFIG},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_least_manifest),
        cmocka_unit_test(refuses_with_the_place),
        cmocka_unit_test(refuses_code_when_a_file_brings_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
