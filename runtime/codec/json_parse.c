/* Builds the tape of a document from the reader's tokens, in one pass and without recursion.
 * Invariant while building: open[0..depth) are the indices of the open containers, innermost last; node pointers are
 * only taken after the last node was added, since the array moves. Thread: one at a time. */
#include "base/alloc.h"
#include "json_value.h"
#include <string.h>

struct build {
    struct tl_json_doc *doc;
    struct tl_json_reader reader;
    uint32_t depth;
    uint32_t open[TL_JSON_DEPTH_MAX];
};

static struct tl_json_value *add_node(struct tl_json_doc *doc, uint8_t type)
{
    if (doc->count == doc->cap) {
        doc->cap *= 2;
        doc->nodes = tl_realloc(doc->nodes, doc->cap * sizeof *doc->nodes);
    }
    struct tl_json_value *node = &doc->nodes[doc->count++];
    *node = (struct tl_json_value){.type = type, .span = 1};
    return node;
}

/* The reader's text, where it stays: in the input, or moved from its scratch into the document. */
static const char *keep_text(struct build *b)
{
    struct tl_json_doc *doc = b->doc;
    tl_str text = b->reader.text;
    if (text.len == 0 || text.ptr != b->reader.scratch.ptr)
        return text.ptr;
    if (!doc->decoded)
        doc->decoded = tl_alloc(doc->len);
    char *to = doc->decoded + doc->decoded_len;
    memcpy(to, text.ptr, text.len);
    doc->decoded_len += text.len;
    return to;
}

static void add_key(struct build *b)
{
    struct tl_json_value *node = add_node(b->doc, TL_JSON_IS_KEY);
    node->text = keep_text(b);
    node->len = (uint32_t)b->reader.text.len;
    node->hash = tl_json_key_hash(b->reader.text);
}

static void count_in_parent(struct build *b)
{
    if (b->depth)
        b->doc->nodes[b->open[b->depth - 1]].len++;
}

static void add_value(struct build *b, uint8_t type)
{
    count_in_parent(b);
    struct tl_json_value *node = add_node(b->doc, type);
    node->raw = b->reader.token;
    node->raw_len = (uint32_t)(b->reader.at - b->reader.token);
    if (type == TL_JSON_IS_STRING || type == TL_JSON_IS_NUMBER) {
        node->text = keep_text(b);
        node->len = (uint32_t)b->reader.text.len;
    }
}

static void open_container(struct build *b, uint8_t type)
{
    add_value(b, type);
    b->open[b->depth++] = (uint32_t)(b->doc->count - 1);
}

static void close_container(struct build *b)
{
    uint32_t index = b->open[--b->depth];
    struct tl_json_value *node = &b->doc->nodes[index];
    node->span = (uint32_t)(b->doc->count - index);
    node->raw_len = (uint32_t)(b->reader.at - node->raw);
    if (node->type == TL_JSON_IS_OBJECT && node->len > 1)
        tl_json_mark_overridden(node);
}

static bool take(struct build *b, enum tl_json_token token)
{
    switch (token) {
    case TL_JSON_KEY:
        add_key(b);
        return true;
    case TL_JSON_STRING:
        add_value(b, TL_JSON_IS_STRING);
        return true;
    case TL_JSON_NUMBER:
        add_value(b, TL_JSON_IS_NUMBER);
        return true;
    case TL_JSON_NULL:
        add_value(b, TL_JSON_IS_NULL);
        return true;
    case TL_JSON_TRUE:
        add_value(b, TL_JSON_IS_TRUE);
        return true;
    case TL_JSON_FALSE:
        add_value(b, TL_JSON_IS_FALSE);
        return true;
    case TL_JSON_BEGIN_OBJECT:
        open_container(b, TL_JSON_IS_OBJECT);
        return true;
    case TL_JSON_BEGIN_ARRAY:
        open_container(b, TL_JSON_IS_ARRAY);
        return true;
    case TL_JSON_END_OBJECT:
    case TL_JSON_END_ARRAY:
        close_container(b);
        return true;
    default:
        return false;
    }
}

/* Takes over `doc`. */
static tl_code build_doc(struct tl_json_doc *doc, const struct tl_json_limits *limits, struct tl_json_doc **out,
                         struct tl_error *err)
{
    struct build b;
    b.doc = doc;
    b.depth = 0;
    doc->cap = doc->len / 8 + 8;
    doc->nodes = tl_alloc(doc->cap * sizeof *doc->nodes);
    tl_json_reader_init(&b.reader, (tl_str){doc->text, doc->len}, limits);
    while (take(&b, tl_json_read(&b.reader)))
        ;
    tl_code code = tl_json_reader_error(&b.reader, err);
    tl_json_reader_deinit(&b.reader);
    if (code == TL_OK)
        *out = doc;
    else
        tl_json_free(doc);
    return code;
}

tl_code tl_json_parse_borrowed(tl_str text, const struct tl_json_limits *limits, struct tl_json_doc **out,
                               struct tl_error *err)
{
    struct tl_json_doc *doc = TL_NEW(struct tl_json_doc);
    doc->text = text.len ? text.ptr : "";
    doc->len = text.len;
    return build_doc(doc, limits, out, err);
}

tl_code tl_json_parse(tl_str text, const struct tl_json_limits *limits, struct tl_json_doc **out, struct tl_error *err)
{
    size_t size = limits && limits->size ? limits->size : TL_JSON_SIZE;
    if (text.len > size) /* before the copy; the reader words the refusal */
        return tl_json_check(text, limits, err);
    struct tl_json_doc *doc = TL_NEW(struct tl_json_doc);
    doc->text = tl_copy(text.ptr, text.len);
    doc->len = text.len;
    doc->owns_text = true;
    return build_doc(doc, limits, out, err);
}

void tl_json_free(struct tl_json_doc *doc)
{
    if (!doc)
        return;
    if (doc->owns_text)
        tl_free((char *)(uintptr_t)doc->text);
    tl_free(doc->decoded);
    tl_free(doc->nodes);
    tl_free(doc);
}
