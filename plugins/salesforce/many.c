/* put in batches: sObject Collections, up to 200 records of one object by one external id field (or Id), each with its
 * own outcome. allOrNone is never asked for: the innocent rows would be rolled back with the guilty one. Records keep
 * their order; rows whose key is another field go in a request of their own. */
#include "salesforce.h"

#include <tidelock/json.h>
#include <tidelock/rows.h>

#define LOCKED_MS 5000

struct many {
    tlc_rows rows;
    uint32_t *sent; /* numbers of the rows of this request, in its order */
    uint32_t sent_count, next;
    unsigned char *taken; /* of each row: it was in a request, or is refused */
    tlc_slice field;
};

/* ---- rows ---- */

/* The one member of a row's key. 0: it is not fit. */
static int read_key(tlc_call *c, tlc_slice row, tlc_slice *field, tlc_slice *value)
{
    tlc_slice key = tlc_json_raw(c->host, c->scope, row, "/key"), name, text, more;
    uint64_t at = 0;

    if (c->host->json_next(c->scope, key, &at, &name, value) != 1)
        return 0;
    *field = tlc_keep(c->host, c->scope, name);
    if (c->host->json_text(c->scope, *value, &text) != 1 || text.len == 0)
        return 0;
    return c->host->json_next(c->scope, key, &at, &name, &more) != 1;
}

static void refuse(struct many *s, uint32_t row)
{
    tlc_row_outcome *outcome = tlc_rows_outcome(&s->rows, row);

    s->taken[row] = 1;
    outcome->state = TLC_ROW_FAILED;
    outcome->fail_class = TLC_DATA;
    outcome->message = TLC_TEXT("put: key must be one field and its value, {\"Order_No__c\": \"SO-1\"}");
}

