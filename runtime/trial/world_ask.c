/* What the words of tests ask of the world (scripts/trial/world.lua has the other half). */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "codec/timestamp.h"
#include "diff.h"
#include "flow/intake.h"
#include "world.h"
#include <stdio.h>

#define TEXT_MAX ((size_t)64 << 20)

/* ---- deliver ---- */

static void accepted(void *ctx, const struct tl_accepted *answer)
{
    struct tl_world *w = ctx;
    w->replies++;
    w->reply_code = answer->code;
    snprintf(w->reply_text, sizeof w->reply_text, "%s", answer->error != NULL ? answer->error->text : "");
}

static tl_code no_such_event(const struct tl_world *w, tl_str type, struct tl_error *err)
{
    size_t count, names = 0;
    const struct tl_flow *flows = tl_bundle_flows(w->bundle, &count);
    const char *known[256];
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < flows[i].on_count && names < TL_COUNT_OF(known); j++)
            known[names++] = flows[i].on[j];
    }
    const char *near = tl_nearest(type, known, names);
    return tl_fail(err, TL_EINPUT,
                   "there is no event '%.*s'%s%s%s: deliver a declared event (\"order.won@1\") or a "
                   "system's record that one is made from (\"salesforce.Opportunity\")",
                   TL_STR_ARGS(type), near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                   near != NULL ? "'?" : "");
}

/* "erp.SalesOrders" by its kind: the first system of that kind. */
static tl_str of_system(const struct tl_world *w, tl_str type, tl_str *system, struct tl_arena *arena)
{
    tl_str object = type, target;
    if (!tl_str_cut(&object, '.', &target))
        return type;
    for (int by_kind = 0; by_kind < 2; by_kind++) {
        for (size_t i = 0; i < w->system_count; i++) {
            const struct tl_system_decl *decl = w->systems[i].decl;
            if (!tl_str_is(target, by_kind ? decl->kind : decl->name))
                continue;
            *system = tl_str_z(decl->name);
            return tl_str_z(tl_arena_printf(arena, "%s.%.*s", decl->name, TL_STR_ARGS(object)));
        }
    }
    return type;
}

static bool is_taken(const struct tl_world *w, tl_str type)
{
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(w->bundle, &count);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < flows[i].on_count; j++) {
            if (tl_str_is(type, flows[i].on[j]))
                return true;
        }
    }
    return false;
}

/* A webhook's system says where in the message the key is (`key`), and where the record (`payload`), which is what a
 * test delivers. Appends nothing when it does not, or nothing is there. */
static void declared_key(const struct tl_system_decl *system, tl_str record, struct tl_buf *out)
{
    struct tl_json_doc *config = NULL;
    struct tl_buf scratch;
    struct tl_error err;
    tl_str text;
    if (system == NULL || tl_json_parse(tl_str_z(system->config), NULL, &config, &err) != TL_OK)
        return;
    tl_str pointer = tl_json_get_text(tl_json_root(config), "key");
    tl_str around = tl_json_get_text(tl_json_root(config), "payload");
    if (around.len > 0 && tl_str_starts(pointer, around))
        pointer = tl_str_from(pointer, around.len);
    tl_buf_init(&scratch, TL_KEY_MAX);
    if (tl_str_starts(pointer, TL_STR("/")) && tl_json_pointer_text(record, pointer, &scratch, &text, &err) == TL_OK)
        tl_buf_add_str(out, text);
    tl_buf_free(&scratch);
    tl_json_free(config);
}

/* The key of a platform's record: what people search by, when the event says where it stands; else its id. */
static tl_str record_key(const struct tl_world *w, const struct tl_json_value *data)
{
    size_t count;
    const struct tl_event_type *events = tl_bundle_events(w->bundle, &count);
    static const char *const ids[] = {"id", "Id", "ID"};
    for (size_t i = 0; i < TL_COUNT_OF(ids); i++) {
        tl_str id = tl_json_text(tl_json_get(data, ids[i]));
        if (id.len > 0)
            return id;
    }
    for (size_t i = 0; i < count; i++) {
        tl_str key =
            events[i].key_field[0] != '\0' ? tl_json_text(tl_json_get(data, events[i].key_field)) : TL_STR_NONE;
        if (key.len > 0)
            return key;
    }
    return TL_STR_NONE;
}

