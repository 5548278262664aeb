/* Attachments: files beside the text. Their contents go as base64, whatever they are, so that nothing on the way can
 * change them; their names by RFC 2231 where quotes do not do. */
#include "mail.h"

enum {
    COUNT_MAX = 20,
    TOTAL_MAX = 10 << 20, /* bytes of all contents together, decoded */
    NAME_MAX_BYTES = 200,
    TYPE_MAX_BYTES = 100,
    SHORT_NAME = 50, /* stands on one line with what is around it */
    PIECE = 54,      /* characters of a name on one line */
    LINE = 76
};

struct attachment {
    tlc_slice name, type, content; /* content: as it is read in the end */
};

/* ---- what is given ---- */

/* No path: some programs would follow it. */
static int is_name(tlc_slice name)
{
    uint64_t i;

    for (i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < ' ' || name.ptr[i] == 0x7f || name.ptr[i] == '/' || name.ptr[i] == '\\')
            return 0;
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

static int is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$&^_.+-", c));
}

static int starts(tlc_slice text, const char *with)
{
    uint64_t n = (uint64_t)strlen(with), i;

    if (text.len < n)
        return 0;
    for (i = 0; i < n; i++)
        if ((text.ptr[i] | 0x20) != with[i])
            return 0;
    return 1;
}

/* kind/form, without parameters; what has parts of its own may not go as base64 (RFC 2045). */
static int is_type(tlc_slice type)
{
    uint64_t i, slash = 0;

    for (i = 0; i < type.len; i++)
        if (type.ptr[i] == '/' && !slash && i)
            slash = i;
        else if (!is_token(type.ptr[i]))
            return 0;
    return slash > 0 && slash + 1 < type.len && type.len <= TYPE_MAX_BYTES && !starts(type, "multipart") &&
           !starts(type, "message");
}

static const char *read_content(tlc_call *c, tlc_slice raw, struct attachment *out)
{
    tlc_slice encoding = tlc_json_text(c->host, c->scope, raw, "/encoding"), text = {0, 0};
    tlc_slice content = tlc_json_raw(c->host, c->scope, raw, "/content");

    if (!content.len || c->host->json_text(c->scope, content, &text) != 1)
        return "has no content: text, or base64 with encoding = \"base64\"";
    out->content = text;
    if (!encoding.len || tlc_is(encoding, "text"))
        return 0;
    if (!tlc_is(encoding, "base64"))
        return "has an encoding that is neither text nor base64";
    if (text.len && c->host->decode(c->scope, TLC_BASE64, text, &out->content) != 1)
        return "has a content that is no base64";
    return 0;
}

static const char *read_attachment(tlc_call *c, tlc_slice raw, struct attachment *out)
{
    out->name = tlc_keep(c->host, c->scope, tlc_json_text(c->host, c->scope, raw, "/name"));
    out->type = tlc_keep(c->host, c->scope, tlc_json_text(c->host, c->scope, raw, "/type"));
    if (!is_name(out->name))
        return "has a name that is no file name: 1 to 200 bytes, without path and control characters";
    if (!out->type.len)
        out->type = TLC_TEXT("application/octet-stream");
    if (!is_type(out->type))
        return "has a type that is not kind/form, as application/pdf, or is multipart or message";
    return read_content(c, raw, out);
}

/* ---- what is written ---- */

/* What no program reads as anything else, "=?" of an encoded word included. */
static int is_quotable(tlc_slice name)
{
    uint64_t i;

    for (i = 0; i < name.len; i++)
        if (name.ptr[i] < ' ' || name.ptr[i] > '~' || name.ptr[i] == '"' || name.ptr[i] == '%' || name.ptr[i] == '=')
            return 0;
    return name.len <= SHORT_NAME;
}

static int is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
}

static void put_number(struct ml_paper *paper, uint64_t number)
{
    if (number > 9)
        ml_put_char(paper, (char)('0' + number / 10));
    ml_put_char(paper, (char)('0' + number % 10));
}

/* filename*0*=UTF-8''…; filename*1*=… */
static void put_pieces(struct ml_paper *paper, tlc_slice name)
{
    uint64_t i, column = PIECE, piece = 0;

    for (i = 0; i < name.len; i++) {
        if (column + 3 > PIECE) {
            ml_put_z(paper, ";\r\n filename*");
            put_number(paper, piece);
            ml_put_z(paper, piece ? "*=" : "*=UTF-8''");
            column = piece++ ? 0 : 7;
        }
        if (is_bare(name.ptr[i])) {
            ml_put_char(paper, name.ptr[i]);
            column++;
        } else {
            ml_put_char(paper, '%');
            ml_put_hex(paper, (unsigned char)name.ptr[i]);
            column += 3;
        }
    }
}

static void put_base64(tlc_call *c, struct ml_paper *paper, tlc_slice content)
{
    tlc_slice text = {0, 0};
    uint64_t at, len;

    if (content.len)
        c->host->encode(c->scope, TLC_BASE64, content, &text);
    for (at = 0; at < text.len; at += len) {
        len = text.len - at < LINE ? text.len - at : LINE;
        ml_put(paper, tlc_text_n(text.ptr + at, len));
        ml_put_z(paper, "\r\n");
    }
}

static void put_attachment(tlc_call *c, struct ml_paper *paper, const struct attachment *one)
{
    ml_put_z(paper, "Content-Type: ");
    ml_put(paper, one->type);
    ml_put_z(paper, starts(one->type, "text/") ? "; charset=utf-8" : "");
    ml_put_z(paper, "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment");
    if (is_quotable(one->name)) {
        ml_put_z(paper, "; filename=\"");
        ml_put(paper, one->name);
        ml_put_z(paper, "\"");
    } else {
        put_pieces(paper, one->name);
    }
    ml_put_z(paper, "\r\n\r\n");
    put_base64(c, paper, one->content);
}

void ml_attachments(tlc_call *c, struct ml_letter *letter, tlc_slice list, tlc_slice boundary)
{
    tlc_slice key, raw;
    uint64_t at = 0, count = 0, total = 0;

    while (!letter->wrong && c->host->json_next(c->scope, list, &at, &key, &raw) == 1) {
        struct attachment one = {{0, 0}, {0, 0}, {0, 0}};
        const char *wrong = read_attachment(c, raw, &one);
        total += one.content.len;
        if (!wrong && ++count > COUNT_MAX)
            wrong = "are more than 20";
        if (!wrong && total > TOTAL_MAX)
            wrong = "are larger than 10 MB together: put the file where it can be fetched, and send its address";
        if (wrong) {
            ml_refuse(letter, TLC_TEXT("attachments"), wrong);
            return;
        }
        ml_put_boundary(&letter->paper, "\r\n--=_m", boundary, "\r\n");
        put_attachment(c, &letter->paper, &one);
    }
}
