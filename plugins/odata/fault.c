/* Errors in XML: servers answer them although JSON was asked for. The status has decided the class already;
 * this is only what people read. */
#include "edmx.h"
#include "odata.h"

tlc_slice od_fault(tlc_call *c, const tlc_input *in)
{
    tlc_slice none = {0, 0};
    struct od_tag tag;
    uint64_t at = 0;

    if (in->outcome != TLC_SENT || !in->body.len)
        return none;
    while (od_tag_next(in->body, &at, &tag))
        if (!tag.closing && od_tag_is(&tag, "message") && tag.inside.len)
            return tlc_keep(c->host, c->scope, tag.inside);
    return none;
}
