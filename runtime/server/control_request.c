/* What handlers of the control socket read in a request. Thread: any that has the request. */
#include "codec/uri.h"
#include "codec/utf8.h"
#include "control.h"

bool tl_control_query(const struct tl_control_request *request, const char *name, struct tl_buf *out)
{
    return tl_query_get(request->http->query, name, out, NULL) == TL_OK;
}

void tl_control_words(const struct tl_control_request *request, struct tl_control_words *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tl_buf_init(&words[i].text, 8192);
        (void)tl_control_query(request, words[i].name, &words[i].text);
    }
}

void tl_control_words_free(struct tl_control_words *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tl_buf_free(&words[i].text);
}

uint64_t tl_control_query_number(const struct tl_control_request *request, const char *name, uint64_t otherwise)
{
    struct tl_buf text;
    uint64_t number;
    tl_buf_init(&text, 32);
    if (!tl_control_query(request, name, &text) || !tl_str_u64(tl_buf_str(&text), &number))
        number = otherwise;
    tl_buf_free(&text);
    return number;
}

tl_code tl_control_position(tl_str text, tl_position *out, struct tl_error *err)
{
    if (tl_position_parse(text, out))
        return TL_OK;
    return tl_fail(err, TL_EINPUT, "'%.*s' is no event id: 13 letters and digits, as in 0000000g00003",
                   TL_STR_ARGS(text));
}

tl_code tl_control_check_reason(const struct tl_json_value *root, struct tl_error *err)
{
    tl_str reason = tl_json_get_text(root, "reason");
    size_t at = 0;
    uint32_t code;
    while (tl_utf8_next(reason, &at, &code)) {
        if (tl_utf8_steers(code))
            return tl_fail(err, TL_EINPUT,
                           "the reason holds a control character (U+%04X): it is one line of text, for the history",
                           (unsigned)code);
    }
    return TL_OK;
}
