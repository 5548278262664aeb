/* Systems that are replaced while calls are out on them, with real connectors against an HTTP server: what was sent
 * ends on the old object, what is sent afterwards goes to the new one, captures go on from their cursor, and the old
 * object is given back when the last of it has ended. */
#include "engine_int.h"
#include "flow/switch.h"
#include "flow_world.h"
#include "net/http_server.h"
#include "net/problem.h"
#include <string.h>

#define CONNECTORS TIDELOCK_BUILD "/tests/connectors"

static const char *const won[] = {"won@1"};
static const char *const erp[] = {"erp"};
static struct tl_capture_decl captures[1];
static struct tl_system_decl decls[1];
static struct tl_flow flows[1];

struct site {
    struct world w;
    struct tl_loop *loop; /* the owner's, and the server's */
    struct tl_http_server *server;
    struct tl_library *library;
    struct tl_http_request *held; /* asked of the old address, and not answered yet */
    char asked[2000];             /* "GET /old/near safe; …" */
    size_t released;
    struct tl_system *given_back;
    int stopped;
};

static void near_step(struct world *w, struct tl_run *run, const struct tl_run_result *result)
{
    (void)w;
    if (result == NULL)
        run_ask(run, "erp", "near");
    else
        run_end(run, result->ok ? TL_RUN_DONE : TL_RUN_FAILED, "the answer");
}

static const struct scripted scripts[] = {{"f", near_step}};

static void reply(struct tl_http_request *request, const char *body)
{
    struct tl_http_answer answer = {.status = 200, .type = "application/json", .body = tl_str_z(body)};
    tl_http_reply(request, &answer);
}

static void on_request(void *ctx, struct tl_http_request *request)
{
    struct site *site = ctx;
    size_t len = strlen(site->asked);
    snprintf(site->asked + len, sizeof site->asked - len, "%.*s %.*s; ", TL_STR_ARGS(request->target),
             TL_STR_ARGS(tl_http_request_header(request, "X-Mode")));
    if (tl_str_is(request->target, "/old/near"))
        site->held = request;
    else if (tl_str_starts(request->target, TL_STR("/api/changes")))
        reply(request, "{\"items\":[{\"id\":1,\"at\":\"t1\"}],\"cursor\":\"c1\",\"end\":true}");
    else
        reply(request, "{\"ok\":true}");
}

static void system_released(void *ctx, struct tl_system *system)
{
    struct site *site = ctx;
    site->released++;
    site->given_back = system;
}

/* Has the operation "more". */
static const char more[] = "{\"operations\":{\"more\":{\"effect\":\"read\",\"method\":\"GET\",\"path\":\"/more\"}}}";

static struct tl_system *make_system_with(struct site *site, const char *place, const char *mode,
                                          const char *operations)
{
    struct tl_system *system = NULL;
    struct tl_error err;
    unsigned port = tl_http_server_port(site->server);
    char *settings = tl_printf("{\"url\":\"http://127.0.0.1:%u\",\"other\":\"http://127.0.0.1:%u/%s\",\"mode\":\"%s\"}",
                               port, port, place, mode);
    struct tl_system_config config = {.name = TL_STR("erp"),
                                      .connector = TL_STR("rest_t@1"),
                                      .settings = tl_str_z(settings),
                                      .operations = tl_str_z(operations),
                                      .operations_file = TL_STR("systems/more.json")};
    if (tl_system_new(site->library, &config, NULL, &system, &err) != TL_OK)
        fail_msg("%s", err.text);
    tl_free(settings);
    return system;
}

static struct tl_system *make_system(struct site *site, const char *place, const char *mode)
{
    return make_system_with(site, place, mode, "");
}

static void site_new(struct site *site)
{
    struct tl_error err;
    *site = (struct site){0};
    captures[0] = (struct tl_capture_decl){.object = "Item", .poll_ms = 3600 * 1000, .config = "{\"poll\":\"1h\"}"};
    decls[0] = (struct tl_system_decl){.name = "erp",
                                       .kind = "erp",
                                       .connector = "rest_t",
                                       .connector_major = 1,
                                       .captures = captures,
                                       .capture_count = 1};
    flows[0] = (struct tl_flow){.name = "f",
                                .on = won,
                                .on_count = 1,
                                .scope = "f",
                                .priority = TL_NORMAL,
                                .steward = "desk",
                                .targets = erp,
                                .target_count = 1};
    world_new(&site->w, flows, scripts, 1, decls, 1);
    tl_clock_set(NULL);
    site->loop = tl_loop_new("owner");
    site->library = tl_library_new(CONNECTORS);
    struct tl_http_config http = {.host = "127.0.0.1"};
    struct tl_http_handler handler = {.on_request = on_request, .ctx = site};
    if (tl_http_server_start(site->loop, &http, &handler, &site->server, &err) != TL_OK)
        fail_msg("%s", err.text);
    site->w.config.calls = NULL;
    site->w.config.loop = site->loop;
    site->w.config.system_released = system_released;
    site->w.config.ctx = site;
}

