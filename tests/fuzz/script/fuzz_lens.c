/* Lens declarations: a file of lenses/ with a record for it, loaded; then its laws are tried on a few made values and
 * on the record, and it says what it is. The text is arbitrary Lua, or made of pieces of declarations, so that most
 * inputs get as far as the laws. Beside crashes: a lens made of fields has no functions of its own, so an error
 * that is no refusal ("error" and no law) is a mistake of the library. */
#include "base/buf.h"
#include "script/lens.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS_MAX = 8 };

static const char head[] = "integration \"t\" { steward = \"s\" } steward \"s\" {}\n"
                           "system \"crm\" { connector = \"salesforce@1\" }\n"
                           "entity \"a@1\" { contract = \"contracts/a.json\", steward = \"s\", key = \"no\", owner = "
                           "\"crm\", refs = { crm = { id = function(key) return key end, key = function(id) return id "
                           "end } } }\n"
                           "entity \"b@1\" { contract = \"contracts/open.json\", steward = \"s\", key = \"no\", owner "
                           "= \"crm\" }\n";
static const char contract[] =
    "{\"type\":\"object\",\"required\":[\"no\"],\"properties\":{\"no\":{\"type\":\"string\",\"minLength\":1},"
    "\"name\":{\"type\":[\"string\",\"null\"],\"maxLength\":20},\"sum\":{\"type\":\"number\"},\"count\":{\"type\":"
    "\"integer\"},\"on\":{\"type\":\"string\",\"format\":\"date\"},\"at\":{\"type\":\"string\",\"format\":\"date-"
    "time\"},\"open\":{\"type\":\"boolean\"},\"stage\":{\"enum\":[\"new\",\"done\",null]},\"parent\":{\"type\":"
    "\"string\"},\"any\":{},\"at_home\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"sum\":{"
    "\"type\":\"number\"}}},\"lines\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"name\":{"
    "\"type\":\"string\"},\"sum\":{\"type\":\"number\"},\"count\":{\"type\":\"integer\"}}}}}}";

/* Nothing here opens a function. */
static const char *const members[] = {"name",   "sum", "count", "on",      "at", "open", "stage",
                                      "parent", "any", "lines", "at_home", "no", "odd"};
static const char *const words[] = {
    "\"%s\"",
    "as.any(\"%s\"%s)",
    "as.text(\"%s\"%s)",
    "as.integer(\"%s\"%s)",
    "as.decimal(\"%s\"%s)",
    "as.boolean(\"%s\"%s)",
    "as.date(\"%s\"%s)",
    "as.timestamp(\"%s\"%s)",
    "as.ref(\"%s\", \"a@1\"%s)",
    "as.ref(\"%s\", \"b@1\"%s)",
    "as.enum(\"%s\", { new = \"N\", done = { \"D\", \"Dead\" } }%s)",
    "as.enum(\"%s\", { new = 1, done = { 2, true } }%s)",
    "as.list(\"%s\", { name = \"Name\", sum = as.decimal(\"Sum\", { scale = 2 }), count = as.integer(\"Count\") }%s)",
    "as.list(\"%s\", { name = as.const(\"x\", \"Kind\"), sum = \"Deep.Sum\" }%s)",
    "as.object(\"%s\", { name = \"Name\", sum = as.decimal(\"Sum\") }%s)",
    "as.const(\"new\", \"%s\")",
    "as.const(decimal \"1.50\", \"%s\")",
    "{ name = \"%s\", sum = as.decimal(\"HomeSum\"%s) }"};
static const char *const places[] = {"Name", "Sum", "Other.Name", "Other.Deep.Sum", "List[1].Name", "List[2]", "Stage",
                                     "At",   "On",  "Parent",     "Lines",          "No.Deep",      "odd name"};
static const char *const endings[] = {"",
                                      "",
                                      ", { scale = 2 }",
                                      ", { scale = 2, round = \"half-up\" }",
                                      ", { scale = 0, to = \"text\" }",
                                      ", { currency = \"JPY\" }",
                                      ", { to = \"text\" }",
                                      ", { one_way = \"read\" }",
                                      ", { one_way = \"write\" }",
                                      ", { default = 1 }",
                                      ", { default = \"new\", required = true }",
                                      ", { put_default = \"done\" }",
                                      ", { trim = true, most = 3 }",
                                      ", { upper = true }",
                                      ", { zone = \"Europe/Berlin\" }",
                                      ", { zone = \"Europe/Berlin\", form = \"salesforce\" }",
                                      ", { form = \"odata\" }",
                                      ", { local_in = \"Europe/Berlin\" }",
                                      ", { local_in = \"Europe/Berlin\", choose = \"later\" }",
                                      ", { precision = \"s\" }",
                                      ", { by = \"name\" }",
                                      ", { required = true }"};

