/* A call of the role write_many: its rows as JSON lines, and their outcomes until it ends. */
#include "connector/write_many.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "driver.h"
#include "notes.h"

#define TIMEOUT_MS 60000
#define ROWS_MAX (256u << 20)
#define SLICE (1u << 20)

struct tl_many {
    struct tl_activity activity;
    struct tl_system_lane *lane; /* borrow */
    struct tl_many_owner owner;
    struct tl_driver driver;
    struct tl_json_doc *no_args; /* own; vars want some */
    struct tl_trace trace;
    struct tl_notes notes;
    struct tl_arena arena;  /* operation, object, saved, rows */
    tl_str operation, rows; /* rows: JSON lines */
    tl_str *args;           /* of each row, in `rows` */
    bool *told;             /* of each row */
    size_t count;
    size_t at; /* how much of `rows` was given */
    bool all_given;
    int64_t started_mono_ms;
};

/* ---- ends ---- */

static void fill(struct tl_many *many, struct tl_call_result *result)
{
    const struct tl_exchange *x = &many->driver.exchange;
    result->sent = x->touched;
    result->transfers = x->transfers;
    result->status = many->driver.last_status;
    result->duration_ms = tl_mono_ms() - many->started_mono_ms;
    result->warnings = many->notes.warnings;
    result->warning_count = many->notes.warning_count;
    result->quotas = many->notes.quotas;
    result->quota_count = many->notes.quota_count;
}

static void tell(struct tl_many *many, size_t row, struct tl_call_result *result, bool told)
{
    struct tl_call_request request = {.operation = many->operation, .args = many->args[row]};
    tl_call_hash(&request, result->request_hash);
    many->told[row] = true;
    many->owner.row(many->owner.ctx, row, result, told);
}

static void end(struct tl_many *many, struct tl_call_result *result)
{
    fill(many, result);
    for (size_t i = 0; i < many->count; i++) {
        struct tl_call_result row = *result;
        if (many->told[i])
            continue;
        if (result->failure == TL_FAIL_NONE) {
            row.failure = TL_FAIL_BUG;
            row.message = TL_STR("the connector told no outcome of this row");
        }
        tell(many, i, &row, false);
    }
    many->owner.done(many->owner.ctx, result);
    struct tl_system_lane *lane = many->lane;
    tl_driver_deinit(&many->driver);
    tl_json_free(many->no_args);
    tl_arena_free(&many->arena);
    tl_free(many->told);
    tl_activity_end(lane, &many->activity);
    tl_free(many);
}

static void ended(struct tl_driver *driver, const struct tl_driver_end *how)
{
    struct tl_many *many = driver->owner;
    struct tl_call_result result = {.failure = TL_FAIL_NONE};
    if (how->done)
        result.document = tl_str_of(how->done->document);
    else
        result = (struct tl_call_result){.failure = how->verdict.failure,
                                         .wait_ms = how->verdict.wait_ms,
                                         .unknown = how->verdict.unknown && driver->exchange.touched,
                                         .code = how->verdict.code,
                                         .message = how->verdict.message};
    end(many, &result);
}

/* ---- rows and outcomes ---- */

/* The next whole lines of at most a megabyte; one longer line goes alone. */
static bool give_rows(struct tl_driver *driver, tlc_input *input)
{
    struct tl_many *many = driver->owner;
    tl_str left = tl_str_from(many->rows, many->at);
    if (many->all_given)
        return false;
    size_t n = left.len > SLICE ? SLICE : left.len;
    while (n > 0 && n < left.len && left.ptr[n - 1] != '\n')
        n--;
    if (n == 0 && left.len > 0)
        n = (size_t)tl_str_find(left, '\n') + 1;
    many->at += n;
    many->all_given = many->at == many->rows.len;
    *input = (tlc_input){.kind = TLC_ROWS, .rows = {left.ptr, n}, .last = many->all_given};
    return true;
}

