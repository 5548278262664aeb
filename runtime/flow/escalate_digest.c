/* One message about all that is overdue for one steward: grouped, at most fifty lines. */
#include "base/alloc.h"
#include "base/log.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "escalate_int.h"
#include "exception_group.h"

#define LINES_MAX 50

struct digest {
    struct tl_escalator *escalator;
    const struct tl_overdue *list;
    size_t count, exceptions, decisions;
};

/* ---- as JSON ---- */

static void write_groups(const struct digest *digest, struct tl_json_writer *w)
{
    struct tl_exception_brief *briefs = tl_zalloc(digest->exceptions + 1, sizeof *briefs);
    size_t n = 0, groups;
    for (size_t i = 0; i < digest->count; i++) {
        if (!digest->list[i].decision)
            briefs[n++] = digest->list[i].brief;
    }
    struct tl_exception_group *found = tl_exception_groups_of(briefs, n, &groups);
    tl_json_key(w, "groups");
    tl_json_begin_array(w);
    for (size_t i = 0; i < groups && i < LINES_MAX; i++)
        tl_exception_group_put(digest->escalator->engine, w, &found[i]);
    tl_json_end_array(w);
    tl_json_put_uint(w, "groups_left", groups > LINES_MAX ? groups - LINES_MAX : 0);
    tl_free(found);
    tl_free(briefs);
}

static void write_decision(struct tl_json_writer *w, tl_str row)
{
    static const char *const members[] = {"id", "flow", "key", "about", "steward", "since", "due"};
    struct tl_json_doc *doc = NULL;
    if (tl_json_parse_borrowed(row, NULL, &doc, NULL) != TL_OK)
        doc = NULL;
    tl_json_begin_object(w);
    for (size_t i = 0; i < TL_COUNT_OF(members); i++) {
        tl_json_key(w, members[i]);
        tl_json_value(w, doc != NULL ? tl_json_get(tl_json_root(doc), members[i]) : NULL);
    }
    tl_json_end_object(w);
    tl_json_free(doc);
}

static void write_decisions(const struct digest *digest, struct tl_json_writer *w)
{
    size_t n = 0;
    tl_json_key(w, "open_decisions");
    tl_json_begin_array(w);
    for (size_t i = 0; i < digest->count; i++) {
        if (digest->list[i].decision && n++ < LINES_MAX)
            write_decision(w, digest->list[i].row);
    }
    tl_json_end_array(w);
    tl_json_put_uint(w, "decisions_left", n > LINES_MAX ? n - LINES_MAX : 0);
}

/* Whose steward it is told to. */
static const char *sender(const struct digest *digest)
{
    const struct tl_plan *plan = &digest->escalator->engine->plan;
    tl_str to = tl_str_z(digest->list[0].to);
    for (uint32_t i = 1; i < plan->part_count; i++) {
        if (tl_plan_local(plan, i, to).len != to.len)
            return plan->parts[i]->name;
    }
    return digest->escalator->integration;
}

static void write_json(const struct digest *digest, int64_t now_ms, struct tl_buf *out)
{
    const struct tl_steward *to = tl_plan_steward(&digest->escalator->engine->plan, digest->list[0].to);
    unsigned level = 0;
    char now[40];
    for (size_t i = 0; i < digest->count; i++)
        level = digest->list[i].level > level ? digest->list[i].level : level;
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "type", "tidelock.escalation");
    tl_json_put_string(&w, "timestamp", tl_time_text(now_ms, now));
    tl_json_key(&w, "data");
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "integration", sender(digest));
    tl_json_put_z(&w, "steward", digest->list[0].to);
    tl_json_put_z(&w, "mail", to != NULL ? to->mail : "");
    tl_json_put_uint(&w, "level", level);
    tl_json_put_uint(&w, "exceptions", digest->exceptions);
    tl_json_put_uint(&w, "decisions", digest->decisions);
    write_groups(digest, &w);
    write_decisions(digest, &w);
    tl_json_end_object(&w);
    tl_json_end_object(&w);
    struct tl_error err;
    if (tl_json_writer_done(&w, &err) != TL_OK)
        tl_log(TL_ERROR, "escalation.digest", err.text);
}

/* ---- for people ---- */

static tl_str text_of(const struct tl_json_value *object, const char *name)
{
    return tl_json_get_text(object, name);
}

