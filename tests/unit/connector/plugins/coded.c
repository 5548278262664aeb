/* A connector for tests: an operation for every input and action, written with the straight-line helpers. */
#include <stdlib.h>
#include <tidelock/async.h>
#include <tidelock/manifest.h>
#include <tidelock/text.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

struct tlc_instance {
    const tlc_host *host;
    tlc_slice config;
};

struct tlc_call {
    tl_async async;
    const tlc_host *host;
    tlc_scope *scope;
    tlc_instance *instance;
    const tlc_request *request;
    tlc_transfer transfer;
    tlc_done done;
    tlc_event events[64];
    tlc_row_outcome outcomes[64];
    uint32_t event_count;
    tlc_slice cursor;
    int more;
    uint64_t bytes, slices;
    tlc_header reply;
    void (*step)(tlc_call *c, const tlc_input *in, tlc_action *out);
};

static int32_t on_open(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);
    instance->host = host;
    instance->config = config;
    *out = instance;
    return 0;
}

static void on_close(tlc_instance *instance)
{
    (void)instance;
}

static void aim(tlc_call *c, const char *method, tlc_slice url)
{
    memset(&c->transfer, 0, sizeof c->transfer);
    c->transfer.size = (uint32_t)sizeof c->transfer;
    c->transfer.method = tlc_z(method);
    c->transfer.url = url;
}

static tlc_done *done(tlc_call *c, tlc_slice document)
{
    c->done.size = (uint32_t)sizeof c->done;
    c->done.document = document;
    return &c->done;
}

static tlc_slice number(tlc_call *c, uint64_t n)
{
    char *text = c->host->alloc(c->scope, 24), *at = text + 23;
    do
        *--at = (char)('0' + n % 10);
    while (n /= 10);
    return tlc_text_n(at, (uint64_t)(text + 23 - at));
}

static tlc_slice pair(tlc_call *c, const char *a, tlc_slice va, const char *b, tlc_slice vb)
{
    tlc_slice out;
    tlc_writer *w = c->host->json_writer(c->scope);
    c->host->json_put(w, TLC_JSON_OBJECT, tlc_z(""));
    c->host->json_put(w, TLC_JSON_KEY, tlc_z(a));
    c->host->json_put(w, TLC_JSON_RAW, va);
    c->host->json_put(w, TLC_JSON_KEY, tlc_z(b));
    c->host->json_put(w, TLC_JSON_RAW, vb);
    c->host->json_put(w, TLC_JSON_END, tlc_z(""));
    return c->host->json_finish(w, &out) == 1 ? out : tlc_z("null");
}

/* ---- operations ---- */

static void step_echo(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    c->done.id = c->request->key;
    c->done.version = c->request->version;
    c->done.created = TLC_CREATED_YES;
    TL_DONE(done(c, pair(c, "args", c->request->args, "config", c->instance->config)));
    TL_END;
}

static void step_get(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    aim(c, "GET", tlc_z("get"));
    TL_HTTP(&c->transfer);
    TL_DONE(done(c, tlc_keep(c->host, c->scope, in->body)));
    TL_END;
}

static void step_any(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    aim(c, "PUT", tlc_z("any"));
    c->transfer.any_status = 1;
    TL_HTTP(&c->transfer);
    TL_DONE(done(c, pair(c, "status", number(c, (uint64_t)in->status), "outcome", number(c, in->outcome))));
    TL_END;
}

static void step_two(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    for (c->slices = 0; c->slices < 2; c->slices++) {
        aim(c, "POST", tlc_z("two"));
        c->transfer.body_kind = TLC_BODY_BYTES;
        c->transfer.body = tlc_z("{}");
        TL_HTTP(&c->transfer);
        c->bytes += in->body.len;
        TL_WAIT(5);
    }
    TL_DONE(done(c, number(c, c->bytes)));
    TL_END;
}

static void step_look(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    c->done.matches = c->request->role == TLC_ROLE_LOOKUP && tlc_is(c->request->marker, "m-1") ? 1 : 0;
    TL_DONE(done(c, tlc_z("")));
    TL_END;
}

static void step_stream(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    aim(c, "GET", tlc_z("stream"));
    c->transfer.stream = 1;
    TL_HTTP(&c->transfer);
    do {
        TL_MORE();
        c->bytes += in->body.len;
        c->slices++;
    } while (!in->last);
    TL_DONE(done(c, pair(c, "bytes", number(c, c->bytes), "slices", number(c, c->slices))));
    TL_END;
}

static void step_fail_rules(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    aim(c, "PUT", tlc_z("fail_rules"));
    c->transfer.any_status = 1;
    TL_HTTP(&c->transfer);
    TL_FAIL(0, tlc_z(""));
    TL_END;
}

