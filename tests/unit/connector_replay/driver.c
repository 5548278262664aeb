/* A connector on a command line, for tests: one system of one installed connector, driven by JSON lines.
 *
 *   connector_driver PLUGINS CONNECTOR SETTINGS [OPERATIONS-FILE]
 *
 *   {"operation": …, "args": {…}, "key"?, "version"?, "idempotency_key"?, "marker"?}   one call
 *   {"lookup": …, "args": {…}}                                   the operation's lookup
 *   {"capture": object, "options": {…}, "cursor"?, "rounds": n}  until n rounds have ended; answers events
 * and cursor
 *   {"webhook": body, "headers": {…}}                            one message
 *   {"hint": object, "key": …}                                   reads the record
 *   {"probe": true}
 *   {"many": operation, "object": …, "rows": [args…], "saved"?}  one batch: {rows: [outcomes], saved: state or null}
 *
 * Each line gets one line back. */
#include "base/alloc.h"
#include "base/clock.h"
#include "codec/json_writer.h"
#include "connector/capture.h"
#include "connector/probe.h"
#include "connector/webhook.h"
#include "connector/write_many.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (256u << 20)

struct driver {
    struct tl_loop *loop;
    struct tl_http_client *client;
    struct tl_library *library;
    struct tl_system *system;
    struct tl_system_lane *lane;
    struct tl_buf out;
    struct tl_json_writer writer;
    int rounds; /* of a capture, still to come */
    struct tl_capture *capture;
    char *cursor;                      /* own */
    struct tl_http_header headers[32]; /* of a webhook; borrowed by the connector until it is done */
};

/* ---- printing ---- */

static void put_text(struct tl_json_writer *writer, const char *key, tl_str text)
{
    if (!text.len)
        return;
    tl_json_key(writer, key);
    tl_json_lossy(writer, text);
}

/* On one line, whatever the platform's line breaks are. */
static void put_json(struct tl_json_writer *writer, const char *key, tl_str json)
{
    struct tl_json_doc *doc = NULL;

    if (!json.len)
        return;
    if (tl_json_parse(json, NULL, &doc, NULL) != TL_OK) {
        put_text(writer, key, json);
        return;
    }
    tl_json_key(writer, key);
    tl_json_value(writer, tl_json_root(doc));
    tl_json_free(doc);
}

static void put_quotas(struct tl_json_writer *writer, const struct tl_call_result *result)
{
    tl_json_key(writer, "quotas");
    tl_json_begin_array(writer);
    for (size_t i = 0; i < result->quota_count; i++) {
        tl_json_begin_object(writer);
        put_text(writer, "name", result->quotas[i].name);
        tl_json_put_int(writer, "used", result->quotas[i].used);
        tl_json_put_int(writer, "limit", result->quotas[i].limit);
        tl_json_put_int(writer, "remaining", result->quotas[i].remaining);
        tl_json_put_int(writer, "reset_ms", result->quotas[i].reset_ms);
        tl_json_end_object(writer);
    }
    tl_json_end_array(writer);
}

static void put_result(struct tl_json_writer *writer, const struct tl_call_result *result)
{
    tl_json_put_z(writer, "class", tl_failure_name(result->failure));
    tl_json_put_int(writer, "wait_ms", result->wait_ms);
    tl_json_put_bool(writer, "unknown", result->unknown);
    tl_json_put_int(writer, "status", result->status);
    put_text(writer, "code", result->code);
    put_text(writer, "message", result->message);
    put_text(writer, "id", result->id);
    put_text(writer, "version", result->version);
    put_text(writer, "url", result->url);
    tl_json_put_z(writer, "created", tl_created_name(result->created));
    tl_json_put_int(writer, "matches", result->matches);
    tl_json_put_int(writer, "transfers", result->transfers);
    put_json(writer, "document", result->document);
    tl_json_key(writer, "warnings");
    tl_json_begin_array(writer);
    for (size_t i = 0; i < result->warning_count; i++)
        tl_json_lossy(writer, result->warnings[i]);
    tl_json_end_array(writer);
    put_quotas(writer, result);
}

