/* write_many.c, driver.c: rows in, outcomes out, saved and resumed. */
#include "connector/write_many.h"
#include "rig.h"

enum { ROWS = 4 };

struct batch {
    struct rig *rig;
    struct tl_many *many;
    int rows, dones, saves, told;
    struct tl_call_result row[ROWS + 1]; /* slices are dead */
    char id[ROWS][20], message[ROWS][200], state[40];
    enum tl_failure failure;
    uint32_t transfers;
    bool hold, refuse; /* the save: no answer, a bad one */
};

static void take_row(void *ctx, size_t row, const struct tl_call_result *result, bool told)
{
    struct batch *b = ctx;
    assert_int_equal(b->dones, 0);
    assert_true(row < ROWS);
    b->row[row] = *result;
    snprintf(b->id[row], sizeof b->id[row], "%.*s", TL_STR_ARGS(result->id));
    snprintf(b->message[row], sizeof b->message[row], "%.*s", TL_STR_ARGS(result->message));
    b->told += told;
    b->rows++;
}

static void take_save(void *ctx, struct tl_many *many, tl_str state)
{
    struct batch *b = ctx;
    snprintf(b->state, sizeof b->state, "%.*s", TL_STR_ARGS(state));
    b->saves++;
    if (!b->hold)
        tl_many_saved(many, !b->refuse);
}

static void take_done(void *ctx, const struct tl_call_result *result)
{
    struct batch *b = ctx;
    b->failure = result->failure;
    b->transfers = result->transfers;
    b->dones++;
}

static void run(struct batch *b, struct rig *rig, const char *first, const char *saved)
{
    tl_str rows[ROWS] = {tl_str_z(first), TL_STR("{\"k\":2}"), TL_STR("{\"k\":3}"), TL_STR("{\"k\":4}")};
    struct tl_many_request request = {
        .operation = TL_STR("many"), .object = TL_STR("Thing"), .rows = rows, .count = ROWS, .saved = tl_str_z(saved)};
    struct tl_many_owner owner = {.row = take_row, .save = take_save, .done = take_done, .ctx = b};
    b->rig = rig;
    b->many = tl_many_start(rig->lane, &request, &owner);
    assert_int_equal(b->dones + b->rows, 0);
}

static void tells_an_outcome_for_each_row(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"POST /many", 200, NULL,
                                                "[{\"row\":2,\"id\":\"c\"},{\"row\":0,\"state\":1,\"code\":\"LOCKED\"},"
                                                "{\"row\":3,\"state\":3},{\"row\":1,\"state\":2}]"},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct batch b = {0};
    rig_open(&rig, "coded@2", "", script);
    run(&b, &rig, "{\"k\":1}", "");
    rig_until(&rig, &b.dones);
    assert_int_equal(b.rows, ROWS);
    assert_int_equal(b.failure, TL_FAIL_NONE);
    assert_int_equal(b.transfers, 1);
    assert_string_equal(rig.seen[0].body, "{\"slices\":1,\"bytes\":32}");
    assert_int_equal(b.row[2].failure, TL_FAIL_NONE);
    assert_int_equal(b.row[2].created, TL_CREATED_YES);
    assert_string_equal(b.id[2], "c");
    assert_int_equal(b.row[0].failure, TL_FAIL_CONFLICT);
    assert_int_equal(b.row[0].wait_ms, 70);
    assert_int_equal(b.row[1].failure, TL_FAIL_RETRY);
    assert_false(b.row[1].sent || b.row[1].unknown); /* not sent */
    assert_int_equal(b.row[3].failure, TL_FAIL_RETRY);
    assert_true(b.row[3].sent && b.row[3].unknown);
    uint8_t hash[16];
    struct tl_call_request same = {.operation = TL_STR("many"), .args = TL_STR("{\"k\":3}")};
    tl_call_hash(&same, hash); /* as if it had been sent alone */
    assert_memory_equal(b.row[2].request_hash, hash, sizeof hash);
    rig_close(&rig);
}

