/* Rules 5, 6, 7 and 9 of the Lua face: asking, errors, stops, waiting through everything; and what a run
 * hands over. */
#include "script_case.h"
#include <string.h>

static const struct tl_run_result good = {.ok = true, .document = {"{\"on_hold\":null,\"limit\":10.50}", 30}};
static struct tl_run_result bad;

static const struct tl_run_outcome *resume(struct case_run *c, const struct tl_run_result *result)
{
    assert_int_equal(c->outcome->ending, TL_RUN_WAIT);
    assert_true(c->outcome->ask_count > 0);
    struct tl_run_result with_id = *result;
    with_id.id = c->outcome->asks[0]->id;
    c->outcome = tl_run_resume(c->run, &with_id);
    return c->outcome;
}

static bool slice_is(tl_str s, const char *z)
{
    return tl_str_is(s, z);
}

static void an_operation_asks_and_its_answer_comes_back(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "\nlocal r = ctx.erp:credit_status{ no = e.key, b = 1 }\nctx:log(tostring(r.limit * 2))\n"
               "if r.on_hold then ctx:log(\"held\") end",
               "{}");
    assert_int_equal(c.outcome->ending, TL_RUN_WAIT);
    assert_true(slice_is(c.outcome->asks[0]->target, "erp"));
    assert_true(slice_is(c.outcome->asks[0]->operation, "credit_status"));
    assert_true(slice_is(c.outcome->asks[0]->args, "{\"b\":1,\"no\":\"K\"}"));
    assert_int_equal(c.outcome->asks[0]->effect, TL_EFFECT_READ);
    assert_int_equal(c.outcome->asks[0]->kind, TL_ASK_CALL);
    assert_true(slice_is(c.outcome->asks[0]->id, "erp:credit_status#1"));
    assert_true(tl_run_asks(c.run, TL_STR("erp:credit_status#1")));
    assert_string_equal(c.outcome->asks[0]->place.file, "flows/f.lua");
    assert_int_equal(c.outcome->asks[0]->place.line, 2);
    resume(&c, &good);
    assert_int_equal(c.outcome->ending, TL_RUN_DONE);
    assert_int_equal(c.outcome->log_count, 1);
    assert_true(slice_is(c.outcome->logs[0].message, "21.00"));
    case_end(&c);
}

static void put_maps_the_record_and_names_its_key(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx.erp:put(\"order@1\", e.data)", "{\"no\":\"SO-1\",\"total\":19.90,\"other\":1}");
    assert_int_equal(c.outcome->ending, TL_RUN_WAIT);
    assert_true(slice_is(c.outcome->asks[0]->operation, "put"));
    assert_true(slice_is(c.outcome->asks[0]->entity, "order@1"));
    assert_true(slice_is(c.outcome->asks[0]->object, "Orders"));
    assert_true(slice_is(c.outcome->asks[0]->key, "{\"No\":\"SO-1\"}"));
    assert_true(slice_is(c.outcome->asks[0]->record, "{\"No\":\"SO-1\",\"Total\":19.90}"));
    assert_int_equal(c.outcome->asks[0]->effect, TL_EFFECT_IDEMPOTENT);
    case_end(&c);
    case_start(&c, "", "ctx.erp:put(\"order@1\", e.data)", "{\"total\":1}");
    assert_int_equal(c.outcome->ending, TL_RUN_ERROR);
    assert_true(slice_is(c.outcome->error.cls, "data"));
    case_end(&c);
    assert_non_null(
        strstr(case_says("local name = \"order@1\" ctx.crm:put(name, e.data)", "{}"), "no map writes order@1 there"));
}

