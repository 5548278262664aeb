/* integration, steward, system, route. Thread: one at a time. */
#include "codec/json.h"
#include "codec/json_pointer.h"
#include "collect.h"
#include "guard/calendar.h"
#include "value.h"
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24LL * 3600 * 1000)
#define MUCH 1000000000LL

void tl_collect_integration(struct tl_form *form)
{
    struct tl_bundle *bundle = form->bundle;
    tl_form_check(form);
    if (bundle->integration[0])
        tl_form_error(form, NULL, "there is one integration in a folder; the first is \"%s\" in %s:%d",
                      bundle->integration, bundle->integration_place.file, bundle->integration_place.line);
    bundle->integration = form->name;
    bundle->integration_place = form->place;
    bundle->steward = tl_form_text(form, "steward");
}

void tl_collect_steward(struct tl_form *form)
{
    tl_form_check(form);
    struct tl_steward *steward = TL_LIST_ADD(form->bundle->stewards);
    steward->name = form->name;
    steward->place = form->place;
    steward->mail = tl_form_text(form, "mail");
    steward->due_ms = tl_form_duration(form, "due", 0);
    steward->escalate = tl_form_text(form, "escalate");
}

/* ---- system ---- */

static void read_connector(struct tl_form *form, struct tl_system_decl *system)
{
    tl_str text = tl_str_z(tl_form_text(form, "connector"));
    if (!text.len)
        return;
    if (!tl_is_versioned(text)) {
        tl_form_error(form, "connector", "'connector' is a name with a version: \"salesforce@1\"");
        return;
    }
    tl_str name, rest = text;
    tl_str_cut(&rest, '@', &name);
    system->connector = tl_arena_copy(&form->bundle->arena, name);
    system->connector_major = atoi(rest.ptr);
}

static int read_percent(struct tl_form *form)
{
    const char *text = tl_form_text(form, "keep_for_live");
    char *end;
    long value = strtol(text, &end, 10);
    if (!text[0])
        return 0;
    if (strcmp(end, "%") == 0 && end != text && value >= 0 && value <= 100)
        return (int)value;
    tl_form_error(form, "keep_for_live", "'keep_for_live' is a share: \"30%%\"");
    return 0;
}

static void read_limits(struct tl_form *form, struct tl_system_decl *system)
{
    struct tl_form inner;
    if (tl_form_open(form, "limits", &inner)) {
        tl_form_check(&inner);
        system->limits.concurrent = tl_form_integer(&inner, "concurrent", 1, 10000, 0);
        system->limits.per_second = tl_form_integer(&inner, "per_second", 1, MUCH, 0);
        system->limits.per_day = tl_form_integer(&inner, "per_day", 1, MUCH, 0);
        system->limits.keep_for_live = read_percent(&inner);
        tl_form_close(&inner);
    }
    if (tl_form_open(form, "retry", &inner)) {
        tl_form_check(&inner);
        system->retry.first_ms = tl_form_duration(&inner, "first", 0);
        system->retry.cap_ms = tl_form_duration(&inner, "cap", 0);
        system->retry.attempts = tl_form_integer(&inner, "attempts", 1, 1000, 0);
        tl_form_close(&inner);
    }
    if (tl_form_open(form, "breaker", &inner)) {
        tl_form_check(&inner);
        system->breaker.failures = tl_form_integer(&inner, "failures", 1, 10000, 0);
        system->breaker.within_ms = tl_form_duration(&inner, "within", 0);
        system->breaker.probe_after_ms = tl_form_duration(&inner, "probe_after", 0);
        tl_form_close(&inner);
    }
}

static void read_maintenance(struct tl_form *form, struct tl_system_decl *system)
{
    if (!tl_form_has(form, "maintenance"))
        return;
    system->maintenance = tl_form_texts(form, "maintenance", &system->maintenance_count);
    struct tl_calendar *calendar = tl_calendar_new();
    for (size_t i = 0; i < system->maintenance_count; i++) {
        struct tl_error err;
        if (tl_calendar_add(calendar, tl_str_z(system->maintenance[i]), &err) != TL_OK)
            tl_form_error(form, "maintenance", "%s", err.text);
    }
    tl_calendar_free(calendar);
}

