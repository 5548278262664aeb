/* Fakes: of the same shape, the same for the same word, never the word itself. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "fakes.h"
#include <ctype.h>

typedef void faking(struct tl_fakes *fakes, tl_str text, struct tl_buf *out);

static char *fake(struct tl_fakes *fakes, faking *how, const char *text)
{
    struct tl_buf out;
    tl_buf_init(&out, 10000);
    how(fakes, tl_str_z(text), &out);
    return tl_buf_take(&out, NULL);
}

static void check_shape(const char *text, const char *made)
{
    assert_int_equal(strlen(text), strlen(made));
    for (size_t i = 0; text[i]; i++) {
        assert_int_equal(isdigit((unsigned char)text[i]) != 0, isdigit((unsigned char)made[i]) != 0);
        assert_int_equal(isupper((unsigned char)text[i]) != 0, isupper((unsigned char)made[i]) != 0);
        if (!isalnum((unsigned char)text[i]))
            assert_int_equal(text[i], made[i]);
    }
}

static void words_keep_their_shape_and_differ(void **state)
{
    (void)state;
    const char *const texts[] = {"Anna Schmidt", "+49 151 2345-678", "AB-12/x", "a", "7", "0049", "", "  ..  "};
    struct tl_fakes fakes;
    tl_fakes_init(&fakes);
    for (size_t i = 0; i < TL_COUNT_OF(texts); i++) {
        char *made = fake(&fakes, tl_fake_text, texts[i]);
        check_shape(texts[i], made);
        if (strpbrk(texts[i], "Anx7"))
            assert_string_not_equal(texts[i], made);
        tl_free(made);
    }
    char *accents = fake(&fakes, tl_fake_text, "Söderholm – ÅÄÖ");
    char *dash = strstr(accents, " – ");
    assert_non_null(dash);
    assert_int_equal(dash - accents, 9);
    check_shape("Xxxxxxxxx", (*dash = '\0', accents));
    check_shape("XXX", dash + 5);
    tl_free(accents);
    tl_fakes_free(&fakes);
}

/* The parts make the whole, in whatever case. */
static void one_word_has_one_fake(void **state)
{
    (void)state;
    struct tl_fakes fakes, others;
    tl_fakes_init(&fakes);
    tl_fakes_init(&others);
    char *first = fake(&fakes, tl_fake_text, "greta"), *last = fake(&fakes, tl_fake_text, "SÖDERHOLM");
    char *whole = fake(&fakes, tl_fake_text, "GRETA söderholm"),
         *mail = fake(&fakes, tl_fake_mail, "greta.söderholm@a.de");
    char *elsewhere = fake(&others, tl_fake_text, "greta söderholm");
    assert_int_equal(strncasecmp(whole, first, 5), 0);
    assert_int_equal(strcasecmp(whole + 6, last), 0);
    assert_int_equal(strncmp(mail, first, 5), 0);
    assert_int_equal(strncasecmp(mail + 6, last, 9), 0);
    assert_int_not_equal(strcasecmp(whole, elsewhere), 0);
    tl_free(first);
    tl_free(last);
    tl_free(whole);
    tl_free(mail);
    tl_free(elsewhere);
    tl_fakes_free(&fakes);
    tl_fakes_free(&others);
}

static void different_words_have_different_fakes(void **state)
{
    (void)state;
    struct tl_fakes fakes;
    struct tl_map seen;
    tl_fakes_init(&fakes);
    tl_map_init(&seen);
    for (int i = 0; i < 5000; i++) {
        char word[16];
        snprintf(word, sizeof word, "w%06d", i);
        char *made = fake(&fakes, tl_fake_text, word);
        if (tl_map_put(&seen, tl_str_z(made), &fakes) != NULL)
            fail_msg("%s is a fake of two words", made);
        tl_free(made);
    }
    tl_map_free(&seen);
    tl_fakes_free(&fakes);
}

static void values_with_a_form_keep_it(void **state)
{
    (void)state;
    struct tl_fakes fakes;
    tl_fakes_init(&fakes);
    char *mail = fake(&fakes, tl_fake_mail, "Ann.Lee@mail.acme.com"),
         *iban = fake(&fakes, tl_fake_numbered, "DE89 3704");
    char *birth = fake(&fakes, tl_fake_birth, "1979-04-30T00:00:00Z"),
         *day = fake(&fakes, tl_fake_birth, "in May 1979");
    assert_non_null(strstr(mail, ".example"));
    assert_null(strstr(mail, "acme"));
    assert_int_equal(strncmp(iban, "DE", 2), 0);
    check_shape("DE89 3704", iban);
    int year, month, of_month;
    assert_int_equal(sscanf(birth, "%4d-%2d-%2dT00:00:00Z", &year, &month, &of_month), 3);
    assert_in_range(year, 1940, 1999);
    assert_in_range(month, 1, 12);
    assert_in_range(of_month, 1, 28);
    assert_null(strstr(day, "1979"));
    tl_free(mail);
    tl_free(iban);
    tl_free(birth);
    tl_free(day);
    tl_fakes_free(&fakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_keep_their_shape_and_differ),
        cmocka_unit_test(one_word_has_one_fake),
        cmocka_unit_test(different_words_have_different_fakes),
        cmocka_unit_test(values_with_a_form_keep_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
