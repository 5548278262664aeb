#include "trial/recording.h"
#include "base/alloc.h"
#include "base/tree.h"
#include "redact.h"
#include "server/integration.h"
#include "world.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)256 << 20)

struct recording {
    const struct tl_recording_options *options;
    const struct tl_bundle *bundle; /* borrow */
    struct tl_redaction redaction;
    struct tl_map fixtures; /* "<map>\n<record>" → 1: each once */
    char **paths;           /* own, each too: what was written, the recording first */
    size_t path_count;
    size_t events, left_out;
};

/* ---- files ---- */

static tl_code write_file(struct recording *r, const char *path, tl_str text, struct tl_error *err)
{
    char *full = tl_printf("%s/%s", r->options->dir, path);
    int error = tl_tree_make(r->options->dir, path);
    tl_code code = error == 0 ? tl_folder_write(full, text, err)
                              : tl_fail(err, TL_EIO, "cannot make the folder of %s: %s", full, strerror(-error));
    if ((r->path_count & (r->path_count + 1)) == 0)
        r->paths = tl_realloc(r->paths, (r->path_count + 1) * 2 * sizeof *r->paths);
    r->paths[r->path_count++] = tl_copy_z(path);
    tl_free(full);
    return code;
}

static tl_code check_name(const struct tl_recording_options *options, struct tl_error *err)
{
    const char *name = options->name;
    bool fits = isalnum((unsigned char)name[0]) && strlen(name) <= 64;
    for (const char *c = name; fits && *c != '\0'; c++)
        fits = isalnum((unsigned char)*c) || strchr("-_.", *c) != NULL;
    if (!fits)
        return tl_fail(err, TL_EINPUT, "\"%s\" cannot name a recording: 1 to 64 letters, digits, '-', '_', '.'", name);
    char *path = tl_printf("%s/tests/recorded/%s.json", options->dir, name);
    tl_code code = access(path, F_OK) != 0 ? TL_OK
                                           : tl_fail(err, TL_EINPUT,
                                                     "%s is there already: name this one with --name, "
                                                     "or remove it",
                                                     path);
    tl_free(path);
    return code;
}

/* ---- fixtures of maps ---- */

/* "order@1 <- crm.Deal" and "order@1 <-> crm.Deal" → "order@1 from crm.Deal" */
static char *folder_of(const char *title)
{
    tl_str rest = tl_str_z(title);
    const char *arrow = strstr(title, "<-");
    if (arrow == NULL)
        return NULL;
    tl_str left = tl_str_trim(tl_str_n(title, (size_t)(arrow - title)));
    tl_str right = tl_str_trim(tl_str_from(rest, (size_t)(arrow - title) + (arrow[2] == '>' ? 3 : 2)));
    return tl_printf("%.*s from %.*s", TL_STR_ARGS(left), TL_STR_ARGS(right));
}

/* Did the event's own filter want the record? */
static bool was_wanted(const struct tl_json_value *event, const struct tl_flow *flow)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(event, "outcomes"));
    while (tl_json_next(&i)) {
        if (tl_json_is(tl_json_get(i.value, "flow"), flow->name))
            return !tl_json_is(tl_json_get(i.value, "ending"), "dropped");
    }
    return true;
}

static tl_code write_fixture(struct recording *r, const char *title, tl_str record, struct tl_error *err)
{
    char *folder = folder_of(title), *once = tl_printf("%s\n%.*s", title, TL_STR_ARGS(record));
    tl_code code = TL_OK;
    if (folder != NULL && tl_map_put(&r->fixtures, tl_str_z(once), r) == NULL) {
        char *path = tl_printf("tests/maps/%s/%s-%zu.input.json", folder, r->options->name, r->fixtures.count);
        code = write_file(r, path, record, err);
        tl_free(path);
    }
    tl_free(once);
    tl_free(folder);
    return code;
}

static bool takes(const struct tl_flow *flow, tl_str type)
{
    for (size_t i = 0; i < flow->on_count; i++) {
        if (tl_str_is(type, flow->on[i]))
            return true;
    }
    return false;
}

