/* Lenses: both directions of every kind of field, what is refused when they load, and how they serve flows. */
#include "script/lens.h"
#include "script_case.h"
#include <stdio.h>
#include <string.h>

/* A lens of order@1 (a contract that says nothing) and what the body logs; `f` is the lens. */
static const char *says(const char *fields, const char *body)
{
    static char head[8000];
    snprintf(head, sizeof head,
             "local json = require \"json\" local f = lens \"order@1 <-> crm.Order\" { no = \"No\", %s } "
             "local function get(t) return json.encode(f.get(json.decode(t))) end "
             "local function put(t, old) return json.encode(f.put(json.decode(t), old and json.decode(old))) end ",
             fields);
    return case_says_with(head, body, "{}");
}
#define assert_lens(fields, body, expected) assert_string_equal(says(fields, body), expected)
#define assert_fails(fields, body, part) assert_non_null(strstr(says(fields, body), part))

/* get of `record` is `entity`, and put of that is `record` again. */
static void both(const char *fields, const char *record, const char *entity)
{
    char body[4000], expected[4000];
    snprintf(body, sizeof body, "ctx:log(get [==[%s]==]) ctx:log(put [==[%s]==])", record, entity);
    snprintf(expected, sizeof expected, "%s|%s", entity, record);
    assert_lens(fields, body, expected);
}

static void renames_and_paths(void **state)
{
    (void)state;
    both("", "{\"No\":\"1\"}", "{\"no\":\"1\"}");
    both("city = \"Billing.City\"", "{\"Billing\":{\"City\":\"Malmö\"},\"No\":1}", "{\"city\":\"Malmö\",\"no\":1}");
    both("tag = as.any({ \"@odata.etag\" })", "{\"@odata.etag\":\"W1\",\"No\":1}", "{\"no\":1,\"tag\":\"W1\"}");
    both("first = \"Lines[1].Sku\"", "{\"Lines\":[{\"Sku\":\"a\"}],\"No\":1}", "{\"first\":\"a\",\"no\":1}");
    both("address = { city = \"City\", zip = \"Zip\" }", "{\"City\":\"X\",\"No\":1,\"Zip\":null}",
         "{\"address\":{\"city\":\"X\",\"zip\":null},\"no\":1}");
    assert_fails("second = \"Lines[2].Sku\"", "put [[{\"no\":1,\"second\":\"b\"}]]",
                 "data: second: Lines[2].Sku cannot be reached");
}

static void nothing_is_lost(void **state)
{
    (void)state;
    both("x = \"X\"",
         "{\"No\":9007199254740993,\"X\":{\"a\":[],\"b\":{},\"c\":null,\"d\":-98765432109876543210.1234567890,\"e\":1E+"
         "2,"
         "\"f\":-9223372036854775808,\"g\":\"\\u0000\360\237\230\200\"}}",
         "{\"no\":9007199254740993,\"x\":{\"a\":[],\"b\":{},\"c\":null,\"d\":-98765432109876543210.1234567890,\"e\":1E+"
         "2,"
         "\"f\":-9223372036854775808,\"g\":\"\\u0000\360\237\230\200\"}}");
    both("x = \"X\", y = \"Y\"", "{\"No\":1,\"X\":null}", "{\"no\":1,\"x\":null}");
    both("l = as.list(\"L\", { a = \"A\" })", "{\"L\":null,\"No\":1}", "{\"l\":null,\"no\":1}");
    both("l = as.list(\"L\", { a = \"A\" })", "{\"No\":1}", "{\"no\":1}");
    both("l = as.list(\"L\", { a = \"A\" })", "{\"L\":[],\"No\":1}", "{\"l\":[],\"no\":1}");
}

static void numbers_are_exact(void **state)
{
    (void)state;
    both("m = as.decimal(\"M\")", "{\"M\":1234567890123456789.10,\"No\":1}", "{\"m\":1234567890123456789.10,\"no\":1}");
    assert_lens("m = as.decimal(\"M\", { scale = 2, to = \"text\" })",
                "ctx:log(get [[{\"M\":\"1.5\"}]] .. put [[{\"m\":1.5}]])", "{\"m\":1.50}{\"M\":\"1.50\"}");
    assert_lens("m = as.decimal(\"M\", { currency = \"JPY\", round = \"half-up\" })",
                "ctx:log(get [[{\"M\":0.5}]] .. put [[{\"m\":1.5}]])", "{\"m\":1}{\"M\":2}");
    assert_fails("m = as.decimal(\"M\", { scale = 2 })", "put [[{\"m\":1.005}]]",
                 "data: m: '1.005' has more than 2 digits after the point; say how it is rounded");
    assert_fails("m = as.decimal(\"M\")", "f.put{ m = 0.1 * 1 }",
                 "a float"); /* 0.1 in Lua text is a float, unlike in JSON */
    both("n = as.integer(\"N\", { to = \"text\" })", "{\"N\":\"9223372036854775807\",\"No\":1}",
         "{\"n\":9223372036854775807,\"no\":1}");
    assert_fails("n = as.integer(\"N\")", "put [[{\"n\":1.5}]]", "data: n: '1.5' is not a whole number");
    assert_non_null(strstr(case_errors("lenses/l.lua", "lens \"order@1 <-> crm.Order\" { no = \"No\", m = "
                                                       "as.decimal(\"M\", { round = \"halfeven\" }) }"),
                           "lenses/l.lua:1 as.decimal: there is no rounding 'halfeven'"));
}