static void a_kind_has_the_maps_and_operations_of_the_system_that_the_event_means(void **state)
{
    (void)state;
    static const char head[] =
        "system \"de\" { kind = \"books\", connector = \"odata@1\" }\n"
        "system \"us\" { kind = \"books\", connector = \"tryton@1\" }\n"
        "route \"books\" { by = \"company\", to = { [\"1\"] = \"de\", [\"2\"] = \"us\" }, otherwise = \"park\" }\n"
        "map \"books.Orders <- order@1\" { No = as.key \"no\" }\n"
        "map \"us.Sales <- order@1\" { Reference = as.key \"no\" }\n"
        "local function ship(books, no) books:ship { no = no } end\n";
    static const char body[] = "ctx.books:put(\"order@1\", e.data) ship(ctx.books, e.data.no)";
    struct case_run c;
    case_start(&c, head, body, "{\"company\":\"2\",\"no\":\"SO-1\"}");
    assert_true(slice_is(c.outcome->asks[0]->target, "books"));
    assert_true(slice_is(c.outcome->asks[0]->object, "Sales"));
    resume(&c, &good);
    assert_int_equal(c.outcome->ending, TL_RUN_WAIT);
    assert_true(slice_is(c.outcome->asks[0]->operation, "ship"));
    case_end(&c);
    case_start(&c, head, body, "{\"company\":\"1\",\"no\":\"SO-1\"}");
    assert_true(slice_is(c.outcome->asks[0]->object, "Orders"));
    resume(&c, &good);
    assert_int_equal(c.outcome->ending, TL_RUN_ERROR);
    assert_non_null(strstr(c.outcome->error.message.ptr, "books has no operation 'ship'"));
    case_end(&c);
}

static void emits_are_handed_over_when_the_run_ends(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx.erp:put(\"order@1\", e.data)\nctx:emit(\"out@1\", { no = 7, z = null, a = array() })",
               "{\"no\":\"SO-1\"}");
    resume(&c, &good);
    assert_int_equal(c.outcome->ending, TL_RUN_DONE);
    assert_int_equal(c.outcome->emit_count, 1);
    assert_true(slice_is(c.outcome->emits[0].type, "out@1"));
    assert_true(slice_is(c.outcome->emits[0].key, "7"));
    assert_true(slice_is(c.outcome->emits[0].data, "{\"a\":[],\"no\":7,\"z\":null}"));
    assert_int_equal(c.outcome->emits[0].place.line, 2);
    case_end(&c);
    assert_non_null(strstr(case_says("local c = ctx c:emit(\"outt@1\", {})", "{}"), "did you mean \"out@1\"?"));
    assert_non_null(strstr(case_says("ctx:emit(\"out@1\", { a = 1 })", "{}"), "error: data"));
}

static void errors_of_a_record_are_tables_that_can_be_caught(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "",
               "local r, err = ctx:try(function() return ctx.erp:credit_status{} end)\n"
               "ctx:log(tostring(r) .. err.class .. err.code .. err.system .. err.operation .. err.status)\n"
               "ctx:log(tostring(err))\nlocal ok, e2 = pcall(error, \"plain\") ctx:log(e2)\n"
               "local _, e3 = ctx:try(function() error(\"x\", 0) end) ctx:log(e3.class .. e3.message)",
               "{}");
    resume(&c, &bad);
    assert_int_equal(c.outcome->ending, TL_RUN_DONE);
    assert_int_equal(c.outcome->log_count, 4);
    assert_true(slice_is(c.outcome->logs[0].message, "nilmissingnone404erpcredit_status404"));
    assert_true(slice_is(c.outcome->logs[1].message, "missing: not there (erp, credit_status)"));
    assert_true(slice_is(c.outcome->logs[2].message, "plain"));
    assert_true(slice_is(c.outcome->logs[3].message, "scriptx"));
    case_end(&c);
}

static void an_error_nobody_catches_names_its_line(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "local function deep(t)\n return t.a.b end\n", "\n deep({})", "{}");
    assert_int_equal(c.outcome->ending, TL_RUN_ERROR);
    assert_true(slice_is(c.outcome->error.cls, "script"));
    assert_string_equal(c.outcome->error.place.file, "flows/f.lua");
    assert_int_equal(c.outcome->error.place.line, 2);
    assert_non_null(strstr(c.outcome->error.traceback.ptr, "flows/f.lua:4"));
    assert_false(c.outcome->error.retryable);
    case_end(&c);
    case_start(&c, "", "\n\nctx.erp:credit_status{}", "{}");
    resume(&c, &bad);
    assert_true(slice_is(c.outcome->error.cls, "missing"));
    assert_true(slice_is(c.outcome->error.message, "not there"));
    assert_int_equal(c.outcome->error.place.line, 3);
    assert_int_equal(c.outcome->error.status, 404);
    case_end(&c);
}

