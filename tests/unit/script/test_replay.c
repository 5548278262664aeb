/* A run can be repeated from what was recorded: the same results in the same order give the same asks, emits, logs and
 * outcome, byte for byte, whatever the script nests in what. And a run that is freed leaves nothing in its state, at
 * whatever point it was. */
#include "script_case.h"
#include "run_private.h"
#include <string.h>

enum { STEPS_MAX = 400, ROUNDS = 25 };

static const char *const head =
    "local function get(ctx, n) return ctx.erp:credit_status{ n = n }.x end\n"
    "local function maybe(ctx, n) local r, err = ctx:try(get, ctx, n) return r or err.class .. \":\" .. err.step end\n"
    "local function put(ctx, e, n, log) return ctx.erp:put(\"order@1\", e.data, { undo = function() ctx:log(\"undo \" "
    ".. n)\n"
    "  if log then ctx.erp:set_status{ n = n } end end }) end\n";

static const char *const bodies[] = {
    /* all in all, each in pcall, first, coroutines, iterators */
    "local out = {} local function note(x) out[#out + 1] = tostring(x) end\n"
    "local r = ctx:all{ a = function() note(maybe(ctx, 1)) return ctx:all{ x = function() return maybe(ctx, 2) end,\n"
    "  y = function() ctx:sleep(\"1s\") return maybe(ctx, 3) end } end,\n"
    "b = function() local ok, l = pcall(ctx.each, ctx, { 1, 2, 3, 4, 5 }, { at_most = 2 }, function(i) note(\"i\" .. "
    "i)\n"
    "  return get(ctx, i) .. i end) note(ok) return ok and #l or l.class end,\n"
    "c = function() local co = coroutine.wrap(function() coroutine.yield(maybe(ctx, 4)) return maybe(ctx, 5) end)\n"
    "  return co() .. co() end }\n"
    "ctx:emit(\"out@1\", { no = tostring(r.c) .. tostring(r.b) .. r.a.x .. r.a.y .. ctx:uuid() .. ctx:now() })\n"
    "ctx:log(table.concat(out, \",\")) return out",
    /* races, time limits, awaits with a filter, random */
    "local n, v = ctx:try(function() return ctx:first{ a = function() return get(ctx, 1) end, b = function()\n"
    "  ctx:sleep(\"1s\") return \"B\" end, c = function() return ctx:await{ \"out@1\", when = function(ev) return "
    "ev.data.ok\n"
    "  end } and \"C\" end } end)\nctx:log(tostring(n) .. tostring(v))\n"
    "local got, failed = ctx:gather({ p = { \"erp\", \"credit_status\", { n = 7 } }, q = function() return "
    "ctx:gather({\n"
    "  s = { \"crm\", \"credit_status\", {} } }, { within = \"3s\" }) end, t = function() ctx:sleep(\"9s\") return 1 "
    "end },\n"
    "  { within = \"2s\" })\nctx:emit(\"out@1\", { no = table.concat(keys(got), \"+\") .. \"/\" .. "
    "table.concat(keys(failed),\n"
    "  \"+\") .. ctx:random(1000000) })\nlocal d = ctx:decide{ \"y\", \"n\" } ctx:log(tostring(d and d.answer))\n"
    "return { got = keys(got), failed = keys(failed), at = ctx:now() }",
    /* effects that are undone, in branches, with waits in the undo functions; fail from inside */
    "put(ctx, e, 1, true)\nctx:all{ a = function() pcall(put, ctx, e, 2, true) put(ctx, e, 3) end, b = function()\n"
    "  for i in function(_, i) i = (i or 0) + 1 maybe(ctx, i) return i < 3 and i or nil end do ctx:emit(\"out@1\", { "
    "no = i "
    "})\n  end end, c = function() local ev = ctx:await{ \"in@1\", \"out@1\", within = \"1d\" } if not ev then "
    "ctx:keep() "
    "end end }\nif ctx:random(2) == 1 then ctx:park(\"look\") end\n"
    "ctx:each({ \"a\", \"b\", \"c\" }, function(x) put(ctx, e, x) if x == \"b\" then ctx:sleep(\"1s\") ctx:fail(\"no "
    "\" .. "
    "x, { x }) end maybe(ctx, x) end)",
    /* metamethods, nested coroutines, errors out of everything */
    "local t = setmetatable({}, { __index = function(_, k) return maybe(ctx, k) end, __call = function(_, k)\n"
    "  return ctx:all{ k = function() return get(ctx, k) end }.k end })\nctx:log(t.foo)\n"
    "local co = coroutine.create(function() for i = 1, 3 do coroutine.yield(ctx:all{ a = function() return t[i] end,\n"
    "  b = coroutine.wrap(function() return t(i) end) }) end end)\n"
    "for i = 1, 3 do local ok, r = coroutine.resume(co) ctx:log(tostring(ok) .. (ok and r.a .. r.b or tostring(r))) "
    "end\n"
    "return t(\"last\")",
};

