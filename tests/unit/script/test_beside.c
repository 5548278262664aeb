/* Two integrations side by side: contracts that they share, and what both write. */
#include "script_case.h"
#include <string.h>

#define HEAD(name)                                                                                                     \
    "integration \"" name "\" { steward = \"s\" } steward \"s\" {}\n"                                                  \
    "system \"erp\" { connector = \"odata@1\", url = setting \"erp.url\" }\n"                                          \
    "system \"desk\" { connector = \"odata@1\", url = setting \"desk.url\" }\n"                                        \
    "event \"in@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }\n"                              \
    "entity \"party@1\" { contract = \"contracts/p.json\", steward = \"s\", key = \"no\", owner = \"erp\" }\n"
#define CONTRACT                                                                                                       \
    "{\"type\":\"object\",\"required\":[\"no\"],\"properties\":{\"no\":{\"type\":\"string\"},\"name\":{\"type\":"      \
    "\"string\"}}}"
#define LENS(system) "return lens \"party@1 <-> " system ".Party\" { no = \"No\", name = \"Name\" }"
#define FLOW(name, more, system)                                                                                       \
    "flow \"" name "\" { on = \"in@1\", steward = \"s\", " more "run = function(ctx, e)\n  ctx." system                \
    ":put(\"party@1\", { no = e.key, name = \"x\" })\nend }\n"

struct parts {
    const char *head, *event_contract, *lens, *flows;
};

static struct tl_bundle *load(const struct parts *parts)
{
    const struct tl_bundle_file files[] = {{"integration.lua", tl_str_z(parts->head)},
                                           {"contracts/o.json", tl_str_z(parts->event_contract)},
                                           {"contracts/p.json", TL_STR("{\"properties\":{\"no\":{},\"name\":{}}}")},
                                           {"lenses/party.lua", tl_str_z(parts->lens)},
                                           {"flows.lua", tl_str_z(parts->flows)}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle = NULL;
    struct tl_error err;
    if (tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    if (tl_bundle_errors(bundle) != 0)
        fail_msg("%s", tl_bundle_findings(bundle, &(size_t){0})->text);
    return bundle;
}

/* What is found, as "file:line severity text" lines; static. `other` NULL: only by itself. */
static const char *found(const struct parts *mine, const struct parts *its)
{
    static char out[8192];
    size_t count, len = 0;
    struct tl_bundle *bundle = load(mine), *other = its != NULL ? load(its) : NULL;
    if (other != NULL)
        tl_bundle_check_beside(bundle, other);
    else
        tl_bundle_check_overlaps(bundle, NULL);
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        if (!strstr(f[i].text, "entities package"))
            len += (size_t)snprintf(out + len, sizeof out - len, "%s:%d %s %s\n", f[i].place.file, f[i].place.line,
                                    f[i].severity == TL_FINDING_ERROR ? "error" : "warning", f[i].text);
    tl_bundle_free(bundle);
    tl_bundle_free(other);
    return out;
}

static void the_same_contract_agrees(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"), ""}, its = {HEAD("b"), CONTRACT, LENS("erp"), ""};
    assert_string_equal(found(&mine, &its), "");
}

static void a_contract_that_breaks_is_an_error_with_both_places(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), "{\"type\":\"object\",\"required\":[\"no\",\"vat\"]}", LENS("erp"), ""},
                 its = {HEAD("b"), CONTRACT, LENS("erp"), ""};
    const char *text = found(&mine, &its);
    assert_non_null(strstr(text, "integration.lua:4 error the contract of event \"in@1\" is not the one of integration "
                                 "\"b\" (integration.lua:4), which shares it: "));
    assert_non_null(strstr(text, "vat"));
    assert_null(strstr(text, "party@1"));
}

static void an_entity_of_two_owners_is_said(void **state)
{
    (void)state;
    static char other[2000];
    const char *owner = strstr(HEAD("b"), "owner = \"erp\"");
    snprintf(other, sizeof other, "%.*sowner = \"desk\" }\n", (int)(owner - HEAD("b")), HEAD("b"));
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"), ""}, its = {other, CONTRACT, LENS("erp"), ""};
    assert_string_equal(found(&mine, &its),
                        "integration.lua:5 warning entity \"party@1\" is owned by \"erp\" here, and "
                        "by \"desk\" in integration \"b\" (integration.lua:5)\n");
}

