/* put in batches: create_or_update_many takes 100 users or organizations and makes a job of them, which is asked for
 * until it has ended. Its id is saved before, so that after a crash the same job is asked for and nothing is written
 * again.
 *
 * While it runs its results are null. Then they are a list with a result for each row, by index or in the order of the
 * rows; an object that says success of all; or null, when nobody can tell what became of the rows. */
#include "zendesk.h"

#include <tidelock/json.h>
#include <tidelock/rows.h>

#define FIRST_WAIT_MS 500
#define MOST_WAIT_MS 5000

struct many {
    tlc_rows rows;
    tlc_slice job, status, answer;
    int64_t wait_ms;
    unsigned char *told; /* of each row: it has an outcome */
};

/* ---- the job ---- */

/* {"organizations": [{…record, external_id}, …]} */
static const tlc_transfer *start_job(tlc_call *c, const struct many *s)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice body = {0, 0}, name, value;
    uint32_t i;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_member(c->host, writer, tlc_z(c->kind->path), TLC_JSON_ARRAY, TLC_TEXT(""));
    for (i = 0; i < s->rows.count; i++) {
        tlc_slice record = tlc_json_raw(c->host, c->scope, s->rows.lines[i], "/record"),
                  key = tlc_json_raw(c->host, c->scope, s->rows.lines[i], "/key");
        uint64_t at = 0;
        tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
        while (c->host->json_next(c->scope, key, &at, &name, &value) == 1)
            if (!tlc_json_has(c->host, c->scope, record, name))
                tlc_json_member(c->host, writer, name, TLC_JSON_RAW, value);
        tlc_json_members(c->host, c->scope, writer, record);
        tlc_json_mark(c->host, writer, TLC_JSON_END);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    c->host->json_finish(writer, &body);
    tlc_ask(c, "POST", TLC_JOIN(c, tlc_z(c->kind->path), TLC_TEXT("/create_or_update_many.json")));
    tlc_add_body(c, "application/json", body);
    return &c->transfer;
}

static const tlc_transfer *ask_job(tlc_call *c, const struct many *s)
{
    return tlc_ask_any(c, "GET", TLC_JOIN(c, TLC_TEXT("job_statuses/"), tlc_percent(c, s->job), TLC_TEXT(".json")));
}

static void read_job(tlc_call *c, struct many *s, const tlc_input *in)
{
    s->answer = tlc_keep(c->host, c->scope, in->body);
    s->job = tlc_json_text(c->host, c->scope, s->answer, "/job_status/id");
    s->status = tlc_json_text(c->host, c->scope, s->answer, "/job_status/status");
}

static int has_ended(const struct many *s)
{
    return tlc_is(s->status, "completed") || tlc_is(s->status, "failed") || tlc_is(s->status, "killed");
}

/* An answer that says nothing about the job, now: it runs all the same, so it is asked for again. */
static int is_passing(const tlc_input *in)
{
    return in->outcome != TLC_SENT || in->status == 429 || in->status >= 500;
}

