/* The request body: so many bytes, or chunks (RFC 9112 section 7.1). Chunk extensions and trailer fields are checked
 * for shape, bounded, and dropped. */
#include "http_chars.h"
#include "http_parse.h"
#include <string.h>

enum { SIZE_DIGITS = 16, ODD_BYTES = 4096 };

enum step {
    PLAIN, /* `left` bytes, then the end */
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA, /* `left` bytes of a chunk */
    DATA_CR,
    DATA_LF,
    TRAILER_START, /* of a trailer line, or of the empty line that ends everything */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    OVER
};

static enum tl_http_read bad(struct tl_http_body *body, int status, const char *reason)
{
    body->status = status;
    body->reason = reason;
    return TL_HTTP_BAD;
}

static enum tl_http_read too_large(struct tl_http_body *body)
{
    return bad(body, 413, "The body is larger than accepted here.");
}

enum tl_http_read tl_http_body_begin(struct tl_http_body *body, const struct tl_http_head *head, uint64_t max)
{
    *body = (struct tl_http_body){.step = head->is_chunked ? SIZE : PLAIN, .left = head->length, .max = max};
    if (head->is_chunked)
        return TL_HTTP_MORE;
    if (body->left > max)
        return too_large(body);
    return body->left > 0 ? TL_HTTP_MORE : TL_HTTP_DONE;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum tl_http_read size_known(struct tl_http_body *body)
{
    if (body->left > body->max - body->total)
        return too_large(body);
    body->digits = 0;
    body->step = body->left > 0 ? DATA : TRAILER_START;
    return TL_HTTP_MORE;
}

static enum tl_http_read read_size(struct tl_http_body *body, char c)
{
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (++body->digits > SIZE_DIGITS)
            return bad(body, 400, "A chunk size has too many digits.");
        body->left = body->left << 4 | (unsigned)digit;
        return TL_HTTP_MORE;
    }
    if (body->digits == 0)
        return bad(body, 400, "A chunk does not begin with its size in hexadecimal digits.");
    if (c != '\r' && c != ';')
        return bad(body, 400, "A chunk size is followed by neither an extension nor a line end.");
    body->step = c == '\r' ? SIZE_LF : EXTENSION;
    return TL_HTTP_MORE;
}

static enum tl_http_read odd_byte(struct tl_http_body *body)
{
    if (++body->odd_bytes > ODD_BYTES)
        return bad(body, 400, "The chunk extensions or trailer fields are too long.");
    return TL_HTTP_MORE;
}

static enum tl_http_read read_extension(struct tl_http_body *body, char c)
{
    if (c == '\r') {
        body->step = SIZE_LF;
        return TL_HTTP_MORE;
    }
    if (!tl_char_in(TL_VALUE_CHARS, c))
        return bad(body, 400, "A chunk extension has control characters.");
    return odd_byte(body);
}

static enum tl_http_read read_trailer(struct tl_http_body *body, char c)
{
    if (body->step == TRAILER_VALUE) {
        if (c == '\r')
            body->step = TRAILER_LF;
        else if (!tl_char_in(TL_VALUE_CHARS, c))
            return bad(body, 400, "A trailer field has control characters.");
        return odd_byte(body);
    }
    if (body->step == TRAILER_START && c == '\r') {
        body->step = LAST_LF;
        return TL_HTTP_MORE;
    }
    if (body->step == TRAILER_NAME && c == ':')
        body->step = TRAILER_VALUE;
    else if (tl_char_in(TL_TOKEN_CHARS, c))
        body->step = TRAILER_NAME;
    else
        return bad(body, 400, "A trailer line is not a name, directly followed by a colon.");
    return odd_byte(body);
}

/* One byte that is not content. */
static enum tl_http_read read_frame(struct tl_http_body *body, char c)
{
    switch (body->step) {
    case SIZE:
        return read_size(body, c);
    case EXTENSION:
        return read_extension(body, c);
    case DATA_CR:
        body->step = DATA_LF;
        return c == '\r' ? TL_HTTP_MORE : bad(body, 400, "A chunk is longer than its size says.");
    case TRAILER_START:
    case TRAILER_NAME:
    case TRAILER_VALUE:
        return read_trailer(body, c);
    default:
        break;
    }
    if (c != '\n')
        return bad(body, 400, "A carriage return stands alone in the chunk framing.");
    switch (body->step) {
    case SIZE_LF:
        return size_known(body);
    case DATA_LF:
        body->step = SIZE;
        return TL_HTTP_MORE;
    case TRAILER_LF:
        body->step = TRAILER_START;
        return TL_HTTP_MORE;
    default: /* LAST_LF */
        body->step = OVER;
        return TL_HTTP_DONE;
    }
}

enum tl_http_read tl_http_body_read(struct tl_http_body *body, char *to, const char *raw, size_t len, size_t *used,
                                    size_t *made)
{
    enum tl_http_read result = TL_HTTP_MORE;
    *used = *made = 0;
    while (*used < len && result == TL_HTTP_MORE) {
        if (body->step != PLAIN && body->step != DATA) {
            result = read_frame(body, raw[(*used)++]);
            continue;
        }
        size_t piece = len - *used < body->left ? len - *used : (size_t)body->left;
        if (to + *made != raw + *used)
            memmove(to + *made, raw + *used, piece);
        *used += piece;
        *made += piece;
        body->left -= piece;
        body->total += piece;
        if (body->left == 0 && body->step == PLAIN) {
            body->step = OVER;
            result = TL_HTTP_DONE;
        } else if (body->left == 0) {
            body->step = DATA_CR;
        }
    }
    return result;
}