/* The record with its type and its key. */
static void write_record(tlc_call *c, tlc_writer *writer, tlc_slice row, tlc_slice field, tlc_slice value)
{
    tlc_slice record = tlc_json_raw(c->host, c->scope, row, "/record"), name, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_optional(c->host, writer, "attributes", TLC_JSON_RAW,
                      TLC_JOIN(c, TLC_TEXT("{\"type\":\""), c->request->object, TLC_TEXT("\"}")));
    tlc_json_member(c->host, writer, field, TLC_JSON_RAW, value);
    while (c->host->json_next(c->scope, record, &at, &name, &raw) == 1)
        if (!tlc_same(name, field) && !tlc_is(name, "Id") && !tlc_is(name, "attributes"))
            tlc_json_member(c->host, writer, name, TLC_JSON_RAW, raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

/* The rows of one key field that are still to go; an absent body when there are none. */
static tlc_slice next_body(tlc_call *c, struct many *s)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice body = {0, 0}, field, value;
    uint32_t i;

    s->sent_count = 0;
    s->field.len = 0;
    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    tlc_json_optional(c->host, writer, "allOrNone", TLC_JSON_RAW, TLC_TEXT("false"));
    tlc_json_member(c->host, writer, TLC_TEXT("records"), TLC_JSON_ARRAY, TLC_TEXT(""));
    for (i = 0; i < s->rows.count; i++) {
        if (s->taken[i])
            continue;
        if (!read_key(c, s->rows.lines[i], &field, &value)) {
            refuse(s, i);
            continue;
        }
        if (s->field.len && !tlc_same(s->field, field))
            continue;
        s->field = field;
        s->taken[i] = 1;
        s->sent[s->sent_count++] = i;
        write_record(c, writer, s->rows.lines[i], field, value);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
    if (s->sent_count)
        c->host->json_finish(writer, &body);
    return body;
}

static const tlc_transfer *send(tlc_call *c, const struct many *s, tlc_slice body)
{
    tlc_slice path = TLC_TEXT("composite/sobjects");

    if (!tlc_is(s->field, "Id"))
        path = TLC_JOIN(c, path, TLC_TEXT("/"), tlc_percent(c, c->request->object), TLC_TEXT("/"),
                        tlc_percent(c, s->field));
    tlc_ask(c, "PATCH", path);
    tlc_add_body(c, "application/json", body);
    return &c->transfer;
}

/* ---- outcomes ---- */

static int is_one_of(tlc_slice code, const char *const *codes)
{
    for (; *codes; codes++)
        if (tlc_is(code, *codes))
            return 1;
    return 0;
}

/* As the manifest's error rules have it for a request of its own. */
static void class_row(tlc_row_outcome *outcome)
{
    static const char *const conflict[] = {"UNABLE_TO_LOCK_ROW", "DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID", 0};
    static const char *const quota[] = {"REQUEST_LIMIT_EXCEEDED", "STORAGE_LIMIT_EXCEEDED", 0};
    static const char *const retry[] = {"SERVER_UNAVAILABLE", "QUERY_TIMEOUT", 0};

    outcome->state = TLC_ROW_FAILED;
    outcome->fail_class = TLC_DATA;
    if (is_one_of(outcome->code, conflict)) {
        outcome->fail_class = TLC_CONFLICT;
        outcome->wait_ms = LOCKED_MS;
    } else if (is_one_of(outcome->code, quota)) {
        outcome->fail_class = TLC_QUOTA;
        outcome->wait_ms = 15 * 60000;
    } else if (is_one_of(outcome->code, retry)) {
        outcome->fail_class = TLC_RETRY;
    } else if (tlc_is(outcome->code, "ENTITY_IS_DELETED")) {
        outcome->fail_class = TLC_MISSING;
    } else if (tlc_is(outcome->code, "ALL_OR_NONE_OPERATION_ROLLED_BACK")) {
        outcome->state = TLC_ROW_NOT_SENT; /* somebody asked for it: this row itself is well */
    }
}

static void read_row(tlc_call *c, tlc_slice answer, tlc_row_outcome *outcome)
{
    outcome->id = tlc_json_text(c->host, c->scope, answer, "/id");
    if (tlc_is(tlc_json_raw(c->host, c->scope, answer, "/success"), "true")) {
        outcome->created =
            tlc_is(tlc_json_raw(c->host, c->scope, answer, "/created"), "true") ? TLC_CREATED_YES : TLC_CREATED_NO;
        return;
    }
    outcome->code = tlc_json_text(c->host, c->scope, answer, "/errors/0/statusCode");
    outcome->message = tlc_json_text(c->host, c->scope, answer, "/errors/0/message");
    class_row(outcome);
}

/* 0: the answer has not a result for each row. */
static int read_answer(tlc_call *c, struct many *s, const tlc_input *in)
{
    tlc_slice list = tlc_keep(c->host, c->scope, in->body), key, answer;
    uint64_t at = 0;
    uint32_t i = 0;

    if (!list.len || list.ptr[0] != '[' || tlc_json_count(c->host, c->scope, list) != s->sent_count)
        return 0;
    while (c->host->json_next(c->scope, list, &at, &key, &answer) == 1)
        read_row(c, answer, tlc_rows_outcome(&s->rows, s->sent[i++]));
    return 1;
}

static struct many *prepare(tlc_call *c)
{
    return c->state = c->host->alloc(c->scope, sizeof(struct many));
}

static void rows_are_here(tlc_call *c, struct many *s)
{
    s->taken = c->host->alloc(c->scope, s->rows.count + 1);
    s->sent = c->host->alloc(c->scope, (s->rows.count + 1) * sizeof *s->sent);
    tlc_rows_begin(c->host, c->scope, &s->rows);
}

void sf_put_many(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct many *s = c->state;
    tlc_slice body;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    do {
        TL_ROWS();
        tlc_rows_take(c->host, c->scope, &s->rows, in->rows);
    } while (!in->last);
    rows_are_here(c, s);
    while ((body = next_body(c, s)).len) {
        TL_HTTP(send(c, s, body));
        if (!read_answer(c, s, in)) {
            c->async.fail.unknown = 1;
            TL_FAIL(TLC_RETRY, TLC_TEXT("the answer has not a result for each row"));
        }
        TL_OUTCOMES(s->rows.outcomes, s->rows.outcome_count);
        tlc_rows_begin(c->host, c->scope, &s->rows);
    }
    if (s->rows.outcome_count)
        TL_OUTCOMES(s->rows.outcomes, s->rows.outcome_count);
    TL_DONE(&c->done);
    TL_END;
}
