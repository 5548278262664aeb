/* The first line is a pointer, the rest a text. On JSON the raw walk and the document must agree; on anything else the
 * raw walk must only end. */
#include "codec/json_pointer.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tl_str raw = tl_str_n(data, size), pointer = TL_STR_NONE, value = TL_STR_NONE, text;
    struct tl_json_doc *doc;
    struct tl_buf scratch;
    if (!size || !tl_str_cut(&raw, '\n', &pointer))
        return 0;
    tl_code code = tl_json_pointer(raw, pointer, &value, NULL);
    if (code == TL_OK)
        tl_must(value.ptr >= raw.ptr && value.ptr + value.len <= raw.ptr + raw.len && value.len);
    if (tl_json_parse_borrowed(raw, NULL, &doc, NULL) == TL_OK) {
        const struct tl_json_value *found = tl_json_at(tl_json_root(doc), pointer);
        tl_must((code == TL_OK) == (found != NULL));
        if (found)
            tl_must(tl_json_raw(found).ptr == value.ptr && tl_json_raw(found).len == value.len);
        tl_json_free(doc);
    }
    tl_buf_init(&scratch, size + 1);
    (void)tl_json_pointer_text(raw, pointer, &scratch, &text, NULL);
    tl_buf_free(&scratch);
    return 0;
}
