/* What was set on this server before: the audit records of settings and secrets. */
#include "base/alloc.h"
#include "codec/timestamp.h"
#include "control.h"
#include "journal/state.h"

enum { PAGE = 1000, LIMIT = 50, LIMIT_MAX = 1000 };

struct changed {
    struct tl_json_writer w;
    const char *act; /* as settings.c writes it */
    tl_str name;     /* empty: any */
    uint64_t left;
};

/* The value of a secret is not in its record. */
static void put_change(struct changed *changed, const struct tl_json_value *record, int64_t time_ms)
{
    struct tl_json_writer *w = &changed->w;
    char when[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(time_ms);
    tl_str name = tl_json_get_text(record, "name");
    if (!tl_json_is(tl_json_get(record, "act"), changed->act) ||
        (changed->name.len != 0 && !tl_str_eq(name, changed->name)))
        return;
    tl_json_begin_object(w);
    tl_json_put_string(w, "time", tl_timestamp_print(&at, TL_TIME_RFC3339, when));
    for (size_t i = 0; i < 4; i++) {
        static const char *const members[] = {"name", "value", "who", "reason"};
        tl_json_put_lossy(w, members[i], tl_json_get_text(record, members[i]));
    }
    tl_json_end_object(w);
    changed->left--;
}

static tl_code see(void *ctx, const struct tl_state_row *row, struct tl_error *err)
{
    struct changed *changed = ctx;
    struct tl_json_doc *doc = NULL;
    if (changed->left == 0)
        return TL_ECANCELLED;
    tl_code code = tl_json_parse_borrowed(row->value, NULL, &doc, err);
    if (code == TL_OK)
        put_change(changed, tl_json_root(doc), row->time_ms);
    tl_json_free(doc);
    return code;
}

static void list(struct tl_control_request *request, const char *act)
{
    struct tl_buf out;
    struct tl_error err;
    struct tl_control_words of = {.name = "name"};
    uint64_t limit = tl_control_query_number(request, "limit", LIMIT);
    tl_control_words(request, &of, 1);
    struct changed changed = {.act = act, .left = limit < LIMIT_MAX ? limit : LIMIT_MAX};
    if (of.text.len != 0)
        changed.name = tl_buf_str(&of.text);
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_json_writer_init(&changed.w, &out);
    tl_json_begin_object(&changed.w);
    tl_json_key(&changed.w, "changes");
    tl_json_begin_array(&changed.w);
    struct tl_state_query query = {.table = TL_STR("audit"), .newest_first = true, .limit = PAGE};
    tl_code code = tl_state_each(request->server->journal, &query, see, &changed, &err);
    tl_json_end_array(&changed.w);
    tl_json_end_object(&changed.w);
    tl_control_words_free(&of, 1);
    tl_control_written(request, code, &out, &err);
}

/* {"changes":[{"time","name","value","who","reason"}…]}, newest first */
void tl_control_settings_history(struct tl_control_request *request)
{
    list(request, "set setting");
}

void tl_control_secrets_history(struct tl_control_request *request)
{
    list(request, "set secret");
}