/* Longer each time; as long as the platform wants, when it says so. */
static int64_t next_wait(struct many *s, const tlc_input *in)
{
    tlc_slice text = tlc_header_get(in->headers, in->header_count, "Retry-After");
    int64_t seconds = 0;
    uint64_t i;

    for (i = 0; i < text.len && i < 4 && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        seconds = seconds * 10 + (text.ptr[i] - '0');
    s->wait_ms = s->wait_ms ? 2 * s->wait_ms : FIRST_WAIT_MS;
    if (s->wait_ms > MOST_WAIT_MS)
        s->wait_ms = MOST_WAIT_MS;
    return seconds * 1000 > s->wait_ms ? seconds * 1000 : s->wait_ms;
}

/* ---- outcomes ---- */

static uint64_t number(tlc_slice digits)
{
    uint64_t n = 0, i;

    for (i = 0; i < digits.len && i < 9 && digits.ptr[i] >= '0' && digits.ptr[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(digits.ptr[i] - '0');
    return n;
}

static void read_row(tlc_call *c, tlc_slice result, tlc_row_outcome *outcome)
{
    tlc_slice error = tlc_json_text(c->host, c->scope, result, "/error");
    int failed = error.len || tlc_is(tlc_json_raw(c->host, c->scope, result, "/success"), "false") ||
                 tlc_is(tlc_json_text(c->host, c->scope, result, "/status"), "Failed");

    outcome->id = tlc_json_text(c->host, c->scope, result, "/id");
    if (!failed) {
        outcome->created =
            tlc_is(tlc_json_text(c->host, c->scope, result, "/status"), "Created") ? TLC_CREATED_YES : TLC_CREATED_NO;
        return;
    }
    outcome->state = TLC_ROW_FAILED;
    outcome->fail_class =
        tlc_is(error, "DatabaseConflict") || tlc_is(error, "UpdateConflict") || tlc_is(error, "DuplicateValue")
            ? TLC_CONFLICT
            : TLC_DATA;
    outcome->code = error;
    outcome->message = tlc_json_text(c->host, c->scope, result, "/details");
    if (!outcome->message.len)
        outcome->message = tlc_json_text(c->host, c->scope, result, "/errors");
}

/* Whose result it is: by its index, or by its place when there are as many as rows. */
static void read_list(tlc_call *c, struct many *s, tlc_slice list)
{
    int in_order = tlc_json_count(c->host, c->scope, list) == s->rows.count;
    tlc_slice key, result;
    uint64_t at = 0, place = 0;

    for (; c->host->json_next(c->scope, list, &at, &key, &result) == 1; place++) {
        tlc_slice index = tlc_json_text(c->host, c->scope, result, "/index");
        uint64_t row = index.len ? number(index) : place;
        if ((!index.len && !in_order) || row >= s->rows.count || s->told[row])
            continue;
        s->told[row] = 1;
        read_row(c, result, tlc_rows_outcome(&s->rows, row));
    }
}

/* What the job tells of its rows; a row that it tells nothing of may be written or not. */
static void read_results(tlc_call *c, struct many *s)
{
    tlc_slice results = tlc_json_raw(c->host, c->scope, s->answer, "/job_status/results");
    int all = tlc_is(s->status, "completed") && results.len && results.ptr[0] == '{' &&
              tlc_is(tlc_json_raw(c->host, c->scope, results, "/success"), "true");
    uint32_t row;

    tlc_rows_begin(c->host, c->scope, &s->rows);
    s->told = c->host->alloc(c->scope, s->rows.count + 1);
    if (results.len && results.ptr[0] == '[')
        read_list(c, s, results);
    for (row = 0; row < s->rows.count; row++) {
        tlc_row_outcome *outcome;
        if (s->told[row])
            continue;
        outcome = tlc_rows_outcome(&s->rows, row);
        outcome->state = all ? TLC_ROW_DONE : TLC_ROW_UNKNOWN;
        outcome->code = s->status;
        outcome->message = tlc_json_text(c->host, c->scope, s->answer, "/job_status/message");
    }
}

/* ---- the batch ---- */

static struct many *prepare(tlc_call *c, const tlc_input *in)
{
    struct many *s = c->host->alloc(c->scope, sizeof *s);

    if (in->kind == TLC_RESUME)
        s->job = tlc_keep(c->host, c->scope, in->saved);
    return c->state = s;
}

void zd_put_many(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct many *s = c->state;

    TL_BEGIN(&c->async, in, out);
    ZD_NEED_KIND(c);
    if (!c->kind->upserts)
        TL_FAIL(TLC_UNSUPPORTED, TLC_TEXT("put: only users and organizations can be written in batches"));
    s = prepare(c, in);
    do {
        TL_ROWS();
        tlc_rows_take(c->host, c->scope, &s->rows, in->rows);
    } while (!in->last);
    if (!s->job.len) {
        TL_HTTP(start_job(c, s));
        read_job(c, s, in);
        if (!s->job.len) {
            c->async.fail.unknown = 1;
            TL_FAIL(TLC_RETRY, TLC_TEXT("the answer names no job"));
        }
        TL_SAVE(s->job);
    }
    while (!has_ended(s)) {
        TL_WAIT(next_wait(s, in));
        TL_HTTP(ask_job(c, s));
        if (is_passing(in))
            continue;
        if (in->status >= 300) {
            c->async.fail.unknown = 1;
            TL_FAIL(TLC_RETRY,
                    TLC_TEXT("the platform does not know the job any more: what became of its rows cannot be told"));
        }
        read_job(c, s, in);
    }
    read_results(c, s);
    TL_OUTCOMES(s->rows.outcomes, s->rows.outcome_count);
    TL_DONE(&c->done);
    TL_END;
}
