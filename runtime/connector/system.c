/* Systems: made from a declaration, attached to by lanes, and asked what their operations are. */
#include "connector/system.h"
#include "args.h"
#include "base/alloc.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "config.h"
#include "host.h"
#include "system_state.h"
#include <stdio.h>

/* ---- making ---- */

static bool kind_is_renewable(tl_str kind)
{
    return tl_str_starts(kind, TL_STR("oauth2")) || tl_str_is(kind, "session");
}

static tl_code read_config(struct tl_system *system, const struct tl_system_config *config, bool lenient,
                           struct tl_error *err)
{
    struct tl_config_docs docs;
    tl_code code =
        tl_config_read(system->manifest, config->settings.len ? config->settings : TL_STR("{}"), lenient, &docs, err);
    if (code != TL_OK)
        return code;
    system->config = docs.config;
    system->open_config = docs.open_config;
    system->auth = docs.auth;
    tl_str kind = tl_json_get_text(tl_json_root(docs.auth), "kind");
    system->auth_kind = kind.len ? kind : TL_STR("none");
    system->auth_scheme = tl_json_get_str(tl_json_get(system->manifest, "auth"), system->auth_kind);
    system->renewable = kind_is_renewable(system->auth_kind);
    return TL_OK;
}

/* The file adds operations to what the connector has, or says all that the connector is to do. */
static tl_code read_file(struct tl_system *system, const struct tl_system_config *config, struct tl_error *err)
{
    const struct tl_manifest *of = &system->connector->manifest;
    bool by_file = tl_json_get_bool(of->root, "by_file", false);
    tl_str name = config->operations_file.len ? config->operations_file : TL_STR("operations file");
    tl_code code = TL_OK;
    if (by_file && config->operations.len == 0)
        return tl_fail(err, TL_ECONFIG,
                       "operations: is missing; the connector %.*s is told by a file what to do "
                       "(operations = \"systems/%.*s.json\")",
                       TL_STR_ARGS(tl_connector_id(system->connector)), TL_STR_ARGS(config->name));
    if (by_file)
        code = tl_manifest_by_file_new(config->operations, of, &system->by_file, err);
    else if (config->operations.len)
        code = tl_manifest_extra_new(config->operations, of, &system->extra, err);
    if (code != TL_OK)
        tl_error_prefix(err, "%.*s", TL_STR_ARGS(name));
    system->manifest = system->by_file.root ? system->by_file.root : of->root;
    return code;
}

static tl_code make(struct tl_library *library, const struct tl_system_config *config, bool lenient,
                    struct tl_system **out, struct tl_error *err)
{
    struct tl_system *system = TL_NEW(struct tl_system);
    system->name = tl_str_dup(config->name);
    pthread_mutex_init(&system->lock, NULL);
    tl_list_init(&system->flights[0].waiters);
    tl_list_init(&system->flights[1].waiters);
    system->session = tl_session_new(config->session);
    tl_code code = tl_library_get(library, config->connector, &system->connector, err);
    if (code == TL_OK)
        code = read_file(system, config, err);
    if (code == TL_OK)
        code = read_config(system, config, lenient, err);
    if (code == TL_OK) {
        *out = system;
    } else {
        tl_error_prefix(err, "system \"%.*s\"", TL_STR_ARGS(config->name));
        tl_system_free(system);
    }
    return code;
}

tl_code tl_system_new(struct tl_library *library, const struct tl_system_config *config,
                      const struct tl_system_hooks *hooks, struct tl_system **out, struct tl_error *err)
{
    tl_code code = make(library, config, false, out, err);
    if (code == TL_OK && hooks)
        (*out)->hooks = *hooks;
    return code;
}

tl_code tl_system_draft(struct tl_library *library, const struct tl_system_config *config, struct tl_system **out,
                        struct tl_error *err)
{
    return make(library, config, true, out, err);
}

