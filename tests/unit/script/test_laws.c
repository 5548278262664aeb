/* The laws of lenses find planted defects, on made values and on samples, within their budgets; sound lenses pass. */
#include "../cmocka_room.h"
#include "base/buf.h"
#include "script/lens.h"
#include <stdio.h>
#include <string.h>

#define CONTRACT                                                                                                       \
    "{\"type\":\"object\",\"required\":[\"no\"],\"additionalProperties\":false,\"properties\":{"                       \
    "\"no\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-\\\\d{3,5}$\"},"                                              \
    "\"total\":{\"type\":[\"number\",\"null\"]},\"count\":{\"type\":[\"integer\",\"null\"]},"                          \
    "\"stage\":{\"enum\":[\"lead\",\"won\",\"lost\"]},\"city\":{\"type\":[\"string\",\"null\"]},"                      \
    "\"state\":{\"type\":[\"string\",\"null\"]},\"on\":{\"type\":\"string\",\"format\":\"date\"},"                     \
    "\"at\":{\"type\":\"string\",\"format\":\"date-time\"},\"any\":{},\"tags\":{\"type\":\"array\"},"                  \
    "\"firm\":{\"type\":\"boolean\"},\"vat\":{\"type\":\"string\"},\"cents\":{\"type\":\"number\",\"multipleOf\":0."   \
    "001},"                                                                                                            \
    "\"lines\":{\"type\":[\"array\",\"null\"],\"items\":{\"$ref\":\"#/$defs/line\"}}},"                                \
    "\"$defs\":{\"line\":{\"type\":\"object\",\"required\":[\"sku\"],\"properties\":{\"sku\":{\"type\":\"string\"},"   \
    "\"price\":{\"type\":\"number\"},\"text\":{\"type\":[\"string\",\"null\"]}}}}}"

