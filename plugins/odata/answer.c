/* What an answer is by its status. */
#include "odata.h"

int od_good(const tlc_input *in)
{
    return in->outcome == TLC_SENT && in->status >= 200 && in->status < 300;
}

int od_came(const tlc_input *in, int status)
{
    return in->outcome == TLC_SENT && in->status == status;
}
