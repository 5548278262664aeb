#include "lua_world.h"
#include "codec/json.h"
#include "engine_int.h"
#include <stdlib.h>
#include <string.h>

#define MARKERS_MAX 4096
#define BUNDLES_MAX 512

/* ---- the integration ---- */

static const char steward[] = "steward \"desk\" { mail = \"desk@t.example\", due = \"1h\" }\n";
static const char both[] = "system \"erp\" { connector = \"odata@1\", batch = true }\n"
                           "system \"crm\" { connector = \"odata@1\", batch = true }\n";
static const char entities[] =
    "entity \"order@1\" { contract = \"contracts/o.json\", steward = \"desk\", key = \"no\", "
    "owner = \"crm\" }\n";
static const char maps[] = "return map \"erp.Orders <- order@1\" { No = \"no\", N = \"n\" }\n";
static const char maps_crm[] = "return map \"crm.Orders <- order@1\" { No = \"no\", N = \"n\" }\n";
static const char events[] = "event \"won@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"desk\" }\n"
                             "event \"sent@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"desk\" }\n"
                             "event \"paid@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"desk\" }\n"
                             "event \"told@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"desk\" }\n";

static enum tl_effect_class effect_of(void *ctx, const struct tl_system_decl *system, tl_str operation,
                                      const char **nearest)
{
    (void)ctx, (void)system, (void)nearest;
    if (tl_str_is(operation, "read"))
        return TL_EFFECT_READ;
    if (tl_str_is(operation, "note") || tl_str_is(operation, "mark"))
        return TL_EFFECT_IDEMPOTENT;
    if (tl_str_is(operation, "pay"))
        return TL_EFFECT_KEYED;
    if (tl_str_is(operation, "book") || tl_str_is(operation, "wire"))
        return TL_EFFECT_UNSAFE;
    return TL_EFFECT_UNKNOWN;
}