static void step_fail(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    aim(c, "POST", tlc_z("fail"));
    TL_HTTP(&c->transfer);
    c->async.fail.wait_ms = 5000;
    c->async.fail.unknown = 1;
    c->async.fail.code = tlc_z("LOCKED");
    TL_FAIL(TLC_CONFLICT, tlc_z("somebody else has it"));
    TL_END;
}

static void step_hang(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    TL_WAIT(3600000);
    TL_DONE(done(c, tlc_z("")));
    TL_END;
}

static void step_last_wish(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    if (in->kind == TLC_CANCEL) {
        aim(c, "DELETE", tlc_z("tidy"));
        out->kind = TLC_TRANSFER;
        out->transfer = &c->transfer;
        c->more = 1;
        return;
    }
    if (c->more) {
        tlc_fail_with(&c->async, out, TLC_RETRY, tlc_z("tidied"));
        return;
    }
    out->kind = TLC_WAIT;
    out->wait_ms = 3600000;
}

static void step_bad_action(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    (void)c;
    (void)in;
    out->kind = 99;
}

static void step_no_end(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    TL_END;
}

static void step_bad_json(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    TL_DONE(done(c, tlc_z("{\"a\":")));
    TL_END;
}

static void step_save(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    TL_SAVE(tlc_z("x"));
    TL_END;
}

/* Rows in, one request, and the outcomes that its answer lists. With a `job` in the first row it is saved before, and
 * when it is resumed the answer is asked for again without any rows. */
static void read_outcomes(tlc_call *c, tlc_slice body)
{
    tlc_slice key, item;
    uint64_t at = 0;
    c->event_count = 0;
    while (c->event_count < 64 && c->host->json_next(c->scope, body, &at, &key, &item) == 1) {
        tlc_row_outcome *o = &c->outcomes[c->event_count++];
        tlc_slice row = tlc_json_text(c->host, c->scope, item, "/row"),
                  state = tlc_json_text(c->host, c->scope, item, "/state");
        memset(o, 0, sizeof *o);
        o->size = (uint32_t)sizeof *o;
        o->row = row.len ? (uint64_t)atoi(row.ptr) : 0;
        o->state = state.len ? (uint32_t)(state.ptr[0] - '0') : TLC_ROW_DONE;
        o->fail_class = TLC_CONFLICT;
        o->created = TLC_CREATED_YES;
        o->wait_ms = 70;
        o->id = tlc_json_text(c->host, c->scope, item, "/id");
        o->code = tlc_json_text(c->host, c->scope, item, "/code");
    }
}

static void step_many(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    if (in->kind == TLC_RESUME) {
        c->cursor = tlc_keep(c->host, c->scope, in->saved);
        c->more = 1;
    }
    TL_BEGIN(&c->async, in, out)
    while (!c->more) {
        TL_ROWS();
        c->slices++;
        c->bytes += in->rows.len;
        if (tlc_is(tlc_json_text(c->host, c->scope, in->rows, "/job"), "yes"))
            c->cursor = tlc_z("job 7");
        c->more = (int)in->last;
    }
    if (c->cursor.len && !c->async.fail.size) {
        c->async.fail.size = 1; /* once */
        TL_SAVE(c->cursor);
    }
    aim(c, "POST", tlc_z("many"));
    c->transfer.body_kind = TLC_BODY_BYTES;
    c->transfer.body =
        c->cursor.len ? c->cursor : pair(c, "slices", number(c, c->slices), "bytes", number(c, c->bytes));
    TL_HTTP(&c->transfer);
    read_outcomes(c, tlc_keep(c->host, c->scope, in->body));
    if (c->event_count)
        TL_OUTCOMES(c->outcomes, c->event_count);
    TL_DONE(done(c, tlc_z("")));
    TL_END;
}

static void step_elsewhere(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    aim(c, "GET", tlc_z("get?from=link"));
    c->transfer.url = tlc_z("http://thief.test:1/base/get?from=link");
    TL_HTTP(&c->transfer);
    TL_DONE(done(c, tlc_keep(c->host, c->scope, in->body)));
    TL_END;
}

/* Every host function once; the document says what each gave. */
static void put(tlc_call *c, tlc_writer *w, const char *name, int good)
{
    c->host->json_put(w, TLC_JSON_KEY, tlc_z(name));
    c->host->json_put(w, TLC_JSON_RAW, tlc_z(good ? "true" : "false"));
}