void tl_system_free(struct tl_system *system)
{
    if (!system)
        return;
    tl_must(atomic_load(&system->lanes) == 0);
    tl_json_free(system->config);
    tl_json_free(system->open_config);
    tl_json_free(system->auth);
    tl_manifest_deinit(&system->extra);
    tl_manifest_deinit(&system->by_file);
    tl_session_unref(system->session);
    pthread_mutex_destroy(&system->lock);
    tl_free(system->name);
    tl_free(system);
}

tl_str tl_system_name(const struct tl_system *system)
{
    return tl_str_z(system->name);
}

const struct tl_connector *tl_system_connector(const struct tl_system *system)
{
    return system->connector;
}

uint64_t tl_system_logins(const struct tl_system *system)
{
    return atomic_load(&system->logins);
}

/* ---- what it can do ---- */

const struct tl_json_value *tl_operation_find(const struct tl_system *system, tl_str name)
{
    const struct tl_json_value *own = tl_json_get_str(tl_json_get(system->extra.root, "operations"), name);
    return own ? own : tl_json_get_str(tl_json_get(system->manifest, "operations"), name);
}

enum tl_effect_class tl_operation_effect(const struct tl_json_value *operation)
{
    static const char *const words[] = {"read", "idempotent", "keyed", "unsafe"};
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if (tl_json_is(tl_json_get(operation, "effect"), words[i]))
            return (enum tl_effect_class)(TL_EFFECT_READ + i);
    return TL_EFFECT_UNSAFE;
}

static int64_t duration_of(const struct tl_json_value *object, const char *key)
{
    int64_t ms = 0;
    return tl_duration_parse(tl_json_get_text(object, key), &ms, NULL) == TL_OK ? ms : 0;
}

static void read_many(const struct tl_json_value *many, struct tl_operation_facts *out)
{
    if (!many)
        return;
    out->many.rows = (size_t)tl_json_get_i64(many, "rows", 0);
    out->many.bytes = (size_t)tl_json_get_i64(many, "bytes", 0);
    out->many.object = tl_json_get(many, "object") ? tl_json_get_text(many, "object") : TL_STR("/object");
    out->many.key = tl_json_get(many, "key") ? tl_json_get_text(many, "key") : TL_STR("/key");
    out->many.timeout_ms = duration_of(many, "timeout");
    out->many.objects = tl_json_get(many, "objects");
    out->many.keys = tl_json_get(many, "keys");
    out->many.parents = tl_json_get(many, "parents");
}

bool tl_system_operation(const struct tl_system *system, tl_str name, struct tl_operation_facts *out)
{
    const struct tl_json_value *op = tl_operation_find(system, name);
    if (!op)
        return false;
    const struct tl_json_value *writes = tl_json_get(op, "writes");
    *out = (struct tl_operation_facts){
        .name = name,
        .summary = tl_json_get_text(op, "summary"),
        .effect = tl_operation_effect(op),
        .key_ttl_ms = duration_of(op, "key_ttl"),
        .settle_ms = duration_of(op, "settle"),
        .has_lookup = tl_json_get(op, "lookup_by") != NULL,
        .args_schema = tl_json_raw(tl_json_get(op, "args")),
        .writes_object = tl_json_get_text(writes, "object"),
        .writes_record = tl_json_get_text(writes, "record"),
    };
    read_many(tl_json_get(op, "many"), out);
    return true;
}

/* The operations file first, then what the connector has besides. */
bool tl_system_operation_at(const struct tl_system *system, size_t at, tl_str *name)
{
    const struct tl_json_value *extra = tl_json_get(system->extra.root, "operations");
    struct tl_json_iter i = tl_json_iter(extra);
    while (tl_json_next(&i))
        if (at-- == 0) {
            *name = i.key;
            return true;
        }
    i = tl_json_iter(tl_json_get(system->manifest, "operations"));
    while (tl_json_next(&i)) {
        if (tl_json_get_str(extra, i.key))
            continue;
        if (at-- == 0) {
            *name = i.key;
            return true;
        }
    }
    return false;
}