static struct tl_bundle *load(const char *name, const char *flows, const char *systems)
{
    char *head = tl_printf("integration \"%s\" { steward = \"desk\" }\n", name);
    char *first = tl_printf("%s%s%s", head, steward, systems);
    tl_free(head);
    const struct tl_bundle_file files[] = {{"integration.lua", tl_str_z(first)}, {"entities.lua", tl_str_z(entities)},
                                           {"maps/c.lua", tl_str_z(maps_crm)},   {"events.lua", tl_str_z(events)},
                                           {"contracts/o.json", TL_STR("{}")},   {"flows.lua", tl_str_z(flows)},
                                           {"maps/e.lua", tl_str_z(maps)}};
    size_t file_count = TL_COUNT_OF(files) - (strstr(systems, "\"erp\"") == NULL); /* no map without its system */
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib", .effect_class = effect_of};
    struct tl_bundle *bundle = NULL;
    struct tl_error err;
    if (tl_bundle_load_files(files, file_count, &options, &bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    size_t count;
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; i < count; i++) {
        if (findings[i].severity == TL_FINDING_ERROR)
            fail_msg("%s:%d: %s", findings[i].place.file, findings[i].place.line, findings[i].text);
    }
    tl_free(first);
    return bundle;
}

/* ---- platforms ---- */

struct fault {
    char operation[16];
    int times;
};

static struct fault lost, refused, vanished;
static int lagging;
static char *markers[MARKERS_MAX]; /* of what was carried out */
static size_t marker_count;
static struct tl_bundle *bundles[BUNDLES_MAX];
static size_t bundle_count, released_count;
static pthread_mutex_t bundle_lock = PTHREAD_MUTEX_INITIALIZER; /* lanes ask for earlier ones */
static struct tl_engine_system system_list[4];
static struct tl_engine_integration beside[2];

static bool hits(struct fault *fault, tl_str operation)
{
    if (fault->times <= 0 || !tl_str_is(operation, fault->operation))
        return false;
    fault->times--;
    return true;
}

static bool has_marker(tl_str marker)
{
    for (size_t i = 0; i < marker_count; i++) {
        if (tl_str_is(marker, markers[i]))
            return true;
    }
    return false;
}

static void carry_out(struct world *w, tl_str system, const struct tl_call_request *request)
{
    bool again = request->idempotency_key.len > 0 && tl_str_is(request->operation, "pay") &&
                 has_marker(request->idempotency_key);
    if (again) /* the platform knows the key */
        return;
    world_apply(w, system, request);
    if (request->marker.len > 0 && marker_count < MARKERS_MAX)
        markers[marker_count++] = tl_str_dup(request->marker);
}

static void deliver(struct tl_mail *mail)
{
    struct pending_call *call = TL_CONTAINER_OF(mail, struct pending_call, mail);
    call->done(call->ctx, &call->result);
    tl_free(call);
}

static void *answer(struct world *w, struct tl_lane *lane, const struct tl_call_result *result, tl_call_done *done,
                    void *ctx)
{
    struct pending_call *call = TL_NEW(struct pending_call);
    *call = (struct pending_call){.w = w, .done = done, .ctx = ctx, .loop = tl_lane_loop(lane), .result = *result};
    tl_mail_init(&call->mail, deliver);
    tl_loop_post(call->loop, &call->mail);
    return call;
}

static void *start(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                   tl_call_done *done, void *done_ctx)
{
    struct world *w = ctx;
    pthread_mutex_lock(&w->lock);
    struct tl_call_result result = {
        .id = TL_STR("remote-1"), .status = 200, .document = TL_STR("{\"id\":\"remote-1\"}")};
    bool gone = hits(&vanished, request->operation), unheard = hits(&lost, request->operation);
    tl_call_hash(request, result.request_hash);
    if (hits(&refused, request->operation))
        result = (struct tl_call_result){.failure = TL_FAIL_DATA, .status = 400, .message = TL_STR("refused")};
    else if (!gone)
        carry_out(w, system, request);
    if (gone || unheard)
        result = (struct tl_call_result){
            .failure = TL_FAIL_RETRY, .sent = true, .unknown = true, .message = TL_STR("no answer came")};
    pthread_mutex_unlock(&w->lock);
    return answer(w, lane, &result, done, done_ctx);
}

static void *lookup(void *ctx, struct tl_lane *lane, tl_str system, const struct tl_call_request *request,
                    tl_call_done *done, void *done_ctx)
{
    (void)system;
    struct tl_call_result result = {.status = 200, .id = TL_STR("remote-1"), .matches = has_marker(request->marker)};
    if (result.matches > 0 && lagging > 0) {
        lagging--;
        result.matches = 0;
    }
    if (result.matches > 0) /* a list, as platforms give one */
        result.document = TL_STR("[{\"id\":\"remote-1\",\"found\":true}]");
    return answer(ctx, lane, &result, done, done_ctx);
}

static void facts(void *ctx, struct tl_lane *lane, tl_str system, tl_str operation, struct tl_call_facts *out)
{
    (void)ctx, (void)lane, (void)system;
    bool shows_at_once = tl_str_is(operation, "note") || tl_str_is(operation, "put");
    *out = (struct tl_call_facts){.key_ttl_ms = 3600 * 1000,
                                  .settle_ms = shows_at_once ? 0 : 10000,
                                  .has_lookup = tl_str_is(operation, "book") || tl_str_is(operation, "pay"),
                                  .reads = tl_str_is(operation, "read")};
}

static void cancel(void *ctx, void *call)
{
    (void)ctx, (void)call;
}

static void set(struct fault *fault, const char *operation, int times)
{
    *fault = (struct fault){.times = times};
    snprintf(fault->operation, sizeof fault->operation, "%s", operation);
}

void lua_lose(const char *operation, int times)
{
    set(&lost, operation, times);
}

void lua_refuse(const char *operation, int times)
{
    set(&refused, operation, times);
}

void lua_vanish(const char *operation, int times)
{
    set(&vanished, operation, times);
}

const char *lua_marker(size_t n)
{
    return n < marker_count ? markers[n] : "";
}

void lua_lag(int lookups)
{
    lagging = lookups;
}

/* ---- life ---- */

static pthread_mutex_t bundle_gate = PTHREAD_MUTEX_INITIALIZER;

void lua_hold_bundles(bool hold)
{
    if (hold)
        pthread_mutex_lock(&bundle_gate);
    else
        pthread_mutex_unlock(&bundle_gate);
}

static tl_code revision_bundle(void *ctx, const char *revision, const struct tl_bundle **out, struct tl_error *err)
{
    (void)ctx;
    *out = NULL;
    pthread_mutex_lock(&bundle_gate);
    pthread_mutex_unlock(&bundle_gate);
    pthread_mutex_lock(&bundle_lock);
    for (size_t i = 0; i < bundle_count; i++) {
        if (strcmp(tl_bundle_hash(bundles[i]), revision) == 0)
            *out = bundles[i];
    }
    pthread_mutex_unlock(&bundle_lock);
    if (*out != NULL)
        return TL_OK;
    return tl_fail(err, TL_ENOTFOUND, "no such revision is kept");
}

static void bundle_released(void *ctx, const struct tl_bundle *bundle)
{
    (void)ctx, (void)bundle; /* kept: it is an earlier revision now */
    released_count++;
}

static void revise(struct world *w, const char *flows, const char *systems)
{
    size_t count;
    assert_true(bundle_count < BUNDLES_MAX);
    struct tl_bundle *bundle = load("t", flows, systems != NULL ? systems : both);
    pthread_mutex_lock(&bundle_lock);
    bundles[bundle_count++] = bundle;
    pthread_mutex_unlock(&bundle_lock);
    tl_engine_integration_bundle(&w->config.first, bundle);
    const struct tl_system_decl *decls = tl_bundle_systems(bundle, &count);
    for (size_t i = 0; i < count && i < TL_COUNT_OF(system_list); i++)
        system_list[i] = (struct tl_engine_system){.decl = &decls[i]};
    w->config.first.systems = system_list;
    w->config.first.system_count = count;
    w->config.runs = NULL;
    w->config.revision_bundle = revision_bundle;
    w->config.bundle_released = bundle_released;
}

void lua_revise(struct world *w, const char *flows)
{
    revise(w, flows, NULL);
}

struct loader {
    struct world *w;
    struct tl_engine_next *next;
    struct tl_error err;
    tl_code code;
};

static void load_next(void *ctx)
{
    struct loader *loader = ctx;
    loader->code = tl_engine_prepare(loader->w->engine, &loader->w->config, &loader->next, &loader->err);
}

/* On a thread of its own, where lanes have such. */
static tl_code prepare_next(struct world *w, struct tl_engine_next **next, struct tl_error *err)
{
    struct loader loader = {.w = w};
    struct tl_thread *thread = NULL;
    if (w->config.by_hand)
        load_next(&loader);
    else {
        assert_int_equal(tl_thread_start("loader", load_next, &loader, &thread, err), TL_OK);
        tl_thread_join(thread);
    }
    *next = loader.next;
    *err = loader.err;
    return loader.code;
}

void lua_beside(struct world *w, size_t n, const char *name, const char *flows)
{
    static struct tl_engine_system lists[2][4];
    struct tl_engine_integration *other = &beside[n];
    size_t count;
    if (flows == NULL) {
        w->config.other_count = n;
        return;
    }
    struct tl_bundle *bundle = load(name, flows, both);
    pthread_mutex_lock(&bundle_lock);
    bundles[bundle_count++] = bundle;
    pthread_mutex_unlock(&bundle_lock);
    tl_engine_integration_bundle(other, bundle);
    const struct tl_system_decl *decls = tl_bundle_systems(bundle, &count);
    for (size_t i = 0; i < count && i < TL_COUNT_OF(lists[0]); i++)
        lists[n][i] = (struct tl_engine_system){.decl = &decls[i]};
    other->systems = lists[n];
    other->system_count = count;
    w->config.others = beside;
    w->config.other_count = n + 1;
}

static tl_code change(struct world *w, const char *flows, const char *systems, bool park,
                      struct tl_engine_switched *out)
{
    struct tl_engine_config before = w->config;
    struct tl_engine_next *next = NULL;
    struct tl_error err = {0};
    revise(w, flows, systems);
    w->config.park_removed = park;
    tl_code code = prepare_next(w, &next, &err);
    if (code == TL_OK)
        code = tl_engine_switch(w->engine, next, out, &err);
    w->config.park_removed = before.park_removed;
    if (code != TL_OK)
        w->config = before;
    snprintf(w->reply_text, sizeof w->reply_text, "%.500s", code != TL_OK ? err.text : "");
    return code;
}

tl_code lua_switch_config(struct world *w, bool park)
{
    struct tl_engine_next *next = NULL;
    struct tl_error err = {0};
    w->config.park_removed = park;
    tl_code code = prepare_next(w, &next, &err);
    if (code == TL_OK)
        code = tl_engine_switch(w->engine, next, NULL, &err);
    w->config.park_removed = false;
    snprintf(w->reply_text, sizeof w->reply_text, "%.500s", code != TL_OK ? err.text : "");
    return code;
}

tl_code lua_switch(struct world *w, const char *flows, bool park)
{
    return change(w, flows, NULL, park, NULL);
}

tl_code lua_switch_systems(struct world *w, const char *flows, const char *systems, bool park)
{
    return change(w, flows, systems, park, NULL);
}

tl_code lua_switch_timed(struct world *w, const char *flows, struct tl_engine_switched *out)
{
    return change(w, flows, NULL, false, out);
}

size_t lua_released(struct world *w)
{
    for (int i = 0; i < 3; i++)
        tl_loop_turn(w->config.loop);
    return released_count;
}

void lua_prepare(struct world *w, const char *flows)
{
    static const struct tl_call_port calls = {start, lookup, cancel, NULL, facts, NULL, NULL};
    world_new(w, NULL, NULL, 0, NULL, 0);
    lua_lose("", 0);
    lua_refuse("", 0);
    lua_vanish("", 0);
    lua_lag(0);
    lua_revise(w, flows);
    const char *slices = getenv("TIDELOCK_SLICES");
    w->config.script.slice_count = slices != NULL ? atoi(slices) : 0;
#ifdef __SANITIZE_THREAD__ /* scripts take longer */
    w->config.script.cpu_ms = 5000;
#endif
    w->config.loop = tl_loop_new("owner");
    w->calls = calls;
    w->calls.ctx = w;
}

void lua_world(struct world *w, const char *flows)
{
    lua_prepare(w, flows);
    world_start(w);
}

void lua_world_on_threads(struct world *w, const char *flows,
                          void (*on_commit)(struct world *w, struct tl_commit *commit))
{
    lua_prepare(w, flows);
    w->on_commit = on_commit;
    w->config.by_hand = false;
    tl_clock_set(NULL);
    world_start(w);
}

void lua_crash(struct world *w)
{
    world_crash(w);
    world_start(w);
    world_settle(w);
}

void lua_free(struct world *w)
{
    world_free(w);
    tl_loop_free(w->config.loop);
    for (size_t i = 0; i < bundle_count; i++)
        tl_bundle_free(bundles[i]);
    released_count = 0;
    for (size_t i = 0; i < marker_count; i++)
        tl_free(markers[i]);
    bundle_count = marker_count = 0;
}

/* ---- seeing and doing ---- */

const char *lua_seen(struct world *w)
{
    static char text[16384];
    size_t len = 0;
    text[0] = 0;
    for (size_t i = 0; i < w->log_count && len < sizeof text - 600; i++)
        len += (size_t)snprintf(text + len, 600, "%s%s:%s%.500s", len > 0 ? " " : "", w->log[i].system,
                                w->log[i].operation, strcmp(w->log[i].operation, "put") == 0 ? "" : w->log[i].args);
    return text;
}

tl_position lua_event(struct world *w, const char *type, const char *key, const char *extra)
{
    char payload[512];
    snprintf(payload, sizeof payload, "{\"no\":\"%s\"%s%s}", key, extra[0] != 0 ? "," : "", extra);
    tl_position position = world_accept(w, type, key, payload);
    world_settle(w);
    return position;
}

static struct tl_json_doc *list(struct world *w, struct tl_buf *out)
{
    struct tl_runs_query query = {0};
    struct tl_error err;
    struct tl_json_doc *doc = NULL;
    tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
    tl_buf_init(out, 1 << 20);
    if (tl_runs_list(w->engine, &query, out, &err) != TL_OK ||
        tl_json_parse(tl_buf_str(out), NULL, &doc, &err) != TL_OK)
        fail_msg("%s", err.text);
    return doc;
}

const char *lua_runs(struct world *w)
{
    static char text[4096];
    size_t len = 0;
    struct tl_buf out;
    struct tl_json_doc *doc = list(w, &out);
    struct tl_json_iter i = tl_json_iter(tl_json_get(tl_json_root(doc), "runs"));
    text[0] = 0;
    while (tl_json_next(&i) && len < sizeof text - 200)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s/%.*s", len > 0 ? " " : "",
                                TL_STR_ARGS(tl_json_get_text(i.value, "flow")),
                                TL_STR_ARGS(tl_json_get_text(i.value, "state")));
    tl_json_free(doc);
    tl_buf_free(&out);
    return text;
}

