/* Headers. Nothing of the arguments gets into them that could end a line. */
#include "mail.h"
#include <tidelock/time.h>

enum { LINE = 76, WORD_BYTES = 39 /* of an encoded word; with it the line stays below LINE */ };

static int has_control(tlc_slice text)
{
    uint64_t i;

    for (i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return 1;
    return 0;
}

/* Printable ASCII that no mail program takes for an encoded word. */
static int is_safe(tlc_slice text)
{
    uint64_t i;

    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~')
            return 0;
        if (text.ptr[i] == '=' && i + 1 < text.len && text.ptr[i + 1] == '?')
            return 0;
    }
    return 1;
}

/* The end of the encoded word that begins at `at`: whole characters only. */
static uint64_t word_end(tlc_slice text, uint64_t at)
{
    uint64_t end = at + WORD_BYTES;

    if (end >= text.len)
        return text.len;
    while (end > at + 1 && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
        end--;
    return end;
}

void ml_head_text(tlc_call *c, struct ml_letter *letter, tlc_slice field, tlc_slice text, uint64_t used)
{
    uint64_t at = 0, end;
    tlc_slice word = {0, 0};

    if (has_control(text)) {
        ml_refuse(letter, field, "holds a line break or another control character");
        return;
    }
    if (is_safe(text) && used + text.len <= LINE) {
        ml_put(&letter->paper, text);
        return;
    }
    for (; at < text.len; at = end) {
        end = word_end(text, at);
        c->host->encode(c->scope, TLC_BASE64, tlc_text_n(text.ptr + at, end - at), &word);
        ml_put_z(&letter->paper, at ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        ml_put(&letter->paper, word);
        ml_put_z(&letter->paper, "?=");
    }
}

static int starts(tlc_slice text, const char *with)
{
    uint64_t n = (uint64_t)strlen(with), i;

    if (text.len < n)
        return 0;
    for (i = 0; i < n; i++) {
        char a = text.ptr[i], b = with[i];
        if ((a >= 'A' && a <= 'Z' ? a + 32 : a) != (b >= 'A' && b <= 'Z' ? b + 32 : b))
            return 0;
    }
    return 1;
}

static int is_name(tlc_slice name)
{
    uint64_t i;

    for (i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] > '~' || name.ptr[i] == ':')
            return 0;
    return name.len > 0 && name.len <= 60;
}

/* Those that neither say who it is from and to nor what its parts are. */
static int may_be_given(tlc_slice name)
{
    static const char *const whole[] = {"In-Reply-To", "References", "Precedence", "Importance", "Auto-Submitted"};
    uint32_t i;

    if (!is_name(name))
        return 0;
    if ((starts(name, "X-") && name.len > 2) || (starts(name, "List-") && name.len > 5))
        return 1;
    for (i = 0; i < TLC_COUNT(whole); i++)
        if (starts(name, whole[i]) && name.len == strlen(whole[i]))
            return 1;
    return 0;
}

void ml_head_more(tlc_call *c, struct ml_letter *letter)
{
    tlc_slice headers = tlc_json_raw(c->host, c->scope, c->request->args, "/headers"), name, raw, value;
    uint64_t at = 0;
    int says_auto = 0;

    while (headers.len && c->host->json_next(c->scope, headers, &at, &name, &raw) == 1) {
        if (!may_be_given(name)) {
            ml_refuse(letter, tlc_keep(c->host, c->scope, name),
                      "cannot be given as a header: X-…, List-…, In-Reply-To, References, Precedence, Importance or "
                      "Auto-Submitted");
            return;
        }
        if (c->host->json_text(c->scope, raw, &value) != 1) {
            ml_refuse(letter, tlc_keep(c->host, c->scope, name), "is no text");
            return;
        }
        says_auto |= starts(name, "Auto-Submitted");
        ml_put(&letter->paper, name);
        ml_put_z(&letter->paper, ": ");
        ml_head_text(c, letter, tlc_keep(c->host, c->scope, name), value, name.len + 2);
        ml_put_z(&letter->paper, "\r\n");
    }
    if (!says_auto)
        ml_put_z(&letter->paper, "Auto-Submitted: auto-generated\r\n");
}

/* The names and numbers of a time that tlc_time_print has taken apart: "2026-01-31T12:00:00.000Z". */
void ml_head_date(struct ml_letter *letter, int64_t wall_ms)
{
    static const char days[7][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[TLC_TIME_SIZE];
    int64_t month;

    tlc_time_print(wall_ms, text);
    month = (text[5] - '0') * 10 + (text[6] - '0');
    ml_put_z(&letter->paper, "Date: ");
    ml_put_z(&letter->paper, days[wall_ms / 86400000 % 7]);
    ml_put_z(&letter->paper, ", ");
    ml_put(&letter->paper, tlc_text_n(text + 8, 2));
    ml_put_z(&letter->paper, " ");
    ml_put_z(&letter->paper, months[month - 1]);
    ml_put_z(&letter->paper, " ");
    ml_put(&letter->paper, tlc_text_n(text, 4));
    ml_put_z(&letter->paper, " ");
    ml_put(&letter->paper, tlc_text_n(text + 11, 8));
    ml_put_z(&letter->paper, " +0000\r\n");
}