static tl_code event_key(struct tl_world *w, const struct tl_event_type *type, tl_str data, struct tl_buf *out,
                         struct tl_error *err)
{
    tl_code code = tl_bundle_check_event(w->bundle, tl_str_z(type->name), data, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "what is delivered does not keep the contract of %s (%s)", type->name, type->contract);
        return code;
    }
    return tl_script_event_key(w->keys, type, data, out, err);
}

static tl_code deliver(struct tl_world *w, const struct tl_json_value *args, struct tl_buf *out, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_buf key;
    tl_str type = tl_json_get_text(args, "type"), given = tl_json_get_text(args, "key"), source = TL_STR("test");
    const struct tl_json_value *data = tl_json_get(args, "data");
    tl_str payload = data != NULL ? tl_json_raw(data) : TL_STR("{}");
    tl_code code = TL_OK;
    tl_arena_init(&arena);
    tl_buf_init(&key, TL_KEY_MAX);
    const struct tl_event_type *declared = tl_bundle_event(w->bundle, type);
    if (declared != NULL) {
        code = event_key(w, declared, payload, &key, err);
    } else {
        type = of_system(w, type, &source, &arena);
        code = is_taken(w, type) ? TL_OK : no_such_event(w, type, err);
        declared_key(tl_bundle_system(w->bundle, source), payload, &key);
        if (key.len == 0)
            tl_buf_add_str(&key, record_key(w, data));
    }
    if (given.len > 0) {
        tl_buf_clear(&key);
        tl_buf_add_str(&key, given);
    }
    if (code == TL_OK && key.len == 0)
        code = tl_fail(err, TL_EINPUT, "%.*s: the record has no id to be its key: w:deliver(type, data, { key = … })",
                       TL_STR_ARGS(type));
    if (code == TL_OK) {
        struct tl_event_in in = {.type = type,
                                 .source = source,
                                 .key = tl_buf_str(&key),
                                 .dedupe = tl_json_get_text(args, "dedupe"),
                                 .payload = payload,
                                 .priority = TL_NORMAL};
        w->replies = 0;
        tl_engine_accept(w->engine, &in, 1, tl_world_loop(w), accepted, w);
        code = tl_world_await(w, err);
        if (code == TL_OK && w->reply_code != TL_OK)
            code = tl_fail(err, w->reply_code, "%s", w->reply_text);
        tl_json_quote(out, tl_buf_str(&key));
    }
    tl_buf_free(&key);
    tl_arena_free(&arena);
    return code == TL_OK ? tl_world_settle(w, err) : code;
}

/* ---- the rest ---- */

static tl_code advance(struct tl_world *w, const struct tl_json_value *args, struct tl_error *err)
{
    int64_t ms;
    tl_code code = tl_duration_parse(tl_json_get_text(args, "for"), &ms, err);
    return code == TL_OK ? tl_world_advance(w, ms, err) : code;
}

static tl_code now(struct tl_buf *out)
{
    char text[TL_TIMESTAMP_SIZE];
    struct tl_timestamp t = tl_timestamp_from_ms(tl_wall_ms());
    tl_json_quote(out, tl_timestamp_print(&t, TL_TIME_RFC3339, text));
    return TL_OK;
}

static tl_code milliseconds(const struct tl_json_value *args, struct tl_buf *out, struct tl_error *err)
{
    int64_t ms;
    tl_code code = tl_duration_parse(tl_json_get_text(args, "text"), &ms, err);
    if (code == TL_OK)
        tl_buf_addf(out, "%lld", (long long)ms);
    return code;
}

static tl_code systems(const struct tl_world *w, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_writer writer;
    tl_json_writer_init(&writer, out);
    tl_json_begin_array(&writer);
    for (size_t i = 0; i < w->system_count; i++) {
        tl_json_begin_object(&writer);
        tl_json_put_z(&writer, "name", w->systems[i].decl->name);
        tl_json_put_z(&writer, "kind", w->systems[i].decl->kind);
        tl_json_key(&writer, "operations");
        tl_json_begin_array(&writer);
        tl_str name;
        for (size_t j = 0; w->systems[i].draft != NULL && tl_system_operation_at(w->systems[i].draft, j, &name); j++)
            tl_json_string(&writer, name);
        tl_json_end_array(&writer);
        tl_json_end_object(&writer);
    }
    tl_json_end_array(&writer);
    return tl_json_writer_done(&writer, err);
}