static void times_have_zones(void **state)
{
    (void)state;
    both("d = as.date(\"D\")", "{\"D\":\"2024-05-17\",\"No\":1}", "{\"d\":\"2024-05-17\",\"no\":1}");
    both("d = as.date(\"D\", { zone = \"Europe/Berlin\" })", "{\"D\":\"2024-05-17T00:00:00+02:00\",\"No\":1}",
         "{\"d\":\"2024-05-17\",\"no\":1}");
    assert_lens(
        "t = as.timestamp(\"T\", { form = \"salesforce\", zone = \"Europe/Berlin\" })",
        "ctx:log(get [[{\"T\":\"2024-05-17T07:42:31.000+0000\"}]] .. put [[{\"t\":\"2024-05-17T09:42:31+02:00\"}]])",
        "{\"t\":\"2024-05-17T09:42:31.000+02:00\"}{\"T\":\"2024-05-17T07:42:31.000+0000\"}");
    both("t = as.timestamp(\"T\", { local_in = \"Europe/Berlin\" })", "{\"No\":1,\"T\":\"2024-05-17T09:42:31\"}",
         "{\"no\":1,\"t\":\"2024-05-17T09:42:31+02:00\"}");
    assert_fails("t = as.timestamp(\"T\", { local_in = \"Europe/Berlin\" })",
                 "put [[{\"t\":\"2024-10-27T01:30:00Z\"}]]",
                 "is a moment that a clock in Europe/Berlin shows twice; say which one is read");
    assert_lens("t = as.timestamp(\"T\", { local_in = \"Europe/Berlin\", choose = \"later\" })",
                "ctx:log(put [[{\"t\":\"2024-10-27T00:30:00Z\"}]] .. get [[{\"T\":\"2024-10-27T02:30:00\"}]])",
                "{\"T\":\"2024-10-27T02:30:00\"}{\"t\":\"2024-10-27T02:30:00+01:00\"}");
    both("d = as.date(\"D\", { zone = \"America/Sao_Paulo\" })", "{\"D\":\"2018-11-04T01:00:00-02:00\",\"No\":1}",
         "{\"d\":\"2018-11-04\",\"no\":1}"); /* a day without midnight */
    assert_fails("t = as.timestamp(\"T\", { form = \"salesforce\" })",
                 "put [[{\"t\":\"2024-05-17T07:42:31.123456Z\"}]]", "loses digits as salesforce");
    assert_lens("t = as.timestamp(\"T\", { form = \"salesforce\", precision = \"ms\" })",
                "ctx:log(put [[{\"t\":\"2024-05-17T07:42:31.123456Z\"}]])", "{\"T\":\"2024-05-17T07:42:31.123+0000\"}");
}

static void enums_know_both_sides(void **state)
{
    (void)state;
    const char *stage =
        "s = as.enum(\"S\", { lead = \"Prospect\", customer = { \"Customer\", \"Customer - Direct\" } })";
    both(stage, "{\"No\":1,\"S\":\"Customer\"}", "{\"no\":1,\"s\":\"customer\"}");
    assert_lens(stage, "ctx:log(get [[{\"S\":\"Customer - Direct\"}]])", "{\"s\":\"customer\"}");
    /* what already reads the same stays */
    assert_lens(stage, "ctx:log(put([[{\"s\":\"customer\"}]], [[{\"S\":\"Customer - Direct\"}]]))",
                "{\"S\":\"Customer - Direct\"}");
    assert_lens(stage, "ctx:log(put([[{\"s\":\"lead\"}]], [[{\"S\":\"Customer - Direct\"}]]))", "{\"S\":\"Prospect\"}");
    assert_fails(stage, "get [[{\"S\":\"Other\"}]]", "data: s: 'Other' is not one of the known values");
    assert_fails(stage, "put [[{\"s\":\"other\"}]]", "data: s: 'other' is not one of the names this field knows");
}

