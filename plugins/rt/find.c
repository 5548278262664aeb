/* find, and the search of a ticket by the custom field that holds our key. RT takes a query with "[" in it for
 * JSON, so that character becomes the one that stands for any. */
#include "rt.h"

tlc_slice rt_quoted(tlc_call *c, tlc_slice text)
{
    char *to = c->host->alloc(c->scope, text.len * 2 + 3);
    uint64_t i, n = 0;

    to[n++] = '\'';
    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'' || text.ptr[i] == '\\')
            to[n++] = '\\';
        to[n++] = text.ptr[i];
    }
    to[n++] = '\'';
    return tlc_text_n(to, n);
}

int rt_read_key(tlc_call *c)
{
    struct rt_call *s = rt_state(c);
    tlc_slice key = tlc_json_raw(c->host, c->scope, c->request->args, "/key"), name, raw, more;
    uint64_t at = 0, i;

    if (c->host->json_next(c->scope, key, &at, &name, &raw) != 1 || c->host->json_text(c->scope, raw, &s->value) != 1 ||
        !s->value.len)
        return 0;
    s->field = tlc_keep(c->host, c->scope, name);
    for (i = 0; i < s->field.len; i++)
        if (strchr("{}[]'\"\\", s->field.ptr[i]))
            return 0;
    return s->field.len > 0 && c->host->json_next(c->scope, key, &at, &name, &more) != 1;
}

/* "[" has to go; then "=" cannot be used, and what LIKE finds too much the caller sees as more than one. */
static tlc_slice condition(tlc_call *c, const struct rt_call *s)
{
    tlc_slice value = tlc_keep(c->host, c->scope, s->value);
    char *text = c->host->alloc(c->scope, value.len + 1);
    uint64_t i;
    int odd = 0;

    for (i = 0; i < value.len; i++) {
        odd |= value.ptr[i] == '[';
        text[i] = (char)(value.ptr[i] == '[' ? '_' : value.ptr[i]);
    }
    return TLC_JOIN(c, TLC_TEXT("'CF.{"), s->field, odd ? TLC_TEXT("}' LIKE ") : TLC_TEXT("}' = "),
                    rt_quoted(c, tlc_text_n(text, value.len)));
}

int rt_find_run(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);
    tlc_slice items, first = {0, 0};

    TL_PART_BEGIN(&s->part);
    TL_PART_HTTP(
        tlc_ask(c, "GET", TLC_JOIN(c, TLC_TEXT("tickets?per_page=2&query="), tlc_percent(c, condition(c, s)))));
    items = tlc_json_raw(c->host, c->scope, in->body, "/items");
    if (!items.len)
        TL_PART_FAIL(TLC_RETRY, TLC_TEXT("the answer to the search has no items"));
    s->found = tlc_json_first(c->host, c->scope, items, &first);
    s->id = s->found == 1 ? tlc_json_text(c->host, c->scope, first, "/id") : tlc_text_n(0, 0);
    TL_PART_END;
}

void rt_find(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct rt_call *s = rt_state(c);

    TL_BEGIN(&c->async, in, out);
    if (!rt_read_key(c))
        TL_FAIL(TLC_DATA, TLC_TEXT("find: key must be one custom field and its text, {\"OrderNo\": \"SO-1\"}"));
    TL_DO(rt_find_run(c, in, out));
    c->done.matches = s->found;
    if (s->id.len) {
        s->part.line = 0;
        TL_DO(rt_ticket_run(c, in, out));
        if (s->answer.len)
            rt_take(c);
    }
    TL_DONE(&c->done);
    TL_END;
}
