/* Declarations are compared by their facts, one a line ("priority urgent"), so what changed can be named; functions by
 * the text of the files they stand in. */
#include "changes.h"
#include "base/alloc.h"
#include "base/log.h"
#include "codec/json.h"
#include "contract/compat.h"
#include "flow/runs.h"
#include "flow/status.h"
#include "journal/state.h"
#include "live.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS_MAX = 4 << 20, STATUS_MAX = 64 << 20 };

struct comparing {
    struct tl_json_writer *w;
    const struct tl_bundle *live, *next;
    size_t count;
};

static void put(struct comparing *c, const char *kind, const char *name, const char *change, tl_str text)
{
    tl_json_begin_object(c->w);
    tl_json_put_z(c->w, "kind", kind);
    tl_json_put_lossy(c->w, "name", tl_str_z(name));
    tl_json_put_z(c->w, "change", change);
    tl_json_put_lossy(c->w, "text", text);
    tl_json_end_object(c->w);
    c->count++;
}

/* ---- the facts of a declaration ---- */

static void fact(struct tl_buf *out, const char *name, const char *value)
{
    tl_buf_addf(out, "%s %s\n", name, value);
}

static void fact_number(struct tl_buf *out, const char *name, int64_t value)
{
    tl_buf_addf(out, "%s %lld\n", name, (long long)value);
}

static void fact_list(struct tl_buf *out, const char *name, const char *const *list, size_t count)
{
    tl_buf_add_z(out, name);
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(out, " %s", list[i]);
    tl_buf_add_char(out, '\n');
}

static void fact_keyed(struct tl_buf *out, const char *name, const struct tl_keyed *keyed)
{
    fact(out, name, keyed->pointer != NULL ? keyed->pointer : keyed->function ? "(function)" : "");
}

/* The members of a declaration's JSON. Of a function only that it is one: its line moves with what stands before. */
static void fact_json(struct tl_buf *out, const char *json)
{
    struct tl_json_doc *doc = NULL;
    if (tl_json_parse(tl_str_z(json), NULL, &doc, NULL) != TL_OK)
        return;
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i)) {
        bool function = tl_json_get(i.value, "$function") != NULL;
        tl_buf_addf(out, "%.*s %.*s\n", TL_STR_ARGS(i.key),
                    TL_STR_ARGS(function ? TL_STR("(function)") : tl_json_raw(i.value)));
    }
    tl_json_free(doc);
}

static bool flow_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    size_t count;
    const struct tl_flow *list = tl_bundle_flows(bundle, &count);
    if (i >= count || list[i].internal) /* the internal ones stand last, and are their events' affair */
        return false;
    const struct tl_flow *f = &list[i];
    *name = f->name;
    fact_list(facts, "on", f->on, f->on_count);
    fact(facts, "scope", f->scope);
    fact_keyed(facts, "order", &f->order);
    fact_number(facts, "after_failure", f->after_failure);
    fact_number(facts, "on_failure", f->on_failure);
    fact(facts, "one_per", f->one_per != NULL ? f->one_per : "");
    fact_number(facts, "again", f->again);
    fact_number(facts, "priority", f->priority);
    fact_number(facts, "deadline", f->deadline_ms);
    fact_number(facts, "latest", f->latest);
    fact(facts, "steward", f->steward);
    fact_list(facts, "systems", f->targets, f->target_count);
    return true;
}

static bool schedule_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    static const char *const missed[] = {"once", "all", "skip"};
    size_t count;
    const struct tl_every *list = tl_bundle_everys(bundle, &count);
    if (i >= count)
        return false;
    *name = list[i].name;
    fact(facts, "every", list[i].expression);
    fact(facts, "missed", missed[list[i].missed]);
    fact_number(facts, "max_late", list[i].max_late_ms);
    return true;
}

static bool expectation_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    size_t count, flows;
    const struct tl_expectation *list = tl_bundle_expectations(bundle, &count);
    if (i >= count)
        return false;
    *name = list[i].title;
    fact(facts, "after", list[i].after);
    fact_list(facts, "event", list[i].events, list[i].event_count);
    fact(facts, "within", list[i].within);
    fact_keyed(facts, "key", &list[i].key);
    fact(facts, "steward", tl_bundle_flows(bundle, &flows)[list[i].flow].steward);
    return true;
}

