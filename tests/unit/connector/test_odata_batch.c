/* plugins/odata/batch.h on published answers of a $batch: the parts of each change set, their statuses and headers. */
#include "../../../plugins/odata/batch.h"
#include "../codec/cases.h"
#include "base/attr.h"
#include <string.h>

static const char *const answers[] = {"sampleresponse.txt",        "sampleresponse2.txt",
                                      "samplejsonresponse.txt",    "BlobItemsResponse.txt",
                                      "BlobCustomersResponse.txt", "BlobCustomersWithPreferResponse.txt",
                                      "NamedStreamResponse.txt",   "UriCompositionSucessResponse.txt"};

/* The first change set, read a second time in the plainest way: from its first boundary to its last. */
static size_t plain_statuses(char *text, const char *boundary, int *statuses, size_t most)
{
    char end[256];
    size_t count = 0;
    snprintf(end, sizeof end, "--%s--", boundary);
    const char *last = strstr(text, end);
    assert_non_null(last);
    for (const char *at = strstr(text, "HTTP/1.1 "); at != NULL && at < last; at = strstr(at + 1, "HTTP/1.1 ")) {
        assert_true(count < most);
        statuses[count++] = atoi(at + 9);
    }
    return count;
}

static void check(const char *name)
{
    size_t len;
    int statuses[32];
    char boundary[128], type[192], *path = tl_printf("odata-batch/%s", name), *text = cases_need(path, &len);
    const char *at = strstr(text, "boundary=");
    assert_non_null(at);
    snprintf(boundary, sizeof boundary, "%.*s", (int)strcspn(at + 9, "\r\n; "), at + 9);
    snprintf(type, sizeof type, "multipart/mixed; boundary=%s", boundary);
    size_t expected = plain_statuses(text, boundary, statuses, TL_COUNT_OF(statuses)), count = 0;
    struct od_parts parts;
    struct od_part part;
    od_parts_begin(&parts, tlc_text_n(type, strlen(type)), tlc_text_n(text, len));
    while (od_parts_next(&parts, &part)) {
        assert_true(count < expected);
        assert_int_equal(part.status, statuses[count++]);
        if (part.status == 201)
            assert_true(od_part_header(&part, "LOCATION").len > 0 && part.body.len > 0);
        assert_int_equal(od_part_header(&part, "nothing").len, 0);
    }
    if (count != expected)
        fail_msg("%s: %zu parts instead of %zu", name, count, expected);
    assert_true(count > 0);
    tl_free(text);
    tl_free(path);
}

static void reads_the_published_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(answers); i++)
        check(answers[i]);
}

static void reads_nothing_without_a_boundary(void **state)
{
    (void)state;
    struct od_parts parts;
    struct od_part part;
    od_parts_begin(&parts, tlc_text_n("application/json", 16), tlc_text_n("{}", 2));
    assert_false(od_parts_next(&parts, &part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_the_published_answers),
                                       cmocka_unit_test(reads_nothing_without_a_boundary)};
    return cmocka_run_group_tests_name("odata batch", tests, NULL, NULL);
}