/* A row whose outcome is told stays told: the second outcome would be the owner's second row. */
static const char *take_outcomes(struct tl_driver *driver, const tlc_row_outcome *outcomes, uint32_t count)
{
    struct tl_many *many = driver->owner;
    if (count == 0)
        return "OUTCOMES of no row";
    for (uint32_t i = 0; i < count; i++) {
        const tlc_row_outcome *o = &outcomes[i];
        if (o->size < sizeof *o || o->row >= many->count || many->told[o->row])
            return "OUTCOMES of a row that does not exist, or that has one already";
        if (o->state == TLC_ROW_FAILED && (o->fail_class <= 0 || o->fail_class >= TL_FAILURE_COUNT))
            return "OUTCOMES with an unknown class";
        struct tl_call_result result = {.wait_ms = o->wait_ms > 0 ? o->wait_ms : 0,
                                        .code = tl_str_of(o->code),
                                        .message = tl_str_of(o->message),
                                        .id = tl_str_of(o->id),
                                        .version = tl_str_of(o->version)};
        fill(many, &result);
        result.created = o->created == TLC_CREATED_YES  ? TL_CREATED_YES
                         : o->created == TLC_CREATED_NO ? TL_CREATED_NO
                                                        : TL_CREATED_UNKNOWN;
        if (o->state == TLC_ROW_FAILED)
            result.failure = (enum tl_failure)o->fail_class;
        else if (o->state != TLC_ROW_DONE)
            result.failure = TL_FAIL_RETRY;
        result.unknown = o->state == TLC_ROW_UNKNOWN;
        result.sent = o->state != TLC_ROW_NOT_SENT && result.sent;
        tell(many, (size_t)o->row, &result, true);
    }
    return NULL;
}

static void save(struct tl_driver *driver, tlc_slice state)
{
    struct tl_many *many = driver->owner;
    if (many->owner.save)
        many->owner.save(many->owner.ctx, many, tl_str_of(state));
    else
        tl_driver_stored(driver, true);
}

void tl_many_saved(struct tl_many *many, bool ok)
{
    tl_driver_stored(&many->driver, ok);
}

/* ---- life ---- */

static void cancel_activity(struct tl_activity *activity)
{
    tl_many_cancel(TL_CONTAINER_OF(activity, struct tl_many, activity));
}

void tl_many_cancel(struct tl_many *many)
{
    tl_driver_cancel(&many->driver, "cancelled");
}

static void copy_rows(struct tl_many *many, const struct tl_many_request *request)
{
    struct tl_buf lines;
    tl_buf_init(&lines, ROWS_MAX);
    for (size_t i = 0; i < request->count; i++) {
        tl_buf_add_str(&lines, request->rows[i]);
        tl_buf_add_char(&lines, '\n');
    }
    tl_must(!lines.overflow);
    many->rows = tl_arena_str(&many->arena, tl_buf_str(&lines));
    many->args = tl_arena_alloc(&many->arena, (request->count + 1) * sizeof *many->args);
    for (size_t i = 0, at = 0; i < request->count; i++) {
        many->args[i] = tl_str_n(many->rows.ptr + at, request->rows[i].len);
        at += request->rows[i].len + 1;
    }
    tl_buf_free(&lines);
}

struct tl_many *tl_many_start(struct tl_system_lane *lane, const struct tl_many_request *request,
                              const struct tl_many_owner *owner)
{
    struct tl_many *many = TL_NEW(struct tl_many);
    struct tl_driver *driver = &many->driver;
    const struct tl_json_value *operation = tl_operation_find(lane->system, request->operation);
    many->lane = lane;
    many->owner = *owner;
    many->count = request->count;
    many->told = tl_zalloc(request->count + 1, sizeof *many->told);
    many->started_mono_ms = tl_mono_ms();
    if (request->trace)
        many->trace = *request->trace;
    tl_arena_init(&many->arena);
    many->operation = tl_arena_str(&many->arena, request->operation);
    copy_rows(many, request);
    tl_must(tl_json_parse(TL_STR("{}"), NULL, &many->no_args, NULL) == TL_OK);
    tl_driver_init(driver, lane);
    driver->owner = many;
    driver->exchange.notes = &many->notes;
    driver->request.role = TLC_ROLE_WRITE_MANY;
    driver->request.operation = tl_slice_of(many->operation);
    driver->request.object = tl_slice_of(tl_arena_str(&many->arena, request->object));
    driver->saved = tl_arena_str(&many->arena, request->saved);
    driver->deadline_mono_ms = tl_mono_ms() + (request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS);
    driver->trace = &many->trace;
    driver->vars.args = tl_json_root(many->no_args);
    driver->rules = (struct tl_verdict_rules){.first = tl_json_get(operation, "errors"),
                                              .second = tl_json_get(lane->system->extra.root, "errors"),
                                              .third = tl_json_get(lane->system->manifest, "errors"),
                                              .message = tl_json_get(lane->system->manifest, "error_message"),
                                              .code = tl_json_get(lane->system->manifest, "error_code")};
    driver->rows = give_rows;
    driver->outcomes = take_outcomes;
    driver->save = save;
    driver->ended = ended;
    tl_activity_begin(lane, &many->activity, cancel_activity);
    tl_driver_start(driver);
    return many;
}