static void step_host(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    const tlc_host *h = c->host;
    tlc_scope *s = c->scope;
    tlc_slice json = tlc_z("{\"a\":[1.10,\"x\\u00e9\",{\"b\":null}],\"c\":true}"), raw, key, text, session;
    uint64_t at = 0, version = 0, again = 0;
    uint32_t n = 0;
    tlc_writer *w, *bad;
    TL_BEGIN(&c->async, in, out)
    w = h->json_writer(s);
    h->json_put(w, TLC_JSON_OBJECT, tlc_z(""));
    put(c, w, "check", h->json_check(s, json) == 1 && h->json_check(s, tlc_z("{")) == 0);
    put(c, w, "at", h->json_at(s, json, tlc_z("/a/0"), &raw) == 1 && tlc_is(raw, "1.10"));
    put(c, w, "at_none", h->json_at(s, json, tlc_z("/a/9"), &raw) == 0);
    put(c, w, "text", tlc_is(tlc_json_text(h, s, json, "/a/1"), "x\xc3\xa9"));
    h->json_at(s, json, tlc_z("/a"), &raw);
    while (h->json_next(s, raw, &at, &key, &text) == 1)
        n++;
    put(c, w, "next_array", n == 3 && tlc_is(text, "{\"b\":null}"));
    at = 0;
    put(c, w, "next_object",
        h->json_next(s, json, &at, &key, &text) == 1 && tlc_is(key, "a") &&
            h->json_next(s, json, &at, &key, &text) == 1 && tlc_is(key, "c") && tlc_is(text, "true") &&
            h->json_next(s, json, &at, &key, &text) == 0);
    bad = h->json_writer(s);
    h->json_put(bad, TLC_JSON_ARRAY, tlc_z(""));
    put(c, w, "unfinished", h->json_finish(bad, &text) == -1);
    put(c, w, "base64",
        h->encode(s, TLC_BASE64, tlc_z("a?>"), &text) == 1 && tlc_is(text, "YT8+") &&
            h->decode(s, TLC_BASE64, text, &text) == 1 && tlc_is(text, "a?>"));
    put(c, w, "hex", h->encode(s, TLC_HEX, tlc_z("\x01z"), &text) == 1 && tlc_is(text, "017a"));
    put(c, w, "percent", h->encode(s, TLC_PERCENT, tlc_z("a b"), &text) == 1 && tlc_is(text, "a%20b"));
    put(c, w, "hash",
        h->hash(s, TLC_SHA256, tlc_z(""), &text) == 1 && text.len == 32 && (unsigned char)text.ptr[0] == 0xe3);
    put(c, w, "no_md5", h->hash(s, TLC_MD5, tlc_z(""), &text) == -1);
    put(c, w, "sign", h->sign(s, TLC_SIGN_HMAC_SHA256, tlc_z("hook"), tlc_z("m"), &text) == 1 && text.len == 32);
    put(c, w, "verify",
        h->verify(s, TLC_SIGN_HMAC_SHA256, tlc_z("hook"), tlc_z("m"), text) == 1 &&
            h->verify(s, TLC_SIGN_HMAC_SHA256, tlc_z("hook"), tlc_z("n"), text) == 0);
    put(c, w, "equals",
        h->secret_equals(s, tlc_z("hook"), tlc_z("s3cret")) == 1 &&
            h->secret_equals(s, tlc_z("hook"), tlc_z("guess")) == 0);
    put(c, w, "unreadable", h->secret_read(s, tlc_z("hook"), &text) == 0);
    h->session_get(s, &session, &version);
    put(c, w, "swap", h->session_swap(s, version, tlc_z("{\"job\":1}")) == 1);
    put(c, w, "swap_late", h->session_swap(s, version, tlc_z("{\"job\":2}")) == 0);
    put(c, w, "session",
        h->session_get(s, &session, &again) == 1 && again == version + 1 && tlc_is(session, "{\"job\":1}"));
    put(c, w, "clock", h->wall_ms(s) > 0 && h->mono_ms(s) >= 0);
    h->json_put(w, TLC_JSON_END, tlc_z(""));
    h->log(s, TLC_LOG_INFO, tlc_z("coded.host"), tlc_z("all host functions were called"));
    if (h->json_finish(w, &text) != 1)
        TL_FAIL(TLC_BUG, tlc_z("the writer"));
    TL_DONE(done(c, text));
    TL_END;
}

/* ---- roles ---- */

static void step_login(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice password;
    TL_BEGIN(&c->async, in, out)
    if (c->host->secret_read(c->scope, tlc_z("auth.password"), &password) != 1)
        TL_FAIL(TLC_CONFIG, tlc_z("no password"));
    aim(c, "POST", tlc_z("login"));
    c->transfer.body_kind = TLC_BODY_BYTES;
    c->transfer.body = password;
    TL_HTTP(&c->transfer);
    c->done.session = tlc_keep(c->host, c->scope, in->body);
    TL_DONE(done(c, tlc_z("")));
    TL_END;
}

