/* What the platform says no with. */
#include "changes.h"

#include <tidelock/json.h>

int sf_refused_with(tlc_call *c, const tlc_input *in, const char *code)
{
    return in->outcome == TLC_SENT && in->status == 400 &&
           tlc_is(tlc_json_text(c->host, c->scope, in->body, "/0/errorCode"), code);
}
