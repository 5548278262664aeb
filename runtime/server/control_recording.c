/* Events as they were accepted, for fixtures of tests. */
#include "control.h"
#include "flow/recording.h"

static tl_code read_query(const struct tl_control_request *request, const struct tl_control_words *words,
                          struct tl_recording_query *out, struct tl_error *err)
{
    tl_str after = tl_buf_str(&words[3].text);
    *out = (struct tl_recording_query){.key = tl_buf_str(&words[0].text),
                                       .type = tl_buf_str(&words[1].text),
                                       .source = tl_buf_str(&words[2].text),
                                       .since_ms = (int64_t)tl_control_query_number(request, "since", 0),
                                       .limit = tl_control_query_number(request, "limit", 0)};
    if (after.len > 0 && !tl_position_parse(after, &out->after))
        return tl_fail(err, TL_EINPUT, "'%.*s' is no event id: 13 letters and digits, as in 0000000g00003",
                       TL_STR_ARGS(after));
    return TL_OK;
}

void tl_control_recording(struct tl_control_request *request)
{
    struct tl_control_words words[] = {{.name = "key"}, {.name = "event"}, {.name = "system"}, {.name = "after"}};
    struct tl_recording_query query;
    struct tl_buf out;
    struct tl_error err;
    if (!tl_control_engine(request))
        return;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_control_words(request, words, TL_COUNT_OF(words));
    tl_code code = read_query(request, words, &query, &err);
    if (code == TL_OK)
        code = tl_engine_recording(request->server->engine, &query, &out, &err);
    tl_control_written(request, code, &out, &err); /* frees the request; the words are ours */
    tl_control_words_free(words, TL_COUNT_OF(words));
}