static void constants_defaults_and_one_way(void **state)
{
    (void)state;
    const char *fixed = "as.const(\"012\", \"RecordTypeId\"), cur = as.const(\"EUR\", \"Cur\")";
    assert_lens(fixed, "ctx:log(put [[{\"no\":1}]]) ctx:log(get [[{\"No\":1}]])",
                "{\"Cur\":\"EUR\",\"No\":1,\"RecordTypeId\":\"012\"}|{\"cur\":\"EUR\",\"no\":1}");
    assert_lens(fixed, "ctx:log(put([[{\"no\":2}]], [[{\"No\":1}]]))", "{\"No\":2}");
    assert_fails(fixed, "get [[{\"RecordTypeId\":\"013\"}]]", "RecordTypeId is \"013\" and not \"012\"");
    assert_fails(fixed, "put [[{\"cur\":\"USD\"}]]", "cur: is always \"EUR\", not \"USD\"");
    const char *filled = "c = as.text(\"C\", { default = \"EUR\" }), d = as.text(\"D\", { put_default = \"x\" })";
    assert_lens(filled, "ctx:log(get [[{}]] .. put [[{}]] .. put([[{}]], [[{\"D\":\"y\"}]]))",
                "{\"c\":\"EUR\"}{\"D\":\"x\"}{\"D\":\"y\"}");
    assert_fails("q = as.text(\"Q\", { required = true })", "put [[{}]]", "data: q: there is no value to put at Q");
    const char *one = "r = as.text(\"R\", { one_way = \"read\" }), w = as.text(\"W\", { one_way = \"write\" })";
    assert_lens(one, "ctx:log(get [[{\"R\":\"1\",\"W\":\"2\"}]] .. put [[{\"r\":\"3\",\"w\":\"4\"}]])",
                "{\"r\":\"1\"}{\"W\":\"4\"}");
}

static void lists_keep_their_elements(void **state)
{
    (void)state;
    const char *lines = "lines = as.list(\"L.records\", { sku = \"Sku\", n = as.decimal(\"N\") }, { by = \"sku\" })";
    both(lines, "{\"L\":{\"records\":[{\"N\":1.50,\"Sku\":\"a\"},{\"N\":2,\"Sku\":\"b\"}]},\"No\":1}",
         "{\"lines\":[{\"n\":1.50,\"sku\":\"a\"},{\"n\":2,\"sku\":\"b\"}],\"no\":1}");
    assert_lens(lines,
                "ctx:log(put([[{\"lines\":[{\"sku\":\"b\",\"n\":3},{\"sku\":\"c\"}]}]],"
                "[[{\"L\":{\"records\":[{\"Sku\":\"a\",\"Id\":1},{\"Sku\":\"b\",\"Id\":2,\"N\":2}],\"done\":true}}]]))",
                "{\"L\":{\"done\":true,\"records\":[{\"Id\":2,\"N\":3,\"Sku\":\"b\"},{\"Sku\":\"c\"}]}}");
    /* without `by` an element is found again when it reads the same, though it is written otherwise */
    assert_lens(
        "lines = as.list(\"L\", { n = as.decimal(\"N\") })",
        "ctx:log(put([[{\"lines\":[{\"n\":2},{\"n\":3}]}]], [[{\"L\":[{\"N\":2.0,\"Id\":1},{\"N\":4,\"Id\":2}]}]]))",
        "{\"L\":[{\"Id\":1,\"N\":2.0},{\"N\":3}]}");
    assert_lens("o = as.object(\"O\", { a = \"A\" })", "ctx:log(put([[{\"o\":{\"a\":1}}]], [[{\"O\":{\"b\":[]}}]]))",
                "{\"O\":{\"A\":1,\"b\":[]}}");
    assert_fails(lines, "put [[{\"lines\":[{\"n\":\"x\"}]}]]", "data: lines[].n: 'x' is not a decimal");
}

/* Fields of what is no list, or stand behind what is no object, would vanish without a word. */
static void nothing_vanishes(void **state)
{
    (void)state;
    const char *lines = "lines = as.list(\"L\", { sku = \"Sku\" })";
    assert_fails(lines, "get [[{\"L\":{\"Sku\":\"a\"}}]]",
                 "data: lines: at L stands an object with 'Sku', and not a list");
    assert_fails(lines, "get [[{\"L\":{\"results\":[{\"Sku\":\"a\"}]}}]]", "not a list; the list is at L.results");
    assert_fails(lines, "get [[{\"L\":\"a\"}]]", "data: lines: at L stands the text 'a', and not a list");
    assert_fails(lines, "put [[{\"lines\":{\"sku\":\"a\"}}]]", "data: lines: at lines stands an object with 'sku'");
    assert_fails(lines, "put([[{\"lines\":[{\"sku\":\"a\"}]}]], [[{\"L\":{\"x\":1}}]])",
                 "at L stands an object with 'x'");
    assert_fails(lines, "get [=[{\"L\":[[{\"Sku\":1}]]}]=]", "lines[]: at L[] stands a list, and not an object");
    assert_fails("o = as.object(\"O\", { a = \"A\" })", "get [[{\"O\":[{\"A\":1}]}]]",
                 "data: o: at O stands a list, and not an object");
    assert_fails("n = \"Info.Name\"", "get [[{\"Info\":\"text\"}]]",
                 "data: n: Info.Name cannot be read: at Info stands the text 'text'");
    assert_fails("n = \"Info.Name\"", "get [[{\"Info\":[{\"Name\":1}]}]]", "at Info stands a list");
    assert_fails("n = \"A.Info.Name\"", "get [[{\"A\":{\"Info\":false}}]]", "at A.Info stands the value false");
    assert_fails("n = \"L[1].Sku\"", "get [[{\"L\":{\"Sku\":1}}]]", "at L stands an object with 'Sku'");
    assert_lens(lines, "ctx:log(json.encode(f.get{ L = {} }))", "{\"lines\":[]}");
    both("n = \"Info.Name\"", "{\"Info\":{\"Name\":null},\"No\":1}", "{\"n\":null,\"no\":1}");
    assert_lens("n = \"Info.Name\", m = \"L[2].M\"", "ctx:log(get [[{\"Info\":null,\"L\":[{}]}]])", "{}");
}