static void stopped(void *ctx)
{
    ((struct site *)ctx)->stopped = 1;
}

static void site_free(struct site *site)
{
    world_stop(&site->w);
    tl_http_server_stop(site->server, 0, stopped, site);
    while (!site->stopped)
        tl_loop_wait(site->loop, 1);
    world_free(&site->w);
    tl_library_free(site->library);
    tl_loop_free(site->loop);
}

/* Turns everything until the condition holds. */
static void until(struct site *site, bool (*holds)(struct site *site))
{
    for (int i = 0; i < 10000 && !holds(site); i++) {
        tl_loop_wait(site->loop, 1);
        for (unsigned l = 0; l < site->w.engine->lane_count; l++)
            tl_loop_wait(site->w.engine->lanes[l]->loop, 1);
    }
    if (!holds(site))
        fail_msg("nothing more happens: %s", site->asked);
}

static bool is_held(struct site *site)
{
    return site->held != NULL && strstr(site->asked, "/api/changes?start=0&kind=all safe") != NULL;
}

static bool has_cursor(struct site *site)
{
    return world_rows(&site->w, TL_TABLE_CURSOR) == 1;
}

static bool new_is_asked(struct site *site)
{
    return strstr(site->asked, "/new/near fast") != NULL &&
           strstr(site->asked, "changes?cursor=c1&kind=all fast") != NULL;
}

static bool is_over(struct site *site)
{
    return tl_engine_unfinished(site->w.engine) == 0 && site->released == 1;
}

static tl_code try_switch(struct site *site, struct tl_system *system, struct tl_error *err)
{
    struct tl_engine_system list[] = {{.decl = &decls[0], .system = system}};
    struct tl_engine_next *next;
    site->w.config.first.systems = list;
    tl_code code = tl_engine_prepare(site->w.engine, &site->w.config, &next, err);
    return code == TL_OK ? tl_engine_switch(site->w.engine, next, NULL, err) : code;
}

static void switch_to(struct site *site, struct tl_system *system)
{
    struct tl_error err;
    if (try_switch(site, system, &err) != TL_OK)
        fail_msg("%s", err.text);
}

static void calls_in_flight_end_on_the_old_system(void **state)
{
    (void)state;
    struct site site;
    site_new(&site);
    struct tl_system *before = make_system(&site, "old", "safe"), *after = make_system(&site, "new", "fast");
    struct tl_engine_system list[] = {{.decl = &decls[0], .system = before}};
    site.w.config.first.systems = list;
    world_start(&site.w);
    tl_position first = world_accept(&site.w, "won@1", "K", "1");
    until(&site, is_held);
    until(&site, has_cursor);
    switch_to(&site, after);
    tl_position second = world_accept(&site.w, "won@1", "L", "2");
    until(&site, new_is_asked);
    assert_int_equal(site.released, 0);
    assert_string_equal(world_endings(&site.w, first, "f"), "");
    reply(site.held, "{\"ok\":true}");
    until(&site, is_over);
    assert_string_equal(world_endings(&site.w, first, "f"), "done");
    assert_string_equal(world_endings(&site.w, second, "f"), "done");
    assert_ptr_equal(site.given_back, before);
    tl_system_free(before);
    site_free(&site);
    tl_system_free(after);
}

/* The run that is open calls it, or may; another operation may go. */
static void an_operation_that_runs_use_is_not_removed(void **state)
{
    (void)state;
    static const struct tl_flow_call calls[] = {{"erp", "near"}, {"erp", "more"}};
    struct site site;
    struct tl_error err;
    site_new(&site);
    flows[0].calls = calls;
    flows[0].call_count = 2;
    struct tl_system *before = make_system_with(&site, "old", "safe", more), *after = make_system(&site, "new", "fast");
    struct tl_engine_system list[] = {{.decl = &decls[0], .system = before}};
    site.w.config.first.systems = list;
    world_start(&site.w);
    world_accept(&site.w, "won@1", "K", "1");
    until(&site, is_held);
    until(&site, has_cursor);
    site.w.config.first.revision = "r2";
    assert_int_equal(try_switch(&site, after, &err), TL_EDIFFERS);
    assert_non_null(strstr(err.text, "operations would be removed that open runs use: \"erp:more\" by \"f\" (1)"));
    flows[0].call_count = 1;
    switch_to(&site, after);
    reply(site.held, "{\"ok\":true}");
    until(&site, is_over);
    tl_system_free(before);
    site_free(&site);
    tl_system_free(after);
}

