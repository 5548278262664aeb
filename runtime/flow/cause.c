#include "cause.h"
#include "codec/hex.h"
#include <ctype.h>
#include <stdio.h>

#define SHAPE_MAX 1024

/* Joined to the letters and digits around them: SO-4711, b7f1-4c2e, max.muster@acme.example. */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static bool is_address(char c)
{
    return is_word(c) || c == '.' || c == '+' || c == '@';
}

static size_t run_of(tl_str text, size_t at, bool (*belongs)(char c))
{
    size_t end = at;
    while (end < text.len && belongs(text.ptr[end]))
        end++;
    return end - at;
}

static bool has(tl_str text, int (*is)(int c))
{
    for (size_t i = 0; i < text.len; i++) {
        if (is((unsigned char)text.ptr[i]))
            return true;
    }
    return false;
}

/* Behind the closing quote; 0 when none is opened here. An apostrophe inside a word opens nothing. */
static size_t quoted(tl_str text, size_t at)
{
    char quote = text.ptr[at];
    bool single = quote == '\'';
    if (quote != '"' && quote != '`' && !single)
        return 0;
    if (single && at > 0 && isalnum((unsigned char)text.ptr[at - 1]))
        return 0;
    for (size_t i = at + 1; i < text.len; i++) {
        bool inside = single && i + 1 < text.len && isalnum((unsigned char)text.ptr[i + 1]);
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == quote && !inside)
            return i + 1;
    }
    return 0;
}

/* "1, 2 and 12.50" is as long as the record has lines: numbers that only a separator parts are one. */
static void add_changing(struct tl_buf *out)
{
    size_t len = out->len;
    while (len > 0 && (out->ptr[len - 1] == '.' || out->ptr[len - 1] == ',' || out->ptr[len - 1] == ':' ||
                       out->ptr[len - 1] == ' '))
        len--;
    bool same = len > 0 && len < out->len && out->ptr[len - 1] == '#';
    if (same)
        out->ptr[out->len = len] = 0;
    else
        tl_buf_add_char(out, '#');
}

static size_t add_word(tl_str text, size_t at, struct tl_buf *out)
{
    size_t len = run_of(text, at, is_address);
    tl_str word = tl_str_n(text.ptr + at, len);
    if (tl_str_find(word, '@') > 0) {
        add_changing(out);
        return len;
    }
    len = run_of(text, at, is_word);
    word.len = len;
    if (has(word, isdigit))
        add_changing(out);
    else
        tl_buf_add_str(out, word);
    return len;
}

void tl_cause_shape(tl_str message, struct tl_buf *out)
{
    tl_str text = tl_str_n(message.ptr, message.len < SHAPE_MAX ? message.len : SHAPE_MAX);
    for (size_t i = 0; i < text.len;) {
        size_t end = quoted(text, i);
        if (end > 0) {
            tl_buf_add_z(out, "\"…\"");
            i = end;
        } else if (is_word(text.ptr[i]))
            i += add_word(text, i, out);
        else
            tl_buf_add_char(out, text.ptr[i++]);
    }
}

void tl_cause_print(uint64_t cause, char out[TL_CAUSE_TEXT])
{
    snprintf(out, TL_CAUSE_TEXT, "%016llx", (unsigned long long)cause);
}

bool tl_cause_parse(tl_str text, uint64_t *out)
{
    uint8_t bytes[8];
    if (!tl_hex_read(text, bytes, sizeof bytes))
        return false;
    *out = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        *out = *out << 8 | bytes[i];
    return true;
}
