/* Entry: instance, routes, and a mail from its arguments to the server. */
#include "mail.h"
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

enum { RECEIVERS_MAX = 100, ID_BYTES = 16 };

/* ---- one mail ---- */

/* What is sent again has the same id: it is made from the effect's name, and from nothing else. */
static tlc_slice name_of(tlc_call *c)
{
    tlc_slice id = tlc_arg(c, "/id"), digest = {0, 0}, hex = {0, 0};

    if (!id.len)
        id = c->request->idempotency_key;
    if (!id.len) {
        char *chance = c->host->alloc(c->scope, ID_BYTES);
        c->host->random(c->scope, chance, ID_BYTES);
        id = tlc_text_n(chance, ID_BYTES);
    }
    c->host->hash(c->scope, TLC_SHA256, id, &digest);
    digest.len = ID_BYTES;
    c->host->encode(c->scope, TLC_HEX, digest, &hex);
    return hex;
}

static tlc_slice host_of(tlc_slice address)
{
    uint64_t at = 0;

    while (at < address.len && address.ptr[at] != '@')
        at++;
    return at < address.len ? tlc_text_n(address.ptr + at + 1, address.len - at - 1) : address;
}

static void begin_letter(tlc_call *c, struct ml_letter *letter)
{
    tlc_instance *mail = c->instance;

    letter->paper.host = c->host;
    letter->paper.scope = c->scope;
    letter->envelope_cap = RECEIVERS_MAX + 2;
    letter->envelope = c->host->alloc(c->scope, letter->envelope_cap * sizeof *letter->envelope);
    letter->envelope[0].name = TLC_TEXT("from");
    letter->envelope[0].value = mail->from;
    letter->envelope[1].name = TLC_TEXT("tls");
    letter->envelope[1].value = mail->tls;
    letter->envelope_count = 2;
}

static void write_letter(tlc_call *c, struct ml_letter *letter)
{
    tlc_instance *mail = c->instance;
    struct ml_paper *paper = &letter->paper;
    tlc_slice name = name_of(c);

    letter->id = TLC_JOIN(c, name, TLC_TEXT("@"), host_of(mail->from));
    ml_put_z(paper, "From: ");
    ml_person(c, letter, mail->from_name, mail->from);
    ml_put_z(paper, "\r\n");
    ml_receivers(c, letter, "to", "To", 1);
    ml_receivers(c, letter, "cc", "Cc", 1);
    ml_receivers(c, letter, "bcc", 0, 1);
    ml_receivers(c, letter, "reply_to", "Reply-To", 0);
    ml_put_z(paper, "Subject: ");
    ml_head_text(c, letter, TLC_TEXT("subject"), tlc_arg(c, "/subject"), 9);
    ml_put_z(paper, "\r\n");
    ml_head_date(letter, c->host->wall_ms(c->scope));
    ml_put_z(paper, "Message-ID: <");
    ml_put(paper, letter->id);
    ml_put_z(paper, ">\r\n");
    ml_head_more(c, letter);
    ml_body(c, letter, name);
}

/* ---- steps ---- */

static const tlc_transfer *post(tlc_call *c, const struct ml_letter *letter)
{
    tlc_ask(c, "MAIL", TLC_TEXT(""));
    c->transfer.headers = letter->envelope;
    c->transfer.header_count = letter->envelope_count;
    if (letter->paper.len) {
        c->transfer.body_kind = TLC_BODY_BYTES;
        c->transfer.body = ml_written(&letter->paper);
    }
    return &c->transfer;
}

static void send(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct ml_letter *letter = c->state;

    TL_BEGIN(&c->async, in, out);
    letter = c->state = c->host->alloc(c->scope, sizeof *letter);
    begin_letter(c, letter);
    write_letter(c, letter);
    if (letter->wrong)
        TL_FAIL(TLC_DATA, TLC_JOIN(c, letter->field, TLC_TEXT(" "), tlc_z(letter->wrong)));
    TL_HTTP(post(c, letter));
    c->done.id = letter->id;
    c->done.created = TLC_CREATED_YES;
    TL_DONE(&c->done);
    TL_END;
}

/* Connection and credentials, without a letter. */
static void probe(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct ml_letter *letter = c->state;

    TL_BEGIN(&c->async, in, out);
    letter = c->state = c->host->alloc(c->scope, sizeof *letter);
    begin_letter(c, letter);
    TL_HTTP(post(c, letter));
    TL_DONE(&c->done);
    TL_END;
}

/* ---- entry ---- */

static int32_t open_instance(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out)
{
    tlc_instance *instance = host->alloc(scope, sizeof *instance);

    instance->host = host;
    instance->scope = scope;
    instance->from = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/from"));
    instance->from_name = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/from_name"));
    instance->tls = tlc_keep(host, scope, tlc_json_text(host, scope, config, "/tls"));
    *out = instance;
    if (ml_is_address(instance->from))
        return 0;
    host->log(scope, TLC_LOG_ERROR, TLC_TEXT("mail.from"), TLC_TEXT("from is no mail address: name@host is wanted"));
    return TLC_CONFIG;
}

static const tlc_route routes[] = {
    {TLC_FOR(TLC_ROLE_CALL), "send", send},
    {TLC_FOR(TLC_ROLE_CALL), "notify", send},
    {TLC_FOR(TLC_ROLE_PROBE), 0, probe},
};

static int32_t begin(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out)
{
    return tlc_call_begin(instance->host, scope, instance, request, routes, TLC_COUNT(routes), out);
}

TLC_CONNECTOR(open_instance, begin)
