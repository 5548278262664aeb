#include "../cmocka_room.h"
#include "base/alloc.h"
#include "net/letter.h"

static const struct tl_letter plain = {.from = {"tidelock@acme.example", 21},
                                       .to = {"it-ops@acme.example", 19},
                                       .subject = {"3 exceptions are overdue", 24},
                                       .text = {"one\ntwo\n", 8},
                                       .id = {"0001.mail", 9},
                                       .time_ms = 1795763347000};

static char *written(const struct tl_letter *letter)
{
    struct tl_buf out;
    struct tl_error err;
    tl_buf_init(&out, 1 << 20);
    if (tl_letter_write(letter, &out, &err) != TL_OK)
        fail_msg("%s", err.text);
    size_t len;
    return tl_buf_take(&out, &len);
}

static void writes_head_and_body_with_crlf(void **state)
{
    (void)state;
    char *text = written(&plain);
    assert_string_equal(text, "From: Tidelock <tidelock@acme.example>\r\nTo: <it-ops@acme.example>\r\n"
                              "Subject: 3 exceptions are overdue\r\nDate: Fri, 27 Nov 2026 07:09:07 +0000\r\n"
                              "Message-ID: <0001.mail@acme.example>\r\nMIME-Version: 1.0\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n"
                              "one\r\ntwo\r\n");
    tl_free(text);
}

static void encodes_a_subject_that_is_not_ascii(void **state)
{
    (void)state;
    struct tl_letter letter = plain;
    letter.subject = TL_STR("Größe überfällig");
    char *text = written(&letter);
    assert_non_null(strstr(text, "\r\nSubject: =?UTF-8?B?R3LDtsOfZSDDvGJlcmbDpGxsaWc=?=\r\n"));
    tl_free(text);
    letter.subject = TL_STR("=?UTF-8?B?x?=");
    text = written(&letter);
    assert_non_null(strstr(text, "\r\nSubject: =?UTF-8?B?PT9VVEYtOD9CP3g/PQ==?=\r\n"));
    tl_free(text);
}

static void folds_a_long_subject_between_characters(void **state)
{
    (void)state;
    struct tl_letter letter = plain;
    letter.subject = TL_STR("ääääääääääääääääääääääääääääääääääääääää");
    char *text = written(&letter), *line = strstr(text, "Subject:");
    assert_non_null(strstr(line, "?=\r\n =?UTF-8?B?"));
    for (char *end; (end = strstr(line, "\r\n")) != NULL && end != line; line = end + 2)
        assert_true(end - line <= 76);
    assert_null(strstr(text, "77+9")); /* U+FFFD: a character was torn */
    tl_free(text);
}

static void lets_nobody_write_into_the_head(void **state)
{
    (void)state;
    struct tl_letter letter = plain;
    letter.subject = TL_STR("hello\r\nBcc: all@acme.example");
    char *text = written(&letter);
    assert_null(strstr(text, "\nBcc:"));
    tl_free(text);
    const char *bad[] = {"a@b\r\nBcc: c@d", "a b@c", "<a@b>", "a@b, c@d", "a@b@c", "@b", "a@", "a", "",
                         "a@b..c",          "é@b",   "a@-\n"};
    struct tl_buf out;
    struct tl_error err;
    tl_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        letter = plain;
        letter.to = tl_str_z(bad[i]);
        assert_int_equal(tl_letter_write(&letter, &out, &err), TL_EINPUT);
        letter = plain;
        letter.from = tl_str_z(bad[i]);
        assert_int_equal(tl_letter_write(&letter, &out, &err), TL_EINPUT);
    }
    letter = plain;
    letter.id = TL_STR("a>\r\nX: y");
    assert_int_equal(tl_letter_write(&letter, &out, &err), TL_EINPUT);
    assert_int_equal(out.len, 0);
    tl_buf_free(&out);
}

static void writes_what_could_be_changed_on_the_way_as_hex(void **state)
{
    (void)state;
    struct tl_letter letter = plain;
    letter.text = TL_STR("a=b é \r\n.\nend \xff");
    char *text = written(&letter);
    assert_non_null(strstr(text, "\r\n\r\na=3Db =C3=A9=20\r\n.\r\nend =EF=BF=BD\r\n"));
    tl_free(text);
    char wide[301];
    memset(wide, 'x', 300);
    wide[300] = 0;
    letter.text = tl_str_z(wide);
    text = written(&letter);
    char *line = strstr(text, "\r\n\r\n") + 4;
    for (char *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2)
        assert_true(end - line <= 76);
    tl_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_head_and_body_with_crlf),
        cmocka_unit_test(encodes_a_subject_that_is_not_ascii),
        cmocka_unit_test(folds_a_long_subject_between_characters),
        cmocka_unit_test(lets_nobody_write_into_the_head),
        cmocka_unit_test(writes_what_could_be_changed_on_the_way_as_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