static tl_code write_fixtures(struct recording *r, const struct tl_json_value *event, tl_str record,
                              struct tl_error *err)
{
    size_t count, flow_count;
    const struct tl_event_type *types = tl_bundle_events(r->bundle, &count);
    const struct tl_flow *flows = tl_bundle_flows(r->bundle, &flow_count);
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && i < count; i++) {
        const struct tl_flow *flow = types[i].flow >= 0 ? &flows[types[i].flow] : NULL;
        if (flow != NULL && types[i].map[0] != '\0' && takes(flow, tl_json_get_text(event, "type")) &&
            was_wanted(event, flow))
            code = write_fixture(r, types[i].map, record, err);
    }
    return code;
}

/* ---- events ---- */

/* Can a test deliver it? */
static bool is_known(const struct recording *r, const struct tl_json_value *event)
{
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(r->bundle, &count);
    tl_str type = tl_json_get_text(event, "type");
    const struct tl_json_value *payload = tl_json_get(event, "payload");
    bool known = tl_bundle_event(r->bundle, type) != NULL;
    for (size_t i = 0; !known && i < count; i++)
        known = takes(&flows[i], type);
    return known && payload != NULL && !tl_json_is_null(payload);
}

static void collect(struct recording *r, const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "events"));
    while (tl_json_next(&i)) {
        char *type = tl_str_dup(tl_json_get_text(i.value, "type"));
        if (is_known(r, i.value))
            tl_redact_collect(&r->redaction, type, tl_json_get(i.value, "payload"));
        tl_free(type);
    }
}

static tl_code write_event(struct recording *r, const struct tl_json_value *event, struct tl_json_writer *w,
                           struct tl_error *err)
{
    static const char *const copied[] = {"time", "type", "source", "emitted", "outcomes"};
    struct tl_buf record, key;
    struct tl_json_writer alone;
    char *type = tl_str_dup(tl_json_get_text(event, "type"));
    tl_buf_init(&record, TEXT_MAX);
    tl_buf_init(&key, TEXT_MAX);
    tl_json_writer_init_pretty(&alone, &record, 2);
    tl_redact_write(&r->redaction, type, tl_json_get(event, "payload"), &alone);
    tl_redact_text(&r->redaction, tl_json_get_text(event, "key"), &key);
    tl_code code = tl_json_writer_done(&alone, err);
    tl_buf_add_char(&record, '\n');
    tl_json_begin_object(w);
    for (size_t i = 0; i < TL_COUNT_OF(copied); i++) {
        tl_json_key(w, copied[i]);
        tl_json_value(w, tl_json_get(event, copied[i]));
    }
    tl_json_put_string(w, "key", tl_buf_str(&key));
    if (code == TL_OK) {
        struct tl_json_doc *doc = NULL;
        code = tl_json_parse_borrowed(tl_buf_str(&record), NULL, &doc, err);
        tl_json_key(w, "data");
        tl_json_value(w, code == TL_OK ? tl_json_root(doc) : NULL);
        tl_json_free(doc);
    }
    tl_json_end_object(w);
    r->events++;
    if (code == TL_OK)
        code = write_fixtures(r, event, tl_buf_str(&record), err);
    tl_buf_free(&record);
    tl_buf_free(&key);
    tl_free(type);
    return code;
}

