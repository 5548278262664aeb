/* What an act on exceptions sends. */
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "exceptions.h"
#include "stream.h"

enum { PAYLOAD_MAX = 64 << 20 };

/* "/pointer=JSON" as a member. The value is checked here, where the shell's quotes are to blame. */
static tl_code add_change(struct tl_json_writer *w, const char *text, struct tl_error *err)
{
    tl_str value = tl_str_z(text), pointer;
    struct tl_json_doc *doc;
    bool cut = tl_str_find(value, '=') >= 0;
    (void)tl_str_cut(&value, '=', &pointer);
    if (!cut)
        return tl_fail(err, TL_EUSAGE, "--set takes a place and a value: --set '/amount=12.50', not '%s'", text);
    tl_code code = tl_json_pointer_check(pointer, err);
    if (code == TL_OK && tl_json_parse_borrowed(value, NULL, &doc, NULL) != TL_OK)
        code = tl_fail(err, TL_EUSAGE, "'%.*s' is not JSON; a text needs its quotes: --set '%.*s=\"%.*s\"'",
                       TL_STR_ARGS(value), TL_STR_ARGS(pointer), TL_STR_ARGS(value));
    if (code != TL_OK)
        return code;
    tl_json_free(doc);
    tl_json_key_str(w, pointer);
    tl_json_raw_value(w, value);
    return TL_OK;
}

static tl_code add_changes(const struct tl_args *args, struct tl_json_writer *w, struct tl_error *err)
{
    size_t at = 0;
    const char *change;
    tl_code code = TL_OK;
    if (!tl_flag(args, "--set"))
        return TL_OK;
    tl_json_key(w, "set");
    tl_json_begin_object(w);
    while (code == TL_OK && (change = tl_arg_next(args, "--set", &at)) != NULL)
        code = add_change(w, change, err);
    tl_json_end_object(w);
    return code;
}

static tl_code add_payload(const struct tl_args *args, struct tl_json_writer *w, struct tl_error *err)
{
    const char *file = tl_arg(args, "--payload");
    struct tl_buf payload;
    if (file == NULL)
        return TL_OK;
    tl_buf_init(&payload, PAYLOAD_MAX);
    tl_code code = tl_stream_read(file, &payload, err);
    if (code == TL_OK)
        tl_json_put_string(w, "payload", tl_buf_str(&payload));
    tl_buf_free(&payload);
    return code;
}

static tl_code add_limit(const struct tl_args *args, struct tl_json_writer *w, struct tl_error *err)
{
    const char *limit = tl_arg(args, "--limit");
    uint64_t number = 0;
    if (limit == NULL)
        return TL_OK;
    if (!tl_str_u64(tl_str_z(limit), &number) || number == 0 || number > INT64_MAX)
        return tl_fail(err, TL_EUSAGE, "--limit takes a number from 1 on, not '%s'", limit);
    tl_json_put_uint(w, "limit", number);
    return TL_OK;
}

tl_code tl_exceptions_body(const struct tl_args *args, struct tl_buf *body, struct tl_error *err)
{
    static const char *const texts[][2] = {
        {"--reason", "reason"}, {"--flow", "flow"}, {"--steward", "steward"}, {"--to", "to"}};
    static const char *const flags[][2] = {
        {"--yes", "yes"}, {"--dry-run", "dry_run"}, {"--although-later", "although_later"}};
    struct tl_json_writer w;
    tl_json_writer_init(&w, body);
    tl_json_begin_object(&w);
    for (size_t i = 0; i < TL_COUNT_OF(texts); i++)
        tl_json_put_z(&w, texts[i][1], tl_arg(args, texts[i][0]));
    for (size_t i = 0; i < TL_COUNT_OF(flags); i++)
        tl_json_put_bool(&w, flags[i][1], tl_flag(args, flags[i][0]));
    tl_code code = add_payload(args, &w, err);
    if (code == TL_OK)
        code = add_changes(args, &w, err);
    if (code == TL_OK)
        code = add_limit(args, &w, err);
    tl_json_end_object(&w);
    return code == TL_OK ? tl_json_writer_done(&w, err) : code;
}
