#include "batcher_int.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json.h"
#include "codec/json_pointer.h"
#include "dispatch.h"
#include <string.h>

/* ---- rows ---- */

void tl_row_free(struct tl_row *row)
{
    tl_arena_free(&row->arena);
    tl_free(row);
}

void tl_row_set(struct tl_row *row, const struct tl_call_result *result, bool told)
{
    struct tl_arena *arena = &row->arena;
    row->told = told;
    row->result = *result;
    row->result.code = tl_arena_str(arena, result->code);
    row->result.message = tl_arena_str(arena, result->message);
    row->result.document = tl_arena_str(arena, result->document);
    row->result.id = tl_arena_str(arena, result->id);
    row->result.version = tl_arena_str(arena, result->version);
    row->result.url = tl_arena_str(arena, result->url);
    row->result.warning_count = row->result.quota_count = 0; /* the call's; seen to at home */
    memcpy(row->result.request_hash, row->hash, sizeof row->hash);
}

/* All objects of one operation have one home, since writes of one may lock records of another. */
struct tl_lane *tl_row_home(struct tl_engine *engine, const char *name)
{
    return engine->lanes[tl_dispatch_lane(engine, tl_journal_key_hash(engine->journal, tl_line_operation(name)))];
}

/* ---- stops wait for the last row ---- */

static void check(struct tl_mail *mail)
{
    struct tl_batcher *batcher = TL_CONTAINER_OF(mail, struct tl_batcher, check);
    atomic_store(&batcher->check_posted, false);
    tl_lane_stop_step(batcher->lane);
}

/* One row less is between the lanes. The last one lets those go that stop. */
static void row_is_home(struct tl_engine *engine)
{
    if (atomic_fetch_sub(&engine->rows_out, 1) != 1 || tl_engine_running(engine))
        return;
    for (unsigned i = 0; i < engine->lane_count; i++) {
        struct tl_batcher *batcher = engine->lanes[i]->batcher;
        if (!atomic_load(&engine->lanes[i]->stopped) && !atomic_exchange(&batcher->check_posted, true))
            tl_loop_post(engine->lanes[i]->loop, &batcher->check);
    }
}

bool tl_batcher_ended(const struct tl_lane *lane)
{
    return atomic_load(&lane->engine->rows_out) == 0;
}

/* ---- from the step and back ---- */

static void came_back(struct tl_mail *mail)
{
    struct tl_row *row = TL_CONTAINER_OF(mail, struct tl_row, mail);
    struct tl_lane *lane = row->origin;
    struct tl_step *step = row->step;
    if (lane->phase == TL_LANE_STOPPED) { /* abandoned: the step is gone */
        tl_row_free(row);
        return;
    }
    if (row->closed) {
        lane->calls -= lane->calls > 0 ? 1 : 0;
        if (lane->engine->plan.systems[row->system]->gone)
            tl_effect_again(step);
        else
            tl_effect_closed(step, row->until_ms);
        tl_lane_stop_step(lane);
    } else {
        tl_call_row_done(step, &row->result);
    }
    tl_row_free(row);
    row_is_home(lane->engine);
}

void tl_rows_return(struct tl_row **rows, size_t count)
{
    struct tl_mail_chain chain = {NULL, NULL};
    struct tl_lane *origin = NULL;
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        struct tl_row *row = rows[i];
        if (row->step == NULL) { /* of an earlier process: nobody waits */
            tl_row_free(row);
            continue;
        }
        if (origin == NULL)
            origin = row->origin;
        if (row->origin != origin) {
            rows[left++] = row;
            continue;
        }
        tl_mail_init(&row->mail, came_back);
        tl_mail_chain_add(&chain, &row->mail);
    }
    if (origin != NULL)
        tl_loop_post_chain(origin->loop, &chain);
    if (left > 0)
        tl_rows_return(rows, left);
}

static void arrived(struct tl_mail *mail)
{
    struct tl_row *row = TL_CONTAINER_OF(mail, struct tl_row, mail);
    if (row->home->phase == TL_LANE_STOPPED) /* abandoned: so is its origin */
        tl_row_free(row);
    else
        tl_line_add(tl_line_of(row->home->batcher, row->name, row->system), row);
}

/* Is it one of a list of texts? No list: of any. */
static bool is_listed(const struct tl_json_value *list, tl_str word)
{
    struct tl_json_iter i = tl_json_iter(list);
    while (tl_json_next(&i))
        if (tl_str_eq(tl_json_text(i.value), word))
            return true;
    return list == NULL;
}

/* The key must have one member, and one that batches can be written by. */
static bool key_fits(const struct tl_many_facts *many, tl_str key)
{
    struct tl_json_doc *doc = NULL;
    bool fits = tl_json_parse_borrowed(key, NULL, &doc, NULL) == TL_OK && tl_json_count(tl_json_root(doc)) == 1;
    struct tl_json_iter i = tl_json_iter(fits ? tl_json_root(doc) : NULL);
    if (fits && tl_json_next(&i))
        fits = is_listed(many->keys, i.key);
    tl_json_free(doc);
    return fits;
}

/* What else the write locks. */
static void read_parents(struct tl_row *row, const struct tl_json_value *pointers, tl_str args)
{
    struct tl_json_iter i = tl_json_iter(pointers);
    if (pointers == NULL)
        return;
    row->parents = tl_arena_alloc(&row->arena, (tl_json_count(pointers) + 1) * sizeof *row->parents);
    while (tl_json_next(&i)) {
        tl_str parent = TL_STR_NONE;
        if (tl_json_pointer(args, tl_json_text(i.value), &parent, NULL) == TL_OK && !tl_str_is(parent, "null"))
            row->parents[row->parent_count++] = parent;
    }
}