/* Two keys that become one would make one record of two. */
static void keys_stay_apart(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"as.text(\"No\", { most = 3, cut = true })", "'cut'"},
                                           {"as.text(\"No\", { upper = true })", "'upper'"},
                                           {"as.text(\"No\", { trim = true })", "'trim'"},
                                           {"as.decimal(\"No\", { scale = 2, round = \"down\" })", "'round'"},
                                           {"as.timestamp(\"No\", { precision = \"s\" })", "'precision'"},
                                           {"as.text(\"No\", { default = \"x\" })", "'default'"},
                                           {"as.enum(\"No\", { a = { \"A\", \"B\" } })", "several values of 'a'"}};
    for (size_t i = 0; i < TL_COUNT_OF(wrong); i++) {
        char text[300], part[200];
        snprintf(part, sizeof part, "is the key, and by %s two keys would become one", wrong[i][1]);
        snprintf(text, sizeof text, "lens \"order@1 <-> crm.Order\" {\nno = %s }", wrong[i][0]);
        case_refuses("lenses/l.lua", text, 2, part);
        snprintf(text, sizeof text, "lens \"order@1 <-> crm.Order\" { no = \"A\",\next = as.key(%s) }", wrong[i][0]);
        case_refuses("lenses/l.lua", text, 2, part);
    }
    assert_non_null(
        strstr(case_errors("maps/m.lua", "map \"desk.Order <- order@1\" { No = as.text(\"no\", { most = 3, cut = "
                                         "true }) }"),
               "'No' is the key, and by 'cut' two keys would become one"));
    case_accepts("lenses/l.lua",
                 "lens \"order@1 <-> crm.Order\" { no = as.text(\"No\", { most = 3, required = true }) }");
}

static void texts_are_cut_when_they_may_be(void **state)
{
    (void)state;
    const char *most = "t = as.text(\"T\", { most = 3 })", *cut = "t = as.text(\"T\", { most = 3, cut = true })";
    both(most, "{\"No\":1,\"T\":\"äöü\"}", "{\"no\":1,\"t\":\"äöü\"}");
    assert_fails(most, "put [[{\"t\":\"ABC-1\"}]]",
                 "data: t: 'ABC-1' is longer than 3 characters; if it may be cut, say so: { most = 3, cut = true }");
    assert_lens(cut, "ctx:log(put [[{\"t\":\"ABC-1\"}]])", "{\"T\":\"ABC\"}");
    assert_non_null(
        strstr(case_errors("lenses/l.lua", "lens \"order@1 <-> crm.Order\" { no = \"N\", t = as.text(\"T\", { cut "
                                           "= true }) }"),
               "'cut' says what becomes of a text longer than 'most'"));
}

static void conditions_see_the_entity(void **state)
{
    (void)state;
    const char *vat = "firm = as.boolean(\"Firm\"), as.when(function(o) return o.firm end, { vat = \"Vat\" })";
    both(vat, "{\"Firm\":true,\"No\":1,\"Vat\":\"x\"}", "{\"firm\":true,\"no\":1,\"vat\":\"x\"}");
    assert_lens(vat, "ctx:log(get [[{\"Firm\":false,\"Vat\":\"x\"}]])", "{\"firm\":false}");
    const char *name = "firm = as.boolean(\"Firm\"), as.when(function(o) return o.firm end, { name = \"Name\" }), "
                       "as.when(function(o) return not o.firm end, { name = \"Last\" })";
    both(name, "{\"Firm\":true,\"Name\":\"x\",\"No\":1}", "{\"firm\":true,\"name\":\"x\",\"no\":1}");
    both(name, "{\"Firm\":false,\"Last\":\"x\",\"No\":1}", "{\"firm\":false,\"name\":\"x\",\"no\":1}");
    assert_fails(vat, "put [[{\"firm\":false,\"vat\":\"x\"}]]",
                 "data: vat: has a value, and its condition says there is none");
}

