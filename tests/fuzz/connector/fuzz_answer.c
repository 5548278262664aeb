/* Any bytes as a platform's answer and its headers, judged by rules that look everywhere. */
#include "answer.h"
#include "notes.h"

static const char rules_text[] =
    "{\"errors\":[{\"status\":\"4xx\",\"pointer\":[\"/0/errorCode\",\"\",\"/a/0/"
    "b\"],\"contains\":\"LIMIT\",\"class\":\"quota\","
    "\"wait\":{\"pointer\":\"/"
    "wait\"}},{\"header\":\"X\",\"starts\":\"a\",\"class\":\"retry\",\"wait\":{\"header\":\"X\"}}],"
    "\"quota\":[{\"name\":\"q\",\"header\":\"X\",\"form\":\"api={used}/{limit}\"},{\"name\":\"m\",\"reset\":\"X\"}],"
    "\"warnings\":[{\"pointer\":\"/w\"},{\"header\":\"X\"}],\"error_message\":[\"/0/message\",\"/error/message\"]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tl_json_doc *doc;
    if (!doc && tl_json_parse(tl_str_z(rules_text), NULL, &doc, NULL) != TL_OK)
        __builtin_trap();
    if (size < 2)
        return 0;
    const struct tl_json_value *root = tl_json_root(doc);
    size_t cut = data[0] < size - 1 ? data[0] : 0;
    struct tl_http_header header = {TL_STR("X"), tl_str_n(data + 1, cut)};
    struct tl_answer answer = {.status = 400 + data[1] % 120,
                               .headers = &header,
                               .header_count = 1,
                               .body = tl_str_n(data + 1 + cut, size - 1 - cut)};
    struct tl_verdict_rules rules = {.first = tl_json_get(root, "errors"),
                                     .message = tl_json_get(root, "error_message")};
    struct tl_notes notes = {0};
    struct tl_arena arena;
    tl_arena_init(&arena);
    tl_answer_judge(&answer, &rules, &arena, 1700000000000);
    tl_notes_take(&notes, root, &answer, &arena);
    tl_retry_after_ms(header.value, 0);
    tl_answer_deinit(&answer);
    tl_arena_free(&arena);
    return 0;
}
