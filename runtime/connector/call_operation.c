/* Interpreting an operation of the manifest: one request (or a page after another), and where its result lies. */
#include "call_state.h"
#include "base/clock.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "request.h"
#include <string.h>

#define PAGES 100
#define ITEMS 10000

static bool send_page(struct tl_call *call);

/* ---- statuses ---- */

static bool is_ok(const struct tl_json_value *operation, const struct tl_answer *answer)
{
    if (answer->outcome != TL_ANSWER_THERE)
        return false;
    const struct tl_json_value *ok = tl_json_get(operation, "ok");
    if (!ok)
        return answer->status / 100 == 2;
    return tl_status_matches(ok, answer->status);
}

/* ---- result ---- */

static enum tl_created read_created(const struct tl_json_value *place, struct tl_call *call, struct tl_answer *answer)
{
    tl_str text;
    if (!place)
        return TL_CREATED_UNKNOWN;
    if (tl_json_type(place) == TL_JSON_IS_TRUE)
        return TL_CREATED_YES;
    if (tl_json_get(place, "status"))
        return tl_status_matches(tl_json_get(place, "status"), answer->status) ? TL_CREATED_YES : TL_CREATED_NO;
    if (!tl_place_read(place, answer, &call->vars, &call->arena, &text))
        return TL_CREATED_UNKNOWN;
    return tl_str_is(text, "true") ? TL_CREATED_YES : TL_CREATED_NO;
}

static tl_str read_place(struct tl_call *call, struct tl_answer *answer, const char *key)
{
    tl_str text = TL_STR_NONE;
    const struct tl_json_value *place = tl_json_get(tl_json_get(call->operation, "result"), key);
    if (place && tl_place_read(place, answer, &call->vars, &call->arena, &text))
        return text;
    return TL_STR_NONE;
}

/* A lookup's matches: the length of a list, or a number; and the first of a list. False: the answer has neither, so it
 * does not say that there is nothing. */
static bool read_lookup(struct tl_call *call)
{
    struct tl_call_result *result = &call->result;
    struct tl_json_doc *doc = NULL;
    uint64_t number = 0;
    if (result->document.len == 0 || tl_json_parse_borrowed(result->document, NULL, &doc, NULL) != TL_OK)
        return false;
    const struct tl_json_value *root = tl_json_root(doc),
                               *found = tl_json_at(root, tl_json_get_text(call->lookup, "matches"));
    const struct tl_json_value *first = root;
    bool said = tl_json_type(found) != TL_JSON_IS_NONE;
    if (tl_json_type(found) == TL_JSON_IS_ARRAY) {
        result->matches = (uint32_t)tl_json_count(found);
        first = tl_json_item(found, 0);
    } else if (tl_json_u64(found, &number)) {
        result->matches = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    } else {
        result->matches = found && !tl_json_is_null(found) ? 1 : 0;
    }
    tl_str id = tl_json_get_text(call->lookup, "id"), version = tl_json_get_text(call->lookup, "version");
    if (id.len && first)
        result->id = tl_arena_str(&call->arena, tl_json_text(tl_json_at(first, id)));
    if (version.len && first)
        result->version = tl_arena_str(&call->arena, tl_json_text(tl_json_at(first, version)));
    tl_json_free(doc);
    return said;
}

/* null, no content, or an element that a list does not have. An answer that looks otherwise says nothing. */
static bool says_absent(const struct tl_answer *answer, const struct tl_json_value *json, tl_str pointer,
                        const struct tl_json_value *document)
{
    const char *last = pointer.len ? memrchr(pointer.ptr, '/', pointer.len) : NULL;
    if (document)
        return tl_json_is_null(document);
    if (tl_answer_is_empty(answer))
        return true;
    return last &&
           tl_json_type(tl_json_at(json, tl_str_n(pointer.ptr, (size_t)(last - pointer.ptr)))) == TL_JSON_IS_ARRAY;
}

