/* What RT made of a write. It answers 200 and a list of sentences, good ones and bad ones alike, in the user's
 * language; so the ticket is read back and compared, for the members where that can be done. */
#include "rt.h"

tlc_slice rt_sentences(tlc_call *c, tlc_slice list)
{
    tlc_slice name, raw, text, all = TLC_TEXT("");
    uint64_t at = 0;

    while (list.len && list.ptr[0] == '[' && c->host->json_next(c->scope, list, &at, &name, &raw) == 1)
        if (c->host->json_text(c->scope, raw, &text) == 1 && text.len)
            all = TLC_JOIN(c, all, all.len ? TLC_TEXT("; ") : TLC_TEXT(""), text);
    return all;
}

/* null, "" and absent are all "no value". */
static tlc_slice text_of(tlc_call *c, tlc_slice raw)
{
    tlc_slice text = TLC_TEXT("");

    if (raw.len)
        c->host->json_text(c->scope, raw, &text);
    return text;
}

static int holds(tlc_call *c, tlc_slice list, tlc_slice text)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    if (!list.len || list.ptr[0] != '[')
        return tlc_same(text_of(c, list), text);
    while (c->host->json_next(c->scope, list, &at, &name, &raw) == 1)
        if (tlc_same(text_of(c, raw), text))
            return 1;
    return 0;
}

/* A list is the same when everything wanted is there; RT keeps its own order. */
static int same(tlc_call *c, tlc_slice wanted, tlc_slice there)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    if (!wanted.len || wanted.ptr[0] != '[')
        return tlc_same(text_of(c, wanted), text_of(c, there)) ||
               (there.len && there.ptr[0] == '[' && holds(c, there, text_of(c, wanted)));
    while (c->host->json_next(c->scope, wanted, &at, &name, &raw) == 1)
        if (!holds(c, there, text_of(c, raw)))
            return 0;
    return 1;
}

/* Members that read as they are written; people, links and times do not. */
static int is_comparable(tlc_slice name)
{
    static const char *const names[] = {"Subject", "Status", "Queue", "Owner", "Priority", "TimeWorked"};
    uint32_t i;

    for (i = 0; i < TLC_COUNT(names); i++)
        if (tlc_is(name, names[i]))
            return 1;
    return 0;
}

static tlc_slice check_fields(tlc_call *c, tlc_slice wanted, tlc_slice plain)
{
    tlc_slice there = tlc_json_raw(c->host, c->scope, plain, "/CustomFields"), name, raw, none = {0, 0};
    uint64_t at = 0;

    while (c->host->json_next(c->scope, wanted, &at, &name, &raw) == 1)
        if (!there.len || !same(c, raw, tlc_json_raw(c->host, c->scope, there, tlc_pointer_to(c, name))))
            return TLC_JOIN(c, TLC_TEXT("custom field "), name);
    return none;
}

tlc_slice rt_check(tlc_call *c, tlc_slice record, tlc_slice plain)
{
    tlc_slice name, raw, bad, none = {0, 0};
    uint64_t at = 0;

    while (record.len && c->host->json_next(c->scope, record, &at, &name, &raw) == 1) {
        if (tlc_is(name, "CustomFields")) {
            bad = check_fields(c, raw, plain);
            if (bad.len)
                return bad;
        } else if (is_comparable(name) &&
                   !same(c, raw, tlc_json_raw(c->host, c->scope, plain, tlc_pointer_to(c, name)))) {
            return tlc_keep(c->host, c->scope, name);
        }
    }
    return none;
}
