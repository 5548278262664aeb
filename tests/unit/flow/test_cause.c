#include "../cmocka_room.h"
#include "cause.h"

static void check(const char *message, const char *shape)
{
    struct tl_buf out;
    tl_buf_init(&out, 4096);
    tl_buf_add_z(&out, "");
    tl_cause_shape(tl_str_z(message), &out);
    assert_string_equal(out.ptr, shape);
    tl_buf_free(&out);
}

static void takes_out_numbers_times_and_ids(void **state)
{
    (void)state;
    check("amount 12 is below 12.50", "amount # is below #");
    check("amount -7 is below 1,000.00", "amount # is below #");
    check("order SO-4711 is unknown", "order # is unknown");
    check("no record f47ac10b-58cc-4372-a567-0e02b2c3d479 here", "no record # here");
    check("row a1B2c3d4E5f6 is locked by max.muster@acme.example", "row # is locked by #");
    check("after 2026-11-27T07:09:07.120Z", "after #");
    check("lines 1, 2, 3 and 4", "lines # and #");
    check("timed out after 30s", "timed out after #");
}

static void takes_out_quoted_texts_and_leaves_apostrophes(void **state)
{
    (void)state;
    check("no customer \"Meyer & \\\"Sons\\\"\" and 'x y'", "no customer \"…\" and \"…\"");
    check("it doesn't match the partner's name", "it doesn't match the partner's name");
    check("an open \" quote", "an open \" quote");
    check("'it isn't there' is wrong", "\"…\" is wrong");
}

static void keeps_what_tells_causes_apart(void **state)
{
    (void)state;
    check("/lines/0/price must be a number", "/lines/#/price must be a number");
    check("/lines/3/amount must be a number", "/lines/#/amount must be a number");
    check("Credit_Limit__c is required", "Credit_Limit__c is required");
    check("Größe fehlt", "Größe fehlt");
    check("", "");
}

static void is_bounded(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, 'a', sizeof text - 1);
    struct tl_buf out;
    tl_buf_init(&out, 8192);
    tl_cause_shape(tl_str_z(text), &out);
    assert_int_equal(out.len, 1024);
    tl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_out_numbers_times_and_ids),
        cmocka_unit_test(takes_out_quoted_texts_and_leaves_apostrophes),
        cmocka_unit_test(keeps_what_tells_causes_apart),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