static bool event_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    size_t count;
    const struct tl_event_type *list = tl_bundle_events(bundle, &count);
    if (i >= count)
        return false;
    *name = list[i].name;
    fact(facts, "contract", list[i].contract);
    fact(facts, "steward", list[i].steward);
    fact_keyed(facts, "key", &list[i].key);
    fact(facts, "from", list[i].from);
    fact(facts, "map", list[i].map);
    fact_number(facts, "when", list[i].when);
    return true;
}

static bool entity_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    size_t count;
    const struct tl_entity *list = tl_bundle_entities(bundle, &count);
    if (i >= count)
        return false;
    *name = list[i].name;
    fact_json(facts, list[i].config);
    return true;
}

static bool system_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    size_t count;
    const struct tl_system_decl *list = tl_bundle_systems(bundle, &count);
    if (i >= count)
        return false;
    *name = list[i].name;
    fact_json(facts, list[i].config);
    return true;
}

static bool route_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    size_t count;
    const struct tl_route *list = tl_bundle_routes(bundle, &count);
    if (i >= count)
        return false;
    *name = list[i].kind;
    fact(facts, "by", list[i].by);
    tl_buf_add_z(facts, "to");
    for (size_t at = 0; at < list[i].to_count; at++)
        tl_buf_addf(facts, " %s=%s", list[i].to[at].value, list[i].to[at].system);
    tl_buf_add_char(facts, '\n');
    fact(facts, "otherwise", list[i].otherwise != NULL ? list[i].otherwise : "park");
    return true;
}

static bool steward_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts)
{
    size_t count;
    const struct tl_steward *list = tl_bundle_stewards(bundle, &count);
    if (i >= count)
        return false;
    *name = list[i].name;
    fact(facts, "mail", list[i].mail);
    fact_number(facts, "due", list[i].due_ms);
    fact(facts, "escalate", list[i].escalate);
    return true;
}

/* ---- two declarations of a name ---- */

typedef bool fact_at(const struct tl_bundle *bundle, size_t i, const char **name, struct tl_buf *facts);

static bool find(fact_at *at, const struct tl_bundle *bundle, const char *name, struct tl_buf *facts)
{
    const char *found;
    if (bundle == NULL)
        return false;
    for (size_t i = 0; tl_buf_clear(facts), at(bundle, i, &found, facts); i++) {
        if (strcmp(found, name) == 0)
            return true;
    }
    return false;
}

static bool has_line(tl_str facts, tl_str line)
{
    tl_str one;
    while (facts.len != 0 && tl_str_cut(&facts, '\n', &one)) {
        if (tl_str_eq(one, line))
            return true;
    }
    return false;
}

/* Adds the first words of the lines of `facts` that `others` does not have. */
static void add_changed(struct tl_buf *out, tl_str facts, tl_str others)
{
    tl_str line, name;
    while (facts.len != 0 && tl_str_cut(&facts, '\n', &line)) {
        if (line.len == 0 || has_line(others, line))
            continue;
        tl_str rest = line;
        (void)tl_str_cut(&rest, ' ', &name);
        if (out->len == 0 || memmem(out->ptr, out->len, name.ptr, name.len) == NULL)
            tl_buf_addf(out, "%s%.*s", out->len != 0 ? ", " : "", TL_STR_ARGS(name));
    }
}

static void add_verdict(struct tl_buf *out, const struct tl_schema *before, const struct tl_schema *after)
{
    struct tl_differences differences;
    if (before == NULL || after == NULL)
        return;
    tl_schema_compare(before, after, &differences);
    if (differences.count != 0)
        tl_buf_addf(out, "%sthe contract %s%s", out->len != 0 ? ", " : "",
                    differences.breaks == TL_BREAKS_NOBODY ? "is compatible" : "breaks ",
                    differences.breaks == TL_BREAKS_NOBODY ? "" : tl_breaks_words(differences.breaks));
    tl_differences_free(&differences);
}

