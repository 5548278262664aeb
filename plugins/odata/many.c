/* put in batches: a $batch of PATCH requests, each by itself (no change set: the innocent rows would be taken back with
 * the guilty one) and with odata.continue-on-error. What a batch cannot do goes alone behind it: a row that is not
 * there on a server that does not create by PATCH (404), one that wants its ETag (428), and every row of a service that
 * has no $batch. */
#include "batch.h"
#include "odata.h"

#include <tidelock/rows.h>

struct row {
    tlc_slice address, record, key, etag;
    int alone;
};

struct many {
    tlc_rows rows;
    struct row *row; /* of each */
    const struct od_type *type;
    uint32_t at;
};

/* ---- requests ---- */

static tlc_slice prefer(const tlc_call *c)
{
    return tlc_is(c->instance->answers, "representation") ? TLC_TEXT("return=representation")
                                                          : TLC_TEXT("return=minimal");
}

static const char *media(const struct many *s)
{
    return s->type ? "application/json;IEEE754Compatible=true" : "application/json";
}

static tlc_slice part_of(tlc_call *c, const struct many *s, const struct row *row)
{
    return TLC_JOIN(c,
                    TLC_TEXT("--" OD_BOUNDARY
                             "\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPATCH "),
                    row->address, TLC_TEXT(" HTTP/1.1\r\nContent-Type: "), tlc_z(media(s)), TLC_TEXT("\r\nAccept: "),
                    tlc_z(media(s)), TLC_TEXT("\r\nPrefer: "), prefer(c), TLC_TEXT("\r\n\r\n"),
                    od_body(c, s->type, row->record, tlc_text_n(0, 0)), TLC_TEXT("\r\n"));
}

static const tlc_transfer *ask_batch(tlc_call *c, const struct many *s)
{
    tlc_slice *parts = c->host->alloc(c->scope, (s->rows.count + 1) * sizeof *parts);
    uint32_t i, count = 0;

    for (i = 0; i < s->rows.count; i++)
        if (s->row[i].address.len)
            parts[count++] = part_of(c, s, &s->row[i]);
    parts[count++] = TLC_TEXT("--" OD_BOUNDARY "--\r\n");
    tlc_ask_any(c, "POST", TLC_TEXT("$batch"));
    tlc_add_header(c, "Prefer", TLC_TEXT("odata.continue-on-error"));
    tlc_add_header(c, "Accept", TLC_TEXT("multipart/mixed"));
    tlc_add_body(c, "multipart/mixed; boundary=" OD_BOUNDARY, tlc_join(c->host, c->scope, parts, count));
    return &c->transfer;
}

static const tlc_transfer *patch(tlc_call *c, const struct many *s, const struct row *row)
{
    tlc_ask_any(c, "PATCH", row->address);
    od_send_body(c, s->type, od_body(c, s->type, row->record, tlc_text_n(0, 0)));
    tlc_add_header(c, "Prefer", prefer(c));
    if (row->etag.len)
        tlc_add_header(c, "If-Match", row->etag);
    return &c->transfer;
}

static const tlc_transfer *post(tlc_call *c, const struct many *s, const struct row *row)
{
    tlc_ask_any(c, "POST", tlc_percent(c, c->request->object));
    od_send_body(c, s->type, od_body(c, s->type, row->record, row->key));
    tlc_add_header(c, "Prefer", prefer(c));
    return &c->transfer;
}

/* ---- outcomes ---- */

/* As the host's table has it for an answer of its own. */
static int32_t class_of(int status)
{
    if (status == 401)
        return TLC_AUTH;
    if (status == 402 || status == 403)
        return TLC_CONFIG;
    if (status == 404 || status == 410)
        return TLC_MISSING;
    if (status == 405 || status == 501)
        return TLC_UNSUPPORTED;
    if (status == 409 || status == 412 || status == 423 || status == 428)
        return TLC_CONFLICT;
    return status == 408 || status == 429 || status >= 500 ? TLC_RETRY : TLC_DATA;
}

static tlc_slice message_of(tlc_call *c, int status, tlc_slice body)
{
    tlc_slice text = tlc_json_text(c->host, c->scope, body, "/error/message");
    tlc_input answer;

    if (!text.len)
        text = tlc_json_text(c->host, c->scope, body, "/error/message/value");
    if (text.len)
        return text;
    memset(&answer, 0, sizeof answer);
    answer.outcome = TLC_SENT;
    answer.status = status;
    answer.body = body;
    text = od_fault(c, &answer);
    return text.len ? text : tlc_keep(c->host, c->scope, tlc_text_n(body.ptr, body.len < 300 ? body.len : 300));
}

static void tell(tlc_call *c, struct many *s, uint32_t i, int status, tlc_slice body, tlc_slice etag, tlc_slice at)
{
    tlc_row_outcome *outcome = tlc_rows_outcome(&s->rows, i);

    s->row[i].alone = 0;
    if (status < 300) {
        outcome->created = status == 201 ? TLC_CREATED_YES : status == 200 ? TLC_CREATED_NO : TLC_CREATED_UNKNOWN;
        outcome->version = etag;
        outcome->id = body.len && s->type ? od_key_of_record(c, s->type, body) : tlc_text_n(0, 0);
        if (!outcome->id.len)
            outcome->id = od_key_of_address(c, at.len ? at : s->row[i].address);
        return;
    }
    outcome->fail_class = class_of(status);
    outcome->state = status == 500 || status == 502 || status == 504 ? TLC_ROW_UNKNOWN : TLC_ROW_FAILED;
    outcome->code = tlc_json_text(c->host, c->scope, body, "/error/code");
    outcome->message = message_of(c, status, body);
}