static void succeed(struct tl_call *call, struct tl_answer *answer)
{
    const struct tl_json_value *spec = tl_json_get(call->operation, "result");
    struct tl_call_result *result = &call->result;
    const struct tl_json_value *json = tl_answer_json(answer);
    result->id = read_place(call, answer, "id");
    result->version = read_place(call, answer, "version");
    result->url = read_place(call, answer, "url");
    result->created = read_created(tl_json_get(spec, "created"), call, answer);
    if (call->pages.count == 0) {
        tl_str pointer = tl_json_get_text(spec, "document");
        const struct tl_json_value *document = tl_json_at(json, pointer);
        result->document = document ? tl_json_raw(document) : TL_STR_NONE;
        result->absent = says_absent(answer, json, pointer, document);
    }
    if (call->lookup && !tl_answer_is_empty(answer) && !read_lookup(call))
        tl_call_fail(call, TL_FAIL_RETRY,
                     TL_STR("the answer has no matches where the manifest says: it does not tell whether it is there"));
    else
        tl_call_end(call);
}

/* What something in between answers with status 200 must not pass for a result. Of a write only one whose document lies
 * inside of JSON tells: others may be answered with a word. */
static bool is_foreign(struct tl_call *call, struct tl_answer *answer)
{
    bool reads = call->effect == TL_EFFECT_READ && !call->own_operation;
    bool inside = tl_json_get_text(tl_json_get(call->operation, "result"), "document").len != 0;
    return (reads || inside) && tl_str_trim(answer->body).len && !tl_answer_json(answer);
}

/* ---- paging ---- */

static bool add_items(struct tl_call *call, const struct tl_json_value *items)
{
    struct tl_json_iter i = tl_json_iter(items);
    while (tl_json_next(&i)) {
        if (call->items.len)
            tl_buf_add_char(&call->items, ',');
        tl_buf_add_str(&call->items, tl_json_raw(i.value));
    }
    return !call->items.overflow;
}

static bool more_follows(struct tl_call *call, const struct tl_json_value *paging, struct tl_answer *answer)
{
    tl_str text;
    const struct tl_json_value *more = tl_json_get(paging, "more");
    return !more || (tl_place_read(more, answer, &call->vars, &call->arena, &text) && tl_str_is(text, "true"));
}

/* True: another page is on its way, or the call has failed; false: all pages are here. */
static bool take_page(struct tl_call *call, const struct tl_json_value *paging, struct tl_answer *answer)
{
    const struct tl_json_value *items = tl_json_at(tl_answer_json(answer), tl_json_get_text(paging, "items"));
    int64_t max_items = tl_json_get_i64(paging, "max_items", ITEMS),
            max_pages = tl_json_get_i64(paging, "max_pages", PAGES);
    if (tl_json_type(items) != TL_JSON_IS_ARRAY && !tl_answer_is_empty(answer)) {
        tl_call_fail(call, TL_FAIL_BUG, TL_STR("the answer has no list of items where the manifest says"));
        return true;
    }
    struct tl_pages *pages = &call->pages;
    pages->count++;
    pages->last = tl_json_count(items);
    pages->items += pages->last;
    bool fits = add_items(call, items) && pages->items <= (uint64_t)max_items;
    bool next = more_follows(call, paging, answer) &&
                tl_paging_next(paging, answer, &call->vars, &call->arena, pages, &call->sending);
    if (!fits || (next && pages->count >= (uint64_t)max_pages)) {
        tl_call_fail(
            call, TL_FAIL_DATA,
            tl_str_z(tl_arena_printf(&call->arena, "more than %lld items or %lld pages: ask for less at a time",
                                     (long long)max_items, (long long)max_pages)));
        return true;
    }
    if (pages->cut) {
        tl_call_fail(call, TL_FAIL_RETRY, tl_str_z(tl_pages_cut));
        return true;
    }
    return next && send_page(call);
}