static void add_contract(struct comparing *c, struct tl_buf *out, const char *name)
{
    const struct tl_event_type *event[] = {tl_bundle_event(c->live, tl_str_z(name)),
                                           tl_bundle_event(c->next, tl_str_z(name))};
    const struct tl_entity *entity[] = {tl_bundle_entity(c->live, tl_str_z(name)),
                                        tl_bundle_entity(c->next, tl_str_z(name))};
    if (event[0] != NULL && event[1] != NULL)
        add_verdict(out, event[0]->schema, event[1]->schema);
    else if (entity[0] != NULL && entity[1] != NULL)
        add_verdict(out, entity[0]->schema, entity[1]->schema);
}

static void compare_list(struct comparing *c, const char *kind, fact_at *at, bool contracts)
{
    struct tl_buf before, after, changed;
    const char *name;
    tl_buf_init(&before, FACTS_MAX);
    tl_buf_init(&after, FACTS_MAX);
    tl_buf_init(&changed, FACTS_MAX);
    for (size_t i = 0; tl_buf_clear(&after), at(c->next, i, &name, &after); i++) {
        tl_buf_clear(&changed);
        if (!find(at, c->live, name, &before)) {
            put(c, kind, name, "new", TL_STR_NONE);
            continue;
        }
        add_changed(&changed, tl_buf_str(&after), tl_buf_str(&before));
        add_changed(&changed, tl_buf_str(&before), tl_buf_str(&after));
        if (contracts)
            add_contract(c, &changed, name);
        if (changed.len != 0)
            put(c, kind, name, "changed", tl_buf_str(&changed));
    }
    for (size_t i = 0; tl_buf_clear(&before), c->live != NULL && at(c->live, i, &name, &before); i++) {
        if (!find(at, c->next, name, &after))
            put(c, kind, name, "gone", TL_STR_NONE);
    }
    tl_buf_free(&before);
    tl_buf_free(&after);
    tl_buf_free(&changed);
}

/* ---- files ---- */

/* NULL: no part of the revision. */
static const char *kind_of(tl_str path)
{
    static const char *const kinds[][2] = {{"contracts/", "contract"}, {"lenses/", "lens"}, {"maps/", "map"},
                                           {"lookups/", "lookup"},     {"lib/", "library"}, {"samples/", NULL},
                                           {"systems/", "operations"}};
    for (size_t i = 0; i < TL_COUNT_OF(kinds); i++) {
        if (tl_str_starts(path, tl_str_z(kinds[i][0])))
            return kinds[i][1];
    }
    return "file";
}

static bool find_file(const struct tl_bundle *bundle, const char *path, tl_str *text)
{
    struct tl_bundle_file file;
    for (size_t i = 0; bundle != NULL && tl_bundle_file_at(bundle, i, &file); i++) {
        *text = file.text;
        if (strcmp(file.path, path) == 0)
            return true;
    }
    return false;
}

static void compare_files(struct comparing *c)
{
    struct tl_bundle_file file;
    tl_str other;
    for (size_t i = 0; tl_bundle_file_at(c->next, i, &file); i++) {
        const char *kind = kind_of(tl_str_z(file.path));
        if (kind == NULL)
            continue;
        if (!find_file(c->live, file.path, &other))
            put(c, kind, file.path, "new", TL_STR_NONE);
        else if (!tl_str_eq(file.text, other))
            put(c, kind, file.path, "changed", TL_STR_NONE);
    }
    for (size_t i = 0; c->live != NULL && tl_bundle_file_at(c->live, i, &file); i++) {
        const char *kind = kind_of(tl_str_z(file.path));
        if (kind != NULL && !find_file(c->next, file.path, &other))
            put(c, kind, file.path, "gone", TL_STR_NONE);
    }
}

