/* SOQL texts. */
#include "salesforce.h"

tlc_slice sf_query_url(tlc_call *c, tlc_slice soql)
{
    return TLC_JOIN(c, TLC_TEXT("query?q="), tlc_percent(c, soql));
}

tlc_slice sf_soql_text(tlc_call *c, tlc_slice text)
{
    char *out = c->host->alloc(c->scope, 2 * text.len + 3), *at = out;
    uint64_t i;

    *at++ = '\'';
    for (i = 0; i < text.len; i++) {
        char ch = text.ptr[i];
        if (ch == '\'' || ch == '\\')
            *at++ = '\\';
        if (ch == '\n' || ch == '\r') {
            *at++ = '\\';
            ch = ch == '\n' ? 'n' : 'r';
        }
        *at++ = ch;
    }
    *at++ = '\'';
    return tlc_text_n(out, (uint64_t)(at - out));
}
