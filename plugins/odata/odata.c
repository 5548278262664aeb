/* Entry: instance, routes of requests, and the metadata. */
#include "odata.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

/* "https://host:port" of a URL. */
static tlc_slice origin_of(tlc_slice url)
{
    uint64_t i, slashes = 0;
    for (i = 0; i < url.len; i++)
        if (url.ptr[i] == '/' && ++slashes == 3)
            break;
    return tlc_text_n(url.ptr, i);
}

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);

    instance->host = host;
    instance->scope = scope;
    instance->origin = origin_of(tlc_keep(host, scope, tlc_json_text(host, scope, config, "/url")));
    instance->page_size = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/page_size"));
    instance->answers = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/answers"));
    *out = instance;
    return 0;
}

/* A capture with the setting `delta` follows links; any other asks by time. */
static void changes(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    if (tlc_option(c, "/delta").len)
        od_delta(c, in, out);
    else
        od_changes(c, in, out);
}

static const tlc_route routes[] = {
    {TLC_FOR(TLC_ROLE_CHANGES), 0, changes}, {TLC_FOR(TLC_ROLE_WRITE_MANY), "put", od_put_many},
    {TLC_FOR_CALLS, "put", od_put},          {TLC_FOR_CALLS, "create", od_create},
    {TLC_FOR_CALLS, "update", od_update},    {TLC_FOR_CALLS, "delete", od_delete},
    {TLC_FOR_CALLS, "get", od_get},          {TLC_FOR_CALLS, "related", od_related},
    {TLC_FOR_CALLS, "find", od_find},
};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    return tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);
}

TLC_CONNECTOR(open_instance, begin)

/* ---- answers and metadata
 * ----------------------------------------------------------------------------------------------------------------
 */

tlc_slice od_own_link(tlc_call *c, tlc_slice url)
{
    uint64_t i, slashes = 0;

    if (url.len > 4 && memcmp(url.ptr, "http", 4) == 0) {
        for (i = 0; i < url.len; i++)
            if (url.ptr[i] == '/' && ++slashes == 3)
                break;
        url = tlc_text_n(url.ptr + i, url.len - i);
    }
    if (url.len && url.ptr[0] == '/')
        url = TLC_JOIN(c, c->instance->origin, url);
    return url;
}

int od_good(const tlc_input *in)
{
    return in->outcome == TLC_SENT && in->status >= 200 && in->status < 300;
}

tlc_slice od_bad_key(tlc_call *c)
{
    return TLC_JOIN(c, c->request->operation, TLC_TEXT(": key must be a value, or an object of key properties"));
}

const tlc_transfer *od_ask_model(tlc_call *c)
{
    tlc_ask_any(c, "GET", TLC_TEXT("$metadata"));
    tlc_add_header(c, "Accept", TLC_TEXT("application/xml"));
    return &c->transfer;
}

/* A server may have no metadata for us: then nothing is known of types, strings are quoted, numbers sent as
 * they are. */
static int has_none(const tlc_input *in)
{
    return in->outcome == TLC_SENT &&
           (in->status == 404 || in->status == 405 || in->status == 406 || in->status == 501);
}

int od_take_model(tlc_call *c, const tlc_input *in)
{
    tlc_slice nothing = TLC_TEXT("");

    if (!od_good(in) && !has_none(in))
        return 0;
    if (!c->instance->model) /* else another call was faster */
        c->instance->model = od_model_read(c->host, c->instance->scope, od_good(in) ? in->body : nothing);
    return 1;
}