/* A small generator of its own, so that schedules are the same on every machine. */
static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

struct step {
    char id[200], document[200], cls[20];
    bool ok;
    int64_t now_ms;
};
struct record {
    struct step steps[STEPS_MAX];
    size_t count;
    enum tl_run_ending ending;
    struct tl_buf text; /* own; all outcomes */
};

static void add(struct tl_buf *b, tl_str s)
{
    tl_buf_add_str(b, s);
    tl_buf_add(b, "\n", 1);
}

static void add_number(struct tl_buf *b, int64_t n)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)n);
    add(b, tl_str_z(text));
}

static void add_ask(struct tl_buf *b, const struct tl_run_ask *ask)
{
    tl_str texts[] = {ask->id,     ask->target, ask->operation, ask->args, ask->entity, ask->object, ask->key,
                      ask->record, ask->once,   ask->after,     ask->flow, ask->reason, ask->data};
    int64_t numbers[] = {ask->kind, ask->place.line, ask->effect, ask->undo, ask->within_ms, ask->filtered};
    for (size_t i = 0; i < TL_COUNT_OF(texts); i++)
        add(b, texts[i]);
    for (size_t i = 0; i < TL_COUNT_OF(numbers); i++)
        add_number(b, numbers[i]);
    for (size_t i = 0; i < ask->type_count; i++)
        add(b, ask->types[i]);
}

static void note(struct tl_buf *b, const struct tl_run_outcome *o)
{
    add_number(b, o->ending);
    add_number(b, o->undoing);
    for (size_t i = 0; i < o->ask_count; i++)
        add_ask(b, o->asks[i]);
    add(b, TL_STR("withdrawn"));
    for (size_t i = 0; i < o->withdrawn_count; i++)
        add(b, o->withdrawn[i]);
    tl_str texts[] = {o->reason, o->data, o->error.cls, o->error.message, o->error.step, o->error.traceback};
    for (size_t i = 0; i < TL_COUNT_OF(texts); i++)
        add(b, texts[i]);
    add_number(b, o->error.place.line);
    for (size_t i = 0; i < o->emit_count; i++)
        add(b, o->emits[i].data);
    for (size_t i = 0; i < o->log_count; i++)
        add(b, o->logs[i].message);
}

/* What the world says to one of the outstanding asks. */
static void decide(struct step *step, const struct tl_run_ask *ask, uint32_t *seed, size_t n)
{
    *step = (struct step){.ok = draw(seed) % 5 != 0, .now_ms = 1700000000123 + (int64_t)n * 1000};
    snprintf(step->id, sizeof step->id, "%.*s", TL_STR_ARGS(ask->id));
    unsigned value = draw(seed) % 1000;
    if (ask->kind != TL_ASK_CALL)
        step->ok = true;
    if (!step->ok)
        strcpy(step->cls, value % 2 ? "missing" : "data");
    else if (ask->kind == TL_ASK_CALL)
        snprintf(step->document, sizeof step->document, "{\"x\":\"%u\"}", value);
    else if (ask->kind == TL_ASK_DECIDE)
        strcpy(step->document, "{\"answer\":\"y\",\"at\":\"T\",\"by\":\"b\",\"why\":\"\"}");
    else if (ask->kind == TL_ASK_AWAIT && value % 4)
        snprintf(step->document, sizeof step->document,
                 "{\"data\":{\"ok\":%s},\"id\":\"%u\",\"key\":\"K\",\"source\":\"\",\"time\":\"T\",\"type\":\"out@1\"}",
                 value % 3 ? "false" : "true", value);
}