static void pairs_of_functions(void **state)
{
    (void)state;
    const char *name =
        "name = as.pair({ first = \"First\", last = \"Last\" }, function(n) return n.first .. \" \" .. n.last end, "
        "function(v) local a, b = v:match(\"(%S+) (%S+)\") return { first = a, last = b } end)";
    both(name, "{\"First\":\"Ada\",\"Last\":\"L\",\"No\":1}", "{\"name\":\"Ada L\",\"no\":1}");
    both("p = as.pair(\"P\", function(v) return v:sub(2) end, function(v) return \"+\" .. v end)",
         "{\"No\":1,\"P\":\"+1\"}", "{\"no\":1,\"p\":\"1\"}");
    assert_string_equal(
        case_says_with(
            "local f = lens \"order@1 <-> crm.Order\" { key = \"No\", function(r) return { no = r.No } end, "
            "function(e, old) return { No = e.no, Was = old and old.No } end } local json = require \"json\"",
            "ctx:log(json.encode(f.get{ No = 1 }) .. json.encode(f:put({ no = 2 }, { No = 1 })))", "{}"),
        "{\"no\":1}{\"No\":2,\"Was\":1}");
}

#define ENTITY_WITH_REFS(refs)                                                                                         \
    "entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"no\", owner = \"crm\", refs = { "  \
    "crm = " refs " } }\nlens \"order@1 <-> crm.Order\" { no = \"No\", parent = as.ref(\"Parent\", \"order@1\") }"

static void references_go_by_business_key(void **state)
{
    (void)state;
    /* without refs it is refused, not sent as something that no platform knows */
    case_refuses("lenses/l.lua", "lens \"order@1 <-> crm.Order\" { no = \"No\",\nparent = as.ref(\"P\", \"order@1\") }",
                 2,
                 "parent: entity \"order@1\" does not say how crm tells its key: refs = { crm = { id = function(key)");
    case_refuses(
        "lenses/l.lua",
        "lens \"order@1 <-> crm.Order\" { no = \"No\",\nparent = as.ref(\"P\", \"order@1\", { one_way = \"read\" }) }",
        2, "does not say how crm tells its key");
    case_accepts("entities.lua",
                 ENTITY_WITH_REFS("{ id = function(key) return { No = key } end, key = function(id) return id.No "
                                  "end }"));
    assert_non_null(strstr(
        case_errors("entities.lua", ENTITY_WITH_REFS("{ id = \"x\" }")),
        "entities.lua:2 lens \"order@1 <-> crm.Order\", parent: the refs of \"order@1\" for crm are two functions"));
}

/* The functions that an entity declares stand in for the table of cross-references. */
static void declared_references_are_asked(void **state)
{
    (void)state;
    struct tl_bundle_file files[] = {
        {"integration.lua",
         TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {} system \"crm\" { connector = "
                "\"salesforce@1\" }")},
        {"entities.lua",
         TL_STR("entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"no\", owner = "
                "\"crm\", refs = { crm = { id = function(key) if key ~= \"none\" then return { No = key } end end, "
                "key = function(id) return id.No end } } }")},
        {"contracts/o.json", TL_STR("{}")},
        {"lenses/l.lua",
         TL_STR("return lens \"order@1 <-> crm.Order\" { no = \"No\", parent = as.ref(\"Parent\", \"order@1\") }")},
        {"lib/try.lua", TL_STR("local l, json = require \"lenses.l\", require \"json\"\n"
                               "assert(json.encode(l.put{ parent = \"A\" }) == '{\"Parent\":{\"No\":\"A\"}}')\n"
                               "assert(l.get{ Parent = { No = \"A\" } }.parent == \"A\" and isnull(l.get(json.decode "
                               "'{\"Parent\":null}'), \"parent\"))\n"
                               "local ok, e = pcall(l.get, { Parent = {} }) assert(not ok and e.class == \"data\" and "
                               "e.message:find(\"nothing of order@1\"))\n"
                               "ok, e = pcall(l.put, { parent = \"none\" }) assert(not ok and e.message:find(\"none of "
                               "order@1 is not known to crm\"))\n")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    size_t count;
    assert_int_equal(tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, NULL), TL_OK);
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (f[i].severity == TL_FINDING_ERROR)
            fail_msg("%s:%d %s", f[i].place.file, f[i].place.line, f[i].text);
    tl_bundle_free(bundle);
}

static void a_lens_does_not_wait(void **state)
{
    (void)state;
    assert_fails("p = as.pair(\"P\", function(c) c:sleep(\"1s\") return 1 end, function() return 1 end)",
                 "f.get{ P = ctx }", "no waiting here");
}

static void keeps_what_it_does_not_touch(void **state)
{
    (void)state;
    assert_lens(
        "x = \"A.X\"",
        "local old = [[{\"A\":{\"X\":1,\"Y\":[]},\"Z\":null,\"Big\":12345678901234567890.10,\"No\":7}]] "
        "ctx:log(put([[{\"x\":2}]], old)) ctx:log(put([[{\"x\":null}]], old)) ctx:log(tostring(put(get(old), old) == "
        "json.encode(json.decode(old))))",
        "{\"A\":{\"X\":2,\"Y\":[]},\"Big\":12345678901234567890.10,\"No\":7,\"Z\":null}|"
        "{\"A\":{\"X\":null,\"Y\":[]},\"Big\":12345678901234567890.10,\"No\":7,\"Z\":null}|true");
    assert_lens("x = \"X\"", "local old = { X = 1 } f.put({ x = 2 }, old) ctx:log(tostring(old.X))", "1");
}