/* changes = { Opportunity = { poll = "30s", … } } */
static void read_changes(struct tl_form *form, struct tl_system_decl *system)
{
    struct tl_form inner, entry;
    if (!tl_form_open(form, "changes", &inner))
        return;
    lua_State *L = form->L;
    struct tl_capture_decl *captures = tl_arena_alloc(&form->bundle->arena, 256 * sizeof(*captures));
    size_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, inner.table)) {
        const char *object = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        lua_pop(L, 1);
        if (!object || count == 256 || !tl_form_open(&inner, object, &entry)) {
            tl_form_error(form, "changes", "'changes' names objects: changes = { Opportunity = { poll = \"30s\" } }");
            continue;
        }
        entry.part = "changes";
        captures[count].object = tl_arena_copy(&form->bundle->arena, tl_str_z(object));
        const char *pace =
            tl_form_has(&entry, "delta") ? "delta" : "poll"; /* by links, or by asking for what is newer */
        captures[count].poll_ms = tl_form_duration(&entry, pace, 0);
        captures[count].config = tl_form_json(&entry, NULL, "{}");
        if (tl_form_has(&entry, pace) && captures[count].poll_ms == 0)
            tl_form_error(form, "changes", "'%s' of %s must be longer than 0", pace, object);
        count++;
        tl_form_close(&entry);
    }
    tl_form_close(&inner);
    system->captures = captures;
    system->capture_count = count;
}

static void read_files(struct tl_form *form, struct tl_system_decl *system)
{
    system->operations = "";
    system->operations_file = tl_form_text(form, "operations");
    if (!system->operations_file[0])
        return;
    tl_str text = tl_bundle_file(form->bundle, system->operations_file);
    struct tl_error err;
    if (!text.ptr)
        tl_form_error(form, "operations", "there is no file %s", system->operations_file);
    else if (tl_json_check(text, NULL, &err) != TL_OK)
        tl_form_error(form, "operations", "%s: %s", system->operations_file, err.text);
    else
        system->operations = tl_arena_copy(&form->bundle->arena, text);
}

/* Keys beside these are the connector's configuration: check_system hands them to its manifest. */
void tl_collect_system(struct tl_form *form)
{
    tl_form_check(form);
    struct tl_system_decl *system = TL_LIST_ADD(form->bundle->systems);
    system->name = form->name;
    system->place = form->place;
    system->kind = tl_form_text(form, "kind");
    if (!system->kind[0])
        system->kind = system->name;
    system->connector = "";
    read_connector(form, system);
    system->url = tl_form_ref(form, "url");
    system->auth = tl_form_json(form, "auth", "");
    system->timeout_ms = tl_form_duration(form, "timeout", 0);
    system->redelivers_ms = tl_form_duration(form, "redelivers_for", 7 * DAY_MS);
    system->batch = tl_form_true(form, "batch");
    read_files(form, system);
    read_limits(form, system);
    read_maintenance(form, system);
    read_changes(form, system);
    system->config = tl_form_json(form, NULL, "{}");
}

/* ---- route ---- */

void tl_collect_route(struct tl_form *form)
{
    tl_form_check(form);
    struct tl_bundle *bundle = form->bundle;
    struct tl_route *route = TL_LIST_ADD(bundle->routes);
    route->kind = form->name;
    route->place = form->place;
    const char *by = tl_form_text(form, "by");
    route->by = by[0] == '/' ? by : tl_arena_printf(&bundle->arena, "/%s", by);
    struct tl_error err;
    if (by[0] && tl_json_pointer_check(tl_str_z(route->by), &err) != TL_OK)
        tl_form_error(form, "by", "'by': %s", err.text);
    const char *otherwise = tl_form_text(form, "otherwise");
    route->otherwise = strcmp(otherwise, "park") == 0 || !otherwise[0] ? NULL : otherwise;
    struct tl_form inner;
    if (!tl_form_open(form, "to", &inner))
        return;
    lua_State *L = form->L;
    size_t count = 0, cap = 0;
    struct tl_route_to *to = NULL;
    lua_pushnil(L);
    while (lua_next(L, inner.table)) {
        lua_pushvalue(L, -2);
        const char *value = lua_tostring(L, -1), *system = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        if (!value || !system) {
            tl_form_error(form, "to", "'to' says which value goes to which system: to = { [\"1000\"] = \"erp_de\" }");
        } else {
            if (count == cap) {
                struct tl_route_to *more = tl_arena_alloc(&bundle->arena, (cap = cap ? cap * 2 : 16) * sizeof(*to));
                if (count)
                    memcpy(more, to, count * sizeof(*to));
                to = more;
            }
            to[count].value = tl_arena_copy(&bundle->arena, tl_str_z(value));
            to[count++].system = tl_arena_copy(&bundle->arena, tl_str_z(system));
        }
        lua_pop(L, 2);
    }
    route->to = to;
    route->to_count = count;
    tl_form_close(&inner);
}
