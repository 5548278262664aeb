#include "payload_change.h"
#include "codec/json.h"
#include "codec/json_pointer.h"
#include "codec/json_set.h"
#include "journal/event.h"

static tl_code check(const struct tl_json_value *root, struct tl_error *err)
{
    if (tl_json_type(root) != TL_JSON_IS_OBJECT || tl_json_count(root) == 0)
        return tl_fail(err, TL_EINPUT, "changes are a JSON object with a pointer for each place: {\"/amount\": 12}");
    if (tl_json_count(root) > TL_PAYLOAD_CHANGES_MAX)
        return tl_fail(err, TL_EINPUT, "more than %d changes at once: give the whole payload instead",
                       TL_PAYLOAD_CHANGES_MAX);
    struct tl_json_iter i = tl_json_iter(root);
    tl_code code = TL_OK;
    while (code == TL_OK && tl_json_next(&i))
        code = tl_json_pointer_check(i.key, err);
    return code;
}

tl_code tl_payload_change_check(tl_str changes, struct tl_error *err)
{
    struct tl_json_doc *doc;
    tl_code code = tl_json_parse_borrowed(changes, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    code = check(tl_json_root(doc), err);
    tl_json_free(doc);
    return code;
}

/* `out` and `before` change places at each step. */
static tl_code carry_out(const struct tl_json_value *changes, struct tl_buf *before, struct tl_buf *out,
                         struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(changes);
    tl_code code = TL_OK;
    while (code == TL_OK && tl_json_next(&i)) {
        tl_buf_clear(out);
        code = tl_json_set(tl_buf_str(before), i.key, tl_json_raw(i.value), out, err);
        struct tl_buf done = *out;
        *out = *before;
        *before = done;
    }
    return code;
}

tl_code tl_payload_change(tl_str payload, tl_str changes, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_doc *doc;
    struct tl_buf now, next;
    tl_code code = tl_json_parse_borrowed(changes, NULL, &doc, err);
    if (code != TL_OK)
        return code;
    tl_buf_init(&now, TL_PAYLOAD_MAX);
    tl_buf_init(&next, TL_PAYLOAD_MAX);
    code = check(tl_json_root(doc), err);
    if (code == TL_OK && !tl_buf_add_str(&now, payload))
        code = tl_fail(err, TL_EFULL, "the payload is too large");
    if (code == TL_OK)
        code = carry_out(tl_json_root(doc), &now, &next, err);
    if (code == TL_OK && !tl_buf_add_str(out, tl_buf_str(&now)))
        code = tl_fail(err, TL_EFULL, "the changed payload is too large");
    tl_buf_free(&now);
    tl_buf_free(&next);
    tl_json_free(doc);
    return code;
}