static void says_what_it_is(void **state)
{
    (void)state;
    const char *fields = "m = as.decimal(\"M\", { scale = 2 }), l = as.list(\"L\", { a = \"A\" }), "
                         "r = as.text(\"R\", { one_way = \"read\" })";
    assert_lens(fields, "ctx:log(json.encode(f.fields()))",
                "{\"entity\":[\"l[].a\",\"m\",\"no\",\"r\"],\"platform\":[\"L[].A\",\"M\",\"No\",\"R\"]}");
    assert_lens(fields, "local l = f.lineage() ctx:log(#l.get .. \" \" .. #l.put .. json.encode(l.put[2]))",
                "4 3{\"from\":[\"m\"],\"how\":\"decimal: scale 2\",\"to\":\"M\"}");
    assert_fails(fields, "ctx:log(f.doc())", "| `r` | ← | `R` | text | one way: read only |");
}

/* What a condition reads is an input of what stands under it. */
static void lineage_has_what_conditions_read(void **state)
{
    (void)state;
    const char *read = "firm = as.boolean(\"Firm\"), vat = as.when(function(o) return o.firm end, \"Vat\")";
    const char *body = "local l = f.lineage() ctx:log(json.encode(l.get[3])) ctx:log(json.encode(l.put[3]))";
    assert_lens(read, body,
                "{\"from\":[\"Vat\",\"Firm\"],\"how\":\"as it is, on a condition of firm\",\"to\":\"vat\"}|"
                "{\"from\":[\"vat\",\"firm\"],\"how\":\"as it is, on a condition of firm\",\"to\":\"Vat\"}");
    assert_fails(read, "ctx:log(f.doc())", "| `vat` | ↔ | `Vat` | as it is, on a condition of firm |");
    assert_fails(
        "firm = \"Firm\", a = as.when(function(o) return o.firm and #keys(o) > 1 end, { b = \"B\" })",
        "ctx:log(json.encode(f.lineage().put))",
        "\"from\":[\"a.b\",\"firm\"],\"how\":\"as it is, on a condition that a function decides, which cannot be "
        "followed beyond firm\"");
    assert_fails("l = as.list(\"L\", { n = \"N\", m = as.when(function(o) return o.n == 1 end, \"M\") })",
                 "ctx:log(json.encode(f.lineage()))", "{\"from\":[\"L[].M\",\"L[].N\"],\"how\":");
}

static void serves_put(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "lens \"order@1 <-> crm.Order\" { no = \"No\", total = as.decimal(\"Total\", { scale = 2 }) }",
               "ctx.crm:put(\"order@1\", { no = \"SO-1\", total = 2 })", "{}");
    assert_ending(&c, TL_RUN_WAIT);
    const struct tl_run_ask *ask = case_ask(&c, "crm:put#1");
    assert_non_null(strstr(
        ask->args.ptr, "{\"key\":{\"No\":\"SO-1\"},\"object\":\"Order\",\"record\":{\"No\":\"SO-1\",\"Total\":2.00}}"));
    case_end(&c);
    static const char *const titles[] = {"order@1 <- crm.Order", "order@1 <-> crm.Order"};
    for (size_t i = 0; i < TL_COUNT_OF(titles); i++) {
        char event[400];
        snprintf(
            event, sizeof event,
            "lens \"order@1 <-> crm.Order\" { no = \"No\" } event \"in@1\" { contract = \"contracts/o.json\", key = "
            "\"no\", steward = \"s\" } event \"out@1\" { contract = \"contracts/o.json\", key = \"no\", steward = "
            "\"s\", from = \"crm.Order\", map = \"%s\" }",
            titles[i]);
        case_accepts("events.lua", event);
    }
    assert_non_null(strstr(case_errors("lenses/l.lua", "lens \"order@1 <-> erp.Orders\" { no = \"No\" }"),
                           "lenses/l.lua:1 \"erp.Orders <- order@1\" is one direction of this lens"));
    assert_non_null(strstr(case_errors("lenses/l.lua", "lens \"order@1 <-> erp.Invoices\" { no = \"No\" }"),
                           "writes order@1 to erp already"));
}

static void the_key_can_be_another_field(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "lens \"order@1 <-> crm.Order\" { no = \"No\", ext = as.key \"External_Id__c\" }",
               "ctx.crm:put(\"order@1\", { no = \"SO-1\", ext = \"E\" })", "{}");
    assert_non_null(strstr(case_ask(&c, "crm:put#1")->args.ptr, "{\"key\":{\"External_Id__c\":\"E\"}"));
    case_end(&c);
}

