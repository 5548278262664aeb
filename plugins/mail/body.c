/* Quoted-printable: what a mail server might change on the way is written =XX. */
#include "mail.h"

enum { LINE = 76 };

static void put_hex(struct ml_paper *paper, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    ml_put_char(paper, '=');
    ml_put_char(paper, digits[c >> 4]);
    ml_put_char(paper, digits[c & 15]);
}

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
        if (plain)
            ml_put_char(paper, c);
        else
            put_hex(paper, (unsigned char)c);
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

/* A boundary that begins with "=_" never stands in quoted-printable text. */
static void put_boundary(struct ml_paper *paper, tlc_slice boundary, const char *before, const char *after)
{
    ml_put_z(paper, before);
    ml_put_z(paper, "=_");
    ml_put(paper, boundary);
    ml_put_z(paper, after);
}

void ml_body(struct ml_letter *letter, tlc_slice text, tlc_slice html, tlc_slice boundary)
{
    struct ml_paper *paper = &letter->paper;

    ml_put_z(paper, "MIME-Version: 1.0\r\n");
    if (!html.len) {
        put_part(paper, "text/plain", text);
        return;
    }
    put_boundary(paper, boundary, "Content-Type: multipart/alternative; boundary=\"", "\"\r\n\r\n");
    put_boundary(paper, boundary, "--", "\r\n");
    put_part(paper, "text/plain", text);
    put_boundary(paper, boundary, "\r\n--", "\r\n");
    put_part(paper, "text/html", html);
    put_boundary(paper, boundary, "\r\n--", "--\r\n");
}
