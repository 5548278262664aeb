/* find: the records whose field has a value, so that an unknown create can be settled. A code operation only
 * because the value must be escaped for SOQL. */
#include "salesforce.h"

/* Names are put into SOQL as they are, so they must be names. */
static int is_name(tlc_slice text)
{
    uint64_t i;
    for (i = 0; i < text.len; i++) {
        char ch = text.ptr[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_'))
            return 0;
    }
    return text.len > 0;
}

static const tlc_transfer *ask(tlc_call *c)
{
    tlc_slice soql =
        TLC_JOIN(c, TLC_TEXT("SELECT Id, SystemModstamp FROM "), tlc_arg(c, "/object"), TLC_TEXT(" WHERE "),
                 tlc_arg(c, "/field"), TLC_TEXT(" = "), sf_soql_text(c, tlc_arg(c, "/value")), TLC_TEXT(" LIMIT 2"));
    return tlc_ask(c, "GET", sf_query_url(c, soql));
}

static uint32_t small_number(tlc_slice digits)
{
    uint32_t n = 0;
    uint64_t i;
    for (i = 0; i < digits.len && digits.ptr[i] >= '0' && digits.ptr[i] <= '9' && n < 1000; i++)
        n = n * 10 + (uint32_t)(digits.ptr[i] - '0');
    return n;
}

void sf_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    if (!is_name(tlc_arg(c, "/object")) || !is_name(tlc_arg(c, "/field")))
        TL_FAIL(TLC_DATA, TLC_TEXT("find: object and field must be names of letters, digits and _"));
    TL_HTTP(ask(c));
    c->done.document = tlc_keep(c->host, c->scope, in->body);
    if (!tlc_json_raw(c->host, c->scope, c->done.document, "/totalSize").len)
        TL_FAIL(TLC_RETRY, TLC_TEXT("the answer to the query does not say how many records there are"));
    c->done.matches = small_number(tlc_json_text(c->host, c->scope, c->done.document, "/totalSize"));
    c->done.id = tlc_json_text(c->host, c->scope, c->done.document, "/records/0/Id");
    c->done.version = tlc_json_text(c->host, c->scope, c->done.document, "/records/0/SystemModstamp");
    TL_DONE(&c->done);
    TL_END;
}
