/* Requests of any kind, one after the other: read whole, and read in pieces whose sizes come from the first bytes of
 * the input. Both must agree on everything, and nothing may be read beyond what was given. */
#include "base/error.h"
#include "http_parse.h"
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 2000, REQUESTS = 4 };

static const struct tl_http_head_limits limits = {1024, 256, 12};

struct outcome {
    enum tl_http_read head, body;
    int status;
    uint32_t size;
    uint64_t length;
    size_t body_len, used;
    char content[BODY_MAX];
};

/* A copy of exactly the bytes given so far, so that a read beyond them is seen. */
static enum tl_http_read read_head(struct tl_http_head *head, const char *bytes, size_t len)
{
    char *exact = malloc(len > 0 ? len : 1);
    tl_must(exact != NULL);
    memcpy(exact, bytes, len);
    enum tl_http_read result = tl_http_head_read(head, exact, len);
    if (result == TL_HTTP_DONE) {
        tl_must(head->size <= len && head->path.at + head->path.len <= head->size);
        for (uint32_t i = 0; i < head->count; i++)
            tl_must(head->fields[i].value.at + head->fields[i].value.len <= head->size);
    }
    free(exact);
    return result;
}

static void read_body(struct outcome *out, const struct tl_http_head *head, char *bytes, size_t len, size_t piece)
{
    struct tl_http_body body;
    size_t raw = 0, end = 0;
    out->body = tl_http_body_begin(&body, head, BODY_MAX);
    while (out->body == TL_HTTP_MORE && raw < len) {
        size_t give = len - raw < piece ? len - raw : piece, used, made;
        out->body = tl_http_body_read(&body, bytes + end, bytes + raw, give, &used, &made);
        tl_must(used <= give && made <= used && (used == give || out->body != TL_HTTP_MORE));
        raw += used;
        end += made;
        tl_must(end <= BODY_MAX);
    }
    if (out->body == TL_HTTP_BAD)
        out->status = body.status;
    else
        memcpy(out->content, bytes, end);
    out->body_len = out->body == TL_HTTP_BAD ? 0 : end;
    out->used = out->body == TL_HTTP_DONE ? raw : 0;
}

static void read_one(struct tl_http_head *head, const char *bytes, size_t len, size_t piece, struct outcome *out)
{
    memset(out, 0, sizeof *out);
    tl_http_head_begin(head);
    size_t have = piece < len ? piece : len;
    while ((out->head = read_head(head, bytes, have)) == TL_HTTP_MORE && have < len)
        have = have + piece < len ? have + piece : len;
    if (out->head == TL_HTTP_BAD)
        out->status = head->status;
    if (out->head != TL_HTTP_DONE)
        return;
    tl_must(!(head->is_chunked && head->has_length));
    out->size = head->size;
    out->length = head->length;
    size_t left = len - head->size;
    char *rest = malloc(left > 0 ? left : 1);
    tl_must(rest != NULL);
    memcpy(rest, bytes + head->size, left);
    read_body(out, head, rest, left, piece);
    free(rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t piece = data[0] % 31 + 1u;
    const char *bytes = (const char *)data + 1;
    size_t len = size - 1;
    struct tl_http_head whole_head, cut_head;
    tl_http_head_init(&whole_head, &limits);
    tl_http_head_init(&cut_head, &limits);
    static struct outcome whole, cut;
    for (int i = 0; i < REQUESTS && len > 0; i++) {
        read_one(&whole_head, bytes, len, len, &whole);
        read_one(&cut_head, bytes, len, piece, &cut);
        tl_must(memcmp(&whole, &cut, sizeof whole) == 0);
        if (whole.head != TL_HTTP_DONE || whole.body != TL_HTTP_DONE)
            break;
        bytes += whole.size + whole.used;
        len -= whole.size + whole.used;
    }
    tl_http_head_free(&whole_head);
    tl_http_head_free(&cut_head);
    return 0;
}