static void two_flows_of_two_orders_that_write_a_field_are_said(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"), FLOW("f", "", "erp") FLOW("g", "", "erp")};
    assert_string_equal(
        found(&mine, NULL),
        "flows.lua:5 warning flow \"g\" writes erp.Party (Name, No), and so does flow \"f\" (flows.lua:2), "
        "in another order: the one that comes later wins. Give both flows the same scope, order = { "
        "\"name\", \"/key\" }, or let one write these fields\n");
}

static void one_scope_is_fine(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"),
                         FLOW("f", "order = { \"party\", \"/no\" }, ", "erp")
                             FLOW("g", "order = { \"party\", \"/no\" }, ", "erp")};
    assert_string_equal(found(&mine, NULL), "");
}

static void two_integrations_that_write_a_field_of_one_platform_are_said(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"), FLOW("f", "", "erp")},
                 its = {HEAD("b"), CONTRACT, LENS("erp"), FLOW("h", "", "erp")};
    assert_string_equal(
        found(&mine, &its),
        "flows.lua:2 warning flow \"f\" writes erp.Party (Name, No), and so does flow \"h\" of integration "
        "\"b\" (flows.lua:2), in another order: the one that comes later wins. Let one of them write these "
        "fields\n");
}

static void other_platforms_are_not(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"), FLOW("f", "", "erp")},
                 its = {HEAD("b"), CONTRACT, LENS("desk"), FLOW("h", "", "desk")};
    assert_string_equal(found(&mine, &its), "");
    static char rest[2000];
    snprintf(rest, sizeof rest, "%s", HEAD("b"));
    memcpy(strstr(rest, "odata@1"), "rests@1", 7); /* of the same name, and another platform */
    its = (struct parts){rest, CONTRACT, LENS("erp"), FLOW("h", "", "erp")};
    assert_string_equal(found(&mine, &its), "");
}

static void other_fields_are_not(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"), FLOW("f", "", "erp")},
                 its = {HEAD("b"), CONTRACT, "return lens \"party@1 <-> erp.Party\" { no = \"Key\" }",
                        FLOW("h", "", "erp")};
    assert_string_equal(found(&mine, &its), "");
}

static void a_map_is_taken_to_write_all(void **state)
{
    (void)state;
    struct parts mine = {HEAD("a"), CONTRACT, LENS("erp"), FLOW("f", "", "erp")},
                 its = {HEAD("b"), CONTRACT, "map \"erp.Party <- party@1\" { No = \"no\" }", FLOW("h", "", "erp")};
    assert_non_null(strstr(found(&mine, &its), "flow \"f\" writes erp.Party, and so does flow \"h\" of integration"));
}

static void the_same_event_made_twice_is_said(void **state)
{
    (void)state;
    struct parts parts[2];
    static char heads[2][2000];
    for (int i = 0; i < 2; i++) {
        snprintf(heads[i], sizeof heads[i],
                 "%sevent \"seen@1\" { contract = \"contracts/o.json\", key = \"no\", steward "
                 "= \"s\", from = \"desk.Case\" }\n",
                 i == 0 ? HEAD("a") : HEAD("b"));
        parts[i] = (struct parts){heads[i], CONTRACT, LENS("erp"), ""};
    }
    assert_non_null(strstr(found(&parts[0], &parts[1]), "integration.lua:6 warning event \"seen@1\" is made here from "
                                                        "desk.Case, and in integration \"b\" (integration.lua:6)"));
}

static void a_setting_has_no_at(void **state)
{
    (void)state;
    case_refuses("flows/more.lua", "system \"x\" { connector = \"odata@1\", url = setting \"erp.url@support\" }", 1,
                 "the name of a setting has no \"@\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_contract_agrees),
        cmocka_unit_test(a_contract_that_breaks_is_an_error_with_both_places),
        cmocka_unit_test(an_entity_of_two_owners_is_said),
        cmocka_unit_test(two_flows_of_two_orders_that_write_a_field_are_said),
        cmocka_unit_test(one_scope_is_fine),
        cmocka_unit_test(two_integrations_that_write_a_field_of_one_platform_are_said),
        cmocka_unit_test(other_platforms_are_not),
        cmocka_unit_test(other_fields_are_not),
        cmocka_unit_test(a_map_is_taken_to_write_all),
        cmocka_unit_test(the_same_event_made_twice_is_said),
        cmocka_unit_test(a_setting_has_no_at),
    };
    return cmocka_run_group_tests_name("script beside", tests, NULL, NULL);
}