/* Fields in which something was replaced; or those with words that nothing is known of. */
static void write_fields(const struct recording *r, const char *name, bool replaced, struct tl_json_writer *w)
{
    tl_json_key(w, name);
    tl_json_begin_array(w);
    for (size_t i = 0; i < r->redaction.field_count; i++) {
        const struct tl_redacted *field = &r->redaction.fields[i];
        if ((field->kind != TL_NOT_PERSONAL) != replaced)
            continue;
        tl_json_begin_object(w);
        tl_json_put_lossy(w, "field", tl_str_z(field->field));
        if (replaced)
            tl_json_put_z(w, "as", tl_personal_word(field->kind));
        tl_json_put_uint(w, "values", field->values);
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

static tl_code write_recording(struct recording *r, const struct tl_json_value *answer, struct tl_error *err)
{
    struct tl_buf text;
    struct tl_json_writer w;
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "events"));
    char *path = tl_printf("tests/recorded/%s.json", r->options->name);
    tl_code code = write_file(r, path, TL_STR(""), err); /* the first of the list, and a folder that cannot be written
                                                            is found before anything else */
    tl_buf_init(&text, TEXT_MAX);
    tl_json_writer_init_pretty(&w, &text, 2);
    tl_json_begin_object(&w);
    tl_json_key(&w, "events");
    tl_json_begin_array(&w);
    while (code == TL_OK && tl_json_next(&i)) {
        if (is_known(r, i.value))
            code = write_event(r, i.value, &w, err);
        else
            r->left_out++;
    }
    tl_json_end_array(&w);
    write_fields(r, "redacted", true, &w);
    write_fields(r, "stayed", false, &w);
    tl_json_end_object(&w);
    if (code == TL_OK)
        code = tl_json_writer_done(&w, err);
    tl_buf_add_char(&text, '\n');
    char *full = tl_printf("%s/%s", r->options->dir, path);
    if (code == TL_OK)
        code = tl_folder_write(full, tl_buf_str(&text), err);
    tl_buf_free(&text);
    tl_free(full);
    tl_free(path);
    return code;
}

/* Half a recording is none. */
static void take_back(const struct recording *r)
{
    for (size_t i = 0; i < r->path_count; i++) {
        char *full = tl_printf("%s/%s", r->options->dir, r->paths[i]);
        unlink(full);
        tl_free(full);
    }
}

/* ---- the whole ---- */

static tl_code report(const struct recording *r, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_lossy(&w, "recording", tl_str_z(r->paths[0]));
    tl_json_key(&w, "fixtures");
    tl_json_begin_array(&w);
    for (size_t i = 1; i < r->path_count; i++)
        tl_json_lossy(&w, tl_str_z(r->paths[i]));
    tl_json_end_array(&w);
    tl_json_put_uint(&w, "events", r->events);
    tl_json_put_uint(&w, "left_out", r->left_out);
    write_fields(r, "redacted", true, &w);
    write_fields(r, "stayed", false, &w);
    tl_json_end_object(&w);
    return tl_json_writer_done(&w, err);
}

static tl_code record(struct recording *r, const struct tl_json_value *answer, struct tl_buf *out, struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "events"));
    size_t known = 0;
    while (tl_json_next(&i))
        known += is_known(r, i.value);
    if (known == 0)
        return tl_fail(err, TL_EINPUT, "there is nothing to record: none of %zu events is one that %s takes",
                       tl_json_count(tl_json_get(answer, "events")), r->options->dir);
    collect(r, answer);
    tl_code code = write_recording(r, answer, err);
    return code == TL_OK ? report(r, out, err) : code;
}

tl_code tl_recording_write(const struct tl_recording_options *options, const struct tl_json_value *answer,
                           struct tl_buf *out, struct tl_error *err)
{
    struct tl_integration *integration = NULL;
    struct recording r = {.options = options};
    tl_code code = check_name(options, err);
    if (code == TL_OK)
        code = tl_integration_load(options->dir, options->library, options->plugins, &integration, err);
    if (code == TL_OK && tl_bundle_errors(tl_integration_bundle(integration)) > 0)
        code = tl_fail(err, TL_EINPUT, "%s has errors; 'tidelock check' lists them", options->dir);
    if (code == TL_OK) {
        r.bundle = tl_integration_bundle(integration);
        tl_map_init(&r.fixtures);
        tl_redaction_init(&r.redaction, r.bundle, options->keep, options->redact);
        code = record(&r, answer, out, err);
        tl_redaction_free(&r.redaction);
        tl_map_free(&r.fixtures);
    }
    if (code != TL_OK)
        take_back(&r);
    for (size_t i = 0; i < r.path_count; i++)
        tl_free(r.paths[i]);
    tl_free(r.paths);
    tl_integration_free(integration);
    return code;
}
