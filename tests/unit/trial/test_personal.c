/* Which fields and which values look personal. */
#include "../cmocka_room.h"
#include "personal.h"
#include <string.h>

static void check_fields(enum tl_personal kind, const char *const *names)
{
    for (; *names != NULL; names++) {
        enum tl_personal found = tl_personal_field(tl_str_z(*names));
        if (found != kind)
            fail_msg("%s is %s, not %s", *names, tl_personal_word(found), tl_personal_word(kind));
    }
}

static void fields_are_known_by_their_words(void **state)
{
    (void)state;
    check_fields(TL_PERSONAL_NAME,
                 (const char *const[]){"name", "Name", "FIRST_NAME", "lastName", "customer-name", "Contact_Name__c",
                                       "surname", "CreatedBy", "owner", "name2", "name_1", NULL});
    check_fields(TL_PERSONAL_MAIL, (const char *const[]){"email", "EMail", "e-mail", "PersonEmail", "mails",
                                                         "email_address", "Invoice_Mail__c", NULL});
    check_fields(TL_PERSONAL_PHONE, (const char *const[]){"phone", "MobilePhone", "fax_no", "Phone__c", "tel", NULL});
    check_fields(TL_PERSONAL_ADDRESS, (const char *const[]){"BillingStreet", "postal_code", "PostalCode", "line1",
                                                            "line_2", "ShippingCity", "zip", NULL});
    check_fields(TL_PERSONAL_NUMBERED, (const char *const[]){"iban", "vat_id", "VATId", "VatNo", "ssn", "IPAddress",
                                                             "Account_IBAN__c", NULL});
    check_fields(TL_PERSONAL_BIRTH, (const char *const[]){"birthdate", "date_of_birth", "dob", NULL});
    check_fields(TL_PERSONAL_SECRET, (const char *const[]){"token", "accessToken", "API_KEY", "apiKey", "password",
                                                           "client_secret", "pin", NULL});
    check_fields(TL_PERSONAL_TEXT, (const char *const[]){"note", "Description", "comments", "NextStep", NULL});
    check_fields(TL_NOT_PERSONAL, (const char *const[]){"StageName", "file_name", "productName", "order_no", "status",
                                                        "country", "amount", "named", "filed", "cells_total_count",
                                                        "shipping", "by_weight", "line", "lines", "OwnerId", "", NULL});
}

static void check_form(const char *text, size_t len, enum tl_personal kind)
{
    enum tl_personal found = TL_NOT_PERSONAL;
    size_t got = tl_personal_at(tl_str_z(text), &found);
    if (got != len || (len > 0 && found != kind))
        fail_msg("%s: %zu bytes of %s, expected %zu of %s", text, got, tl_personal_word(found), len,
                 tl_personal_word(kind));
}

static void values_are_known_by_their_form(void **state)
{
    (void)state;
    check_form("ann.lee@mail.acme.co.uk, please", 23, TL_PERSONAL_MAIL);
    check_form("ann@acme.example.", 16, TL_PERSONAL_MAIL);
    check_form("ann@acme", 0, TL_PERSONAL_MAIL);
    check_form("+49 (0)151 234-5678 at home", 19, TL_PERSONAL_PHONE);
    check_form("+5 %", 0, TL_PERSONAL_PHONE);
    check_form("DE89370400440532013000", 22, TL_PERSONAL_NUMBERED);
    check_form("DE89 3704 0044 0532 0130 00 is it", 27, TL_PERSONAL_NUMBERED);
    check_form("ATU12345678", 11, TL_PERSONAL_NUMBERED);
    check_form("SO-4711", 0, TL_PERSONAL_NUMBERED);
    check_form("de89370400440532013000", 0, TL_PERSONAL_NUMBERED);
    check_form("Bearer abcdef123456 x", 19, TL_PERSONAL_SECRET);
    check_form("Basic information", 0, TL_PERSONAL_SECRET);
    check_form("eyJhbGciOiJIUzI1NiJ9.e30.Et9", 28, TL_PERSONAL_SECRET);
    check_form("sk_live_abcdef12345", 19, TL_PERSONAL_SECRET);
    check_form("2026-05-17T09:42:31+02:00", 0, TL_PERSONAL_PHONE);
    check_form("3f0e9a54-77c1-4be2-9a40-5d1f6f0b8e21", 0, TL_PERSONAL_SECRET);
    check_form("", 0, TL_NOT_PERSONAL);
}

static void check_param(const char *text, const char *value, enum tl_personal kind)
{
    enum tl_personal found = TL_NOT_PERSONAL;
    size_t at = 0, len = tl_personal_param(tl_str_z(text), &at, &found);
    if (len != strlen(value) || strncmp(text + at, value, len) != 0 || (len > 0 && found != kind))
        fail_msg("%s: %.*s, %s", text, (int)len, text + at, tl_personal_word(found));
}

static void values_of_urls_are_known_by_their_names(void **state)
{
    (void)state;
    check_param("?email=ann%40acme.example&x=1", "ann%40acme.example", TL_PERSONAL_MAIL);
    check_param("&first_name=Ann#top", "Ann", TL_PERSONAL_NAME);
    check_param("?user[name]=Ann Lee", "Ann", TL_PERSONAL_NAME);
    check_param("?access_token=s3cr3t\">", "s3cr3t", TL_PERSONAL_SECRET);
    check_param("?page=2", "", TL_NOT_PERSONAL);
    check_param("?name", "", TL_NOT_PERSONAL);
    check_param("&=x", "", TL_NOT_PERSONAL);
    check_param("name=Ann", "", TL_NOT_PERSONAL);
    check_param("", "", TL_NOT_PERSONAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_known_by_their_words),
        cmocka_unit_test(values_are_known_by_their_form),
        cmocka_unit_test(values_of_urls_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
