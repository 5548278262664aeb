/* The part of the Acme connector that a table cannot say: a report is started, asked for until it is ready, and read.
 */
#include <tidelock/call.h>
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

struct tlc_instance {
    const tlc_host *host;
};

/* What must survive a wait: it hangs on call->state. */
struct report {
    tlc_slice job;
};

static const tlc_transfer *ask_start(tlc_call *c)
{
    tlc_ask(c, "POST", TLC_TEXT("reports"));
    c->transfer.body_kind = TLC_BODY_BYTES;
    c->transfer.body = c->request->args;
    return &c->transfer;
}

static void report(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct report *s = c->state;

    TL_BEGIN(&c->async, in, out);
    s = c->state = c->host->alloc(c->scope, sizeof *s);
    TL_HTTP(ask_start(c));
    s->job = tlc_json_text(c->host, c->scope, in->body, "/job");
    if (s->job.len == 0)
        TL_FAIL(TLC_BUG, TLC_TEXT("the answer names no job"));
    do {
        TL_WAIT(1000);
        TL_HTTP(tlc_ask(c, "GET", TLC_JOIN(c, TLC_TEXT("reports/"), s->job)));
    } while (!tlc_is(tlc_json_text(c->host, c->scope, in->body, "/state"), "ready"));
    TL_HTTP(tlc_ask(c, "GET", TLC_JOIN(c, TLC_TEXT("reports/"), s->job, TLC_TEXT("/result"))));
    c->done.id = s->job;
    c->done.document = tlc_keep(c->host, c->scope, in->body);
    TL_DONE(&c->done);
    TL_END;
}

/* ---- the table ---- */

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    (void)config;
    *out = host->alloc(scope, sizeof **out);
    (*out)->host = host;
    return 0;
}

static const tlc_route routes[] = {{TLC_FOR(TLC_ROLE_CALL), "report", report}};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    return tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);
}

TLC_CONNECTOR(open_instance, begin)