static void take_items(tlc_call *c, tlc_slice body)
{
    tlc_slice items = tlc_json_raw(c->host, c->scope, body, "/items"), key, item;
    uint64_t at = 0;
    c->event_count = 0;
    while (c->event_count < 64 && c->host->json_next(c->scope, items, &at, &key, &item) == 1) {
        tlc_event *e = &c->events[c->event_count++];
        memset(e, 0, sizeof *e);
        e->size = (uint32_t)sizeof *e;
        e->object = c->request->object;
        e->key = tlc_json_text(c->host, c->scope, item, "/id");
        e->version = tlc_json_text(c->host, c->scope, item, "/v");
        e->payload = tlc_keep(c->host, c->scope, item);
    }
    c->cursor = tlc_keep(c->host, c->scope, tlc_json_text(c->host, c->scope, body, "/cursor"));
    c->more = tlc_is(tlc_json_raw(c->host, c->scope, body, "/more"), "true");
}

static void step_changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice parts[2];
    TL_BEGIN(&c->async, in, out)
    c->cursor = c->request->cursor;
    do {
        parts[0] = tlc_z("changes?since=");
        parts[1] = c->cursor;
        aim(c, "GET", tlc_join(c->host, c->scope, parts, 2));
        TL_HTTP(&c->transfer);
        take_items(c, in->body);
        TL_EMIT(c->events, c->event_count, c->cursor);
    } while (c->more);
    TL_DONE(done(c, tlc_z("")));
    TL_END;
}

static void step_webhook(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    tlc_slice given, raw;
    TL_BEGIN(&c->async, in, out)
    given = tlc_header_get(c->request->headers, c->request->header_count, "X-Sig");
    if (c->host->decode(c->scope, TLC_HEX, given, &raw) != 1 ||
        c->host->verify(c->scope, TLC_SIGN_HMAC_SHA256, tlc_z("hook"), c->request->body, raw) != 1)
        TL_FAIL(TLC_AUTH, tlc_z("wrong signature"));
    if (tlc_is(tlc_json_text(c->host, c->scope, c->request->body, "/challenge"), "yes")) {
        c->done.reply_status = 200;
        c->done.reply_body = tlc_z("challenge accepted");
        c->reply.name = tlc_z("X-Reply");
        c->reply.value = tlc_z("1");
        c->done.reply_headers = &c->reply;
        c->done.reply_header_count = 1;
        TL_DONE(done(c, tlc_z("")));
    }
    memset(&c->events[0], 0, sizeof c->events[0]);
    c->events[0].size = (uint32_t)sizeof c->events[0];
    c->events[0].object = tlc_z("Case");
    c->events[0].key = tlc_json_text(c->host, c->scope, c->request->body, "/id");
    c->events[0].hint = 1;
    c->done.events = c->events;
    c->done.event_count = 1;
    TL_DONE(done(c, tlc_z("")));
    TL_END;
}

static const struct {
    const char *name;
    void (*step)(tlc_call *c, const tlc_input *in, tlc_action *out);
} operations[] = {
    {"echo", step_echo},
    {"get", step_get},
    {"any", step_any},
    {"two", step_two},
    {"look", step_look},
    {"stream", step_stream},
    {"fail_rules", step_fail_rules},
    {"fail", step_fail},
    {"hang", step_hang},
    {"last_wish", step_last_wish},
    {"bad_action", step_bad_action},
    {"no_end", step_no_end},
    {"bad_json", step_bad_json},
    {"host", step_host},
    {"save", step_save},
    {"elsewhere", step_elsewhere},
    {"many", step_many},
};

static int32_t on_begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    tlc_call *c;
    size_t i;
    if (tlc_is(request->operation, "refused"))
        return TLC_UNSUPPORTED;
    c = calloc(1, sizeof *c);
    c->host = instance->host;
    c->scope = scope;
    c->instance = instance;
    c->request = request;
    if (request->role == TLC_ROLE_LOGIN)
        c->step = step_login;
    else if (request->role == TLC_ROLE_CHANGES)
        c->step = step_changes;
    else if (request->role == TLC_ROLE_WEBHOOK)
        c->step = step_webhook;
    else if (request->role == TLC_ROLE_PROBE)
        c->step = step_get;
    for (i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (tlc_is(request->operation, operations[i].name))
            c->step = operations[i].step;
    *out = c;
    return 0;
}

static void on_step(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    c->step(c, in, out);
}

static void on_end(tlc_call *c)
{
    free(c);
}

static const tlc_connector table = {sizeof table, TLC_ABI, tlc_manifest, on_open, on_close, on_begin, on_step, on_end};

const tlc_connector *tidelock_connector(uint32_t host_abi)
{
    (void)host_abi;
    return &table;
}