static void fail_cannot_be_caught(void **state)
{
    (void)state;
    static const char *const wraps[] = {
        "pcall(function() ctx:%s(\"why\", { a = 1 }) end)",
        "ctx:try(function() ctx:%s(\"why\", { a = 1 }) end)",
        "xpcall(function() ctx:%s(\"why\", { a = 1 }) end, function(m) return m end)",
        "local co = coroutine.wrap(function() ctx:%s(\"why\", { a = 1 }) end) pcall(co)",
        "local co = coroutine.create(function() ctx:%s(\"why\", { a = 1 }) end) coroutine.resume(co)",
        "pcall(table.sort, { 2, 1 }, function() ctx:%s(\"why\", { a = 1 }) end)",
        ("pcall(function() local t <close> = setmetatable({}, { __close = function() ctx:log(\"closed\") "
         "ctx:sleep(\"1s\") end }) ctx:%s(\"why\", { a = 1 }) end)"),
        "pcall(string.gsub, \"x\", \"x\", function() ctx:%s(\"why\", { a = 1 }) end)",
    };
    for (size_t i = 0; i < TL_COUNT_OF(wraps); i++) {
        char body[300];
        snprintf(body, sizeof body, wraps[i], "fail");
        strcat(body, " ctx:log(\"went on\")");
        struct case_run c;
        case_start(&c, "", body, "{}");
        assert_int_equal(c.outcome->ending, TL_RUN_FAILED);
        assert_true(slice_is(c.outcome->reason, "why"));
        assert_true(slice_is(c.outcome->data, "{\"a\":1}"));
        assert_int_equal(c.outcome->place.line, 1);
        assert_int_equal(c.outcome->log_count, 0);
        case_end(&c);
    }
}

static void park_waits_for_a_person(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "ctx:park(\"why\", { a = 1 }) ctx:log(\"went on\")", "{}");
    assert_int_equal(c.outcome->ending, TL_RUN_WAIT);
    assert_int_equal(c.outcome->ask_count, 1);
    assert_int_equal(c.outcome->asks[0]->kind, TL_ASK_PARK);
    assert_true(slice_is(c.outcome->asks[0]->id, "park#1"));
    assert_true(slice_is(c.outcome->asks[0]->reason, "why"));
    assert_true(slice_is(c.outcome->asks[0]->data, "{\"a\":1}"));
    resume(&c, &(struct tl_run_result){.id = TL_STR("park#1"), .ok = true});
    assert_int_equal(c.outcome->ending, TL_RUN_DONE);
    assert_true(slice_is(c.outcome->logs[0].message, "went on"));
    case_end(&c);
}

/* Each body asks once and logs the answer's limit. */
static void waits(const char *body)
{
    struct case_run c;
    case_start(&c, "", body, "{}");
    if (c.outcome->ending != TL_RUN_WAIT)
        fail_msg("%s: %.*s", body, TL_STR_ARGS(c.outcome->error.message));
    resume(&c, &good);
    if (c.outcome->ending != TL_RUN_DONE)
        fail_msg("%s: %.*s", body, TL_STR_ARGS(c.outcome->error.message));
    assert_int_equal(c.outcome->log_count, 1);
    assert_true(slice_is(c.outcome->logs[0].message, "10.50"));
    case_end(&c);
}

static void ctx_waits_inside_everything_that_can(void **state)
{
    (void)state;
    waits("local ok, r = pcall(function() return ctx.erp:credit_status{} end) ctx:log(tostring(r.limit))");
    waits("local ok, r = xpcall(function() return ctx.erp:credit_status{} end, print) "
          "ctx:log(tostring(r.limit))");
    waits("for r in function(_, last) if not last then return ctx.erp:credit_status{} end end do "
          "ctx:log(tostring(r.limit)) end");
    waits("local t = setmetatable({}, { __index = function() return ctx.erp:credit_status{} end }) "
          "ctx:log(tostring(t.x.limit))");
    waits("local co = coroutine.wrap(function(a) local r = ctx.erp:credit_status{} local b = "
          "coroutine.yield(r.limit) "
          "return b end) local l = co(1) ctx:log(tostring(l)) assert(co(5) == 5)");
    waits("local inner = function() return ctx.erp:credit_status{}.limit end local co = "
          "coroutine.create(function() "
          "local c2 = coroutine.wrap(inner) return c2() end) local ok, l = coroutine.resume(co) "
          "ctx:log(tostring(l))");
    waits("local l table.sort({ 3, 1, 2 }, function(a, b) l = l or ctx.erp:credit_status{}.limit return a < b end) "
          "ctx:log(tostring(l))");
    waits("ctx:log((string.gsub(\"x\", \"x\", function() return ctx.erp:credit_status{}.limit end)))");
    waits("ctx:log(tostring(setmetatable({}, { __tostring = function() return tostring(ctx.erp:credit_status{}.limit) "
          "end "
          "})))");
    waits(
        "local own = setmetatable({}, { __tostring = function() return tostring(ctx.erp:credit_status{}.limit) end }) "
        "ctx:log(string.format(\"%d%s%.1f\", 1, own, 0.5):sub(2, -4))");
}

