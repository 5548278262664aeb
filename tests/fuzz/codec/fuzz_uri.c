/* Percent-encoding comes back, splitting stays inside, and templates expand or refuse, never half. */
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/uri.h"
#include "codec/uri_template.h"
#include "codec/utf8.h"
#include <stdint.h>

static void check_percent(tl_str text, enum tl_uri_set keep)
{
    struct tl_buf coded, back;
    tl_buf_init(&coded, 1 << 22);
    tl_buf_init(&back, 1 << 22);
    tl_must(tl_uri_encode(&coded, text, keep));
    tl_must(tl_uri_decode(&back, tl_buf_str(&coded), keep == TL_URI_FORM, NULL) == TL_OK);
    tl_must(keep == TL_URI_RESERVED || tl_str_eq(tl_buf_str(&back), text));
    tl_buf_free(&coded);
    tl_buf_free(&back);
}

static void check_template(tl_str text)
{
    static const char variables[] = "{\"a\":\"x/y\",\"b\":[1,\"\",true],\"c\":{\"k\":\"v\",\"n\":null},\"d\":null}";
    struct tl_json_doc *doc;
    struct tl_buf out;
    tl_buf_init(&out, 1 << 22);
    tl_must(tl_json_parse(tl_str_z(variables), NULL, &doc, NULL) == TL_OK);
    tl_code checked = tl_uri_template_check(text, NULL);
    tl_code expanded = tl_uri_template_expand(text, tl_json_root(doc), &out, NULL);
    tl_must(checked == TL_OK || expanded == TL_EINPUT);
    tl_must(expanded == TL_OK || out.len == 0);
    tl_json_free(doc);
    tl_buf_free(&out);
}

static void check_binary_texts(tl_str text)
{
    struct tl_buf bytes, again;
    tl_buf_init(&bytes, 1 << 22);
    tl_buf_init(&again, 1 << 22);
    if (tl_base64_decode(&bytes, text, NULL) == TL_OK) {
        tl_must(tl_base64_encode(&again, tl_buf_str(&bytes)));
        tl_must(tl_str_eq(tl_buf_str(&again), text));
    }
    tl_buf_clear(&bytes);
    (void)tl_base64url_decode(&bytes, text, NULL);
    (void)tl_hex_decode(&bytes, text, NULL);
    tl_buf_clear(&bytes);
    tl_must(tl_utf8_repair(&bytes, text) && tl_utf8_valid(tl_buf_str(&bytes)));
    tl_buf_clear(&bytes);
    tl_must(tl_utf8_upper(&bytes, text) && tl_utf8_lower(&bytes, text));
    tl_buf_free(&bytes);
    tl_buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tl_str text = tl_str_n(data, size), rest = text, name, value;
    struct tl_uri uri;
    for (int keep = TL_URI_UNRESERVED; keep <= TL_URI_FORM; keep++)
        check_percent(text, (enum tl_uri_set)keep);
    if (tl_uri_split(text, &uri, NULL) == TL_OK)
        tl_must(uri.host.len && uri.scheme.len && uri.path.len <= size);
    while (tl_query_next(&rest, &name, &value))
        tl_must(name.len + value.len <= size);
    struct tl_buf out;
    tl_buf_init(&out, 1 << 20);
    (void)tl_query_get(text, "a", &out, NULL);
    tl_buf_free(&out);
    check_template(text);
    check_binary_texts(text);
    return 0;
}
