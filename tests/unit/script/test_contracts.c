/* Contracts of a bundle: findings at their lines, references between them, what keeps them, and what is in use. */
#include "script_case.h"
#include "contracts.h"
#include <string.h>

#define DECLARED                                                                                                       \
    "integration \"t\" { steward = \"s\" } steward \"s\" { mail = \"s@t.example\" }\n"                                 \
    "system \"crm\" { connector = \"salesforce@1\" }\n"                                                                \
    "event \"order.won@1\" { contract = \"contracts/order.json\", key = \"no\", steward = \"s\" }\n"                   \
    "entity \"order@1\" { contract = \"contracts/order.json\", steward = \"s\", key = \"no\", owner = \"crm\" }\n"

static struct tl_bundle *load_declared(const char *declarations, const char *order, const char *customer)
{
    struct tl_bundle_file files[] = {{"integration.lua", tl_str_z(declarations)},
                                     {"contracts/order.json", tl_str_z(order)},
                                     {"contracts/customer.json", tl_str_z(customer)}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle = NULL;
    struct tl_error err;
    if (tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    return bundle;
}

static struct tl_bundle *load(const char *order, const char *customer)
{
    return load_declared(DECLARED, order, customer);
}

/* The findings that are about contracts as "file:line severity text"; static. */
static const char *findings(const struct tl_bundle *bundle)
{
    static char out[8192];
    size_t count, len = 0;
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        if (!strstr(f[i].text, "entities package"))
            len += (size_t)snprintf(out + len, sizeof out - len, "%s:%d %s %s\n", f[i].place.file, f[i].place.line,
                                    f[i].severity == TL_FINDING_ERROR ? "error" : "warning", f[i].text);
    return out;
}

#define ORDER                                                                                                          \
    "{\"type\":\"object\",\"required\":[\"no\"],\"properties\":{\"no\":{\"type\":\"string\"},\"customer\":{\"$ref\":"  \
    "\"customer.json\"}}}"
#define CUSTOMER "{\"properties\":{\"name\":{\"type\":\"string\"}}}"

static void errors_stand_at_their_line(void **state)
{
    (void)state;
    struct tl_bundle *bundle = load("{\n\"properties\": {\n\"no\": {\"type\": \"text\"}}}", "{}");
    assert_string_equal(findings(bundle),
                        "contracts/order.json:3 error /properties/no/type: must be null, boolean, number, integer, "
                        "string, array or object, or a list of them\n");
    tl_bundle_free(bundle);
    bundle = load("{\n\"$ref\": \"customer.json\"}", "{\n\n\"minimum\": \"1\"}");
    assert_string_equal(findings(bundle), "contracts/customer.json:3 error /minimum: must be a number, not string\n");
    tl_bundle_free(bundle);
    bundle = load("{\n\"type\" \"object\"}", "{}");
    assert_non_null(strstr(findings(bundle), "contracts/order.json:2 error line 2, column 8"));
    tl_bundle_free(bundle);
    bundle = load("{\n\"requierd\": []}", "{}");
    assert_string_equal(findings(bundle),
                        "contracts/order.json:2 error /requierd: 'requierd' is no keyword; did you mean "
                        "'required'? A word of your own begins with x-\n");
    tl_bundle_free(bundle);
    bundle = load("{\n\"additionalProps\": false}", "{}");
    assert_string_equal(findings(bundle),
                        "contracts/order.json:2 warning /additionalProps: 'additionalProps' is no keyword "
                        "and asks nothing; did you mean 'additionalProperties'?\n");
    tl_bundle_free(bundle);
}

static void refers_to_other_contracts_by_path_and_by_id(void **state)
{
    (void)state;
    struct tl_error err;
    struct tl_bundle *bundle = load(ORDER, CUSTOMER);
    assert_string_equal(findings(bundle), "");
    assert_int_equal(
        tl_bundle_check_event(bundle, TL_STR("order.won@1"), TL_STR("{\"no\":\"1\",\"customer\":{\"name\":5}}"), &err),
        TL_EDIFFERS);
    assert_string_equal(err.text, "event order.won@1: /customer/name is 5: must be string, not number "
                                  "(contracts/customer.json#/properties/name/type)");
    assert_int_equal(tl_bundle_check_entity(bundle, TL_STR("order@1"), TL_STR("{\"no\":\"1\"}"), &err), TL_OK);
    assert_int_equal(tl_bundle_check_entity(bundle, TL_STR("order@1"), TL_STR("{}"), &err), TL_EDIFFERS);
    assert_int_equal(tl_bundle_check_entity(bundle, TL_STR("order@2"), TL_STR("{}"), &err), TL_ENOTFOUND);
    assert_int_equal(tl_bundle_check_event(bundle, TL_STR("order.lost@1"), TL_STR("{}"), &err), TL_ENOTFOUND);
    assert_int_equal(tl_bundle_check_event(bundle, TL_STR("order.won@1"), TL_STR("{"), &err), TL_EINPUT);
    tl_bundle_free(bundle);
    bundle = load("{\"$id\":\"https://t.example/order.json\",\"$ref\":\"customer.json\"}",
                  "{\"$id\":\"https://t.example/customer.json\",\"type\":\"null\"}");
    assert_string_equal(findings(bundle), "");
    assert_int_equal(tl_bundle_check_event(bundle, TL_STR("order.won@1"), TL_STR("1"), &err), TL_EDIFFERS);
    tl_bundle_free(bundle);
    bundle = load("{\"$ref\":\"../integration.lua\"}", "{}");
    assert_non_null(strstr(findings(bundle), "there is no schema integration.lua"));
    tl_bundle_free(bundle);
}

struct raising {
    const struct tl_event_type *type;
    const char *entity, *json;
};

static int raise_on_violation(lua_State *L)
{
    const struct raising *r = lua_touserdata(L, 1);
    if (r->type)
        tl_event_contract_check(L, r->type, tl_str_z(r->json));
    else
        tl_entity_contract_check(L, r->entity, tl_str_z(r->json));
    return 0;
}

/* "class code: message" of what was raised, or "nothing"; static. */
static const char *raised(struct tl_script *script, struct raising r)
{
    static char out[1200];
    lua_State *L = script->L;
    int top = lua_gettop(L);
    snprintf(out, sizeof out, "nothing");
    lua_pushcfunction(L, raise_on_violation);
    lua_pushlightuserdata(L, &r);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        lua_getfield(L, -1, "class");
        lua_getfield(L, -2, "code");
        lua_getfield(L, -3, "message");
        snprintf(out, sizeof out, "%s %s: %s", lua_tostring(L, -3), lua_tostring(L, -2), lua_tostring(L, -1));
    }
    lua_settop(L, top);
    return out;
}

static void a_violation_is_a_data_failure(void **state)
{
    (void)state;
    struct tl_error err;
    struct tl_bundle *bundle = load(ORDER, CUSTOMER);
    struct tl_script *script;
    if (tl_script_new(bundle, NULL, &script, &err) != TL_OK)
        fail_msg("%s", err.text);
    const struct tl_event_type *type = tl_bundle_event(bundle, TL_STR("order.won@1"));
    assert_string_equal(raised(script, (struct raising){type, NULL, "{\"no\":\"1\"}"}), "nothing");
    assert_string_equal(raised(script, (struct raising){type, NULL, "{\"no\":7}"}),
                        "data contract: event order.won@1: /no is 7: must be string, not number "
                        "(contracts/order.json#/properties/no/type)");
    assert_string_equal(raised(script, (struct raising){NULL, "order@1", "{}"}),
                        "data contract: entity order@1: the document is {}: must have the property 'no' "
                        "(contracts/order.json#/required)");
    assert_string_equal(raised(script, (struct raising){NULL, "other@1", "{}"}), "nothing");
    tl_script_free(script);
    tl_bundle_free(bundle);
}

static const char *against(const char *order, const char *declarations)
{
    struct tl_bundle *in_use = load(ORDER, CUSTOMER), *bundle = load_declared(declarations, order, CUSTOMER);
    assert_int_equal(tl_bundle_errors(bundle), 0);
    tl_bundle_check_against(bundle, in_use);
    const char *text = findings(bundle);
    tl_bundle_free(bundle);
    tl_bundle_free(in_use);
    return text;
}

static void a_breaking_change_needs_a_new_version(void **state)
{
    (void)state;
    assert_string_equal(against(ORDER, DECLARED), "");
    assert_string_equal(
        against("{\"type\":\"object\",\"required\":[\"no\"],\"properties\":{\"no\":{\"type\":\"string\"},"
                "\"customer\":{\"$ref\":\"customer.json\"},\"note\":{\"title\":\"A note\"}}}",
                DECLARED),
        "");
    assert_non_null(
        strstr(against("{\"type\":\"object\",\"required\":[\"no\"],\"properties\":{\"no\":{\"type\":\"string\"},"
                       "\"customer\":{\"$ref\":\"customer.json\"},\"note\":{\"type\":\"string\"}}}",
                       DECLARED),
               "/note: the property is new, and might be anything before: the object is open"));
    const char *text = against("{\"type\":\"object\",\"required\":[\"no\"],\"properties\":{\"no\":{\"type\":\"string\","
                               "\"maxLength\":9},\"customer\":{\"$ref\":\"customer.json\"}}}",
                               DECLARED);
    assert_non_null(strstr(text, "integration.lua:3 error the contract of event \"order.won@1\" breaks writers of the "
                                 "version in use: /no: now has at most 9 characters, had no limit "
                                 "(contracts/order.json#/properties/no/maxLength); give it a new version, "
                                 "\"order.won@N\"\n"));
    assert_non_null(strstr(text, "integration.lua:4 error the contract of entity \"order@1\" breaks writers"));
}

static void a_version_that_is_gone_is_said(void **state)
{
    (void)state;
    const char *text = against("{}", "integration \"t\" { steward = \"s\" } steward \"s\" { mail = \"s@t.example\" }\n"
                                     "system \"crm\" { connector = \"salesforce@1\" }\n"
                                     "event \"order.won@2\" { contract = \"contracts/order.json\", key = \"no\", "
                                     "steward = \"s\" }\n");
    assert_non_null(strstr(text, "warning event \"order.won@1\" is in use and no longer declared"));
    assert_non_null(strstr(text, "warning entity \"order@1\" is in use and no longer declared"));
    assert_null(strstr(text, "error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_stand_at_their_line),     cmocka_unit_test(refers_to_other_contracts_by_path_and_by_id),
        cmocka_unit_test(a_violation_is_a_data_failure),  cmocka_unit_test(a_breaking_change_needs_a_new_version),
        cmocka_unit_test(a_version_that_is_gone_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