static size_t slices;

static void neighbour(struct tl_script *script);

/* A stretch that gives way goes on, and every now and then another run of the state has its turn in between. */
static const struct tl_run_outcome *through(struct tl_run *run, const struct tl_run_outcome *o)
{
    while (o->ending == TL_RUN_PREEMPTED) {
        assert_int_equal(o->ask_count, 0);
        if (++slices % 64 == 0)
            neighbour(run->script);
        o = tl_run_go_on(run);
    }
    return o;
}

static const struct tl_run_outcome *give(struct tl_run *run, const struct step *step)
{
    struct tl_run_result result = {.id = tl_str_z(step->id),
                                   .ok = step->ok,
                                   .document = tl_str_z(step->document),
                                   .cls = tl_str_z(step->cls),
                                   .message = tl_str_z(step->ok ? "" : "refused"),
                                   .now_ms = step->now_ms};
    return through(run, tl_run_resume(run, &result));
}

/* The asks that are outstanding, as the outcomes told. */
struct open {
    const struct tl_run_ask *asks[STEPS_MAX];
    size_t count;
};

static void follow(struct open *open, const struct tl_run *run, const struct tl_run_outcome *o)
{
    size_t kept = 0;
    for (size_t i = 0; i < open->count; i++)
        if (tl_run_asks(run, open->asks[i]->id))
            open->asks[kept++] = open->asks[i];
    open->count = kept;
    for (size_t i = 0; i < o->ask_count; i++)
        open->asks[open->count++] = o->asks[i];
}

/* After ctx:fail: what became of the calls under way is told by the bits of `seed`. */
static const struct tl_run_outcome *settle(struct tl_run *run, const struct tl_run_outcome *o)
{
    tl_str ids[64];
    size_t count = o->withdrawn_count;
    for (size_t i = 0; i < count; i++)
        ids[i] = o->withdrawn[i];
    for (size_t i = 0; i < count; i++)
        tl_run_settle(run, ids[i], ids[i].len % 2);
    return through(run, tl_run_cancel(run, TL_STR_NONE));
}

static struct tl_run *begin(struct tl_script *script, const struct tl_run_outcome **o)
{
    struct tl_run_event event = {.id = TL_STR("1-0"),
                                 .type = TL_STR("in@1"),
                                 .key = TL_STR("K"),
                                 .source = TL_STR("crm"),
                                 .payload = TL_STR("{\"no\":\"1\"}"),
                                 .time_ms = 1700000000123,
                                 .unit = 42};
    struct tl_run *run;
    *o = tl_run_start(script, 0, &event, &run);
    *o = through(run, *o);
    return run;
}

static void neighbour(struct tl_script *script)
{
    struct tl_run_event event = {.type = TL_STR("in@1"), .key = TL_STR("L"), .payload = TL_STR("{\"no\":\"2\"}")};
    struct tl_run *run;
    const struct tl_run_outcome *o = tl_run_start(script, 0, &event, &run);
    for (int i = 0; i < 10 && o->ending == TL_RUN_PREEMPTED; i++)
        o = tl_run_go_on(run);
    tl_run_free(run);
}

/* Plays a run to its end, or for `most` steps; with `recording` results are drawn and recorded, else they are those of
 * the record. */
static struct tl_run *play(struct tl_script *script, struct record *record, bool recording, uint32_t seed, size_t most)
{
    const struct tl_run_outcome *o;
    struct tl_run *run = begin(script, &o);
    struct open open = {.count = 0};
    tl_buf_clear(&record->text);
    note(&record->text, o);
    if (recording)
        record->count = 0;
    for (size_t n = 0; o->ending == TL_RUN_WAIT && n < most; n++) {
        follow(&open, run, o);
        if (open.count == 0) {
            o = settle(run, o);
        } else {
            assert_true(n < STEPS_MAX - 1);
            struct step *step = &record->steps[n];
            if (recording) {
                decide(step, open.asks[draw(&seed) % open.count], &seed, n);
                record->count = n + 1;
            }
            assert_true(n < record->count);
            assert_true(tl_run_asks(run, tl_str_z(step->id)));
            o = give(run, step);
        }
        note(&record->text, o);
    }
    record->ending = o->ending;
    return run;
}