static void gives_the_calls_verdict_to_rows_without_one(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"POST /many", 400, NULL, "{}"},
                                               {"POST /many", 0, NULL, NULL},
                                               {"POST /many", 200, NULL, "[{\"row\":1}]"},
                                               {"POST /many", 200, NULL, "[{\"row\":9}]"},
                                               {"POST /many", 200, NULL, "[{\"row\":1},{\"row\":1}]"},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "coded@2", "", script);
    struct batch refused = {0};
    run(&refused, &rig, "{\"k\":1}", "");
    rig_until(&rig, &refused.dones);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(refused.row[i].failure, TL_FAIL_DATA);
    struct batch lost = {0}; /* cancelled while the answer is out */
    run(&lost, &rig, "{\"k\":1}", "");
    for (int i = 0; i < RIG_TURNS && rig.held_count == 0; i++)
        tl_loop_wait(rig.loop, 1);
    tl_many_cancel(lost.many);
    rig_until(&rig, &lost.dones);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(lost.row[i].failure, TL_FAIL_RETRY);
        assert_true(lost.row[i].sent && lost.row[i].unknown);
    }
    struct batch silent = {0};
    run(&silent, &rig, "{\"k\":1}", "");
    rig_until(&rig, &silent.dones);
    assert_int_equal(silent.row[1].failure, TL_FAIL_NONE);
    assert_int_equal(silent.row[0].failure, TL_FAIL_BUG);
    assert_int_equal(silent.told, 1);
    assert_non_null(strstr(silent.message[0], "no outcome of this row"));
    for (int i = 0; i < 2; i++) { /* a row that does not exist, and one told twice */
        struct batch wrong = {0};
        run(&wrong, &rig, "{\"k\":1}", "");
        rig_until(&rig, &wrong.dones);
        assert_int_equal(wrong.failure, TL_FAIL_BUG);
        assert_int_equal(wrong.rows, ROWS);
        assert_int_equal(wrong.row[1].failure, i == 0 ? TL_FAIL_BUG : TL_FAIL_NONE);
    }
    rig_close(&rig);
}

static void goes_on_from_what_it_saved(void **state)
{
    (void)state;
    static const char all[] = "[{\"row\":0},{\"row\":1},{\"row\":2},{\"row\":3}]";
    static const struct rig_answer script[] = {
        {"POST /many", 200, NULL, all}, {"POST /many", 200, NULL, all}, {NULL, 0, NULL, NULL}};
    struct rig rig;
    rig_open(&rig, "coded@2", "", script);
    struct batch first = {.hold = true};
    run(&first, &rig, "{\"job\":\"yes\"}", "");
    rig_until(&rig, &first.saves);
    assert_string_equal(first.state, "job 7");
    assert_int_equal(rig.seen_count, 0); /* nothing goes out before it is stored */
    tl_many_saved(first.many, true);
    rig_until(&rig, &first.dones);
    assert_string_equal(rig.seen[0].body, "job 7");
    struct batch again = {0};
    run(&again, &rig, "{\"job\":\"yes\"}", "job 7");
    rig_until(&rig, &again.dones);
    assert_string_equal(rig.seen[1].body, "job 7");
    assert_int_equal(again.rows, ROWS);
    struct batch unstored = {.refuse = true};
    run(&unstored, &rig, "{\"job\":\"yes\"}", "");
    rig_until(&rig, &unstored.dones);
    assert_int_equal(unstored.failure, TL_FAIL_RETRY);
    assert_false(unstored.row[0].sent);
    rig_close(&rig);
}

static void gives_rows_in_slices(void **state)
{
    (void)state;
    static const struct rig_answer script[] = {{"POST /many", 200, NULL, "[{\"row\":0},{\"row\":1},{\"row\":2}]"},
                                               {NULL, 0, NULL, NULL}};
    struct rig rig;
    struct batch b = {0};
    rig_open(&rig, "coded@2", "", script);
    char *big = tl_alloc(700001), *huge = tl_alloc(1500001);
    memset(big, ' ', 700000);
    memset(huge, ' ', 1500000);
    memcpy(big, "{\"k\":1}", 7);
    memcpy(huge, "{\"k\":2}", 7);
    big[700000] = huge[1500000] = 0;
    tl_str rows[] = {tl_str_z(big), tl_str_z(big), tl_str_z(huge)};
    struct tl_many_request request = {.operation = TL_STR("many"), .rows = rows, .count = 3};
    struct tl_many_owner owner = {.row = take_row, .save = take_save, .done = take_done, .ctx = &b};
    tl_many_start(rig.lane, &request, &owner);
    rig_until(&rig, &b.dones);
    assert_string_equal(rig.seen[0].body,
                        "{\"slices\":3,\"bytes\":2900003}"); /* none is cut; what is too long goes alone */
    tl_free(big);
    tl_free(huge);
    rig_close(&rig);
}

static void is_told_by_the_manifest(void **state)
{
    (void)state;
    struct rig rig;
    struct tl_operation_facts facts;
    rig_open(&rig, "coded@2", "", NULL);
    assert_true(tl_system_operation(rig.system, TL_STR("many"), &facts));
    assert_int_equal(facts.many.rows, 50);
    assert_true(tl_str_is(facts.many.object, "/object") && tl_str_is(facts.many.key, "/k"));
    assert_int_equal(facts.many.timeout_ms, 300000);
    assert_true(tl_system_operation(rig.system, TL_STR("any"), &facts));
    assert_int_equal(facts.many.rows, 0);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_an_outcome_for_each_row), cmocka_unit_test(gives_the_calls_verdict_to_rows_without_one),
        cmocka_unit_test(goes_on_from_what_it_saved),    cmocka_unit_test(gives_rows_in_slices),
        cmocka_unit_test(is_told_by_the_manifest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