static void tell_part(tlc_call *c, struct many *s, uint32_t i, const struct od_part *part)
{
    tlc_slice at = od_part_header(part, "OData-EntityId");

    if (part->status == 404 || part->status == 428) {
        s->row[i].alone = 1;
        return;
    }
    tell(c, s, i, part->status, part->body, od_part_header(part, "ETag"),
         at.len ? at : od_part_header(part, "Location"));
}

/* Parts come in the order of the requests. A server that stops at a failure in spite of what we prefer has not done the
 * rest.
 */
static void read_batch(tlc_call *c, struct many *s, const tlc_input *in)
{
    struct od_parts parts;
    struct od_part part;
    int more = 1, failed = 0;
    uint32_t i;

    od_parts_begin(&parts, tlc_keep(c->host, c->scope, tlc_header_get(in->headers, in->header_count, "Content-Type")),
                   tlc_keep(c->host, c->scope, in->body));
    for (i = 0; i < s->rows.count; i++) {
        if (!s->row[i].address.len)
            continue;
        more = more && od_parts_next(&parts, &part);
        if (more) {
            failed = part.status >= 400;
            tell_part(c, s, i, &part);
        } else {
            tlc_rows_outcome(&s->rows, i)->state = failed ? TLC_ROW_NOT_SENT : TLC_ROW_UNKNOWN;
        }
    }
}

static void tell_answer(tlc_call *c, struct many *s, const tlc_input *in)
{
    tlc_slice body = tlc_keep(c->host, c->scope, in->body),
              at = tlc_header_get(in->headers, in->header_count, "OData-EntityId");

    if (!at.len)
        at = tlc_header_get(in->headers, in->header_count, "Location");
    tell(c, s, s->at, in->status, body,
         tlc_keep(c->host, c->scope, tlc_header_get(in->headers, in->header_count, "ETag")),
         tlc_keep(c->host, c->scope, at));
}

/* ---- the batch ---- */

static void prepare(tlc_call *c, struct many *s)
{
    uint32_t i;

    s->type = od_model_set(c->instance->model, c->request->object);
    s->row = c->host->alloc(c->scope, (s->rows.count + 1) * sizeof *s->row);
    tlc_rows_begin(c->host, c->scope, &s->rows);
    for (i = 0; i < s->rows.count; i++) {
        struct row *row = &s->row[i];
        row->key = tlc_json_raw(c->host, c->scope, s->rows.lines[i], "/key");
        row->record = tlc_json_raw(c->host, c->scope, s->rows.lines[i], "/record");
        row->address = od_address(c, c->request->object, row->key);
        row->alone = c->instance->no_batch && row->address.len;
        if (!row->address.len) {
            tlc_row_outcome *outcome = tlc_rows_outcome(&s->rows, i);
            outcome->state = TLC_ROW_FAILED;
            outcome->fail_class = TLC_DATA;
            outcome->message = od_bad_key(c);
        }
    }
}

static int has_no_batch(const tlc_input *in)
{
    return in->outcome == TLC_SENT && (in->status == 404 || in->status == 405 || in->status == 501);
}

static void go_alone(struct many *s)
{
    uint32_t i;

    for (i = 0; i < s->rows.count; i++)
        s->row[i].alone = s->row[i].address.len > 0;
}

/* The next row that goes alone; 0: there is none. */
static int next_alone(struct many *s)
{
    while (s->at < s->rows.count && !s->row[s->at].alone)
        s->at++;
    return s->at < s->rows.count;
}

/* The endpoint cannot now: what is left would meet the same. */
static int is_down(const tlc_input *in)
{
    return in->outcome != TLC_SENT || in->status == 401 || in->status == 429 || in->status == 503;
}

void od_put_many(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct many *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = c->state = c->host->alloc(c->scope, sizeof *s);
    do {
        TL_ROWS();
        tlc_rows_take(c->host, c->scope, &s->rows, in->rows);
    } while (!in->last);
    OD_MODEL(c, in);
    prepare(c, s);
    if (!c->instance->no_batch) {
        TL_HTTP(ask_batch(c, s));
        if (has_no_batch(in)) {
            c->instance->no_batch = 1;
            go_alone(s);
        } else if (!od_good(in)) {
            TL_FAIL(0, od_fault(c, in));
        } else {
            read_batch(c, s, in);
        }
    }
    while (next_alone(s)) {
        TL_HTTP(patch(c, s, &s->row[s->at]));
        if (od_came(in, 428)) {
            TL_HTTP(tlc_ask_any(c, "GET", s->row[s->at].address));
            if (od_good(in)) {
                s->row[s->at].etag = tlc_keep(c->host, c->scope, tlc_header_get(in->headers, in->header_count, "ETag"));
                TL_HTTP(patch(c, s, &s->row[s->at]));
            }
        }
        if (od_came(in, 404)) {
            TL_HTTP(post(c, s, &s->row[s->at]));
        }
        if (is_down(in))
            break;
        tell_answer(c, s, in);
    }
    if (s->rows.outcome_count)
        TL_OUTCOMES(s->rows.outcomes, s->rows.outcome_count);
    if (next_alone(s))
        TL_FAIL(0, TLC_TEXT(""));
    TL_DONE(&c->done);
    TL_END;
}
