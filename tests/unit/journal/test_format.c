#include "support.h"
#include "base/crc32c.h"
#include "format.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEGMENT "seg-0000000001"

static void make_one(const char *dir)
{
    struct tl_journal *j = open_journal(dir, &small_options);
    accept_event(j, "k", "m", "payload");
    tl_journal_close(j);
    unlink(path_in(dir, SEGMENT ".idx"));
}

static void expect_refusal(const char *dir, tl_code code, const char *word)
{
    struct tl_journal *j;
    struct tl_error err = {0};
    tl_code got = tl_journal_open(dir, &small_options, &j, &err);
    expect_code(got, code, &err, __FILE__, __LINE__);
    if (!strstr(err.text, word))
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void refuses_a_newer_segment_format(void **state)
{
    make_one(*state);
    size_t len;
    char *bytes = read_file(path_in(*state, SEGMENT), &len);
    struct seg_head *head = (void *)bytes;
    head->version = FORMAT_VERSION + 1;
    strcpy(head->program, "9.1.0");
    write_file(path_in(*state, SEGMENT), bytes, len);
    expect_refusal(*state, TL_EVERSION, "9.1.0");
    tl_free(bytes);
}

static void refuses_a_newer_head_file(void **state)
{
    make_one(*state);
    size_t len;
    char *bytes = read_file(path_in(*state, "head"), &len);
    bytes[8] = 7;
    write_file(path_in(*state, "head"), bytes, len);
    expect_refusal(*state, TL_EVERSION, "format 7");
    tl_free(bytes);
}

static void refuses_a_damaged_head_file(void **state)
{
    make_one(*state);
    size_t len;
    char *bytes = read_file(path_in(*state, "head"), &len);
    bytes[20] ^= 1;
    write_file(path_in(*state, "head"), bytes, len);
    expect_refusal(*state, TL_ECORRUPT, "restore");
    tl_free(bytes);
}

/* A record of a kind this program does not know, in a commit that is whole. */
static void refuses_an_unknown_record_and_names_the_program(void **state)
{
    make_one(*state);
    size_t len;
    char *bytes = read_file(path_in(*state, SEGMENT), &len);
    struct commit_head *head = (void *)(bytes + SEG_HEAD_SIZE);
    struct rec_head *other = (void *)((char *)(head + 1) + head->event_count * head->event_size);
    assert_int_equal(other->kind, TL_RECORD_NAME);
    other->kind = 99;
    size_t dir = head->event_count * head->event_size + head->other_len;
    head->crc = tl_crc32c(0, (char *)head + 8, sizeof *head - 8 + dir);
    write_file(path_in(*state, SEGMENT), bytes, len);
    expect_refusal(*state, TL_EVERSION, TIDELOCK_VERSION);
    expect_refusal(*state, TL_EVERSION, "kind 99");
    tl_free(bytes);
}

static void refuses_a_segment_of_another_journal(void **state)
{
    char other[512];
    snprintf(other, sizeof other, "%s/other", (char *)*state);
    make_one(path_in(*state, "mine"));
    make_one(other);
    size_t len;
    char *bytes = read_file(path_in(other, SEGMENT), &len);
    write_file(path_in(path_in(*state, "mine"), SEGMENT), bytes, len);
    tl_free(bytes);
    expect_refusal(path_in(*state, "mine"), TL_ECORRUPT, "another");
}

static void refuses_a_gap_between_segments(void **state)
{
    struct tl_journal *j = open_journal(*state, &small_options);
    static char payload[3000];
    memset(payload, 'x', sizeof payload - 1);
    for (int i = 0; i < 80; i++)
        accept_event(j, "k", NULL, payload);
    tl_journal_close(j);
    assert_int_equal(unlink(path_in(*state, "seg-0000000002")), 0);
    expect_refusal(*state, TL_ECORRUPT, "missing");
}

static void begins_a_segment_of_its_own_after_another_program(void **state)
{
    make_one(*state);
    size_t len;
    char *bytes = read_file(path_in(*state, SEGMENT), &len);
    struct seg_head *head = (void *)bytes;
    strcpy(head->program, "0.0.9");
    head->crc = tl_crc32c(0, bytes + 16, sizeof *head - 16);
    write_file(path_in(*state, SEGMENT), bytes, len);
    tl_free(bytes);
    struct tl_journal *j = open_journal(*state, &small_options);
    assert_true(accept_event(j, "k", "m", "payload").duplicate);
    tl_journal_close(j);
    assert_int_equal(access(path_in(*state, "seg-0000000002"), F_OK), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dir_setup, dir_teardown)
    const struct CMUnitTest tests[] = {
        T(refuses_a_newer_segment_format),
        T(refuses_a_newer_head_file),
        T(refuses_a_damaged_head_file),
        T(refuses_an_unknown_record_and_names_the_program),
        T(refuses_a_segment_of_another_journal),
        T(refuses_a_gap_between_segments),
        T(begins_a_segment_of_its_own_after_another_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
