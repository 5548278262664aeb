/* What parses is written and parsed again and must be the same value and the same text; what does not parse must say so
 * the same way in the reader and in the document. Canonical forms must parse too. */
#include "codec/canonical.h"
#include "codec/json_writer.h"
#include <stdint.h>

static void write_value(const struct tl_json_value *value, struct tl_buf *out)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_value(&w, value);
    tl_must(tl_json_writer_done(&w, NULL) == TL_OK);
}

static void check_canonical(const struct tl_json_value *value, enum tl_canonical form)
{
    struct tl_buf first, second;
    struct tl_json_doc *doc;
    tl_buf_init(&first, 1 << 24);
    tl_buf_init(&second, 1 << 24);
    if (tl_json_canonical(value, form, &first, NULL) == TL_OK) {
        tl_must(tl_json_parse(tl_buf_str(&first), NULL, &doc, NULL) == TL_OK);
        tl_must(form == TL_CANONICAL_JCS || tl_json_equal(value, tl_json_root(doc)));
        tl_must(tl_json_canonical(tl_json_root(doc), form, &second, NULL) == TL_OK);
        tl_must(tl_str_eq(tl_buf_str(&first), tl_buf_str(&second)));
        tl_json_free(doc);
    }
    tl_buf_free(&first);
    tl_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tl_str text = tl_str_n(data, size);
    struct tl_json_doc *doc = NULL, *again = NULL;
    struct tl_error err;
    tl_code code = tl_json_parse(text, NULL, &doc, &err);
    tl_must(code == tl_json_check(text, NULL, NULL));
    if (code != TL_OK)
        return 0;
    struct tl_buf first, second;
    tl_buf_init(&first, 1 << 24);
    tl_buf_init(&second, 1 << 24);
    write_value(tl_json_root(doc), &first);
    tl_must(tl_json_parse(tl_buf_str(&first), NULL, &again, &err) == TL_OK);
    tl_must(tl_json_equal(tl_json_root(doc), tl_json_root(again)));
    write_value(tl_json_root(again), &second);
    tl_must(tl_str_eq(tl_buf_str(&first), tl_buf_str(&second)));
    check_canonical(tl_json_root(doc), TL_CANONICAL_EXACT);
    check_canonical(tl_json_root(doc), TL_CANONICAL_JCS);
    tl_json_free(doc);
    tl_json_free(again);
    tl_buf_free(&first);
    tl_buf_free(&second);
    return 0;
}
