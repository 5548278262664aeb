#include "awaited.h"
#include "base/alloc.h"
#include "base/map.h"
#include "codec/json.h"
#include "flow/runs.h"
#include "journal/state.h"
#include <string.h>

enum { PAGE = 1000 };

struct looking {
    struct tl_map dropped; /* type → itself */
    struct tl_map found;   /* "flow\ntype" → how many runs */
};

/* ---- what would not be declared any more ---- */

static bool stays(const struct tl_live *live, const struct tl_bundle *next, const char *gone, tl_str type)
{
    const char *replaced = next != NULL ? tl_bundle_integration(next) : gone;
    if (next != NULL && tl_bundle_event(next, type) != NULL)
        return true;
    for (size_t i = 0; i < live->count; i++) {
        if (strcmp(tl_live_name(live, i), replaced) != 0 && tl_bundle_event(tl_live_bundle(live, i), type) != NULL)
            return true;
    }
    return false;
}

static void find_dropped(struct looking *look, const struct tl_live *live, const struct tl_bundle *next,
                         const char *gone)
{
    const struct tl_bundle *was = tl_live_named(live, next != NULL ? tl_bundle_integration(next) : gone);
    size_t count = 0;
    const struct tl_event_type *events = was != NULL ? tl_bundle_events(was, &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        if (!stays(live, next, gone, tl_str_z(events[i].name)))
            tl_map_put(&look->dropped, tl_str_z(events[i].name), look);
    }
}

/* ---- who waits for it ---- */

static void count_run(struct looking *look, tl_str flow, tl_str type)
{
    char *key = tl_printf("%.*s\n%.*s", TL_STR_ARGS(flow), TL_STR_ARGS(type));
    uintptr_t runs = (uintptr_t)tl_map_get(&look->found, tl_str_z(key)) + 1;
    tl_map_put(&look->found, tl_str_z(key), (void *)runs);
    tl_free(key);
}

/* A wait for one of several types still ends when one of them can come. */
static void look_at_wait(struct looking *look, tl_str flow, const struct tl_json_value *wait)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(wait, "types"));
    if (!tl_json_is(tl_json_get(wait, "kind"), "await"))
        return;
    while (tl_json_next(&i)) {
        if (tl_map_get(&look->dropped, tl_json_text(i.value)) == NULL)
            return;
    }
    i = tl_json_iter(tl_json_get(wait, "types"));
    while (tl_json_next(&i))
        count_run(look, flow, tl_json_text(i.value));
}

static tl_code look_at_run(void *look, const struct tl_state_row *row, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    tl_code code = tl_json_parse_borrowed(row->value, NULL, &doc, err);
    struct tl_json_iter i = tl_json_iter(code == TL_OK ? tl_json_get(tl_json_root(doc), "waits") : NULL);
    while (tl_json_next(&i))
        look_at_wait(look, row->attr[0], i.value);
    tl_json_free(doc);
    return code;
}

static tl_code look_at_runs(struct looking *look, struct tl_journal *journal, struct tl_error *err)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_RUN), .limit = PAGE};
    return tl_state_each(journal, &query, look_at_run, look, err);
}

static void write_found(struct tl_json_writer *w, struct looking *look, struct tl_buf *names)
{
    size_t i = 0;
    tl_str key, flow;
    void *runs;
    tl_json_begin_array(w);
    while (tl_map_next(&look->found, &i, &key, &runs)) {
        (void)tl_str_cut(&key, '\n', &flow);
        tl_json_begin_object(w);
        tl_json_put_lossy(w, "flow", flow);
        tl_json_put_lossy(w, "type", key);
        tl_json_put_uint(w, "runs", (uint64_t)(uintptr_t)runs);
        tl_json_end_object(w);
        tl_buf_addf(names, "%s\"%.*s\" by \"%.*s\" (%zu)", names->len != 0 ? ", " : "", TL_STR_ARGS(key),
                    TL_STR_ARGS(flow), (size_t)(uintptr_t)runs);
    }
    tl_json_end_array(w);
}

tl_code tl_awaited_put(struct tl_json_writer *w, struct tl_journal *journal, const struct tl_live *live,
                       const struct tl_bundle *next, const char *gone, struct tl_buf *names, struct tl_error *err)
{
    struct looking look;
    tl_code code = TL_OK;
    tl_map_init(&look.dropped);
    tl_map_init(&look.found);
    find_dropped(&look, live, next, gone);
    if (look.dropped.count != 0) {
        tl_journal_wait_applied(journal, tl_journal_last(journal));
        code = look_at_runs(&look, journal, err);
    }
    if (code == TL_OK)
        write_found(w, &look, names);
    tl_map_free(&look.dropped);
    tl_map_free(&look.found);
    return code;
}
