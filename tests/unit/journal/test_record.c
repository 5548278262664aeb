#include "support.h"
#include "base/crc32c.h"
#include "record.h"
#include <string.h>

static void crc32c_is_castagnolis(void **state)
{
    (void)state;
    assert_int_equal(tl_crc32c(0, "123456789", 9), 0xe3069283u);
    uint32_t in_parts = tl_crc32c(tl_crc32c(0, "1234", 4), "56789", 5);
    assert_int_equal(in_parts, 0xe3069283u);
    static const uint8_t zeros[32];
    assert_int_equal(tl_crc32c(0, zeros, sizeof zeros), 0x8a9136aau); /* RFC 3720 B.4 */
}

static struct commit_head head_for(uint32_t other_len, uint32_t count)
{
    return (struct commit_head){.magic = COMMIT_MAGIC,
                                .version = FORMAT_VERSION,
                                .number = 1,
                                .event_size = sizeof(struct event_rec),
                                .other_len = other_len,
                                .other_count = count,
                                .body_len = 64};
}

static void refuses_records_that_reach_outside(void **state)
{
    (void)state;
    union {
        struct state_rec rec;
        uint8_t bytes[sizeof(struct state_rec)];
    } u = {.rec = {.head = {TL_RECORD_PUT, 1, 0, sizeof(struct state_rec)}, .value_len = 60, .key_len = 4}};
    struct commit_head head = head_for(sizeof u.rec, 1);
    EXPECT(TL_OK, tl_directory_check(&head, u.bytes, err));
    u.rec.value_len = 61;
    EXPECT(TL_ECORRUPT, tl_directory_check(&head, u.bytes, err));
    u.rec.value_len = 60;
    u.rec.body_off = UINT32_MAX;
    EXPECT(TL_ECORRUPT, tl_directory_check(&head, u.bytes, err));
    u.rec.body_off = 0;
    u.rec.head.len = 4096;
    EXPECT(TL_ECORRUPT, tl_directory_check(&head, u.bytes, err));
    u.rec.head.len = 4;
    EXPECT(TL_ECORRUPT, tl_directory_check(&head, u.bytes, err));
    u.rec.head.len = sizeof u.rec;
    u.rec.head.version = 2;
    EXPECT(TL_EVERSION, tl_directory_check(&head, u.bytes, err));
    u.rec.head.version = 1;
    head.other_count = 2;
    EXPECT(TL_ECORRUPT, tl_directory_check(&head, u.bytes, err));
}

static void refuses_an_event_outside_the_payload_area(void **state)
{
    (void)state;
    union {
        struct event_rec rec;
        uint8_t bytes[sizeof(struct event_rec)];
    } u = {.rec = {.head = {TL_RECORD_EVENT, 1, 0, sizeof(struct event_rec)},
                   .back = sizeof(struct commit_head),
                   .type = 1,
                   .clear_len = 40,
                   .payload_len = 24}};
    struct commit_head head = head_for(0, 0);
    head.event_count = 1;
    EXPECT(TL_OK, tl_directory_check(&head, u.bytes, err));
    u.rec.payload_len = 25;
    EXPECT(TL_ECORRUPT, tl_directory_check(&head, u.bytes, err));
    u.rec.payload_len = 24;
    u.rec.clear_len = 39;
    EXPECT(TL_ECORRUPT, tl_directory_check(&head, u.bytes, err));
}

static void refuses_sizes_that_do_not_fit_the_file(void **state)
{
    (void)state;
    struct commit_head head = head_for(0, 0);
    EXPECT(TL_OK, tl_commit_head_check(&head, 72 + 64, err));
    EXPECT(TL_ECORRUPT, tl_commit_head_check(&head, 72 + 63, err));
    head.event_count = UINT32_MAX;
    EXPECT(TL_ECORRUPT, tl_commit_head_check(&head, UINT64_MAX, err));
    head = head_for(0, 0);
    head.version = 2;
    EXPECT(TL_EVERSION, tl_commit_head_check(&head, 4096, err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c_is_castagnolis),
        cmocka_unit_test(refuses_records_that_reach_outside),
        cmocka_unit_test(refuses_an_event_outside_the_payload_area),
        cmocka_unit_test(refuses_sizes_that_do_not_fit_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
