/* The login role: a session of Tryton's, as the header wants it. */
#include "tryton.h"

static tlc_slice secret(tlc_call *c, const char *name)
{
    tlc_slice value = TLC_TEXT("");

    c->host->secret_read(c->scope, tlc_z(name), &value);
    return value;
}

static const tlc_transfer *ask(tlc_call *c)
{
    tlc_ask(c, "POST", TLC_TEXT(""));
    tlc_add_body(c, "application/json",
                 TLC_JOIN(c, TLC_TEXT("{\"id\":1,\"method\":\"common.db.login\",\"params\":["),
                          tr_quote(c, secret(c, "auth.user")), TLC_TEXT(",{\"password\":"),
                          tr_quote(c, secret(c, "auth.password")), TLC_TEXT("}]}")));
    return &c->transfer;
}

/* {"token": base64 of user:id:session, "uid": id} */
static int take(tlc_call *c, tlc_slice body)
{
    tlc_slice uid = tlc_json_text(c->host, c->scope, body, "/result/0"), token = {0, 0};
    tlc_slice session = tlc_json_text(c->host, c->scope, body, "/result/1");

    if (!uid.len || !session.len)
        return 0;
    c->host->encode(c->scope, TLC_BASE64,
                    TLC_JOIN(c, secret(c, "auth.user"), TLC_TEXT(":"), uid, TLC_TEXT(":"), session), &token);
    c->done.session = TLC_JOIN(c, TLC_TEXT("{\"token\":\""), token, TLC_TEXT("\",\"uid\":"), uid, TLC_TEXT("}"));
    return token.len > 0;
}

void tr_login(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    TL_BEGIN(&c->async, in, out);
    TL_HTTP(ask(c));
    if (!take(c, in->body))
        TL_FAIL(TLC_AUTH, tlc_json_raw(c->host, c->scope, in->body, "/error").len
                              ? TLC_TEXT("Tryton wants more than a password from this user")
                              : TLC_TEXT("the answer is not Tryton's: is the database's name at the end of url?"));
    TL_DONE(&c->done);
    TL_END;
}