const char *tl_system_nearest_operation(const struct tl_system *system, tl_str name)
{
    static _Thread_local char answer[64];
    char texts[128][64];
    const char *words[128];
    size_t count = 0;
    tl_str one;
    while (count < 128 && tl_system_operation_at(system, count, &one)) {
        snprintf(texts[count], sizeof texts[0], "%.*s", TL_STR_ARGS(one));
        words[count] = texts[count];
        count++;
    }
    const char *near = tl_nearest(name, words, count);
    if (!near)
        return NULL;
    snprintf(answer, sizeof answer, "%s", near);
    return answer;
}

tl_code tl_system_check_args(const struct tl_system *system, tl_str operation, tl_str args, struct tl_error *err)
{
    const struct tl_json_value *op = tl_operation_find(system, operation);
    if (!op) {
        const char *near = tl_system_nearest_operation(system, operation);
        return tl_fail(err, TL_ENOTFOUND, "%s has no operation \"%.*s\"%s%s%s", system->name, TL_STR_ARGS(operation),
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    struct tl_json_doc *doc = NULL;
    tl_code code = tl_json_parse_borrowed(args.len ? args : TL_STR("{}"), NULL, &doc, err);
    if (code == TL_OK && tl_json_type(tl_json_root(doc)) != TL_JSON_IS_OBJECT)
        code = tl_fail(err, TL_EINPUT, "the arguments are %s, must be an object", tl_json_type_name(tl_json_root(doc)));
    if (code == TL_OK)
        code = tl_args_check(tl_json_get(op, "args"), tl_json_root(doc), err);
    if (code != TL_OK)
        tl_error_prefix(err, "%s:%.*s", system->name, TL_STR_ARGS(operation));
    tl_json_free(doc);
    return code;
}

const struct tl_json_value *tl_changes_find(const struct tl_system *system, tl_str object)
{
    const struct tl_json_value *changes = tl_json_get(system->manifest, "changes");
    const struct tl_json_value *own = tl_json_get_str(changes, object);
    return own ? own : tl_json_get(changes, "*");
}

tl_code tl_system_check_changes(const struct tl_system *system, tl_str object, tl_str options, struct tl_error *err)
{
    static const char *const known[] = {"poll", "delta", "webhook"};
    const struct tl_json_value *changes = tl_changes_find(system, object);
    if (!changes || !(tl_json_get_bool(changes, "code", false) || tl_json_get(changes, "poll")))
        return tl_fail(err, TL_ECONFIG, "system \"%s\": the connector %.*s cannot capture changes of \"%.*s\"",
                       system->name, TL_STR_ARGS(tl_connector_id(system->connector)), TL_STR_ARGS(object));
    struct tl_json_doc *doc = NULL;
    tl_code code = tl_json_parse_borrowed(options.len ? options : TL_STR("{}"), NULL, &doc, err);
    if (code == TL_OK)
        code = tl_fields_read(tl_json_get(changes, "config"), tl_json_root(doc), known, TL_COUNT_OF(known), "changes.",
                              false, NULL, NULL, err);
    if (code != TL_OK)
        tl_error_prefix(err, "system \"%s\", %.*s", system->name, TL_STR_ARGS(object));
    tl_json_free(doc);
    return code == TL_OK ? TL_OK : TL_ECONFIG;
}

bool tl_system_has_webhook(const struct tl_system *system)
{
    return tl_json_get(system->manifest, "webhook") != NULL;
}

/* ---- lanes ---- */

tl_code tl_system_attach(struct tl_system *system, struct tl_loop *loop, struct tl_http_client *client,
                         struct tl_system_lane **out, struct tl_error *err)
{
    (void)err;
    struct tl_system_lane *lane = TL_NEW(struct tl_system_lane);
    lane->system = system;
    lane->loop = loop;
    lane->client = client;
    lane->scope = TL_NEW(struct tlc_scope);
    tl_scope_init(lane->scope, system);
    tl_list_init(&lane->activities);
    tl_list_init(&lane->hints);
    atomic_fetch_add(&system->lanes, 1);
    *out = lane;
    return TL_OK;
}

struct tl_system *tl_system_lane_system(const struct tl_system_lane *lane)
{
    return lane->system;
}

tlc_instance *tl_lane_instance(struct tl_system_lane *lane, enum tl_failure *failure, const char **why)
{
    const tlc_connector *table = lane->system->connector->table;
    if (lane->instance)
        return lane->instance;
    if (!table || !table->open) {
        *failure = TL_FAIL_BUG;
        *why = "the connector has no code";
        return NULL;
    }
    tlc_slice config = tl_slice_of(tl_json_raw(tl_json_root(lane->system->open_config)));
    int32_t refused = table->open(&tl_host_table, lane->scope, config, &lane->instance);
    if (refused == 0 && lane->instance)
        return lane->instance;
    lane->instance = NULL;
    *failure = refused > 0 && refused < TL_FAILURE_COUNT ? (enum tl_failure)refused : TL_FAIL_BUG;
    *why = "the connector's open refused the configuration";
    return NULL;
}

static void lane_gone(struct tl_mail *mail)
{
    struct tl_system_lane *lane = TL_CONTAINER_OF(mail, struct tl_system_lane, stopped_mail);
    void (*stopped)(void *ctx) = lane->stopped;
    void *ctx = lane->stopped_ctx;
    if (lane->instance)
        lane->system->connector->table->close(lane->instance);
    tl_scope_deinit(lane->scope);
    tl_free(lane->scope);
    atomic_fetch_sub(&lane->system->lanes, 1);
    tl_free(lane);
    if (stopped)
        stopped(ctx);
}

static void lane_check_stopped(struct tl_system_lane *lane)
{
    if ((!lane->stopping && !lane->retiring) || !tl_list_empty(&lane->activities) || lane->stopped_mail.deliver)
        return;
    tl_mail_init(&lane->stopped_mail, lane_gone);
    tl_loop_next(lane->loop, &lane->stopped_mail);
}

void tl_system_lane_stop(struct tl_system_lane *lane, void (*stopped)(void *ctx), void *ctx)
{
    tl_must(!lane->stopping);
    lane->stopping = true;
    lane->stopped = stopped;
    lane->stopped_ctx = ctx;
    struct tl_link *link = tl_list_first(&lane->activities), *after;
    for (; link; link = after) {
        after = tl_list_after(&lane->activities, link);
        struct tl_activity *activity = TL_LIST_ITEM(link, struct tl_activity, link);
        activity->cancel(activity);
    }
    lane_check_stopped(lane);
}

void tl_system_lane_retire(struct tl_system_lane *lane, void (*stopped)(void *ctx), void *ctx)
{
    tl_must(!lane->stopping && !lane->retiring);
    lane->retiring = true;
    lane->stopped = stopped;
    lane->stopped_ctx = ctx;
    lane_check_stopped(lane);
}

void tl_activity_begin(struct tl_system_lane *lane, struct tl_activity *activity,
                       void (*cancel)(struct tl_activity *activity))
{
    activity->cancel = cancel;
    tl_list_push(&lane->activities, &activity->link);
}

void tl_activity_end(struct tl_system_lane *lane, struct tl_activity *activity)
{
    tl_list_remove(&activity->link);
    lane_check_stopped(lane);
}

/* ---- values for templates and secrets ---- */

void tl_system_vars(const struct tl_system *system, struct tl_arena *arena, struct tl_vars *vars)
{
    vars->arena = arena;
    vars->config = tl_json_root(system->config);
    vars->auth = tl_json_root(system->auth);
}

bool tl_system_secret(const struct tl_system *system, tl_str name, size_t at, tl_str *value)
{
    const struct tl_json_value *in = tl_json_root(system->config);
    if (tl_str_starts(name, TL_STR("auth."))) {
        in = tl_json_root(system->auth);
        name = tl_str_from(name, 5);
    }
    const struct tl_json_value *found = tl_json_get_str(in, name);
    if (tl_json_type(found) == TL_JSON_IS_ARRAY)
        found = tl_json_item(found, at);
    else if (at > 0)
        return false;
    *value = tl_json_text(found);
    return value->len > 0;
}
