/* The metadata of the service: asked for once an instance, and read into its model. */
#include "odata.h"

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