/* What the operation's manifest points at in the arguments. False: it is none for a batch. */
static bool read_row(struct tl_row *row, tl_str args)
{
    struct tl_buf scratch;
    tl_str object = TL_STR_NONE, key = TL_STR_NONE;
    tl_buf_init(&scratch, 4096);
    bool good = tl_json_pointer_text(args, row->many.object, &scratch, &object, NULL) == TL_OK &&
                is_listed(row->many.objects, object) && tl_json_pointer(args, row->many.key, &key, NULL) == TL_OK &&
                key_fits(&row->many, key);
    if (good) {
        row->object = tl_arena_str(&row->arena, object);
        row->key = key;
        read_parents(row, row->many.parents, args);
        row->many.key = tl_arena_str(&row->arena, row->many.key);
        row->many.object = TL_STR_NONE;
        row->many.objects = row->many.keys = row->many.parents = NULL;
    }
    tl_buf_free(&scratch);
    return good;
}

static struct tl_row *new_row(struct tl_step *step, const struct tl_many_facts *many)
{
    struct tl_lane *lane = step->drive->lane;
    struct tl_plan_system *system = lane->engine->plan.systems[step->system];
    struct tl_call_request request = tl_call_request_of(step);
    struct tl_row *row = TL_NEW(struct tl_row);
    row->step = step;
    row->origin = lane;
    row->system = step->system;
    row->operation = request.operation;
    row->args = request.args;
    row->many = *many;
    row->priority = step->drive->unit->queue->priority;
    row->timeout_ms = many->timeout_ms > 0 ? many->timeout_ms : request.timeout_ms;
    tl_arena_init(&row->arena);
    if (!read_row(row, request.args)) {
        tl_row_free(row);
        return NULL;
    }
    row->name = tl_arena_printf(&row->arena, "%s/%.*s/%.*s", system->name, TL_STR_ARGS(row->operation),
                                TL_STR_ARGS(row->object));
    tl_call_hash(&request, row->hash);
    return row;
}

static bool may_be_taken(const struct tl_step *step)
{
    const struct tl_lane *lane = step->drive->lane;
    const struct tl_plan_system *system = lane->engine->plan.systems[step->system];
    struct tl_gate_closed closed;
    if (lane->phase != TL_LANE_RUNNING || lane->engine->calls->many == NULL || step->ask == NULL || step->looking ||
        step->ask->effect != TL_EFFECT_IDEMPOTENT || system->decl == NULL || system->gone || !system->decl->batch ||
        lane->systems[step->system]->probing)
        return false;
    return tl_gate_peek(system->gate, tl_now(), step->drive->unit->queue->priority, &closed) ||
           !tl_gate_reason_is_long(closed.why);
}

bool tl_batcher_take(struct tl_step *step)
{
    struct tl_lane *lane = step->drive->lane;
    struct tl_engine *engine = lane->engine;
    if (!may_be_taken(step))
        return false;
    struct tl_call_facts facts = tl_call_facts(step);
    struct tl_row *row = facts.many.rows > 1 ? new_row(step, &facts.many) : NULL;
    if (row == NULL)
        return false;
    /* Counted first: a lane that finds no row out after the engine's stop began is sure that none will come. */
    atomic_fetch_add(&engine->rows_out, 1);
    if (!tl_engine_running(engine)) {
        tl_row_free(row);
        row_is_home(engine);
        return false;
    }
    step->phase = TL_AT_CALL;
    step->call = NULL;
    tl_unit_try(step->drive->unit, step->ask->id)->calls++;
    step->drive->unit->calls++;
    lane->calls++;
    tl_mail_init(&row->mail, arrived);
    row->home = tl_row_home(engine, row->name);
    tl_loop_post(row->home->loop, &row->mail);
    return true;
}

/* ---- life ---- */

struct tl_batcher *tl_batcher_new(struct tl_lane *lane)
{
    struct tl_batcher *batcher = TL_NEW(struct tl_batcher);
    batcher->lane = lane;
    tl_map_init(&batcher->lines);
    tl_mail_init(&batcher->check, check);
    return batcher;
}

void tl_batcher_free(struct tl_batcher *batcher)
{
    size_t i = 0;
    tl_str name;
    void *line;
    if (batcher == NULL)
        return;
    tl_loop_turn(batcher->lane->loop); /* what is still in the mail of an abandoned engine has nowhere to go */
    while (tl_map_next(&batcher->lines, &i, &name, &line))
        tl_line_free(line);
    tl_map_free(&batcher->lines);
    tl_free(batcher);
}

void tl_batcher_stop(struct tl_lane *lane)
{
    size_t i = 0;
    tl_str name;
    void *line;
    while (tl_map_next(&lane->batcher->lines, &i, &name, &line))
        tl_line_return_waiting(line);
}

void tl_batcher_cancel(struct tl_lane *lane)
{
    size_t i = 0;
    tl_str name;
    void *at;
    while (tl_map_next(&lane->batcher->lines, &i, &name, &at)) {
        struct tl_line *line = at;
        if (line->many != NULL)
            lane->engine->calls->many->cancel(lane->engine->calls->ctx, line->many);
        else if (line->single != NULL)
            lane->engine->calls->cancel(lane->engine->calls->ctx, line->single);
    }
}