/* A line of a mail: what others wrote stays on one line. */
static void add_flat(struct tl_buf *out, tl_str text)
{
    for (size_t i = 0; i < text.len && i < 300; i++)
        tl_buf_add_char(out, (unsigned char)text.ptr[i] < ' ' ? ' ' : text.ptr[i]);
}

static void add_group(struct tl_buf *out, const struct tl_json_value *group)
{
    tl_buf_addf(out, "%.*s of flow %.*s, %.*s at %.*s: ", TL_STR_ARGS(tl_json_raw(tl_json_get(group, "count"))),
                TL_STR_ARGS(text_of(group, "flow")), TL_STR_ARGS(text_of(group, "class")),
                TL_STR_ARGS(text_of(group, "place")));
    add_flat(out, text_of(group, "message"));
    tl_buf_addf(out, "\n    steward %.*s, since %.*s, due %.*s, cause %.*s, for example %.*s\n",
                TL_STR_ARGS(text_of(group, "steward").len > 0 ? text_of(group, "steward") : TL_STR("(several)")),
                TL_STR_ARGS(text_of(group, "first")), TL_STR_ARGS(text_of(group, "due")),
                TL_STR_ARGS(text_of(group, "cause")), TL_STR_ARGS(text_of(group, "example")));
}

static void add_decision(struct tl_buf *out, const struct tl_json_value *decision)
{
    tl_buf_addf(out, "%.*s of flow %.*s, key ", TL_STR_ARGS(text_of(decision, "id")),
                TL_STR_ARGS(text_of(decision, "flow")));
    add_flat(out, text_of(decision, "key"));
    tl_buf_add_z(out, ": ");
    add_flat(out, text_of(decision, "about"));
    tl_buf_addf(out, "\n    steward %.*s, due %.*s\n", TL_STR_ARGS(text_of(decision, "steward")),
                TL_STR_ARGS(text_of(decision, "due")));
}

static void add_left(struct tl_buf *out, const struct tl_json_value *data, const char *name)
{
    int64_t left = tl_json_get_i64(data, name, 0);
    if (left > 0)
        tl_buf_addf(out, "… and %lld more\n", (long long)left);
}

static void write_text(const struct digest *digest, tl_str json, struct tl_buf *text)
{
    struct tl_json_doc *doc;
    if (tl_json_parse_borrowed(json, NULL, &doc, NULL) != TL_OK)
        return;
    const struct tl_json_value *data = tl_json_get(tl_json_root(doc), "data");
    tl_buf_addf(text, "To %s: this has passed the time in which it should have been settled.\n", digest->list[0].to);
    struct tl_json_iter i = tl_json_iter(tl_json_get(data, "groups"));
    if (digest->exceptions > 0)
        tl_buf_addf(text, "\nExceptions (%zu), by cause:\n\n", digest->exceptions);
    while (tl_json_next(&i))
        add_group(text, i.value);
    add_left(text, data, "groups_left");
    struct tl_json_iter d = tl_json_iter(tl_json_get(data, "open_decisions"));
    if (digest->decisions > 0)
        tl_buf_addf(text, "\nDecisions (%zu):\n\n", digest->decisions);
    while (tl_json_next(&d))
        add_decision(text, d.value);
    add_left(text, data, "decisions_left");
    tl_buf_add_z(text,
                 "\ntidelock exceptions --groups shows all exceptions, tidelock exceptions list --cause CAUSE those "
                 "of one cause, tidelock decisions what is asked.\n");
    tl_json_free(doc);
}

void tl_digest_write(struct tl_escalator *escalator, const struct tl_overdue *list, size_t count, int64_t now_ms,
                     struct tl_buf *json, struct tl_buf *subject, struct tl_buf *text)
{
    struct digest digest = {.escalator = escalator, .list = list, .count = count};
    for (size_t i = 0; i < count; i++)
        list[i].decision ? digest.decisions++ : digest.exceptions++;
    write_json(&digest, now_ms, json);
    tl_buf_addf(subject, "[%s] overdue: ", sender(&digest));
    if (digest.exceptions > 0)
        tl_buf_addf(subject, "%zu exception%s", digest.exceptions, digest.exceptions == 1 ? "" : "s");
    if (digest.decisions > 0)
        tl_buf_addf(subject, "%s%zu decision%s", digest.exceptions > 0 ? ", " : "", digest.decisions,
                    digest.decisions == 1 ? "" : "s");
    write_text(&digest, tl_buf_str(json), text);
}