static tl_code entities(const struct tl_world *w, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_writer writer;
    size_t count;
    const struct tl_entity *list = tl_bundle_entities(w->bundle, &count);
    tl_json_writer_init(&writer, out);
    tl_json_begin_array(&writer);
    for (size_t i = 0; i < count; i++)
        tl_json_string_z(&writer, list[i].name);
    tl_json_end_array(&writer);
    return tl_json_writer_done(&writer, err);
}

static tl_code compare(const struct tl_json_value *args, struct tl_buf *out)
{
    struct tl_buf text;
    tl_buf_init(&text, TEXT_MAX);
    tl_diff_print(tl_json_get_text(args, "expected"), tl_json_get_text(args, "got"), &text);
    tl_json_quote(out, tl_buf_str(&text));
    tl_buf_free(&text);
    return TL_OK;
}

/* What a map wrote must be what its entity says. */
static tl_code check(const struct tl_world *w, const struct tl_json_value *args, struct tl_error *err)
{
    const struct tl_json_value *data = tl_json_get(args, "data");
    tl_code code = tl_bundle_check_entity(w->bundle, tl_json_get_text(args, "entity"),
                                          data != NULL ? tl_json_raw(data) : TL_STR("null"), err);
    return code == TL_ENOTFOUND ? TL_OK : code;
}

/* What `tidelock record` wrote. */
static tl_code recording(const struct tl_world *w, const struct tl_json_value *args, struct tl_buf *out,
                         struct tl_error *err)
{
    tl_str name = tl_json_get_text(args, "name");
    char *path = tl_printf("%s/tests/recorded/%.*s.json", w->folder, TL_STR_ARGS(name));
    tl_code code = tl_str_find(name, '/') < 0
                       ? tl_folder_read(path, out, err)
                       : tl_fail(err, TL_EINPUT, "w:play takes the name of a recording: a file of tests/recorded/");
    tl_free(path);
    return code;
}

static tl_code in_world(struct tl_world *w, tl_str name, const struct tl_json_value *args, struct tl_buf *out,
                        struct tl_error *err)
{
    tl_code code = tl_world_need(w, err);
    if (code != TL_OK)
        return code;
    if (tl_str_is(name, "deliver"))
        return deliver(w, args, out, err);
    if (tl_str_is(name, "advance"))
        return advance(w, args, err);
    if (tl_str_is(name, "restart"))
        return tl_world_restart(w, err);
    if (tl_str_is(name, "decide"))
        return tl_world_decide(w, args, err);
    if (tl_str_is(name, "desk"))
        return tl_world_desk(w, args, err);
    if (tl_str_is(name, "emitted"))
        return tl_world_emitted(w, tl_json_get_text(args, "type"), out, err);
    if (tl_str_is(name, "runs") || tl_str_is(name, "exceptions") || tl_str_is(name, "decisions")) {
        char *what = tl_str_dup(name);
        code = tl_world_list(w, what, out, err);
        tl_free(what);
        return code;
    }
    return tl_fail(err, TL_EBUG, "the world knows no '%.*s'", TL_STR_ARGS(name));
}

tl_code tl_world_call(void *ctx, tl_str name, tl_str text, struct tl_buf *out, struct tl_error *err)
{
    struct tl_world *w = ctx;
    struct tl_json_doc *doc = NULL;
    tl_code code = text.len > 0 ? tl_json_parse_borrowed(text, NULL, &doc, err) : TL_OK;
    const struct tl_json_value *args = doc != NULL ? tl_json_root(doc) : NULL;
    if (code != TL_OK)
        return code;
    if (tl_str_is(name, "now"))
        code = now(out);
    else if (tl_str_is(name, "clock"))
        tl_buf_addf(out, "%lld", (long long)tl_wall_ms());
    else if (tl_str_is(name, "milliseconds"))
        code = milliseconds(args, out, err);
    else if (tl_str_is(name, "systems"))
        code = systems(w, out, err);
    else if (tl_str_is(name, "entities"))
        code = entities(w, out, err);
    else if (tl_str_is(name, "compare"))
        code = compare(args, out);
    else if (tl_str_is(name, "recording"))
        code = recording(w, args, out, err);
    else if (tl_str_is(name, "check"))
        code = check(w, args, err);
    else if (tl_str_is(name, "exists"))
        tl_buf_add_z(out, w->engine != NULL ? "true" : "false");
    else
        code = in_world(w, name, args, out, err);
    tl_json_free(doc);
    return code;
}