size_t tl_changes_put(struct tl_json_writer *w, const struct tl_bundle *live, const struct tl_bundle *next)
{
    struct comparing c = {.w = w, .live = live, .next = next};
    tl_json_begin_array(w);
    if (live == NULL)
        put(&c, "integration", tl_bundle_integration(next), "new", TL_STR_NONE);
    if (live == NULL || strcmp(tl_bundle_hash(live), tl_bundle_hash(next)) != 0) {
        compare_list(&c, "steward", steward_at, false);
        compare_list(&c, "system", system_at, false);
        compare_list(&c, "route", route_at, false);
        compare_list(&c, "entity", entity_at, true);
        compare_list(&c, "event", event_at, true);
        compare_list(&c, "flow", flow_at, false);
        compare_list(&c, "schedule", schedule_at, false);
        compare_list(&c, "expectation", expectation_at, false);
        compare_files(&c);
        if (c.count == 0)
            put(&c, "library", "the standard library", "changed", TL_STR("another version of Tidelock is installed"));
    }
    tl_json_end_array(w);
    return c.count;
}

/* ---- what this server lacks, and what goes on ---- */

size_t tl_missing_put(struct tl_json_writer *w, struct tl_settings *settings, const char *owner,
                      const struct tl_bundle *bundle)
{
    struct tl_arena arena;
    size_t count, missing = 0;
    const struct tl_need *needs = tl_bundle_needs(bundle, &count);
    tl_arena_init(&arena);
    tl_json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        tl_str value;
        const struct tl_need *n = &needs[i];
        if (tl_settings_of(settings, owner, n->secret, tl_str_z(n->name), &arena, &value))
            continue;
        char *name = tl_live_whole(owner, n->name);
        tl_json_begin_object(w);
        tl_json_put_z(w, "kind", n->secret ? "secret" : "setting");
        tl_json_put_z(w, "name", name);
        tl_json_put_z(w, "used", tl_arena_printf(&arena, "%s:%d", n->place.file, n->place.line));
        tl_json_put_z(w, "do",
                      n->secret ? tl_arena_printf(&arena, "tidelock secrets set %s < FILE", name)
                                : tl_arena_printf(&arena, "tidelock settings set %s VALUE", name));
        tl_json_end_object(w);
        tl_free(name);
        missing++;
    }
    tl_json_end_array(w);
    tl_arena_free(&arena);
    return missing;
}

struct installed {
    const char *id; /* borrow */
    int major;
    char version[64]; /* "": none of this major version */
};

static void see_installed(void *ctx, const char *path, tl_str id, tl_str version, const char *problem)
{
    struct installed *installed = ctx;
    (void)path;
    if (problem == NULL && tl_str_is(id, installed->id) && atoi(version.ptr) == installed->major)
        snprintf(installed->version, sizeof installed->version, "%.*s", TL_STR_ARGS(version));
}

static bool is_first_use(const struct tl_system_decl *systems, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (strcmp(systems[before].connector, systems[i].connector) == 0 &&
            systems[before].connector_major == systems[i].connector_major)
            return false;
    }
    return true;
}

void tl_connectors_put(struct tl_json_writer *w, struct tl_library *connectors, const char *plugins,
                       const struct tl_bundle *bundle)
{
    size_t count;
    const struct tl_system_decl *systems = tl_bundle_systems(bundle, &count);
    struct tl_library *folder = tl_library_new(plugins); /* only listed: nothing of it is loaded */
    tl_json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        struct installed installed = {.id = systems[i].connector, .major = systems[i].connector_major};
        const struct tl_connector *loaded = NULL;
        char *name = tl_printf("%s@%d", systems[i].connector, systems[i].connector_major);
        if (is_first_use(systems, i) && tl_library_get(connectors, tl_str_z(name), &loaded, NULL) == TL_OK)
            tl_library_list(folder, see_installed, &installed);
        if (loaded != NULL && installed.version[0] != '\0' &&
            !tl_str_is(tl_connector_version(loaded), installed.version)) {
            tl_json_begin_object(w);
            tl_json_put_z(w, "connector", name);
            tl_json_put_lossy(w, "loaded", tl_connector_version(loaded));
            tl_json_put_lossy(w, "installed", tl_str_z(installed.version));
            tl_json_end_object(w);
        }
        tl_free(name);
    }
    tl_json_end_array(w);
    tl_library_free(folder);
}

static const struct tl_flow *find_flow(const struct tl_bundle *bundle, tl_str name)
{
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(bundle, &count);
    for (size_t i = 0; i < count; i++) {
        if (tl_str_is(name, flows[i].name))
            return &flows[i];
    }
    return NULL;
}

