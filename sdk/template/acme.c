/* The part of the Acme connector that a table cannot say: a report is started, asked for until it is ready, and read.
 */
#include <tidelock/async.h>
#include <tidelock/manifest.h>
#include <tidelock/text.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

struct tlc_instance {
    const tlc_host *host;
};

struct tlc_call {
    tl_async async;
    const tlc_host *host;
    tlc_scope *scope;
    const tlc_request *request;
    tlc_transfer transfer;
    tlc_slice job;
    tlc_done done;
};

static void aim(tlc_call *c, const char *method, tlc_slice url)
{
    memset(&c->transfer, 0, sizeof c->transfer);
    c->transfer.size = (uint32_t)sizeof c->transfer;
    c->transfer.method = tlc_z(method);
    c->transfer.url = url;
}

static tlc_slice join(tlc_call *c, const char *before, tlc_slice middle, const char *after)
{
    tlc_slice parts[3];
    parts[0] = tlc_z(before);
    parts[1] = middle;
    parts[2] = tlc_z(after);
    return tlc_join(c->host, c->scope, parts, 3);
}

static void start_report(tlc_call *c)
{
    aim(c, "POST", tlc_z("reports"));
    c->transfer.body_kind = TLC_BODY_BYTES;
    c->transfer.body = c->request->args;
}

static void report(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out)
    start_report(c);
    TL_HTTP(&c->transfer);
    c->job = tlc_json_text(c->host, c->scope, in->body, "/job");
    if (c->job.len == 0)
        TL_FAIL(TLC_BUG, tlc_z("the answer names no job"));
    do {
        TL_WAIT(1000);
        aim(c, "GET", join(c, "reports/", c->job, ""));
        TL_HTTP(&c->transfer);
    } while (!tlc_is(tlc_json_text(c->host, c->scope, in->body, "/state"), "ready"));
    aim(c, "GET", join(c, "reports/", c->job, "/result"));
    TL_HTTP(&c->transfer);
    c->done.size = (uint32_t)sizeof c->done;
    c->done.id = c->job;
    c->done.document = tlc_keep(c->host, c->scope, in->body);
    TL_DONE(&c->done);
    TL_END;
}

/* ---- the table ----------------------------------------------------------------------------------------------------
 */

static int32_t on_open(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    (void)config;
    *out = (tlc_instance *)host->alloc(scope, sizeof **out);
    (*out)->host = host;
    return 0;
}

static void on_close(tlc_instance *instance)
{
    (void)instance; /* host memory: it goes with the scope */
}

static int32_t on_begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    if (request->role != TLC_ROLE_CALL || !tlc_is(request->operation, "report"))
        return TLC_UNSUPPORTED;
    *out = (tlc_call *)instance->host->alloc(scope, sizeof **out);
    (*out)->host = instance->host;
    (*out)->scope = scope;
    (*out)->request = request;
    return 0;
}

static void on_end(tlc_call *call)
{
    (void)call;
}

static const tlc_connector table = {sizeof table, TLC_ABI, tlc_manifest, on_open, on_close, on_begin, report, on_end};

const tlc_connector *tidelock_connector(uint32_t host_abi)
{
    return host_abi >> 16 == TLC_ABI_MAJOR ? &table : 0;
}