static void put_event(struct tl_json_writer *writer, const struct tl_captured *event)
{
    tl_json_begin_object(writer);
    put_text(writer, "object", event->object);
    put_text(writer, "key", event->key);
    put_text(writer, "version", event->version);
    put_text(writer, "dedupe", event->dedupe);
    tl_json_put_bool(writer, "deleted", event->deleted);
    tl_json_put_bool(writer, "hint", event->hint);
    tl_json_put_bool(writer, "gap", event->gap);
    tl_json_put_int(writer, "changed_ms", event->changed_ms);
    put_json(writer, "payload", event->payload);
    tl_json_end_object(writer);
}

static void begin_answer(struct driver *d)
{
    tl_buf_clear(&d->out);
    tl_json_writer_init(&d->writer, &d->out);
    tl_json_begin_object(&d->writer);
}

static void end_answer(struct driver *d)
{
    struct tl_error err = {0};

    tl_json_end_object(&d->writer);
    if (tl_json_writer_done(&d->writer, &err) != TL_OK) {
        fprintf(stderr, "driver: %s\n", err.text);
        exit(1);
    }
    tl_loop_stop(d->loop);
}

static void called(void *ctx, const struct tl_call_result *result)
{
    struct driver *d = ctx;

    begin_answer(d);
    put_result(&d->writer, result);
    end_answer(d);
}

/* ---- calls ---- */

static struct tl_call_request request_of(const struct tl_json_value *line, const char *name)
{
    return (struct tl_call_request){.operation = tl_json_get_text(line, name),
                                    .args = tl_json_raw(tl_json_get(line, "args")),
                                    .key = tl_json_get_text(line, "key"),
                                    .version = tl_json_get_text(line, "version"),
                                    .idempotency_key = tl_json_get_text(line, "idempotency_key"),
                                    .marker = tl_json_get_text(line, "marker"),
                                    .timeout_ms = tl_json_get_i64(line, "timeout_ms", 20000)};
}

/* ---- captures ---- */

static void capture_stopped(void *ctx)
{
    struct driver *d = ctx;

    tl_json_end_array(&d->writer);
    if (d->cursor)
        tl_json_put_string(&d->writer, "cursor", tl_str_z(d->cursor));
    end_answer(d);
}

static void count_round(struct driver *d)
{
    if (--d->rounds == 0)
        tl_capture_stop(d->capture, capture_stopped, d);
}

static void store(void *ctx, struct tl_capture *capture, const struct tl_captured *events, size_t count, tl_str cursor)
{
    struct driver *d = ctx;

    for (size_t i = 0; i < count; i++)
        put_event(&d->writer, &events[i]);
    tl_free(d->cursor);
    d->cursor = tl_str_dup(cursor);
    tl_capture_stored(capture, true);
}

static int64_t failed(void *ctx, const struct tl_call_result *result)
{
    struct driver *d = ctx;

    tl_json_begin_object(&d->writer);
    tl_json_key(&d->writer, "failed");
    tl_json_begin_object(&d->writer);
    put_result(&d->writer, result);
    tl_json_end_object(&d->writer);
    tl_json_end_object(&d->writer);
    count_round(d);
    return 50;
}

static void caught_up(void *ctx)
{
    count_round(ctx);
}

static void start_capture(struct driver *d, const struct tl_json_value *line)
{
    struct tl_capture_config config = {.object = tl_json_get_text(line, "capture"),
                                       .options = tl_json_raw(tl_json_get(line, "options")),
                                       .cursor = tl_json_get_text(line, "cursor"),
                                       .timeout_ms = 20000};
    struct tl_capture_owner owner = {.store = store, .failed = failed, .caught_up = caught_up, .ctx = d};
    struct tl_error err = {0};

    d->rounds = (int)tl_json_get_i64(line, "rounds", 1);
    tl_free(d->cursor);
    d->cursor = config.cursor.len ? tl_str_dup(config.cursor) : NULL;
    begin_answer(d);
    if (tl_capture_start(d->lane, &config, &owner, &d->capture, &err) != TL_OK) {
        tl_json_put_z(&d->writer, "error", err.text);
        end_answer(d);
        return;
    }
    tl_json_key(&d->writer, "events");
    tl_json_begin_array(&d->writer);
}

