#include "net/letter.h"
#include "codec/base64.h"
#include "codec/timestamp.h"
#include "codec/utf8.h"
#include <ctype.h>
#include <string.h>

enum { LINE = 76, SUBJECT_MAX = 120, WORD_BYTES = 39 /* of an encoded word; with it the line stays below LINE */ };

/* ---- addresses ---- */

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) && (unsigned char)c < 0x80;
}

/* Parts between dots, none empty, of letters, digits and `more`. */
static bool is_dotted(tl_str text, const char *more, size_t most)
{
    tl_str part, rest = text;
    if (text.len == 0 || text.len > most)
        return false;
    while (tl_str_cut(&rest, '.', &part)) {
        if (part.len == 0)
            return false;
        for (size_t i = 0; i < part.len; i++) {
            if (!is_plain(part.ptr[i]) && (part.ptr[i] == 0 || strchr(more, part.ptr[i]) == NULL))
                return false;
        }
    }
    return true;
}

bool tl_letter_address(tl_str address)
{
    tl_str host = address, name;
    return tl_str_find(address, '@') > 0 && tl_str_cut(&host, '@', &name) &&
           is_dotted(name, "!#$%&'*+-/=?^_`{|}~", 64) && is_dotted(host, "-", 253);
}

/* ---- the head ---- */

static bool is_ascii_line(tl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~' ||
            (text.ptr[i] == '=' && i + 1 < text.len && text.ptr[i + 1] == '?'))
            return false;
    }
    return true;
}

/* As it is when that is safe, else in encoded words (RFC 2047), each of whole characters. */
static void add_subject(struct tl_buf *out, tl_str subject)
{
    struct tl_buf clean;
    tl_buf_init(&clean, 4 * SUBJECT_MAX);
    (void)tl_utf8_repair(&clean, tl_utf8_first(subject, SUBJECT_MAX));
    for (size_t i = 0; i < clean.len; i++)
        if ((unsigned char)clean.ptr[i] < ' ' || clean.ptr[i] == 0x7f)
            clean.ptr[i] = ' ';
    tl_str text = tl_buf_str(&clean);
    bool plain = is_ascii_line(text) && text.len + strlen("Subject: ") <= LINE;
    tl_buf_addf(out, "Subject: %.*s", TL_STR_ARGS(plain ? text : TL_STR_NONE));
    for (size_t at = plain ? text.len : 0; at < text.len;) {
        size_t end = at, next = at;
        uint32_t code;
        while (next - at <= WORD_BYTES && tl_utf8_next(text, &next, &code))
            end = next - at <= WORD_BYTES ? next : end;
        tl_buf_addf(out, "%s=?UTF-8?B?", at > 0 ? "\r\n " : "");
        (void)tl_base64_encode(out, tl_str_n(text.ptr + at, end - at));
        tl_buf_add_z(out, "?=");
        at = end;
    }
    tl_buf_add_z(out, "\r\n");
    tl_buf_free(&clean);
}

static void add_date(struct tl_buf *out, int64_t time_ms)
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t seconds = time_ms > 0 ? time_ms / 1000 : 0, day = seconds / 86400, left = seconds % 86400;
    struct tl_date date = tl_date_from_days(day);
    tl_buf_addf(out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[day % 7], date.day, months[date.month - 1],
                (int)date.year, (int)(left / 3600), (int)(left / 60 % 60), (int)(left % 60));
}

/* ---- the body ---- */

/* One line in quoted-printable: what a mail server might change on the way is written =XX. */
static void add_line(struct tl_buf *out, tl_str line)
{
    size_t column = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        bool plain = (c > ' ' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && i + 1 < line.len);
        size_t width = plain ? 1 : 3;
        if (column + width > LINE - 1) {
            tl_buf_add_z(out, "=\r\n");
            column = 0;
        }
        plain ? tl_buf_add_char(out, (char)c) : tl_buf_addf(out, "=%02X", c);
        column += width;
    }
    tl_buf_add_z(out, "\r\n");
}

static void add_text(struct tl_buf *out, tl_str text)
{
    tl_str line, rest = text;
    while (rest.len > 0 && tl_str_cut(&rest, '\n', &line)) {
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        add_line(out, line);
    }
}

tl_code tl_letter_write(const struct tl_letter *letter, struct tl_buf *out, struct tl_error *err)
{
    if (!tl_letter_address(letter->from) || !tl_letter_address(letter->to))
        return tl_fail(err, TL_EINPUT, "'%.*s' is no mail address: name@host is needed",
                       TL_STR_ARGS(tl_letter_address(letter->from) ? letter->to : letter->from));
    if (!is_dotted(letter->id, "-", 128))
        return tl_fail(err, TL_EINPUT, "'%.*s' cannot be the id of a letter", TL_STR_ARGS(letter->id));
    if (letter->text.len > TL_LETTER_TEXT_MAX)
        return tl_fail(err, TL_EINPUT, "a letter may have %d bytes of text, not %zu", TL_LETTER_TEXT_MAX,
                       letter->text.len);
    struct tl_buf text;
    tl_buf_init(&text, 4 * TL_LETTER_TEXT_MAX);
    (void)tl_utf8_repair(&text, letter->text);
    tl_str host = tl_str_from(letter->from, (size_t)tl_str_find(letter->from, '@') + 1);
    tl_buf_addf(out, "From: Tidelock <%.*s>\r\nTo: <%.*s>\r\n", TL_STR_ARGS(letter->from), TL_STR_ARGS(letter->to));
    add_subject(out, letter->subject);
    add_date(out, letter->time_ms);
    tl_buf_addf(out, "Message-ID: <%.*s@%.*s>\r\n", TL_STR_ARGS(letter->id), TL_STR_ARGS(host));
    tl_buf_add_z(out, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n");
    add_text(out, tl_buf_str(&text));
    tl_buf_free(&text);
    return out->overflow ? tl_fail(err, TL_EFULL, "the letter is too large") : TL_OK;
}
