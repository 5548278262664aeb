/* Quoted-printable: what a mail server might change on the way is written =XX. */
#include "mail.h"

enum { LINE = 76 };

static void put_line(struct ml_paper *paper, tlc_slice line)
{
    uint64_t i, column = 0, width;

    for (i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        int plain = (c > ' ' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && i + 1 < line.len);
        width = plain ? 1 : 3;
        if (column + width > LINE - 1) {
            ml_put_z(paper, "=\r\n");
            column = 0;
        }
        if (plain) {
            ml_put_char(paper, c);
        } else {
            ml_put_char(paper, '=');
            ml_put_hex(paper, (unsigned char)c);
        }
        column += width;
    }
    ml_put_z(paper, "\r\n");
}

static void put_text(struct ml_paper *paper, tlc_slice text)
{
    uint64_t at = 0, end, len;

    while (at < text.len) {
        for (end = at; end < text.len && text.ptr[end] != '\n'; end++)
            ;
        len = end - at;
        if (len && text.ptr[end - 1] == '\r')
            len--;
        put_line(paper, tlc_text_n(text.ptr + at, len));
        at = end + 1;
    }
}

static void put_part(struct ml_paper *paper, const char *type, tlc_slice text)
{
    ml_put_z(paper, "Content-Type: ");
    ml_put_z(paper, type);
    ml_put_z(paper, "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
    put_text(paper, text);
}

/* A boundary that begins with "=_" never stands in quoted-printable text, nor in base64. */
static void put_texts(struct ml_paper *paper, tlc_slice text, tlc_slice html, tlc_slice boundary)
{
    if (!html.len) {
        put_part(paper, "text/plain", text);
        return;
    }
    ml_put_boundary(paper, "Content-Type: multipart/alternative; boundary=\"=_", boundary, "\"\r\n\r\n");
    ml_put_boundary(paper, "--=_", boundary, "\r\n");
    put_part(paper, "text/plain", text);
    ml_put_boundary(paper, "\r\n--=_", boundary, "\r\n");
    put_part(paper, "text/html", html);
    ml_put_boundary(paper, "\r\n--=_", boundary, "--\r\n");
}

void ml_body(tlc_call *c, struct ml_letter *letter, tlc_slice boundary)
{
    struct ml_paper *paper = &letter->paper;
    tlc_slice text = tlc_arg(c, "/text"), html = tlc_arg(c, "/html");
    tlc_slice attachments = tlc_json_raw(c->host, c->scope, c->request->args, "/attachments");
    int is_mixed = attachments.len > 0 && attachments.ptr[0] == '[' && !tlc_is(attachments, "[]");

    if (attachments.len && attachments.ptr[0] != '[' && !tlc_is(attachments, "null"))
        ml_refuse(letter, TLC_TEXT("attachments"), "is no list of {name, type, content}");
    ml_put_z(paper, "MIME-Version: 1.0\r\n");
    if (is_mixed) {
        ml_put_boundary(paper, "Content-Type: multipart/mixed; boundary=\"=_m", boundary, "\"\r\n\r\n");
        ml_put_boundary(paper, "--=_m", boundary, "\r\n");
    }
    put_texts(paper, text, html, boundary);
    if (!is_mixed)
        return;
    ml_attachments(c, letter, attachments, boundary);
    ml_put_boundary(paper, "\r\n--=_m", boundary, "--\r\n");
}