/* ---- webhooks and hints ---- */

static void received(void *ctx, const struct tl_webhook_result *result)
{
    struct driver *d = ctx;

    begin_answer(d);
    tl_json_put_bool(&d->writer, "refused", result->refused);
    tl_json_put_bool(&d->writer, "unreadable", result->unreadable);
    tl_json_put_int(&d->writer, "status", result->status);
    put_text(&d->writer, "why", result->why);
    tl_json_key(&d->writer, "events");
    tl_json_begin_array(&d->writer);
    for (size_t i = 0; i < result->event_count; i++)
        put_event(&d->writer, &result->events[i]);
    tl_json_end_array(&d->writer);
    end_answer(d);
}

static void start_webhook(struct driver *d, const struct tl_json_value *line)
{
    struct tl_webhook_request request = {.method = TL_STR("POST"),
                                         .target = TL_STR("/in/test"),
                                         .headers = d->headers,
                                         .body = tl_json_get_text(line, "webhook")};
    struct tl_json_iter i = tl_json_iter(tl_json_get(line, "headers"));

    while (request.header_count < TL_COUNT_OF(d->headers) && tl_json_next(&i))
        d->headers[request.header_count++] = (struct tl_http_header){i.key, tl_json_text(i.value)};
    tl_webhook_receive(d->lane, &request, received, d);
}

static void hint_read(void *ctx, const struct tl_captured *event, const struct tl_call_result *result)
{
    struct driver *d = ctx;

    begin_answer(d);
    if (event) {
        tl_json_key(&d->writer, "event");
        put_event(&d->writer, event);
    } else {
        put_result(&d->writer, result);
    }
    end_answer(d);
}

/* ---- batches ---- */

static void take_row(void *ctx, size_t row, const struct tl_call_result *result, bool told)
{
    struct driver *d = ctx;

    tl_json_begin_object(&d->writer);
    tl_json_put_int(&d->writer, "row", (int64_t)row);
    tl_json_put_bool(&d->writer, "sent", result->sent);
    tl_json_put_bool(&d->writer, "told", told);
    put_result(&d->writer, result);
    tl_json_end_object(&d->writer);
}

static void take_save(void *ctx, struct tl_many *many, tl_str state)
{
    struct driver *d = ctx;

    tl_free(d->cursor);
    d->cursor = tl_str_dup(state);
    tl_many_saved(many, true);
}

static void take_done(void *ctx, const struct tl_call_result *result)
{
    struct driver *d = ctx;

    tl_json_end_array(&d->writer);
    if (d->cursor)
        tl_json_put_string(&d->writer, "saved", tl_str_z(d->cursor));
    put_result(&d->writer, result);
    end_answer(d);
}

static void start_many(struct driver *d, const struct tl_json_value *line)
{
    const struct tl_json_value *list = tl_json_get(line, "rows");
    tl_str *rows = tl_alloc((tl_json_count(list) + 1) * sizeof *rows);
    struct tl_json_iter i = tl_json_iter(list);
    struct tl_many_request request = {.operation = tl_json_get_text(line, "many"),
                                      .object = tl_json_get_text(line, "object"),
                                      .rows = rows,
                                      .saved = tl_json_get_text(line, "saved"),
                                      .timeout_ms = tl_json_get_i64(line, "timeout_ms", 20000)};
    struct tl_many_owner owner = {.row = take_row, .save = take_save, .done = take_done, .ctx = d};

    while (tl_json_next(&i))
        rows[request.count++] = tl_json_raw(i.value);
    tl_free(d->cursor);
    d->cursor = NULL;
    begin_answer(d);
    tl_json_key(&d->writer, "rows");
    tl_json_begin_array(&d->writer);
    tl_many_start(d->lane, &request, &owner);
    tl_free(rows);
}

