/* Errors. Tryton says what kind of exception it was and gives a sentence; the sentences of its own checks are the only
 * way to tell some of them apart, in English, which is the language of the integration's user (README.md). */
#include "tryton.h"

/* Without case, and with "_" as a blank: names of warnings are written "credit_limit_amount_…". */
static char folded(char x)
{
    return (char)(x == '_' ? ' ' : x >= 'A' && x <= 'Z' ? x + 32 : x);
}

static int holds(tlc_slice text, tlc_slice part)
{
    uint64_t i, k;

    for (i = 0; part.len && i + part.len <= text.len; i++) {
        for (k = 0; k < part.len && folded(text.ptr[i + k]) == folded(part.ptr[k]); k++)
            ;
        if (k == part.len)
            return 1;
    }
    return 0;
}

int tr_fault_is_accepted(tlc_call *c, tlc_slice body, tlc_slice *name)
{
    tlc_slice list = tlc_json_raw(c->host, c->scope, c->request->args, "/accept"), key, raw, text, message;
    uint64_t at = 0;

    if (!tlc_is(tlc_json_text(c->host, c->scope, body, "/error/0"), "UserWarning") || !list.len || list.ptr[0] != '[')
        return 0;
    *name = tlc_json_text(c->host, c->scope, body, "/error/1/0");
    message = tlc_json_text(c->host, c->scope, body, "/error/1/1");
    while (c->host->json_next(c->scope, list, &at, &key, &raw) == 1)
        if (c->host->json_text(c->scope, raw, &text) == 1 && (holds(*name, text) || holds(message, text)))
            return name->len > 0;
    *name = tlc_text_n(0, 0);
    return 0;
}

/* ---- classes ---- */

static const struct {
    const char *part;
    int32_t class;
} sentences[] = {
    {"must be unique", TLC_CONFLICT},               /* also what SQLite makes of two at once */
    {"not allowed to access", TLC_CONFIG},          /* a right that the integration's user lacks */
    {"database is locked", TLC_RETRY},              /* SQLite */
    {"could not serialize access", TLC_RETRY},      /* PostgreSQL */
    {"deadlock detected", TLC_RETRY},               /* PostgreSQL */
    {"could not obtain lock", TLC_RETRY},           /* PostgreSQL */
    {"server closed the connection", TLC_RETRY},    /* PostgreSQL that restarts */
    {"the database system is starting", TLC_RETRY}, /* likewise */
    {"Missing dependencies", TLC_CONFIG},
};

static int32_t class_of(tlc_slice text)
{
    uint32_t i;

    for (i = 0; i < TLC_COUNT(sentences); i++)
        if (holds(text, tlc_z(sentences[i].part)))
            return sentences[i].class;
    return TLC_DATA;
}

static tlc_slice warned(tlc_call *c, tlc_slice body)
{
    tlc_slice name = tlc_json_text(c->host, c->scope, body, "/error/1/0");
    tlc_slice message = tlc_json_text(c->host, c->scope, body, "/error/1/1");

    return TLC_JOIN(c, TLC_TEXT("Tryton warns and has done nothing: "), message.len ? message : TLC_TEXT("(no text)"),
                    TLC_TEXT(" Whoever may decide that accepts it by a part of this text: accept = { … }"),
                    name.len ? TLC_JOIN(c, TLC_TEXT(" ("), name, TLC_TEXT(")")) : TLC_TEXT(""));
}

/* The sentence, with the description under it where there is one. */
static tlc_slice said(tlc_call *c, tlc_slice body)
{
    tlc_slice text = tlc_json_text(c->host, c->scope, body, "/error/1/0");
    tlc_slice more = tlc_json_text(c->host, c->scope, body, "/error/1/1");

    if (!text.len) /* ConcurrencyException has the sentence itself */
        text = tlc_json_text(c->host, c->scope, body, "/error/1");
    if (!text.len)
        return TLC_TEXT("Tryton gives no reason");
    return more.len ? TLC_JOIN(c, text, TLC_TEXT(" "), more) : text;
}

int32_t tr_fault(tlc_call *c, tlc_slice body, tlc_slice *code, tlc_slice *message)
{
    tlc_slice kind = tlc_json_text(c->host, c->scope, body, "/error/0");

    *code = kind;
    *message = said(c, body);
    if (tlc_is(kind, "ConcurrencyException"))
        return TLC_CONFLICT;
    if (tlc_is(kind, "LoginException") || tlc_is(kind, "RateLimitException"))
        return TLC_AUTH;
    if (tlc_is(kind, "UserWarning")) {
        *message = warned(c, body);
        return TLC_DATA;
    }
    if (tlc_is(kind, "UserError"))
        return class_of(*message);
    if (!tlc_json_raw(c->host, c->scope, body, "/error").len) {
        *code = tlc_text_n(0, 0);
        *message = TLC_TEXT("the answer is not Tryton's: it has neither result nor error");
        return TLC_RETRY;
    }
    /* An exception that Tryton did not expect comes as its text, with a traceback. */
    *code = TLC_TEXT("exception");
    *message = TLC_JOIN(c, TLC_TEXT("Tryton failed: "), kind.len ? kind : TLC_TEXT("(no text)"));
    return class_of(kind);
}