static const char *pick(const char *const *list, size_t count, char byte)
{
    return list[(uint8_t)byte % count];
}

/* Four bytes a field: its name, word, place and options. */
static void write_fields(struct tl_buf *out, tl_str bytes)
{
    tl_buf_add_z(out, "return lens \"a@1 <-> crm.Object\" { no = as.key(\"No\"), ");
    for (size_t i = 0; i + 4 <= bytes.len; i += 4) {
        const char *word = pick(words, TL_COUNT_OF(words), bytes.ptr[i + 1]), *rest = word;
        const char *filling[] = {pick(places, TL_COUNT_OF(places), bytes.ptr[i + 2]),
                                 pick(endings, TL_COUNT_OF(endings), bytes.ptr[i + 3])};
        tl_buf_addf(out, "%s = ", pick(members, TL_COUNT_OF(members), bytes.ptr[i]));
        for (size_t k = 0; k < TL_COUNT_OF(filling); k++) {
            const char *hole = strstr(rest, "%s");
            if (!hole)
                break;
            tl_buf_add_str(out, tl_str_n(rest, (size_t)(hole - rest)));
            tl_buf_add_z(out, filling[k]);
            rest = hole + 2;
        }
        tl_buf_addf(out, "%s, ", rest);
    }
    tl_buf_add_z(out, "}\n");
}

static void judge(const struct tl_lens_report *report, tl_str text)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct tl_lens_failure *f = &report->items[i];
        if (strcmp(f->law, "error") != 0)
            continue;
        fprintf(stderr, "%.*s\n%s: %s\n%s\n", TL_STR_ARGS(text), f->field, f->text, f->shown);
        abort();
    }
}

static void try_lenses(const struct tl_bundle *bundle, bool made, tl_str text)
{
    struct tl_lens_trial trial = {.count = 4, .seed = 1, .cpu_ms = 1000};
    struct tl_lens_report report;
    struct tl_buf out;
    if (tl_lens_laws(bundle, &trial, &report, NULL) == TL_OK && made)
        judge(&report, text);
    tl_lens_report_free(&report);
    tl_buf_init(&out, 1 << 20);
    (void)!tl_lens_pages(bundle, NULL, &out, NULL);
    (void)!tl_lens_lineage(bundle, NULL, &out, NULL);
    tl_buf_free(&out);
}

/* The first byte: fields or Lua. Then the declaration and, behind a NUL, the record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    bool made = (data[0] & 1) == 0;
    tl_str rest = tl_str_n(data + 1, size - 1), text, record;
    struct tl_buf whole;
    (void)tl_str_cut(&rest, '\0', &text); /* there is at least one byte */
    record = rest.len > 0 ? rest : TL_STR("{\"No\":\"1\",\"Name\":\"x\",\"Sum\":1.50,\"Lines\":[{\"Sum\":\"2\"}]}");
    if (made && text.len > FIELDS_MAX * 4)
        text.len = FIELDS_MAX * 4;
    tl_buf_init(&whole, 1 << 16);
    if (made)
        write_fields(&whole, text);
    else
        tl_buf_add_str(&whole, text);
    struct tl_bundle_file files[] = {{"integration.lua", tl_str_n(head, sizeof head - 1)},
                                     {"contracts/a.json", tl_str_n(contract, sizeof contract - 1)},
                                     {"contracts/open.json", TL_STR("{}")},
                                     {"lenses/l.lua", tl_buf_str(&whole)},
                                     {"samples/l/s.json", record}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    struct tl_bundle *bundle;
    if (tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, NULL) == TL_OK) {
        if (tl_bundle_errors(bundle) == 0)
            try_lenses(bundle, made, tl_buf_str(&whole));
        tl_bundle_free(bundle);
    }
    tl_buf_free(&whole);
    return 0;
}