/* Plays every body with drawn results, and repeats it in a state with these limits. */
static void repeat_all(const struct tl_script_limits *limits, uint32_t rounds)
{
    static struct record first, second;
    int endings[TL_RUN_ERROR + 1] = {0};
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++) {
        struct case_run c, other;
        case_start(&c, head, bodies[i], "{\"no\":\"1\"}");
        case_start_limited(&other, head, bodies[i], "{\"no\":\"1\"}", limits);
        for (uint32_t seed = 1; seed <= rounds; seed++) {
            tl_buf_init(&first.text, 4u << 20);
            tl_buf_init(&second.text, 4u << 20);
            struct tl_run *run = play(c.script, &first, true, seed * 7919, STEPS_MAX);
            assert_true(first.count >= 1);
            memcpy(second.steps, first.steps, sizeof first.steps);
            second.count = first.count;
            struct tl_run *again = play(other.script, &second, false, 0, STEPS_MAX);
            endings[first.ending]++;
            if (!tl_str_eq(tl_buf_str(&first.text), tl_buf_str(&second.text)))
                fail_msg("body %zu, seed %u: the repeat differs:\n%.*s\n---\n%.*s", i, seed,
                         TL_STR_ARGS(tl_buf_str(&first.text)), TL_STR_ARGS(tl_buf_str(&second.text)));
            tl_run_free(run);
            tl_run_free(again);
            tl_buf_free(&first.text);
            tl_buf_free(&second.text);
        }
        case_end(&c);
        case_end(&other);
    }
    assert_true(endings[TL_RUN_DONE] > 0 && endings[TL_RUN_FAILED] > 0 && endings[TL_RUN_ERROR] > 0);
    assert_int_equal(endings[TL_RUN_WAIT], 0);
}

static void a_run_repeated_from_its_record_is_the_same(void **state)
{
    (void)state;
    repeat_all(NULL, ROUNDS);
    assert_int_equal(slices, 0);
}

static void a_run_that_gives_way_is_the_same(void **state)
{
    (void)state;
    static const int counts[] = {1, 2, 3, 7, 11};
    for (size_t i = 0; i < TL_COUNT_OF(counts); i++) {
        slices = 0;
        repeat_all(&(struct tl_script_limits){.slice_count = counts[i]}, ROUNDS / 10 + 1);
        if (slices < 50)
            fail_msg("every %d instructions, and only %zu slices", counts[i], slices);
    }
}

static size_t bytes_after_collection(struct tl_script *script)
{
    lua_gc(script->L, LUA_GCCOLLECT);
    lua_gc(script->L, LUA_GCCOLLECT);
    return tl_script_bytes(script);
}

/* Forty runs, freed wherever they are; the bytes that are held afterwards. */
static size_t bytes_after_runs(struct tl_script *script)
{
    static struct record record;
    for (uint32_t seed = 1; seed <= 40; seed++) {
        tl_buf_init(&record.text, 4u << 20);
        struct tl_run *run = play(script, &record, true, seed, seed % 3 ? seed : STEPS_MAX);
        if (seed % 2 && record.count && tl_run_asks(run, tl_str_z(record.steps[0].id)))
            tl_run_cancel(run, TL_STR("x"));
        tl_run_free(run);
        tl_buf_free(&record.text);
    }
    return bytes_after_collection(script);
}

/* What is left behind grows with every round. The table of suspended coroutines may grow in any of the first, by where
 * their addresses hash. */
static void a_freed_run_leaves_nothing_in_its_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < TL_COUNT_OF(bodies); i++) {
        struct case_run c;
        case_start(&c, head, bodies[i], "{\"no\":\"1\"}");
        size_t most = 0;
        for (int round = 0, calm = 0; calm < 3; round++) {
            if (round == 15)
                fail_msg("body %zu: %zu bytes are held, and more with every round", i, most);
            size_t bytes = bytes_after_runs(c.script);
            calm = bytes > most ? 0 : calm + 1;
            most = bytes > most ? bytes : most;
        }
        case_end(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_repeated_from_its_record_is_the_same),
        cmocka_unit_test(a_run_that_gives_way_is_the_same),
        cmocka_unit_test(a_freed_run_leaves_nothing_in_its_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
