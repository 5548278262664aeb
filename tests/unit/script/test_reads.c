/* Fields that a contract does not have: found where a function or a map reads them, and never said of what may have
 * come from elsewhere. */
#include "script_case.h"
#include <stdio.h>
#include <string.h>

#define HEAD                                                                                                           \
    "integration \"t\" { steward = \"s\" } steward \"s\" {} system \"crm\" { connector = \"salesforce@1\" } "          \
    "event \"order.won@1\" { contract = \"contracts/order.json\", key = \"no\", steward = \"s\" } "                    \
    "event \"order.sent@1\" { contract = \"contracts/sent.json\", key = \"no\", steward = \"s\" } "                    \
    "event \"free@1\" { contract = \"contracts/free.json\", key = \"no\", steward = \"s\" } "                          \
    "entity \"order@1\" { contract = \"contracts/order.json\", steward = \"s\", key = \"no\", owner = \"crm\" } "

/* Warnings about fields in files/f.lua: "line name nearest" joined by '|'; static. */
static const char *warnings(const char *text)
{
    static char out[4096];
    struct tl_bundle_file files[] = {
        {"integration.lua", TL_STR(HEAD)},
        {"flows.lua", tl_str_z(text)},
        {"contracts/order.json",
         TL_STR(
             "{\"required\":[\"no\"],\"properties\":{\"no\":{\"type\":\"string\"},\"total\":{\"type\":\"number\"},"
             "\"customer\":{\"$ref\":\"customer.json\"},\"tags\":{\"additionalProperties\":{\"type\":\"string\"},"
             "\"properties\":{\"a\":true}},\"lines\":{\"type\":\"array\",\"items\":{\"properties\":{\"sku\":{\"type\":"
             "\"string\"}}}}},\"anyOf\":[{\"properties\":{\"gross\":{}}},{\"properties\":{\"net\":{}}}]}")},
        {"contracts/customer.json", TL_STR("{\"properties\":{\"name\":{\"type\":\"string\"}}}")},
        {"contracts/sent.json", TL_STR("{\"properties\":{\"no\":{},\"shipment\":{}},\"additionalProperties\":false}")},
        {"contracts/free.json", TL_STR("{\"type\":\"object\",\"required\":[\"no\"]}")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle = NULL;
    struct tl_error err;
    if (tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    size_t count, len = 0;
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *quote = strchr(f[i].text, '\'');
        if (f[i].severity == TL_FINDING_ERROR)
            fail_msg("%s:%d %s", f[i].place.file, f[i].place.line, f[i].text);
        if (!strstr(f[i].text, "has no such field"))
            continue;
        const char *meant = strstr(f[i].text, "mean '");
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%d %.*s%s%.*s", len ? "|" : "", f[i].place.line,
                                (int)strcspn(quote + 1, "'"), quote + 1, meant ? " " : "",
                                meant ? (int)strcspn(meant + 6, "'") : 0, meant ? meant + 6 : "");
    }
    tl_bundle_free(bundle);
    return out;
}

/* The same of a flow on order.won@1 with this body. */
static const char *flow(const char *body)
{
    static char text[4096];
    snprintf(text, sizeof text, "flow \"f\" { on = \"order.won@1\", steward = \"s\", run = function(ctx, e) %s end }",
             body);
    return warnings(text);
}
#define assert_flow(body, expected) assert_string_equal(flow(body), expected)

static void reads_are_found(void **state)
{
    (void)state;
    assert_flow("ctx:log(e.data.totl)", "1 totl total");
    assert_flow("local o = e.data\nctx:log(o.custmer)", "2 custmer customer");
    assert_flow("local o = e.data\nlocal c = o.customer ctx:log(c.nam)", "2 nam name");
    assert_flow("ctx:log(e.dta)", "1 dta data");
    assert_flow("local o = e.data\nlocal n = o.lines[1].skuu", "2 skuu sku");
    assert_flow("local o, i = e.data, 3\nlocal n = o.lines[i].skuu", "2 skuu sku");
    assert_flow("for _, line in ipairs(e.data.lines) do\nif line.sku then ctx:log(line.zku) end end", "2 zku sku");
    assert_flow("local o = e.data\nctx:all { a = function() return o.totl end,\nb = function() return e.data.nu end }",
                "2 totl total|3 nu no");
    assert_flow("ctx:each(e.data.lines, { at_most = 2 }, function(line)\nreturn line.sk end)", "2 sk sku");
    assert_flow("local ev = ctx:await { \"order.sent@1\", within = \"1d\" }\nif ev then ctx:log(ev.data.shipmnt) end",
                "2 shipmnt shipment");
    assert_flow("local ev = ctx:await { \"order.sent@1\" }\nctx:log(ev.data.qqqqqq)", "2 qqqqqq"); /* it is closed */
    assert_string_equal(warnings("flow \"f\" { on = { \"order.won@1\", \"order.sent@1\" }, steward = \"s\", "
                                 "order = { \"o\", function(e) return e.data.nr end },\n"
                                 "run = function(ctx, e) return e.data.shipment, e.data.total,\ne.data.shipmnt end }"),
                        "1 nr no|3 shipmnt shipment");
    assert_string_equal(warnings("event \"x@1\" { contract = \"contracts/sent.json\", steward = \"s\",\n"
                                 "key = function(data) return data.noo end }"),
                        "2 noo no");
}

static void what_may_be_there_is_not_judged(void **state)
{
    (void)state;
    assert_flow("local o = e.data ctx:log(o.total .. o.customer.name .. o.gross .. o.net .. o.no .. e.key)", "");
    assert_flow("ctx:log(e.data.tags.anything)", "");
    assert_flow("ctx:log(e.data.qqqqqq .. e.data.note)", ""); /* an open contract, and no name like that */
    assert_flow("local o = e.data o.margin = 1 ctx:log(o.margin)", "");
    assert_flow("local o = e.data o = { bla = 1 } ctx:log(o.bla)", "");
    assert_flow("local o = e.data if ctx:random(2) == 1 then o = { bla = 1 } end ctx:log(o.bla)", "");
    assert_flow("local o = e.data for i = 1, 3 do ctx:log(o.bla) o = { bla = i } end", "");
    assert_flow("local o = e.data local function other() o = { bla = 1 } end other() ctx:log(o.bla)", "");
    assert_flow("local o = ctx:random(2) == 1 and e.data or { bla = 1 } ctx:log(o.bla)", "");
    assert_flow("local o = e.data do local o = { bla = 1 } ctx:log(o.bla) end ctx:log(o.no:upper())", "");
    assert_flow("local o, p = e.data, { bla = 1 } o, p = p, o ctx:log(o.bla)", "");
    assert_flow("local n = \"free@1\" local ev = ctx:await { \"order.sent@1\", n } ctx:log(ev.data.bla)", "");
    assert_flow("local ev = ctx:await { \"order.sent@1\", \"free@1\" } ctx:log(ev.data.bla)", "");
    assert_string_equal(warnings("flow \"f\" { on = { \"order.won@1\", \"free@1\" }, steward = \"s\", "
                                 "run = function(ctx, e) return e.data.bla end }"),
                        "");
}

/* A table that holds itself is refused elsewhere, and is no end of this. */
static void a_circle_ends(void **state)
{
    (void)state;
    const char *found =
        case_errors("maps.lua", "local t = { a = \"A\" } t.b = t t.c = t map \"crm.O <- order@1\" { no = t }");
    assert_true(found[0] != '\0');
}

static void maps_are_looked_at(void **state)
{
    (void)state;
    assert_string_equal(warnings("map \"crm.O <- order@1\" { No = as.key \"no\",\nA = \"totl\",\n"
                                 "B = as.decimal(\"customer.nam\"),\nC = as.list(\"lines\", {\nS = \"skuu\" }),\n"
                                 "D = function(order) return order.nett end,\nE = { F = \"nn\" },\n"
                                 "G = as.when(function(order) return order.grosss end, \"total\"),\n"
                                 "H = \"lines[1].sku\", I = \"tags.x\", J = { K = \"customer.name\" } }"),
                        "2 totl total|3 nam name|5 skuu sku|6 nett net|7 nn no|8 grosss gross");
    assert_string_equal(warnings("map \"order@1 <- crm.O\" { no = \"No\",\ntotall = \"Total\",\ncustomer = {\n"
                                 "nam = \"Name\" } }"),
                        "2 totall total|4 nam name");
    assert_string_equal(warnings("map \"crm.O <- order@1\" { key = \"No\",\nfunction(order) return { No = order.noo } "
                                 "end }"),
                        "2 noo no");
    assert_string_equal(warnings("lens \"order@1 <-> crm.O\" { no = \"No\", as.when(function(order)\n"
                                 "return order.totl end, { total = \"T\" }) }"),
                        "2 totl total");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_are_found),
        cmocka_unit_test(what_may_be_there_is_not_judged),
        cmocka_unit_test(maps_are_looked_at),
        cmocka_unit_test(a_circle_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