/* ---- lines ---- */

static void begin_line(struct driver *d, const struct tl_json_value *line)
{
    struct tl_call_request request;

    if (tl_json_get(line, "operation")) {
        request = request_of(line, "operation");
        tl_call_start(d->lane, &request, called, d);
    } else if (tl_json_get(line, "lookup")) {
        request = request_of(line, "lookup");
        tl_call_lookup(d->lane, &request, called, d);
    } else if (tl_json_get(line, "capture")) {
        start_capture(d, line);
    } else if (tl_json_get(line, "webhook")) {
        start_webhook(d, line);
    } else if (tl_json_get(line, "many")) {
        start_many(d, line);
    } else if (tl_json_get(line, "hint")) {
        tl_hint_read(d->lane, tl_json_get_text(line, "hint"), tl_json_get_text(line, "key"), NULL, hint_read, d);
    } else {
        tl_probe_start(d->lane, 20000, called, d);
    }
}

static void do_line(struct driver *d, tl_str text)
{
    struct tl_json_doc *doc = NULL;
    struct tl_error err = {0};

    if (tl_json_parse(text, NULL, &doc, &err) != TL_OK) {
        fprintf(stderr, "driver: %s\n", err.text);
        exit(64);
    }
    begin_line(d, tl_json_root(doc));
    tl_loop_run(d->loop);
    fwrite(d->out.ptr, 1, d->out.len, stdout);
    fputc('\n', stdout);
    fflush(stdout);
    tl_json_free(doc);
}

static char *read_file(const char *path)
{
    struct tl_buf text;
    char piece[4096];
    size_t len;
    FILE *file = fopen(path, "r");

    if (!file) {
        perror(path);
        exit(66);
    }
    tl_buf_init(&text, TEXT_MAX);
    while ((len = fread(piece, 1, sizeof piece, file)) > 0)
        tl_buf_add(&text, piece, len);
    fclose(file);
    return tl_buf_take(&text, NULL);
}

static void stopped(void *ctx)
{
    tl_loop_stop(ctx);
}

static void close_down(struct driver *d)
{
    tl_system_lane_stop(d->lane, stopped, d->loop);
    tl_loop_run(d->loop);
    tl_http_client_stop(d->client, stopped, d->loop);
    tl_loop_run(d->loop);
    tl_system_free(d->system);
    tl_library_free(d->library);
    tl_loop_free(d->loop);
    tl_buf_free(&d->out);
    tl_free(d->cursor);
}

int main(int argc, char **argv)
{
    struct driver d = {0};
    struct tl_error err = {0};
    char *line = NULL, *operations = NULL;
    size_t cap = 0;
    ssize_t len;

    if (argc < 4) {
        fprintf(stderr, "usage: connector_driver PLUGINS CONNECTOR SETTINGS [OPERATIONS-FILE]\n");
        return 64;
    }
    tl_buf_init(&d.out, TEXT_MAX);
    operations = argc > 4 ? read_file(argv[4]) : NULL;
    struct tl_system_config config = {.name = TL_STR("test"),
                                      .connector = tl_str_z(argv[2]),
                                      .settings = tl_str_z(argv[3]),
                                      .operations = tl_str_z(operations)};
    d.loop = tl_loop_new("driver");
    d.library = tl_library_new(argv[1]);
    struct tl_http_client_config client = {.ca_file = getenv("TL_CA_FILE")};
    if (tl_http_client_new(d.loop, &client, &d.client, &err) != TL_OK ||
        tl_system_new(d.library, &config, NULL, &d.system, &err) != TL_OK ||
        tl_system_attach(d.system, d.loop, d.client, &d.lane, &err) != TL_OK) {
        fprintf(stderr, "driver: %s\n", err.text);
        return tl_code_exit(err.code);
    }
    while ((len = getline(&line, &cap, stdin)) > 0)
        do_line(&d, tl_str_n(line, (size_t)len));
    free(line);
    tl_free(operations);
    close_down(&d);
    return 0;
}
