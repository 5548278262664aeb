/* codec/csv.h: the published cases of csv-spectrum, line ends, and what is refused. */
#include "cases.h"
#include "codec/csv.h"
#include "codec/json.h"

static void next(struct tl_csv *csv)
{
    struct tl_error err = {.text = ""};
    if (tl_csv_next(csv, &err) != TL_OK)
        fail_msg("%s", err.text);
}

/* ---- the published cases ---- */

/* With every line end as CRLF: the checkout they come from has LF in the files that are named after CRLF, too. */
static char *with_crlf(const char *text, size_t *len)
{
    char *out = tl_alloc(*len * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < *len; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            out[n++] = '\r';
        out[n++] = text[i];
    }
    *len = n;
    return out;
}

/* A line end within quotes is kept as it stands, so such an expectation holds for one form of line ends only. */
static void same_row(const char *name, const struct tl_csv *csv, const tl_str *heads, const struct tl_json_value *row)
{
    assert_int_equal(tl_json_count(row), csv->count);
    for (size_t i = 0; i < csv->count; i++) {
        char *head = tl_copy(heads[i].ptr, heads[i].len);
        tl_str wanted = tl_json_text(tl_json_get(row, head));
        /* one expectation tells another telephone number than its table has */
        if (strcmp(head, "Contact Phone Number") == 0 && tl_str_eq(wanted, TL_STR("1234567890")))
            wanted = TL_STR("2095257564");
        if (!tl_str_eq(csv->fields[i], wanted))
            fail_msg("%s, line %d, %s: '%.*s' instead of '%.*s'", name, csv->line, head, TL_STR_ARGS(csv->fields[i]),
                     TL_STR_ARGS(wanted));
        tl_free(head);
    }
}

static void same_table(const char *name, tl_str text, const struct tl_json_value *table)
{
    struct tl_csv csv;
    tl_str heads[TL_CSV_FIELDS_MAX];
    bool one = tl_json_type(table) == TL_JSON_IS_OBJECT; /* a table of one row, told without its list */
    size_t rows = one ? 1 : tl_json_count(table);
    tl_csv_init(&csv, text);
    next(&csv);
    memcpy(heads, csv.fields, sizeof heads); /* no head has doubled quotes: all borrow from the text */
    for (size_t i = 0; i < rows; i++) {
        next(&csv);
        same_row(name, &csv, heads, one ? table : tl_json_item(table, i));
    }
    next(&csv);
    assert_int_equal(csv.count, 0);
    tl_csv_free(&csv);
}

static void reads(const char *name, bool lf, bool crlf)
{
    char *csv_path = tl_printf("csv-spectrum/csvs/%s.csv", name), *path = tl_printf("csv-spectrum/json/%s.json", name);
    size_t len, json_len;
    char *text = cases_need(csv_path, &len), *json = cases_need(path, &json_len);
    struct tl_json_doc *doc;
    assert_int_equal(tl_json_parse(tl_str_n(json, json_len), NULL, &doc, NULL), TL_OK);
    if (lf)
        same_table(name, tl_str_n(text, len), tl_json_root(doc));
    char *wide = with_crlf(text, &len);
    if (crlf)
        same_table(name, tl_str_n(wide, len), tl_json_root(doc));
    tl_json_free(doc);
    tl_free(wide);
    tl_free(json);
    tl_free(text);
    tl_free(path);
    tl_free(csv_path);
}

static void reads_the_published_cases(void **state)
{
    static const char *const names[] = {"comma_in_quotes", "empty",       "empty_crlf",
                                        "escaped_quotes",  "json",        "location_coordinates",
                                        "simple",          "simple_crlf", "utf8"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        reads(names[i], true, true);
    reads("newlines", true, false);
    reads("quotes_and_newlines", true, false);
    reads("newlines_crlf", false, true);
}

/* ---- row by row ---- */

static void says_where_rows_begin(void **state)
{
    struct tl_csv csv;
    (void)state;
    tl_csv_init(&csv, TL_STR("\xEF\xBB\xBF"
                             "a,b\r\n\"1\n\n\",\"x\"\"\"\"y\"\n\nin \"it\",\"\"\"\"\r\n,"));
    next(&csv);
    assert_str(csv.fields[0], "a");
    next(&csv);
    assert_int_equal(csv.line, 2);
    assert_str(csv.fields[0], "1\n\n");
    assert_str(csv.fields[1], "x\"\"y");
    next(&csv);
    assert_int_equal(csv.line, 5);
    assert_int_equal(csv.count, 1);
    assert_int_equal(csv.fields[0].len, 0);
    next(&csv);
    assert_str(csv.fields[0], "in \"it\"");
    assert_str(csv.fields[1], "\"");
    next(&csv);
    assert_int_equal(csv.line, 7);
    assert_int_equal(csv.count, 2);
    for (int i = 0; i < 2; i++) {
        next(&csv);
        assert_int_equal(csv.count, 0);
    }
    tl_csv_free(&csv);
}

/* Fields with doubled quotes of one row stay where they are while the others are read. */
static void keeps_all_fields_of_a_row(void **state)
{
    struct tl_csv csv;
    struct tl_buf text;
    (void)state;
    tl_buf_init(&text, 1 << 20);
    for (int i = 0; i < TL_CSV_FIELDS_MAX; i++)
        tl_buf_addf(&text, "%s\"\"\"%d\"", i ? "," : "", i);
    tl_csv_init(&csv, tl_buf_str(&text));
    next(&csv);
    assert_int_equal(csv.count, TL_CSV_FIELDS_MAX);
    for (int i = 0; i < TL_CSV_FIELDS_MAX; i++) {
        char *wanted = tl_printf("\"%d", i);
        assert_str(csv.fields[i], wanted);
        tl_free(wanted);
    }
    tl_csv_free(&csv);
    tl_buf_free(&text);
}

static void refused(tl_str text, const char *why)
{
    struct tl_csv csv;
    struct tl_error err = {.text = ""};
    tl_code code;
    tl_csv_init(&csv, text);
    while ((code = tl_csv_next(&csv, &err)) == TL_OK && csv.count > 0)
        continue;
    assert_int_equal(code, TL_EINPUT);
    if (!strstr(err.text, why))
        fail_msg("'%s' does not say '%s'", err.text, why);
    next(&csv);
    assert_int_equal(csv.count, 0);
    tl_csv_free(&csv);
}

static void refuses_what_is_no_table(void **state)
{
    (void)state;
    refused(TL_STR("a\n\"b\nc"), "line 2: a quoted field of this row has no closing quote");
    refused(TL_STR("a\n\"b\n\"c"), "line 3: a comma");
    refused(TL_STR("a\rb"), "line 1: a comma");
    char commas[TL_CSV_FIELDS_MAX];
    memset(commas, ',', sizeof commas);
    refused(tl_str_n(commas, sizeof commas), "line 1: a row has more fields");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_published_cases),
        cmocka_unit_test(says_where_rows_begin),
        cmocka_unit_test(keeps_all_fields_of_a_row),
        cmocka_unit_test(refuses_what_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