static void finish_pages(struct tl_call *call)
{
    struct tl_buf whole;
    tl_buf_init(&whole, call->items.len + 2);
    tl_buf_add_char(&whole, '[');
    tl_buf_add_str(&whole, tl_buf_str(&call->items));
    tl_buf_add_char(&whole, ']');
    tl_buf_free(&call->items);
    call->items = whole;
    call->result.document = tl_buf_str(&whole);
}

/* ---- one answer ---- */

static void take_good(struct tl_call *call, struct tl_answer *answer)
{
    const struct tl_json_value *paging = tl_json_get(call->operation, "paging");
    if (is_foreign(call, answer)) {
        tl_call_fail_verdict(call,
                             &(struct tl_verdict){.failure = TL_FAIL_RETRY,
                                                  .unknown = true,
                                                  .message = TL_STR("the answer is no JSON: a proxy in between?")});
        return;
    }
    if (paging) {
        if (take_page(call, paging, answer))
            return;
        finish_pages(call);
    }
    succeed(call, answer);
}

void tl_call_operation_answered(struct tl_exchange *exchange, struct tl_answer *answer)
{
    struct tl_call *call = TL_CONTAINER_OF(exchange, struct tl_call, exchange);
    if (!answer) {
        struct tl_verdict verdict = {
            .failure = exchange->failure, .wait_ms = exchange->wait_ms, .message = tl_str_z(exchange->why)};
        tl_call_fail_verdict(call, &verdict);
        return;
    }
    struct tl_verdict_rules rules = tl_call_rules(call);
    struct tl_verdict verdict;
    call->result.status = answer->status;
    if (is_ok(call->operation, answer)) {
        verdict = tl_answer_judge_good(answer, &rules, &call->arena, tl_wall_ms());
        if (verdict.failure != TL_FAIL_NONE)
            tl_call_fail_verdict(call, &verdict);
        else
            take_good(call, answer);
        return;
    }
    if (answer->outcome == TL_ANSWER_THERE && answer->status == 404 && tl_json_get(call->operation, "missing")) {
        call->result.absent = true;
        if (tl_exchange_is_missing_page(exchange, answer))
            tl_call_fail_missing_page(call);
        else
            tl_call_end(call);
        return;
    }
    verdict = tl_answer_judge(answer, &rules, &call->arena, tl_wall_ms());
    if (verdict.failure == TL_FAIL_NONE)
        succeed(call, answer);
    else
        tl_call_fail_verdict(call, &verdict);
}

static bool send_page(struct tl_call *call)
{
    call->sending.response_max = call->request.response_max;
    call->sending.deadline_mono_ms = call->deadline_mono_ms;
    call->sending.trace = &call->trace;
    tl_exchange_start(&call->exchange, &call->sending);
    return true;
}

void tl_call_operation_begin(struct tl_call *call)
{
    struct tl_error err = {0};
    if (tl_request_build(call->operation, &call->vars, &call->sending, &err) != TL_OK) {
        tl_call_fail(call, TL_FAIL_DATA, tl_arena_str(&call->arena, tl_str_z(err.text)));
        return;
    }
    send_page(call);
}

tl_code tl_args_from(const struct tl_json_value *templates, const struct tl_vars *vars, struct tl_arena *arena,
                     tl_str *args, struct tl_error *err)
{
    struct tl_buf text;
    struct tl_json_writer writer;
    if (!templates) {
        *args = TL_STR("{}");
        return TL_OK;
    }
    tl_buf_init(&text, 1u << 20);
    tl_json_writer_init(&writer, &text);
    tl_code code = tl_vars_json(vars, templates, &writer, err);
    if (code == TL_OK)
        code = tl_json_writer_done(&writer, err);
    if (code == TL_OK)
        *args = tl_arena_str(arena, tl_buf_str(&text));
    tl_buf_free(&text);
    return code;
}