/* The old one is still busy when everything stops. */
static void a_stop_ends_what_is_left_of_the_old_system(void **state)
{
    (void)state;
    struct site site;
    site_new(&site);
    struct tl_system *before = make_system(&site, "old", "safe"), *after = make_system(&site, "new", "fast");
    struct tl_engine_system list[] = {{.decl = &decls[0], .system = before}};
    site.w.config.first.systems = list;
    world_start(&site.w);
    tl_position first = world_accept(&site.w, "won@1", "K", "1");
    until(&site, is_held);
    until(&site, has_cursor);
    switch_to(&site, after);
    tl_engine_stop(site.w.engine, 0);
    assert_string_equal(world_endings(&site.w, first, "f"), "");
    tl_http_refuse(site.held, 500, NULL, "%s", "too late");
    site_free(&site);
    tl_system_free(before);
    tl_system_free(after);
}

/* ---- by hand, with platforms in C ---- */

static void lone_world(struct world *w)
{
    decls[0] = (struct tl_system_decl){
        .name = "erp", .kind = "erp", .connector = "fake", .connector_major = 1, .limits = {.concurrent = 1}};
    flows[0] = (struct tl_flow){.name = "f",
                                .on = won,
                                .on_count = 1,
                                .scope = "f",
                                .priority = TL_NORMAL,
                                .steward = "desk",
                                .targets = erp,
                                .target_count = 1};
    world_new(w, flows, scripts, 1, decls, 1);
    w->config.lanes = 1;
}

static enum answer later(struct world *w, const char *system, const char *operation, const char *args)
{
    (void)w, (void)system, (void)operation, (void)args;
    return ANSWER_LATER;
}

/* One call is out, a second run stands before the gate: it is told, and the one that is out ends. */
static void who_waits_for_a_removed_system_is_told(void **state)
{
    (void)state;
    struct world w;
    struct tl_engine_next *next;
    struct tl_error err;
    lone_world(&w);
    w.answer = later;
    world_start(&w);
    tl_position out = world_accept(&w, "won@1", "K", "1"), waits = world_accept(&w, "won@1", "L", "2");
    world_settle(&w);
    assert_int_equal(w.later_count, 1);
    struct tl_engine_config without = w.config;
    without.first.system_count = 0;
    without.first.revision = "r2";
    assert_int_equal(tl_engine_prepare(w.engine, &without, &next, &err), TL_OK);
    assert_int_equal(tl_engine_switch(w.engine, next, NULL, &err), TL_EDIFFERS);
    world_settle(&w);
    without.park_removed = true;
    assert_int_equal(tl_engine_prepare(w.engine, &without, &next, &err), TL_OK);
    assert_int_equal(tl_engine_switch(w.engine, next, NULL, &err), TL_OK);
    world_settle(&w);
    assert_string_equal(world_endings(&w, waits, "f"), "parked");
    world_answer(&w, 0, TL_FAIL_NONE);
    world_settle(&w);
    assert_string_equal(world_endings(&w, out, "f"), "done");
    assert_int_equal(tl_engine_unfinished(w.engine), 0);
    world_free(&w);
}

static int opens, closes;

static tl_code open_once(void *ctx, const struct tl_bundle *bundle, const char *revision, void **host,
                         struct tl_error *err)
{
    (void)bundle;
    *host = ctx;
    if (strcmp(revision, "r2") != 0)
        return TL_OK;
    return ++opens == 1 ? TL_OK : tl_fail(err, TL_EFAILED, "a script raises an error");
}

static void count_close(void *ctx, void *host)
{
    (void)ctx, (void)host;
    closes++;
}

static void what_cannot_be_prepared_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    struct tl_engine_next *next = NULL;
    struct tl_error err;
    lone_world(&w);
    w.config.lanes = 2;
    w.runs.open = open_once;
    w.runs.close = count_close;
    world_start(&w);
    struct tl_engine_config other = w.config;
    struct tl_flow odd = flows[0];
    odd.order.pointer = "no pointer";
    other.first.flows = &odd;
    other.first.revision = "r2";
    assert_int_equal(tl_engine_prepare(w.engine, &other, &next, &err), TL_EINPUT);
    assert_non_null(strstr(err.text, "flow \"f\""));
    other.first.flows = flows;
    assert_int_equal(tl_engine_prepare(w.engine, &other, &next, &err), TL_EFAILED);
    assert_string_equal(err.text, "a script raises an error");
    assert_int_equal(closes, 1);
    assert_null(next);
    tl_position event = world_accept(&w, "won@1", "K", "1");
    world_settle(&w);
    assert_string_equal(world_endings(&w, event, "f"), "done");
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_for_a_removed_system_is_told),
        cmocka_unit_test(what_cannot_be_prepared_changes_nothing),
        cmocka_unit_test(calls_in_flight_end_on_the_old_system),
        cmocka_unit_test(an_operation_that_runs_use_is_not_removed),
        cmocka_unit_test(a_stop_ends_what_is_left_of_the_old_system),
    };
    return cmocka_run_group_tests_name("flow switch systems", tests, NULL, NULL);
}
