/* Who a mail is from and to. An address goes into the head and the envelope as it is, so it must be one that nothing
 * can read in two ways: ASCII without quotes and comments. Others are refused (RFC 6531 is not spoken). */
#include "mail.h"

enum { LOCAL_MAX = 64, HOST_MAX = 253, RECEIVERS_MAX = 100 };

static int is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Parts between dots, none empty, of letters, digits and `more`. */
static int is_dotted(tlc_slice text, const char *more, uint64_t most)
{
    uint64_t i, part = 0;

    if (!text.len || text.len > most)
        return 0;
    for (i = 0; i < text.len; i++) {
        char ch = text.ptr[i];
        if (ch == '.' && !part)
            return 0;
        if (ch != '.' && !is_plain(ch) && (!ch || !strchr(more, ch)))
            return 0;
        part = ch == '.' ? 0 : part + 1;
    }
    return part > 0;
}

int ml_is_address(tlc_slice text)
{
    uint64_t at = 0;

    while (at < text.len && text.ptr[at] != '@')
        at++;
    if (at == text.len)
        return 0;
    return is_dotted(tlc_text_n(text.ptr, at), "!#$%&'*+-/=?^_`{|}~", LOCAL_MAX) &&
           is_dotted(tlc_text_n(text.ptr + at + 1, text.len - at - 1), "-", HOST_MAX);
}

/* Letters, digits and blanks need no quotes. */
static int is_words(tlc_slice name)
{
    uint64_t i;

    for (i = 0; i < name.len; i++)
        if (!is_plain(name.ptr[i]) && name.ptr[i] != ' ' && name.ptr[i] != '-')
            return 0;
    return name.len <= 60;
}

static int is_printable(tlc_slice name)
{
    uint64_t i;

    for (i = 0; i < name.len; i++)
        if (name.ptr[i] < ' ' || name.ptr[i] > '~')
            return 0;
    return name.len <= 60;
}

static void put_quoted(struct ml_paper *paper, tlc_slice name)
{
    uint64_t i;

    ml_put_char(paper, '"');
    for (i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"' || name.ptr[i] == '\\')
            ml_put_char(paper, '\\');
        ml_put_char(paper, name.ptr[i]);
    }
    ml_put_char(paper, '"');
}

void ml_person(tlc_call *c, struct ml_letter *letter, tlc_slice name, tlc_slice address)
{
    if (name.len && is_printable(name) && !is_words(name))
        put_quoted(&letter->paper, name);
    else if (name.len)
        ml_head_text(c, letter, TLC_TEXT("name"), name, 10);
    ml_put_z(&letter->paper, name.len ? " <" : "<");
    ml_put(&letter->paper, address);
    ml_put_z(&letter->paper, ">");
}

static void add_to_envelope(struct ml_letter *letter, tlc_slice address)
{
    tlc_header *receiver;

    if (letter->envelope_count == letter->envelope_cap) {
        ml_refuse(letter, TLC_TEXT("to"), "a mail goes to 100 receivers at most");
        return;
    }
    receiver = &letter->envelope[letter->envelope_count++];
    receiver->name = TLC_TEXT("to");
    receiver->value = address;
}

struct receivers {
    const char *field, *name; /* of the arguments; of the header, NULL: none */
    int into_envelope;
    uint32_t count;
};

static void add_receiver(tlc_call *c, struct ml_letter *letter, struct receivers *r, tlc_slice one)
{
    tlc_slice address = {0, 0}, name = {0, 0};

    if (c->host->json_text(c->scope, one, &address) != 1) {
        address = tlc_json_text(c->host, c->scope, one, "/address");
        name = tlc_json_text(c->host, c->scope, one, "/name");
    }
    if (!ml_is_address(address)) {
        ml_refuse(letter, tlc_z(r->field),
                  "is no mail address: name@host in ASCII (a host of other letters in its xn-- form)");
        return;
    }
    if (r->into_envelope)
        add_to_envelope(letter, address);
    if (r->name) {
        ml_put_z(&letter->paper, r->count ? ",\r\n " : r->name);
        ml_put_z(&letter->paper, r->count ? "" : ": ");
        ml_person(c, letter, name, address);
    }
    r->count++;
}

void ml_receivers(tlc_call *c, struct ml_letter *letter, const char *field, const char *name, int into_envelope)
{
    struct receivers r = {0, 0, 0, 0};
    tlc_slice list = tlc_json_raw(c->host, c->scope, c->request->args, tlc_pointer_to(c, tlc_z(field))), key, one;
    uint64_t at = 0;

    r.field = field;
    r.name = name;
    r.into_envelope = into_envelope;
    if (list.len && list.ptr[0] != '[')
        add_receiver(c, letter, &r, list);
    else
        while (list.len && c->host->json_next(c->scope, list, &at, &key, &one) == 1)
            add_receiver(c, letter, &r, one);
    if (r.count && name)
        ml_put_z(&letter->paper, "\r\n");
    if (list.len && !r.count && !letter->wrong)
        ml_refuse(letter, tlc_z(field), "is an empty list");
}