/* Within the budget of one stretch (200 ms, 32 MB). */
static void long_lists_take_time_in_proportion(void **state)
{
    (void)state;
    static const char *const by[] = {", { by = \"sku\" }", ""};
    for (size_t i = 0; i < TL_COUNT_OF(by); i++) {
        char fields[200];
        snprintf(fields, sizeof fields, "lines = as.list(\"L\", { sku = \"S\", n = as.decimal(\"N\") }%s)", by[i]);
        assert_lens(
            fields,
            "local old, new = { L = {} }, { lines = {} } for i = 1, 2000 do old.L[i] = { S = i, N = i, Id = -i } "
            "new.lines[2001 - i] = { sku = i, n = i } end local r = f.put(new, old) "
            "ctx:log(#r.L .. \" \" .. r.L[1].Id .. \" \" .. r.L[2000].Id)",
            "2000 -2000 -1");
    }
}

/* Every word that integrators may write is known to editors. */
static void editors_know_every_word(void **state)
{
    (void)state;
    static char text[65536];
    FILE *file = fopen(TIDELOCK_ROOT "/scripts/editor/words.lua", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char words[1000], *rest = words, *word;
    snprintf(words, sizeof words, "%s", says("", "ctx:log(table.concat(keys(as), \" \"))"));
    size_t count = 0;
    while ((word = strtok_r(rest, " ", &rest))) {
        char line[100];
        snprintf(line, sizeof line, "\nfunction as.%s(", word);
        if (!strstr(text, line))
            fail_msg("scripts/editor/words.lua has no as.%s", word);
        count++;
    }
    assert_true(count >= 16);
}

/* ---- what is refused when it loads ---- */

static void refuses_what_cannot_work(void **state)
{
    (void)state;
    static const struct {
        const char *body, *part;
        int line;
    } wrong[] = {
        {"  a = function(r) return r end,", "a: a function goes one way", 3},
        {"  a = 5,", "a: a field is a path", 3},
        {"  a = as.pair(\"A\", function(v) return v end),",
         "a: as.pair goes one way here; say so: { one_way = \"read\" }", 3},
        {"  a = \"X\",\n  b = \"X\",", "b: writes X, which 'a' writes too", 4},
        {"  b = { c = \"X.Y\" },\n  a = \"X\",", "b.c: writes X.Y, which 'a' writes too", 3},
        {"  a = as.ref(\"X\", \"ordr@1\"),", "there is no entity \"ordr@1\"; did you mean 'order@1'?", 3},
        {"  a = as.enum(\"X\", { a = \"1\", b = \"1\" }),", "'1' stands twice, for 'a' and for 'b'", 3},
        {"  a = as.text(\"X\", { defalt = 1 }),", "unknown option 'defalt'; did you mean 'default'?", 3},
        {"  a = as.text(\"X\", { one_way = \"reed\" }),", "one_way is \"read\" or \"write\"; did you mean 'read'?", 3},
        {"  a = as.decimel(\"X\"),", "there is no as.decimel; did you mean 'decimal'?", 3},
        {"  as.when(function() end, { no = \"M\" }),", "no: stands twice; alternatives are each under a condition", 2},
        {"  \"X\",", "without a name there is as.const", 1},
    };
    for (size_t i = 0; i < TL_COUNT_OF(wrong); i++) {
        char text[600], place[40];
        snprintf(text, sizeof text, "lens \"order@1 <-> crm.Order\" {\n  no = \"No\",\n%s\n}", wrong[i].body);
        snprintf(place, sizeof place, "lenses/l.lua:%d ", wrong[i].line);
        const char *errors = case_errors("lenses/l.lua", text);
        if (!strstr(errors, wrong[i].part) || !strstr(errors, place))
            fail_msg("%s\nexpected %s… %s, got:\n%s", wrong[i].body, place, wrong[i].part, errors);
    }
    case_refuses("lenses/l.lua", "lens \"order@1 <-> crm.Order\" { total = \"T\" }", 1,
                 "the key of the entity, 'no', is not among");
    case_refuses("lenses/l.lua", "lens \"order@1 <-> crm.Order\" { no = as.text(\"N\", { one_way = \"read\" }) }", 1,
                 "is the key of the entity");
    case_refuses("lenses/l.lua", "lens \"order@1 <-> crm.Order\" { no = \"N.M\" }", 1, "one plain field");
    case_refuses("lenses/l.lua", "lens \"ordr@1 <-> crm.Order\" { no = as.key \"N\" }", 1,
                 "there is no entity \"ordr@1\"; did you mean \"order@1\"?");
    case_refuses("lenses/l.lua", "lens \"order@1 <-> crn.Order\" { no = \"N\" }", 1,
                 "there is no system or kind \"crn\"");
    assert_non_null(
        strstr(case_errors("lenses/l.lua", "lens \"order@1 <- crm.Order\" { no = \"N\" }"), "the title of a lens is"));
    assert_non_null(strstr(case_errors("lenses/l.lua", "lens \"order@1 <-> crm.Order\""), "has no body"));
}

/* Without `by` an element that changes is a new one to put, and what the lens does not touch of it is lost. */
static void warns_of_elements_that_are_not_found_again(void **state)
{
    (void)state;
    static const char head[] =
        "lens \"order@1 <-> crm.Order\" { no = \"No\",\nlines = as.list(\"L\", { sku = \"Sku\" }";
    static const char *const rest[][2] = {
        {") }", "lenses/l.lua:2 lens \"order@1 <-> crm.Order\", lines: an element that changes loses on put"},
        {", { by = \"skuu\" }) }", "lines: 'by' names 'skuu', which is no field of an element; did you mean 'sku'?"}};
    for (size_t i = 0; i < TL_COUNT_OF(rest); i++) {
        char text[300];
        snprintf(text, sizeof text, "%s%s", head, rest[i][0]);
        assert_non_null(strstr(case_warnings("lenses/l.lua", text), rest[i][1]));
    }
    static const char *const fine[] = {", { by = \"sku\" }) }", ", { by = false }) }", ", { one_way = \"read\" }) }"};
    for (size_t i = 0; i < TL_COUNT_OF(fine); i++) {
        char text[300];
        snprintf(text, sizeof text, "%s%s", head, fine[i]);
        assert_null(strstr(case_warnings("lenses/l.lua", text), "lenses/l.lua"));
    }
}

static void refuses_what_the_contract_does_not_have(void **state)
{
    (void)state;
    static char contract[] = "{\"properties\":{\"no\":{\"type\":\"string\"},\"stage\":{\"enum\":[\"lead\",\"won\"]},"
                             "\"lines\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/line\"}}},"
                             "\"$defs\":{\"line\":{\"properties\":{\"sku\":{}}}}}";
    struct tl_bundle_file files[] = {
        {"integration.lua",
         TL_STR(
             "integration \"t\" { steward = \"s\" } steward \"s\" {} system \"crm\" { connector = \"salesforce@1\" }")},
        {"entities.lua",
         TL_STR(
             "entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"no\", owner = \"crm\" }")},
        {"contracts/o.json", tl_str_z(contract)},
        {"lenses/l.lua",
         TL_STR("lens \"order@1 <-> crm.Order\" {\n  no = \"No\",\n  stge = \"S\",\n"
                "  stage = as.enum(\"T\", { leed = \"L\" }),\n  lines = as.list(\"L\", {\n    sk = \"Sku\" }) }")}};
    static const char *const expected[] = {
        "3 lens \"order@1 <-> crm.Order\", stge: the contract has no field 'stge'; did you mean 'stage'?",
        "4 lens \"order@1 <-> crm.Order\", stage: 'leed' is no value of stage in the contract; did you mean 'lead'?",
        "6 lens \"order@1 <-> crm.Order\", lines[].sk: the contract has no field 'sk'; did you mean 'sku'?"};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    assert_int_equal(tl_bundle_load_files(files, 4, &options, &bundle, NULL), TL_OK);
    size_t count, seen = 0;
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (f[i].severity == TL_FINDING_ERROR) {
            char line[600];
            snprintf(line, sizeof line, "%d %s", f[i].place.line, f[i].text);
            assert_true(seen < TL_COUNT_OF(expected));
            assert_string_equal(line, expected[seen++]);
        }
    assert_int_equal(seen, TL_COUNT_OF(expected));
    tl_bundle_free(bundle);
}

static void the_library_finds_its_own_files(void **state)
{
    (void)state;
    case_accepts("lib/words.lua", "return {}"); /* an integration's own file of that name is no trouble */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renames_and_paths),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(times_have_zones),
        cmocka_unit_test(enums_know_both_sides),
        cmocka_unit_test(constants_defaults_and_one_way),
        cmocka_unit_test(lists_keep_their_elements),
        cmocka_unit_test(nothing_vanishes),
        cmocka_unit_test(keys_stay_apart),
        cmocka_unit_test(texts_are_cut_when_they_may_be),
        cmocka_unit_test(conditions_see_the_entity),
        cmocka_unit_test(pairs_of_functions),
        cmocka_unit_test(references_go_by_business_key),
        cmocka_unit_test(declared_references_are_asked),
        cmocka_unit_test(a_lens_does_not_wait),
        cmocka_unit_test(keeps_what_it_does_not_touch),
        cmocka_unit_test(says_what_it_is),
        cmocka_unit_test(lineage_has_what_conditions_read),
        cmocka_unit_test(serves_put),
        cmocka_unit_test(the_key_can_be_another_field),
        cmocka_unit_test(long_lists_take_time_in_proportion),
        cmocka_unit_test(editors_know_every_word),
        cmocka_unit_test(refuses_what_cannot_work),
        cmocka_unit_test(warns_of_elements_that_are_not_found_again),
        cmocka_unit_test(refuses_what_the_contract_does_not_have),
        cmocka_unit_test(the_library_finds_its_own_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