/* The name of the flow in the integration; empty: it is another one's. */
static tl_str own_name(tl_str name, const char *owner)
{
    size_t len = strlen(owner);
    if (len == 0)
        return name;
    bool its =
        name.len > len && name.ptr[name.len - len - 1] == '@' && tl_str_is(tl_str_from(name, name.len - len), owner);
    return its ? tl_str_n(name.ptr, name.len - len - 1) : TL_STR_NONE;
}

static bool has_flow(const struct tl_bundle *bundle, tl_str name)
{
    return bundle != NULL && find_flow(bundle, name) != NULL;
}

void tl_pending_put(struct tl_json_writer *w, struct tl_engine *engine, const char *owner, const struct tl_bundle *live,
                    const struct tl_bundle *next)
{
    struct tl_buf status;
    struct tl_json_doc *doc = NULL;
    struct tl_error err;
    tl_buf_init(&status, STATUS_MAX);
    tl_code code = tl_engine_status(engine, &status, &err);
    if (code == TL_OK)
        code = tl_json_parse_borrowed(tl_buf_str(&status), NULL, &doc, &err);
    if (code != TL_OK)
        tl_log(TL_WARN, "deploy.pending", err.text);
    tl_json_begin_array(w);
    struct tl_json_iter i = tl_json_iter(tl_json_get(doc != NULL ? tl_json_root(doc) : NULL, "flows"));
    while (tl_json_next(&i)) {
        tl_str name = tl_json_get_text(i.value, "name"), own = own_name(name, owner);
        int64_t units = tl_json_get_i64(i.value, "unfinished", 0);
        if (units == 0 || !has_flow(live, own) || has_flow(next, own))
            continue;
        tl_json_begin_object(w);
        tl_json_put_lossy(w, "flow", name);
        tl_json_put_int(w, "units", units);
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
    tl_json_free(doc);
    tl_buf_free(&status);
}

static bool has_system(const struct tl_bundle *bundle, const char *name)
{
    size_t count;
    const struct tl_system_decl *systems = tl_bundle_systems(bundle, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(systems[i].name, name) == 0)
            return true;
    }
    return false;
}

/* By its name, or as one of its kind: its runs may have been routed there. */
static bool may_use(const struct tl_flow *flow, const struct tl_system_decl *system)
{
    for (size_t i = 0; i < flow->target_count; i++) {
        if (strcmp(system->name, flow->targets[i]) == 0 || strcmp(system->kind, flow->targets[i]) == 0)
            return true;
    }
    return false;
}

static void put_staying(struct tl_json_writer *w, const struct tl_flow *flow, const char *name, uint64_t runs,
                        const struct tl_bundle *live, const struct tl_bundle *next)
{
    size_t count;
    const struct tl_system_decl *systems = tl_bundle_systems(live, &count);
    tl_json_begin_object(w);
    tl_json_put_z(w, "flow", name);
    tl_json_put_uint(w, "runs", runs);
    tl_json_put_bool(w, "gone", !has_flow(next, tl_str_z(flow->name)));
    tl_json_key(w, "systems_gone");
    tl_json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        if (may_use(flow, &systems[i]) && (next == NULL || !has_system(next, systems[i].name)))
            tl_json_string_z(w, systems[i].name);
    }
    tl_json_end_array(w);
    tl_json_end_object(w);
}

void tl_staying_put(struct tl_json_writer *w, struct tl_journal *journal, const char *owner,
                    const struct tl_bundle *live, const struct tl_bundle *next)
{
    size_t count = 0;
    const struct tl_flow *flows = live != NULL ? tl_bundle_flows(live, &count) : NULL;
    struct tl_error err;
    tl_json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        uint64_t runs = 0;
        char *name = tl_live_whole(owner, flows[i].name);
        struct tl_state_query query = {.table = TL_STR(TL_TABLE_RUN), .where = {tl_str_z(name)}};
        if (tl_state_count(journal, &query, &runs, &err) != TL_OK)
            tl_log(TL_WARN, "deploy.staying", err.text);
        if (runs != 0)
            put_staying(w, &flows[i], name, runs, live, next);
        tl_free(name);
    }
    tl_json_end_array(w);
}