const char *lua_run(struct world *w)
{
    static char id[32];
    struct tl_buf out;
    struct tl_json_doc *doc = list(w, &out);
    const struct tl_json_value *first = tl_json_item(tl_json_get(tl_json_root(doc), "runs"), 0);
    snprintf(id, sizeof id, "%.*s", TL_STR_ARGS(tl_json_get_text(first, "id")));
    tl_json_free(doc);
    tl_buf_free(&out);
    return id;
}

static void done(void *ctx, tl_code code, const char *text)
{
    struct world *w = ctx;
    w->replies++;
    w->reply_code = code;
    snprintf(w->reply_text, sizeof w->reply_text, "%s", text);
}

static bool replied(struct world *w)
{
    return w->replies > 0;
}

tl_code lua_act(struct world *w, enum tl_run_act act, const char *step, const char *result, bool dry_run)
{
    struct tl_run_request request = {.act = act,
                                     .id = tl_str_z(lua_run(w)),
                                     .step = tl_str_z(step),
                                     .result = tl_str_z(result),
                                     .who = TL_STR("ann"),
                                     .why = TL_STR("tested"),
                                     .dry_run = dry_run};
    w->replies = 0;
    tl_run_do(w->engine, &request, tl_lane_loop(tl_engine_lane(w->engine, 0)), done, w);
    world_until(w, replied);
    world_settle(w);
    return w->reply_code;
}

tl_code lua_decide(struct world *w, const char *answer)
{
    struct tl_buf out;
    struct tl_error err;
    struct tl_json_doc *doc = NULL;
    struct tl_decisions_query query = {0};
    tl_buf_init(&out, 1 << 20);
    tl_journal_wait_applied(w->journal, tl_journal_last(w->journal));
    if (tl_decisions_list(w->engine, &query, &out, &err) != TL_OK ||
        tl_json_parse(tl_buf_str(&out), NULL, &doc, &err) != TL_OK)
        fail_msg("%s", err.text);
    const struct tl_json_value *first = tl_json_item(tl_json_get(tl_json_root(doc), "decisions"), 0);
    w->replies = 0;
    tl_decision_answer(w->engine, tl_json_get_text(first, "id"), tl_str_z(answer), TL_STR("ann"), TL_STR("because"),
                       tl_lane_loop(tl_engine_lane(w->engine, 0)), done, w);
    world_until(w, replied);
    world_settle(w);
    tl_json_free(doc);
    tl_buf_free(&out);
    return w->reply_code;
}
