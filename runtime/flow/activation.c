/* Rows of flows and of units that had begun. */
#include "activation.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "engine_int.h"
#include "journal/state.h"
#include <stdio.h>

#define ROW_MAX (1u << 20)

/* ---- reading what flows took ---- */

static bool takes(const struct tl_plan_flow *flow, tl_str type)
{
    for (size_t i = 0; flow->on[i] != NULL; i++) {
        if (tl_str_is(type, flow->on[i]))
            return true;
    }
    return false;
}

/* An interval without an end goes on when the flow still takes the type; else it ends here. */
static void read_interval(struct tl_engine *engine, uint32_t flow, tl_str type, uint64_t from, uint64_t until)
{
    struct tl_map *types = &engine->plan.types;
    struct tl_plan_sub *open = until == TL_COMMIT_NEVER ? tl_plan_open_sub(types, type, flow) : NULL;
    if (open != NULL) { /* what every flow takes: started and replayed runs */
        open->from = from;
        return;
    }
    if (until == TL_COMMIT_NEVER && !takes(engine->plan.flows[flow], type))
        until = tl_journal_last(engine->journal) + 1;
    tl_plan_subscribe(types, type, flow, from, until);
}

static void read_type(struct tl_engine *engine, uint32_t flow, tl_str type, const struct tl_json_value *value)
{
    uint64_t from = 1, until;
    if (tl_json_u64(value, &from)) {
        read_interval(engine, flow, type, from, TL_COMMIT_NEVER);
        return;
    }
    for (size_t i = 0; tl_json_u64(tl_json_item(value, i), &from); i += 2) {
        if (!tl_json_u64(tl_json_item(value, i + 1), &until))
            until = TL_COMMIT_NEVER;
        read_interval(engine, flow, type, from, until);
    }
}

tl_code tl_activation_read_flow(struct tl_engine *engine, tl_str name, tl_str value, struct tl_error *err)
{
    struct tl_json_doc *doc;
    tl_code code = tl_json_parse_borrowed(value, NULL, &doc, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "state table \"flow\", row \"%.*s\"", TL_STR_ARGS(name));
        return code;
    }
    int flow = tl_plan_flow(&engine->plan, name);
    if (flow < 0)
        flow = (int)tl_plan_add_gone(&engine->plan, name);
    struct tl_json_iter i = tl_json_iter(tl_json_get(tl_json_root(doc), "types"));
    while (tl_json_next(&i))
        read_type(engine, (uint32_t)flow, i.key, i.value);
    tl_json_free(doc);
    return TL_OK;
}

/* ---- writing it ---- */

static bool is_of(const struct tl_plan_sub *sub, uint32_t flow)
{
    return sub->flow == flow && (sub->from != 0 || sub->until != TL_COMMIT_NEVER); /* the latter every flow has */
}

static bool put_type(struct tl_json_writer *w, const struct tl_plan_type *type, uint32_t flow)
{
    size_t count = 0;
    const struct tl_plan_sub *only = NULL;
    for (size_t i = 0; i < type->count; i++) {
        only = is_of(&type->subs[i], flow) ? &type->subs[i] : only;
        count += is_of(&type->subs[i], flow);
    }
    if (count == 0)
        return false;
    tl_json_key(w, type->name);
    if (count == 1 && only->until == TL_COMMIT_NEVER) {
        tl_json_uint(w, only->from);
        return true;
    }
    tl_json_begin_array(w);
    for (int open = 0; open <= 1; open++) { /* the one without an end comes last */
        for (size_t i = 0; i < type->count; i++) {
            const struct tl_plan_sub *sub = &type->subs[i];
            if (!is_of(sub, flow) || (sub->until == TL_COMMIT_NEVER) != open)
                continue;
            tl_json_uint(w, sub->from);
            if (!open)
                tl_json_uint(w, sub->until);
        }
    }
    tl_json_end_array(w);
    return true;
}

