#include "once.h"
#include "base/alloc.h"
#include "base/clock.h"
#include <string.h>
#include "codec/json.h"
#include "codec/json_writer.h"
#include "journal/state.h"

#define TABLE_ONCE "once"
#define SWEEP_EVERY 256

struct tl_once {
    char run[TL_POSITION_TEXT];
    bool released;
    uint64_t commit; /* the state must have it before another run may ask */
    unsigned writes; /* on the way */
};

void tl_onces_init(struct tl_onces *onces)
{
    *onces = (struct tl_onces){0};
    tl_must(pthread_mutex_init(&onces->lock, NULL) == 0);
    tl_map_init(&onces->claims);
}

void tl_onces_free(struct tl_onces *onces)
{
    size_t i = 0;
    tl_str key;
    void *once;
    while (tl_map_next(&onces->claims, &i, &key, &once))
        tl_free(once);
    tl_map_free(&onces->claims);
    pthread_mutex_destroy(&onces->lock);
}

static bool is_over(const struct tl_once *once, uint64_t applied)
{
    return once->released && once->writes == 0 && once->commit <= applied;
}

/* Forgets claims that the state tells by now. */
static void sweep(struct tl_onces *onces, uint64_t applied)
{
    if (++onces->sweep % SWEEP_EVERY != 0)
        return;
    for (bool again = true; again;) {
        size_t i = 0;
        tl_str key;
        void *value;
        again = false;
        while (!again && tl_map_next(&onces->claims, &i, &key, &value))
            again = is_over(value, applied);
        if (again)
            tl_free(tl_map_remove(&onces->claims, key));
    }
}

static bool take(struct tl_onces *onces, tl_str name, const char *run, uint64_t applied)
{
    pthread_mutex_lock(&onces->lock);
    sweep(onces, applied);
    struct tl_once *once = tl_map_get(&onces->claims, name);
    bool mine = once == NULL || strcmp(once->run, run) == 0 || is_over(once, applied);
    if (once == NULL) {
        once = TL_NEW(struct tl_once);
        tl_map_put(&onces->claims, name, once);
    }
    if (mine) {
        strcpy(once->run, run);
        once->released = false;
    }
    pthread_mutex_unlock(&onces->lock);
    return mine;
}

void tl_once_release(struct tl_step *step)
{
    if (step->once == NULL)
        return;
    struct tl_onces *onces = step->drive->lane->engine->onces;
    pthread_mutex_lock(&onces->lock);
    struct tl_once *once = tl_map_get(&onces->claims, tl_str_z(step->once));
    if (once != NULL)
        once->released = true;
    pthread_mutex_unlock(&onces->lock);
    tl_free(step->once);
    step->once = NULL;
}

static tl_code read_row(struct tl_step *step, const char *run, struct tl_step_row *out)
{
    struct tl_drive *drive = step->drive;
    struct tl_state_row row;
    struct tl_json_doc *doc;
    if (tl_state_get(drive->lane->engine->journal, TL_STR(TABLE_ONCE), tl_str_z(step->once), &drive->arena, &row,
                     NULL) != TL_OK ||
        tl_json_parse_borrowed(row.value, NULL, &doc, NULL) != TL_OK)
        return TL_OK;
    const struct tl_json_value *root = tl_json_root(doc);
    tl_code code = TL_OK;
    if (tl_json_is(tl_json_get(root, "state"), "done")) {
        code = TL_EDIFFERS;
        *out = (struct tl_step_row){.state = TL_STEP_DONE,
                                    .document = tl_arena_str(&drive->arena, tl_json_raw(tl_json_get(root, "document"))),
                                    .remote = tl_arena_str(&drive->arena, tl_json_get_text(root, "remote")),
                                    .status = (int)tl_json_get_i64(root, "status", 0)};
    } else if (!tl_json_is(tl_json_get(root, "run"), run))
        code = TL_EFAILED;
    tl_json_free(doc);
    return code;
}

tl_code tl_once_claim(struct tl_step *step, tl_str system, struct tl_step_row *out)
{
    struct tl_drive *drive = step->drive;
    struct tl_engine *engine = drive->lane->engine;
    char run[TL_POSITION_TEXT];
    tl_position_print(tl_run_id(drive), run);
    char *name = tl_printf("%.*s/%.*s", TL_STR_ARGS(system), TL_STR_ARGS(step->ask->once));
    if (!take(engine->onces, tl_str_z(name), run, tl_journal_applied(engine->journal))) {
        tl_free(name);
        return TL_EFAILED;
    }
    step->once = name;
    tl_code code = read_row(step, run, out);
    if (code != TL_OK)
        tl_once_release(step);
    return code;
}

/* ---- writing ---- */

struct once_written {
    struct tl_then then;
    struct tl_onces *onces;
    char *name; /* own */
};

static void written(struct tl_then *then, uint64_t commit)
{
    struct once_written *w = TL_CONTAINER_OF(then, struct once_written, then);
    pthread_mutex_lock(&w->onces->lock);
    struct tl_once *once = tl_map_get(&w->onces->claims, tl_str_z(w->name));
    if (once != NULL) {
        once->writes--;
        once->commit = commit > once->commit ? commit : once->commit;
    }
    pthread_mutex_unlock(&w->onces->lock);
    tl_free(w->name);
    tl_free(w);
}

static void on_the_way(struct tl_step *step)
{
    struct tl_onces *onces = step->drive->lane->engine->onces;
    struct once_written *w = TL_NEW(struct once_written);
    w->then.durable = written;
    w->onces = onces;
    w->name = tl_copy_z(step->once);
    pthread_mutex_lock(&onces->lock);
    struct tl_once *once = tl_map_get(&onces->claims, tl_str_z(step->once));
    tl_must(once != NULL);
    once->writes++;
    pthread_mutex_unlock(&onces->lock);
    tl_lane_then(step->drive->lane, &w->then);
}

static void put_row(struct tl_step *step, const struct tl_step_row *row, struct tl_batch *batch)
{
    struct tl_buf text;
    struct tl_json_writer w;
    tl_buf_init(&text, TL_PAYLOAD_MAX);
    tl_json_writer_init(&w, &text);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "run", step->drive->unit->run->id);
    tl_json_put_z(&w, "state", row != NULL ? "done" : "sent");
    tl_json_put_int(&w, "at", tl_wall_ms());
    if (row != NULL) {
        if (row->document.len > 0)
            tl_json_put_raw(&w, "document", row->document);
        tl_json_key(&w, "remote");
        tl_json_lossy(&w, row->remote);
        tl_json_put_int(&w, "status", row->status);
    }
    tl_json_end_object(&w);
    struct tl_state_put put = {.table = TL_STR(TABLE_ONCE), .key = tl_str_z(step->once), .value = tl_buf_str(&text)};
    tl_must(tl_batch_put(batch, &put, NULL) == TL_OK);
    tl_buf_free(&text);
    on_the_way(step);
}

void tl_once_sent(struct tl_step *step, struct tl_batch *batch)
{
    put_row(step, NULL, batch);
}

void tl_once_done(struct tl_step *step, const struct tl_step_row *row, struct tl_batch *batch)
{
    if (row->state == TL_STEP_DONE || row->state == TL_STEP_SKIPPED) {
        put_row(step, row, batch);
        return;
    }
    tl_must(tl_batch_del(batch, TL_STR(TABLE_ONCE), tl_str_z(step->once), NULL) == TL_OK);
    on_the_way(step);
}
