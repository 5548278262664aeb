/* Types of values, as bits and as words. Pure. */
#include "validate.h"

bool tl_eval_whole(const struct tl_json_value *number)
{
    tl_str text = tl_json_text(number);
    struct tl_decimal d = TL_DECIMAL_ZERO;
    bool plain = true;
    for (size_t i = 0; i < text.len && plain; i++)
        plain = text.ptr[i] == '-' || (text.ptr[i] >= '0' && text.ptr[i] <= '9');
    if (plain)
        return true;
    bool whole = tl_decimal_parse(text, &d, NULL) == TL_OK && tl_decimal_is_integer(&d);
    tl_decimal_free(&d);
    return whole;
}

uint8_t tl_type_bits(const struct tl_json_value *value)
{
    switch (tl_json_type(value)) {
    case TL_JSON_IS_NULL:
        return TL_TYPE_NULL;
    case TL_JSON_IS_FALSE:
    case TL_JSON_IS_TRUE:
        return TL_TYPE_BOOLEAN;
    case TL_JSON_IS_NUMBER:
        return TL_TYPE_NUMBER;
    case TL_JSON_IS_STRING:
        return TL_TYPE_STRING;
    case TL_JSON_IS_ARRAY:
        return TL_TYPE_ARRAY;
    case TL_JSON_IS_OBJECT:
        return TL_TYPE_OBJECT;
    default:
        return 0;
    }
}

void tl_type_words(uint8_t types, struct tl_buf *out)
{
    static const struct {
        uint8_t bit;
        const char *word;
    } words[] = {{TL_TYPE_NULL, "null"},      {TL_TYPE_BOOLEAN, "boolean"}, {TL_TYPE_NUMBER, "number"},
                 {TL_TYPE_STRING, "string"},  {TL_TYPE_ARRAY, "array"},     {TL_TYPE_OBJECT, "object"},
                 {TL_TYPE_INTEGER, "integer"}};
    size_t before = out->len;
    if (types & TL_TYPE_NUMBER)
        types &= (uint8_t)~TL_TYPE_INTEGER;
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if (types & words[i].bit) {
            if (out->len != before)
                tl_buf_add_z(out, " or ");
            tl_buf_add_z(out, words[i].word);
        }
}