void tl_activation_put_flow(const struct tl_map *types, uint32_t number, const char *name, struct tl_batch *batch)
{
    struct tl_buf value;
    struct tl_json_writer w;
    size_t i = 0;
    tl_str type;
    void *of;
    bool any = false;
    tl_buf_init(&value, ROW_MAX);
    tl_json_writer_init(&w, &value);
    tl_json_begin_object(&w);
    tl_json_key(&w, "types");
    tl_json_begin_object(&w);
    while (tl_map_next(types, &i, &type, &of))
        any |= put_type(&w, of, number);
    tl_json_end_object(&w);
    tl_json_end_object(&w);
    tl_must(tl_json_writer_done(&w, NULL) == TL_OK);
    struct tl_state_put put = {.table = TL_STR(TL_TABLE_FLOW), .key = tl_str_z(name), .value = tl_buf_str(&value)};
    tl_must((any ? tl_batch_put(batch, &put, NULL) : tl_batch_del(batch, put.table, put.key, NULL)) == TL_OK);
    tl_buf_free(&value);
}

void tl_activation_put_revisions(const struct tl_plan *plan, struct tl_batch *batch)
{
    for (uint32_t i = 0; i < plan->part_count; i++) {
        char *key = tl_plan_full(plan, i, TL_STR("live"));
        struct tl_state_put put = {
            .table = TL_STR("engine"), .key = tl_str_z(key), .value = tl_str_z(plan->parts[i]->revision)};
        tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
        tl_free(key);
    }
}

void tl_activation_prune(struct tl_engine *engine, struct tl_map *types, uint64_t floor)
{
    size_t i = 0;
    tl_str name;
    void *value;
    while (tl_map_next(types, &i, &name, &value)) {
        struct tl_plan_type *type = value;
        size_t kept = 0;
        for (size_t s = 0; s < type->count; s++) {
            const struct tl_plan_sub *sub = &type->subs[s];
            bool over = sub->until <= sub->from ||
                        (sub->until <= floor && sub->until <= tl_progress_first(&engine->progress, sub->flow, 0));
            if (!over)
                type->subs[kept++] = *sub;
        }
        type->count = kept;
    }
}

/* ---- a start ---- */

tl_code tl_activation_check(struct tl_engine *engine, struct tl_error *err)
{
    struct tl_buf names;
    tl_buf_init(&names, 700);
    for (uint32_t f = 0; f < engine->plan.flow_count; f++) {
        const struct tl_plan_flow *flow = engine->plan.flows[f];
        uint64_t left = flow->kind == TL_PLAN_GONE ? tl_progress_of_flow(&engine->progress, f) : 0;
        if (left > 0)
            tl_buf_addf(&names, "%s\"%s\" (%llu)", names.len > 0 ? ", " : "", flow->name, (unsigned long long)left);
    }
    tl_code code = TL_OK;
    if (names.len > 0)
        code = tl_fail(err, TL_EDIFFERS,
                       "flows were removed that have pending units: %s. Start the earlier revision until they have "
                       "ended, or start with --park-removed to park them",
                       names.ptr);
    tl_buf_free(&names);
    return code;
}

static void forget_ended(struct tl_engine *engine, struct tl_batch *batch);

void tl_activation_start(struct tl_engine *engine, uint64_t floor, struct tl_batch *batch)
{
    struct tl_plan *plan = &engine->plan;
    uint64_t next = tl_journal_last(engine->journal) + 1;
    for (uint32_t f = 0; f < plan->flow_count; f++) {
        char *const *on = plan->flows[f]->on;
        for (size_t i = 0; on[i] != NULL; i++) {
            if (tl_plan_open_sub(&plan->types, tl_str_z(on[i]), f) == NULL)
                tl_plan_subscribe(&plan->types, tl_str_z(on[i]), f, next, TL_COMMIT_NEVER);
        }
    }
    tl_activation_prune(engine, &plan->types, floor);
    for (uint32_t f = 0; f < plan->flow_count; f++) {
        if (plan->flows[f]->kind == TL_PLAN_SCRIPT || plan->flows[f]->kind == TL_PLAN_GONE)
            tl_activation_put_flow(&plan->types, f, plan->flows[f]->name, batch);
    }
    tl_activation_put_revisions(plan, batch);
    forget_ended(engine, batch);
}