static void ctx_says_where_it_cannot_wait(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "table.sort({ {}, setmetatable({}, { __lt = function() ctx.erp:credit_status{} end }) })",
        "string.gsub(\"x\", \"x\", setmetatable({}, { __index = function() ctx.erp:credit_status{} end }))",
        "table.sort({ {}, setmetatable({}, { __lt = coroutine.wrap(function() ctx.erp:credit_status{} end) }) })",
    };
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++)
        if (!strstr(case_says(bodies[i], "{}"), "no waiting here"))
            fail_msg("%s", case_says(bodies[i], "{}"));
}

static void a_repeated_run_draws_the_same(void **state)
{
    (void)state;
    char first[300];
    const char *body = "ctx:log(ctx:uuid()) ctx:log(tostring(ctx:random(1, 1000000))) ctx:log(ctx:now())";
    strcpy(first, case_says(body, "{}"));
    assert_string_equal(case_says(body, "{}"), first);
    assert_non_null(strstr(first, "|2023-11-14T22:13:20.123Z"));
    assert_true(first[14] == '4');
}

static void an_event_shows_its_fields(void **state)
{
    (void)state;
    assert_string_equal(case_says("ctx:log(e.id .. e.type .. e.key .. e.source .. e.time .. e.data.x)", "{\"x\":1}"),
                        "1-0in@1Kcrm2023-11-14T22:13:20.123Z1");
    assert_non_null(strstr(case_says("return e.data.x", "{\"x\":"), "error: data: line 1"));
    assert_says("ctx:log(\"untouched\")", "untouched");
}

static void several_runs_of_one_state_wait_at_once(void **state)
{
    (void)state;
    struct case_run c;
    case_start(&c, "", "local r = ctx.erp:credit_status{ a = e.key } ctx:log(e.key .. tostring(r.limit))", "{}");
    struct tl_run_event event = {.type = TL_STR("in@1"), .key = TL_STR("L"), .payload = TL_STR("{}")};
    struct tl_run *second;
    const struct tl_run_outcome *out = tl_run_start(c.script, 0, &event, &second);
    assert_int_equal(out->ending, TL_RUN_WAIT);
    resume(&c, &good);
    assert_true(slice_is(c.outcome->logs[0].message, "K10.50"));
    struct tl_run_result with_id = good;
    with_id.id = out->asks[0]->id;
    out = tl_run_resume(second, &with_id);
    assert_true(slice_is(out->logs[0].message, "L10.50"));
    tl_run_free(second);
    out = tl_run_start(c.script, 0, &event, &second);
    tl_run_free(second); /* unstarted while it waits */
    case_end(&c);
}

int main(void)
{
    bad = (struct tl_run_result){.cls = TL_STR("missing"),
                                 .code = TL_STR("none404"),
                                 .message = TL_STR("not there"),
                                 .system = TL_STR("erp"),
                                 .operation = TL_STR("credit_status"),
                                 .status = 404};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operation_asks_and_its_answer_comes_back),
        cmocka_unit_test(put_maps_the_record_and_names_its_key),
        cmocka_unit_test(a_kind_has_the_maps_and_operations_of_the_system_that_the_event_means),
        cmocka_unit_test(emits_are_handed_over_when_the_run_ends),
        cmocka_unit_test(errors_of_a_record_are_tables_that_can_be_caught),
        cmocka_unit_test(an_error_nobody_catches_names_its_line),
        cmocka_unit_test(fail_cannot_be_caught),
        cmocka_unit_test(park_waits_for_a_person),
        cmocka_unit_test(ctx_waits_inside_everything_that_can),
        cmocka_unit_test(ctx_says_where_it_cannot_wait),
        cmocka_unit_test(a_repeated_run_draws_the_same),
        cmocka_unit_test(an_event_shows_its_fields),
        cmocka_unit_test(several_runs_of_one_state_wait_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
