#include "../cmocka_room.h"
#include "net/problem.h"

static void check(const struct tl_problem *problem, const char *expected)
{
    struct tl_buf out;
    tl_buf_init(&out, 4096);
    tl_problem_print(problem, &out);
    assert_string_equal(out.ptr, expected);
    tl_buf_free(&out);
}

static void prints_what_is_known(void **state)
{
    (void)state;
    check(&(struct tl_problem){.status = 404}, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}");
    check(&(struct tl_problem){.status = 503,
                               .type = "credit-unknown",
                               .title = "Credit",
                               .detail = "a \"b\"\n\xff",
                               .instance = "urn:x:1",
                               .members = TL_STR("\"retry_after\":5")},
          "{\"type\":\"urn:tidelock:problem:credit-unknown\",\"title\":\"Credit\",\"status\":503,"
          "\"detail\":\"a \\\"b\\\"\\n\xef\xbf\xbd\",\"instance\":\"urn:x:1\",\"retry_after\":5}");
    check(&(struct tl_problem){.status = 400, .type = "https://e.example/p"},
          "{\"type\":\"https://e.example/p\",\"title\":\"Bad Request\",\"status\":400}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(prints_what_is_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
