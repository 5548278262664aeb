/* Growing by doubling: what is left behind dies with the call. */
#include "paper.h"

static void make_room(struct ml_paper *paper, uint64_t more)
{
    uint64_t cap = paper->cap ? paper->cap : 4096;
    char *ptr;

    if (paper->len + more <= paper->cap)
        return;
    while (cap < paper->len + more)
        cap *= 2;
    ptr = paper->host->alloc(paper->scope, cap);
    if (paper->len)
        memcpy(ptr, paper->ptr, (size_t)paper->len);
    paper->ptr = ptr;
    paper->cap = cap;
}

void ml_put(struct ml_paper *paper, tlc_slice text)
{
    if (!text.len)
        return;
    make_room(paper, text.len);
    memcpy(paper->ptr + paper->len, text.ptr, (size_t)text.len);
    paper->len += text.len;
}

void ml_put_z(struct ml_paper *paper, const char *text)
{
    ml_put(paper, tlc_z(text));
}

void ml_put_char(struct ml_paper *paper, char c)
{
    tlc_slice one;

    one.ptr = &c;
    one.len = 1;
    ml_put(paper, one);
}

void ml_put_hex(struct ml_paper *paper, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    ml_put_char(paper, digits[c >> 4]);
    ml_put_char(paper, digits[c & 15]);
}

tlc_slice ml_written(const struct ml_paper *paper)
{
    tlc_slice text;

    text.ptr = paper->ptr;
    text.len = paper->len;
    return text;
}
