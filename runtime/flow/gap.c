#include "gap.h"
#include "base/alloc.h"
#include "codec/json_writer.h"
#include "codec/timestamp.h"
#include "journal/state.h"
#include "run.h"

#define PAYLOAD_MAX 8192

static void put_ms(struct tl_json_writer *w, const char *name, int64_t ms)
{
    char text[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(ms);
    tl_json_key(w, name);
    if (ms > 0)
        tl_json_string(w, tl_timestamp_print(&at, TL_TIME_RFC3339, text));
    else
        tl_json_null(w);
}

/* What was said, or what we know ourselves. */
static void put_end(struct tl_json_writer *w, const char *name, const struct tl_json_value *said, int64_t ms)
{
    tl_str text = tl_json_get_text(said, name);
    if (text.len > 0) {
        tl_json_key(w, name);
        tl_json_lossy(w, text);
    } else {
        put_ms(w, name, ms);
    }
}

/* A word of ours, or "unknown": a promise that nobody made is not to be read out of a word that nobody defined. */
static tl_str deletions_of(const struct tl_json_value *said)
{
    tl_str word = tl_json_get_text(said, "deletions");
    return tl_str_eq(word, TL_STR("partly")) || tl_str_eq(word, TL_STR("told")) ? word : TL_STR("unknown");
}

static void write_payload(struct tl_buf *out, const struct tl_capture_job *job, const struct tl_json_value *said,
                          int64_t to_ms)
{
    struct tl_json_writer w;
    tl_str why = tl_json_get_text(said, "why");
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_string(&w, "object", tl_str_z(job->object));
    put_end(&w, "from", said, job->known_ms);
    put_end(&w, "to", said, to_ms);
    tl_json_put_string(&w, "deletions", deletions_of(said));
    tl_json_key(&w, "why");
    tl_json_lossy(&w, why.len > 0 ? why : TL_STR("the platform does not tell"));
    tl_json_end_object(&w);
}

static void keep(struct tl_capture_job *job, tl_str payload)
{
    pthread_mutex_lock(&job->lock);
    tl_free(job->gap);
    job->gap = tl_str_dup(payload);
    pthread_mutex_unlock(&job->lock);
}

tl_code tl_gap_put(struct tl_capture_job *job, tl_str said, int64_t to_ms, struct tl_batch *batch, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    struct tl_buf payload;
    tl_buf_init(&payload, PAYLOAD_MAX);
    if (said.len > 0 && tl_json_parse(said, NULL, &doc, NULL) != TL_OK)
        doc = NULL;
    write_payload(&payload, job, doc != NULL ? tl_json_root(doc) : NULL, to_ms);
    tl_str name = tl_str_from(tl_str_z(job->name), sizeof "capture/" - 1);
    char *dedupe = tl_printf("gap:%.*s:%lld", TL_STR_ARGS(name), (long long)(to_ms > 0 ? to_ms : job->known_ms));
    struct tl_event_in in = {.type = TL_STR(TL_TYPE_GAP),
                             .source = tl_str_z(job->engine->plan.systems[job->system]->name),
                             .key = tl_str_z(job->object),
                             .dedupe = tl_str_z(dedupe),
                             .payload = tl_buf_str(&payload),
                             .priority = TL_NORMAL,
                             .redelivers_for_ms = job->engine->plan.systems[job->system]->redelivers_ms};
    struct tl_state_put row = {.table = TL_STR(TL_TABLE_GAP), .key = name, .value = in.payload};
    tl_code code = tl_batch_event(batch, &in, NULL, err);
    if (code == TL_OK)
        code = tl_batch_put(batch, &row, err);
    keep(job, in.payload);
    tl_free(dedupe);
    tl_json_free(doc);
    tl_buf_free(&payload);
    return code;
}

void tl_gap_load(struct tl_capture_job *job)
{
    struct tl_arena arena;
    struct tl_state_row row;
    tl_arena_init(&arena);
    tl_str name = tl_str_from(tl_str_z(job->name), sizeof "capture/" - 1);
    if (tl_state_get(job->engine->journal, TL_STR(TL_TABLE_GAP), name, &arena, &row, NULL) == TL_OK)
        keep(job, row.value);
    tl_arena_free(&arena);
}

/* ---- the unit ---- */

static tl_str place(const struct tl_json_value *gap, const char *name, const char *otherwise)
{
    tl_str text = tl_json_get_text(gap, name);
    return text.len > 0 ? text : tl_str_z(otherwise);
}

/* What a person has to compare. */
static const char *about_deletions(const struct tl_json_value *gap)
{
    tl_str word = deletions_of(gap);
    if (tl_str_eq(word, TL_STR("told")))
        return "every deletion in it is told";
    return tl_str_eq(word, TL_STR("partly")) ? "only the deletions in it that were still known are told"
                                             : "the deletions in it are not told";
}

static void park(struct tl_drive *drive, const struct tl_json_value *gap)
{
    tl_str from = place(gap, "from", "the first look"), to = place(gap, "to", "now, for it has stopped");
    tl_str message = tl_str_z(tl_arena_printf(
        &drive->arena, "what changed in %.*s of %.*s between %.*s and %.*s is not known: %.*s; %s",
        TL_STR_ARGS(drive->event.key), TL_STR_ARGS(drive->event.source), TL_STR_ARGS(from), TL_STR_ARGS(to),
        TL_STR_ARGS(place(gap, "why", "the platform does not tell")), about_deletions(gap)));
    tl_unit_park(drive, &(struct tl_cause){.cls = TL_STR("gap"),
                                           .message = message,
                                           .system = drive->event.source,
                                           .data = drive->event.payload});
}

void tl_gap_start(struct tl_drive *drive)
{
    struct tl_json_doc *doc = NULL;
    if (drive->unit->exception != NULL) {
        tl_unit_end(drive, TL_DONE, TL_STR("somebody has seen to it"), NULL, 0);
        return;
    }
    if (tl_json_parse(drive->event.payload, NULL, &doc, NULL) != TL_OK)
        doc = NULL;
    park(drive, doc != NULL ? tl_json_root(doc) : NULL);
    tl_json_free(doc);
}
