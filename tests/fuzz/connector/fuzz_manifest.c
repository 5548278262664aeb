/* Any bytes as a manifest; what the checks accept is then used: requests are built from its operations, and places are
 * read. Accepted means usable: nothing here may crash. */
#include "manifest.h"
#include "paging.h"
#include "request.h"

#define HEAD "\"manifest\":1,\"id\":\"rest\",\"version\":\"1.0.0\",\"abi\":\"1.0\",\"licence\":\"MIT\",\"by_file\":true"

/* The bytes as a connector's manifest, or as all that a system's file says. */
static tl_code load(tl_str text, struct tl_manifest *out)
{
    struct tl_manifest head = {0};
    struct tl_error err;
    if (tl_manifest_new(text, out, &err) == TL_OK)
        return TL_OK;
    if (tl_manifest_new(TL_STR("{" HEAD ",\"config\":{\"url\":{\"type\":\"url\"}}}"), &head, &err) != TL_OK)
        __builtin_trap();
    tl_code code = tl_manifest_by_file_new(text, &head, out, &err);
    tl_manifest_deinit(&head);
    return code;
}

static void turn_pages(const struct tl_json_value *operation, struct tl_answer *answer, const struct tl_vars *vars,
                       struct tl_exchange_request *request)
{
    struct tl_pages pages = {0};
    for (int i = 0; i < 3 && tl_json_get(operation, "paging"); i++) {
        pages = (struct tl_pages){.count = pages.count + 1, .items = pages.items + 2, .last = 2};
        if (!tl_paging_next(tl_json_get(operation, "paging"), answer, vars, vars->arena, &pages, request))
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_manifest manifest = {0};
    struct tl_error err;
    if (load(tl_str_n(data, size), &manifest) != TL_OK)
        return 0;
    struct tl_arena arena;
    struct tl_json_doc *args = NULL;
    tl_arena_init(&arena);
    if (tl_json_parse(TL_STR("{\"id\":\"1\",\"list\":[1,\"a\"],\"o\":{\"x\":null}}"), NULL, &args, NULL) != TL_OK)
        __builtin_trap();
    struct tl_vars vars = {.arena = &arena,
                           .args = tl_json_root(args),
                           .config = tl_json_get(manifest.root, "config"),
                           .key = TL_STR("k")};
    struct tl_http_header header = {TL_STR("ETag"), TL_STR("7")};
    struct tl_answer answer = {.status = 200, .headers = &header, .header_count = 1, .body = TL_STR("{\"id\":[1]}")};
    struct tl_json_iter i = tl_json_iter(tl_json_get(manifest.root, "operations"));
    while (tl_json_next(&i)) {
        struct tl_exchange_request request = {0};
        tl_str text;
        if (tl_request_build(i.value, &vars, &request, &err) != TL_OK)
            continue;
        tl_place_read(tl_json_get(tl_json_get(i.value, "result"), "id"), &answer, &vars, &arena, &text);
        turn_pages(i.value, &answer, &vars, &request);
    }
    struct tl_verdict_rules rules = {.first = tl_json_get(manifest.root, "errors"),
                                     .message = tl_json_get(manifest.root, "error_message"),
                                     .code = tl_json_get(manifest.root, "error_code")};
    answer.status = 400;
    tl_answer_judge(&answer, &rules, &arena, 0);
    tl_answer_deinit(&answer);
    tl_json_free(args);
    tl_arena_free(&arena);
    tl_manifest_deinit(&manifest);
    return 0;
}