/* ---- units that had begun ---- */

void tl_begun_key(tl_position event, const char *flow, char key[TL_BEGUN_KEY])
{
    char id[TL_POSITION_TEXT];
    tl_position_print(event, id);
    snprintf(key, TL_BEGUN_KEY, "%s/%s", id, flow);
}

static bool is_unfinished(struct tl_engine *engine, tl_str key)
{
    tl_position event;
    tl_str id;
    int flow = tl_str_cut(&key, '/', &id) ? tl_plan_flow(&engine->plan, key) : -1;
    return flow >= 0 && tl_position_parse(id, &event) && tl_progress_has(&engine->progress, event, (uint32_t)flow);
}

static void list(struct tl_map *units, tl_str key, const char *revision)
{
    tl_free(tl_map_put(units, key, tl_copy_z(revision)));
}

void tl_activation_read_begun(struct tl_engine *engine, tl_str key, tl_str revision)
{
    char *text = tl_str_dup(revision);
    list(&engine->listed, key, text);
    if (is_unfinished(engine, key))
        list(&engine->begun, key, text);
    tl_free(text);
}

const char *tl_activation_revision(const struct tl_unit *unit)
{
    const struct tl_engine *engine = unit->lane->engine;
    char key[TL_BEGUN_KEY];
    if (engine->begun.count == 0)
        return NULL;
    tl_begun_key(unit->position, engine->plan.flows[unit->flow]->name, key);
    return tl_map_get(&engine->begun, tl_str_z(key));
}

/* Rows of units that have ended since they were listed. */
static void forget_ended(struct tl_engine *engine, struct tl_batch *batch)
{
    size_t i = 0;
    tl_str key;
    void *revision;
    struct tl_map still;
    tl_map_init(&still);
    while (tl_map_next(&engine->listed, &i, &key, &revision)) {
        if (tl_map_get(&engine->begun, key) != NULL)
            list(&still, key, revision);
        else
            tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_BEGUN), key, NULL) == TL_OK);
    }
    tl_activation_listed(engine, &still);
    tl_map_free(&still);
}

/* Of an earlier start, and not begun again yet: still as it was. */
static void keep_listed(struct tl_engine *engine, struct tl_map *units)
{
    size_t i = 0;
    tl_str key;
    void *revision;
    while (tl_map_next(&engine->begun, &i, &key, &revision)) {
        if (tl_map_get(units, key) == NULL && is_unfinished(engine, key))
            list(units, key, revision);
    }
}

void tl_activation_put_begun(struct tl_engine *engine, struct tl_map *units, struct tl_batch *batch)
{
    size_t i = 0;
    tl_str key;
    void *revision;
    keep_listed(engine, units);
    while (tl_map_next(&engine->listed, &i, &key, &revision)) {
        if (tl_map_get(units, key) == NULL)
            tl_must(tl_batch_del(batch, TL_STR(TL_TABLE_BEGUN), key, NULL) == TL_OK);
    }
    for (i = 0; tl_map_next(units, &i, &key, &revision);) {
        struct tl_state_put put = {.table = TL_STR(TL_TABLE_BEGUN), .key = key, .value = tl_str_z(revision)};
        tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
    }
}

void tl_activation_units_free(struct tl_map *units)
{
    size_t i = 0;
    tl_str key;
    void *revision;
    while (tl_map_next(units, &i, &key, &revision))
        tl_free(revision);
    tl_map_free(units);
}

void tl_activation_listed(struct tl_engine *engine, struct tl_map *units)
{
    tl_activation_units_free(&engine->listed);
    engine->listed = *units;
    tl_map_init(units);
}