static struct tl_bundle *load(const char *lens, const char *sample)
{
    struct tl_bundle_file files[] = {
        {"integration.lua",
         TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {} system \"crm\" { connector = "
                "\"salesforce@1\" }")},
        {"entities.lua", TL_STR("entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"no\", "
                                "owner = \"crm\", refs = { crm = { id = function() end, key = function() end } } }")},
        {"contracts/o.json", TL_STR(CONTRACT)},
        {"lenses/order.lua", tl_str_z(lens)},
        {"samples/order/one.json", tl_str_z(sample ? sample : "")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    struct tl_error err;
    if (tl_bundle_load_files(files, sample ? 5 : 4, &options, &bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    size_t count;
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    if (tl_bundle_errors(bundle))
        fail_msg("%s:%d %s", f[0].place.file, f[0].place.line, f[0].text);
    return bundle;
}

/* "line law field: text\n" of each failure, with the counterexample behind it; static. */
static const char *laws_within(const char *fields, const char *sample, const struct tl_lens_trial *trial)
{
    static char out[65536], text[8000];
    snprintf(text, sizeof text, "return lens \"order@1 <-> crm.Order\" {\n%s\n}", fields);
    struct tl_bundle *bundle = load(text, sample);
    struct tl_lens_report report;
    struct tl_error err;
    size_t len = 0;
    out[0] = '\0';
    if (tl_lens_laws(bundle, trial, &report, &err) != TL_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < report.count && len < sizeof out - 4000; i++)
        len +=
            (size_t)snprintf(out + len, sizeof out - len, "%d %s %s: %s\n%s\n", report.items[i].place.line,
                             report.items[i].law, report.items[i].field, report.items[i].text, report.items[i].shown);
    tl_lens_report_free(&report);
    tl_bundle_free(bundle);
    return out;
}

static const char *laws(const char *fields, const char *sample)
{
    return laws_within(fields, sample, &(struct tl_lens_trial){.count = 200, .seed = 1});
}

static void finds(const char *fields, const char *sample, const char *part)
{
    const char *found = laws(fields, sample);
    if (!strstr(found, part))
        fail_msg("expected \"%s\" of\n%s\ngot:\n%s", part, fields, found);
}

static void sound_lenses_pass(void **state)
{
    (void)state;
    assert_string_equal(
        laws("as.const(\"012\", \"RecordType\"), as.when(function(o) return not o.firm end, { vat = as.text(\"Tax\") "
             "}), no = \"No\", total = as.decimal(\"Total\", { scale = 2 }), count = "
             "as.integer(\"Count\", { to = \"text\" }), stage = as.enum(\"Stage\", { lead = \"L\", won = { \"W\", "
             "\"C\" }, "
             "lost = \"X\" }), city = \"Bill.City\", state = as.pair(\"Bill.State\", function(v) return v:sub(2) end, "
             "function(v) return \"x\" .. v end), on = as.date(\"On\", { zone = \"America/New_York\" }), at = "
             "as.timestamp(\"At\"), any = \"Any\", tags = \"Tags\", firm = \"Firm\", as.when(function(o) return o.firm "
             "end, { "
             "vat = \"Vat\" }), cents = as.decimal(\"Cents\", { scale = 3, to = \"text\" }), lines = "
             "as.list(\"L.records\", { "
             "sku = \"Sku\", price = as.decimal(\"Price\"), text = \"Text\" }, { by = \"sku\" })",
             NULL),
        "");
    assert_string_equal(
        laws("no = \"No\", vat = as.text(\"Vat\", { upper = true, trim = true, most = 5, cut = true }), "
             "total = as.decimal(\"T\", { scale = 2, round = \"half-even\" }), "
             "city = as.text(\"C2\", { most = 5 }), state = as.text(\"S\", { default = \"none\" }), count = "
             "as.text(\"C\", { one_way = \"read\" })",
             NULL),
        "");
    assert_string_equal(
        laws("no = \"No\", at = as.timestamp(\"A\", { local_in = \"America/New_York\", choose = \"later\", "
             "precision = \"ms\" }), on = as.date(\"On\", { zone = \"America/Sao_Paulo\", form = \"odata2\" }), city = "
             "as.ref(\"Parent\", \"order@1\")",
             NULL),
        ""); /* the refs of order@1 know nothing of made keys */
    finds("key = \"No\", function(r) return { no = r.No } end, function(e, old) return { No = e.no } end", NULL,
          "get-put : getting and putting changes tl_big");
}

static void planted_defects_are_found(void **state)
{
    (void)state;
    static const char *const planted[][2] = {
        /* a lossy enum: a value of the contract that it does not know, hidden by a default */
        {"no = \"No\",\nstage = as.enum(\"S\", { lead = \"L\", won = \"W\" }, { default = \"lead\" })",
         "3 put-get stage: put refuses a record that the contract allows: stage: 'lost' is not one of the names"},
        {"no = \"No\",\nstage = as.pair(\"S\", function(v) return v == \"L\" and \"lead\" or \"won\" end, function(v) "
         "return "
         "v == \"lead\" and \"L\" or \"W\" end)",
         "3 put-get stage: \"lost\" comes back as \"won\""},
        /* a swapped path */
        {"no = \"No\",\ncity = as.pair({ a = \"City\", b = \"State\" }, function(p) return p.b end, function(v) return "
         "{ a = v "
         "} end)",
         "3 put-get city: "},
        /* a float in money */
        {"no = \"No\",\ntotal = as.pair(\"T\", function(v) return decimal(v):tofloat() end, function(v) return v end)",
         "3 exact total: get makes a float of a number, which loses digits"},
        {"no = \"No\",\ntotal = as.pair(\"T\", function(v) return decimal(\"\" .. decimal(v):tofloat()) end, "
         "function(v) "
         "return v end)",
         "3 put-get total: "},
        /* digits beyond the scale that the contract allows */
        {"no = \"No\",\ncents = as.decimal(\"C\", { scale = 2 })",
         "3 put-get cents: put refuses a record that the contract allows"},
        {"no = \"No\",\ncount = as.pair(\"C\", function(v) return v % 1000 end, function(v) return v end)",
         "3 put-get count: "},
        {"no = \"No\",\ncity = as.pair(\"C\", function(v) return v:lower() end, function(v) return v end)",
         "3 put-get city: \"A\" comes back as \"a\""},
        {"no = \"No\",\ntags = as.pair(\"T\", function(v) v[1] = \"x\" return v end, function(v) return v end)",
         "1 pure : get changes the record it is given"},
        {"no = \"No\",\nlines = as.list(\"L\", { sku = \"S\",\nprice = as.pair(\"P\", function(v) return v + 1 end, "
         "function(v) return v "
         "end) })",
         "4 put-get lines[].price: "},
        {"no = \"No\",\nat = as.timestamp(\"A\", { form = \"salesforce\" })", "3 put-get at: put refuses"},
        {"no = \"No\",\nat = as.timestamp(\"A\", { local_in = \"America/New_York\", precision = \"ms\" })",
         "say which one is read: { choose = \"earlier\" }"},
        {"no = \"No\",\nany = as.pair(\"A\", function(v) return v end, function(v) return v.x.y end)",
         "1 error : put fails: lenses/order.lua:3: attempt to index"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(planted); i++)
        finds(planted[i][0], NULL, planted[i][1]);
}

static void counterexamples_are_small(void **state)
{
    (void)state;
    const char *found =
        laws("no = \"No\", stage = as.enum(\"S\", { lead = \"L\", won = \"W\" }), city = \"C\", total = \"T\"", NULL);
    const char *put = strstr(found, "put   {\"no\":\"");
    assert_non_null(put);
    const char *rest = strchr(put + strlen("put   {\"no\":\""), '"');
    assert_memory_equal(rest, "\",\"stage\":\"lost\"}", strlen("\",\"stage\":\"lost\"}"));
}

static void seeds_repeat(void **state)
{
    (void)state;
    const char *fields =
        "no = \"No\", city = as.pair(\"C\", function(v) return v:lower() end, function(v) return v end)";
    static char first[65536];
    struct tl_lens_trial trial = {.count = 100, .seed = 42};
    snprintf(first, sizeof first, "%s", laws_within(fields, NULL, &trial));
    assert_string_equal(laws_within(fields, NULL, &trial), first);
}

static void samples_are_tried(void **state)
{
    (void)state;
    const char *swapped = "no = \"No\",\ncity = \"State\",\nstate = \"City\"";
    assert_string_equal(laws(swapped, NULL), ""); /* sound in itself: only a sample can tell */
    finds(swapped,
          "{\"record\":{\"No\":\"AB-123\",\"City\":\"Ulm\",\"State\":\"BW\"},\"entity\":{\"no\":\"AB-123\",\"city\":"
          "\"Ulm\",\"state\":\"BW\"}}",
          "3 sample city: reads as something else than expected");
    finds("no = \"No\",\nstage = as.enum(\"S\", { lead = \"L\", won = \"W\", lost = \"X\" })",
          "{\"No\":\"AB-123\",\"S\":\"New\"}",
          "3 sample stage: get refuses it: stage: 'New' is not one of the known values");
    finds("no = \"No\",\ncount = \"N\"", "{\"No\":\"AB-123\",\"N\":\"12\"}",
          "3 sample count: reads as what the contract refuses: ");
    finds("no = \"No\"", "[", "1 sample : is no JSON object");
    assert_string_equal(laws("no = \"No\", total = as.decimal(\"T\")",
                             "{\"No\":\"AB-123\",\"T\":12345678901234567890.10,\"Other\":[null,{}],\"N\":null}"),
                        "");
}

static void samples_are_no_part_of_the_revision(void **state)
{
    (void)state;
    const char *lens = "return lens \"order@1 <-> crm.Order\" { no = \"No\" }";
    struct tl_bundle *with = load(lens, "{}"), *without = load(lens, NULL);
    assert_string_equal(tl_bundle_hash(with), tl_bundle_hash(without));
    tl_bundle_free(with);
    tl_bundle_free(without);
}

#ifndef __SANITIZE_THREAD__
static void trials_are_bounded(void **state)
{
    (void)state;
    const struct tl_lens_trial trial = {.count = 1000, .seed = 1, .cpu_ms = 200};
    const char *found =
        laws_within("no = \"No\", city = as.pair(\"C\", function(v) while true do end end, function(v) return v end)",
                    NULL, &trial);
    assert_non_null(strstr(found, "1 time : does not end"));
    found = laws_within(
        "no = \"No\", city = as.pair(\"C\", function(v) local t = {} for i = 1, 1e9 do t[i] = { i } end end, "
        "function(v) return v end)",
        NULL, &(struct tl_lens_trial){.count = 20});
    assert_non_null(strstr(found, "out of the state's memory"));
}
#endif

static void lenses_are_chosen_by_title_or_file(void **state)
{
    (void)state;
    struct tl_bundle *bundle = load("return lens \"order@1 <-> crm.Order\" { no = \"No\" }", NULL);
    struct tl_lens_report report;
    struct tl_error err;
    struct tl_buf out;
    static const char *const good[] = {"order", "order@1 <-> crm.Order"};
    for (size_t i = 0; i < TL_COUNT_OF(good); i++) {
        assert_int_equal(tl_lens_laws(bundle, &(struct tl_lens_trial){.lens = good[i], .count = 20}, &report, &err),
                         TL_OK);
        assert_int_equal(report.lenses, 1);
        assert_int_equal(report.values, 20);
        tl_lens_report_free(&report);
    }
    assert_int_equal(tl_lens_laws(bundle, &(struct tl_lens_trial){.lens = "order@1 <-> crm.Ordr"}, &report, &err),
                     TL_ENOTFOUND);
    assert_non_null(strstr(err.text, "did you mean \"order@1 <-> crm.Order\"?"));
    tl_lens_report_free(&report);
    tl_buf_init(&out, 1 << 20);
    assert_int_equal(tl_lens_lineage(bundle, NULL, &out, &err), TL_OK);
    assert_true(tl_str_is(tl_buf_str(&out), "[{\"fields\":{\"entity\":[\"no\"],\"platform\":[\"No\"]},\"file\":"
                                            "\"lenses/order.lua\",\"get\":[{\"from\":[\"No\"],"
                                            "\"how\":\"as it is\",\"to\":\"no\"}],\"lens\":\"order@1 <-> "
                                            "crm.Order\",\"line\":1,\"put\":[{\"from\":[\"no\"],"
                                            "\"how\":\"as it is\",\"to\":\"No\"}]}]"));
    tl_buf_clear(&out);
    assert_int_equal(tl_lens_pages(bundle, "order", &out, &err), TL_OK);
    assert_true(tl_str_starts(tl_buf_str(&out), TL_STR("# order@1 ↔ crm.Order\n")));
    tl_buf_free(&out);
    tl_bundle_free(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_lenses_pass),
        cmocka_unit_test(planted_defects_are_found),
        cmocka_unit_test(counterexamples_are_small),
        cmocka_unit_test(seeds_repeat),
        cmocka_unit_test(samples_are_tried),
        cmocka_unit_test(samples_are_no_part_of_the_revision),
#ifndef __SANITIZE_THREAD__ /* it holds back the signal that ends an endless function */
        cmocka_unit_test(trials_are_bounded),
#endif
        cmocka_unit_test(lenses_are_chosen_by_title_or_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
