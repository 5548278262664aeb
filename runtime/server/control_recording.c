/* Events as they were accepted, for fixtures of tests. */
#include "control.h"
#include "flow/recording.h"

static tl_code list(const struct tl_control_request *request, const struct tl_control_words *words, struct tl_buf *out,
                    struct tl_error *err)
{
    tl_str after = tl_buf_str(&words[3].text);
    struct tl_recording_query query = {.key = tl_buf_str(&words[0].text),
                                       .type = tl_buf_str(&words[1].text),
                                       .source = tl_buf_str(&words[2].text),
                                       .since_ms = (int64_t)tl_control_query_number(request, "since", 0),
                                       .limit = tl_control_query_number(request, "limit", 0)};
    tl_code code = after.len > 0 ? tl_control_position(after, &query.after, err) : TL_OK;
    return code == TL_OK ? tl_engine_recording(request->server->engine, &query, out, err) : code;
}

void tl_control_recording(struct tl_control_request *request)
{
    struct tl_control_words words[] = {{.name = "key"}, {.name = "event"}, {.name = "system"}, {.name = "after"}};
    tl_control_list(request, words, TL_COUNT_OF(words), list);
}
