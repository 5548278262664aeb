#include "run_row.h"
#include "base/alloc.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "kinds.h"
#include <stdio.h>
#include <stdlib.h>

static const char *const phases[] = {"active", "waiting", "parked"};

const char *tl_run_phase_name(enum tl_run_phase phase)
{
    return phases[phase];
}

struct tl_run_row *tl_run_row_new(uint64_t number, tl_position event)
{
    struct tl_run_row *row = TL_NEW(struct tl_run_row);
    row->number = number;
    row->event = event;
    row->next = 1; /* 0 is the event */
    tl_position_print(number, row->id);
    return row;
}

static void free_wait(struct tl_run_wait *wait)
{
    tl_free(wait->step);
    tl_free(wait->key);
    for (size_t i = 0; i < wait->type_count; i++)
        tl_free(wait->types[i]);
    tl_free(wait->types);
}

void tl_run_row_free(struct tl_run_row *row)
{
    if (row == NULL)
        return;
    tl_list_remove(&row->recent);
    for (size_t i = 0; i < row->wait_count; i++)
        free_wait(&row->waits[i]);
    tl_free(row->waits);
    tl_free(row->flow);
    tl_free(row->key);
    tl_free(row->revision);
    tl_free(row->state);
    tl_free(row->one_per);
    tl_free(row->cancel);
    tl_routed_clear(&row->routed);
    tl_free(row);
}

/* ---- waits ---- */

struct tl_run_wait *tl_run_row_wait_add(struct tl_run_row *row, uint32_t number, tl_str step, enum tl_ask_kind kind)
{
    row->waits = tl_realloc(row->waits, (row->wait_count + 1) * sizeof *row->waits);
    struct tl_run_wait *wait = &row->waits[row->wait_count++];
    *wait = (struct tl_run_wait){.number = number, .step = tl_str_dup(step), .kind = kind};
    return wait;
}

struct tl_run_wait *tl_run_row_wait(struct tl_run_row *row, uint32_t number)
{
    for (size_t i = 0; i < row->wait_count; i++) {
        if (row->waits[i].number == number)
            return &row->waits[i];
    }
    return NULL;
}

void tl_run_row_wait_drop(struct tl_run_row *row, uint32_t number)
{
    struct tl_run_wait *wait = tl_run_row_wait(row, number);
    if (wait == NULL)
        return;
    free_wait(wait);
    *wait = row->waits[--row->wait_count];
}

/* ---- text ---- */

static void put_hex(struct tl_json_writer *w, const char *name, uint64_t value)
{
    char text[20];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    tl_json_put_z(w, name, text);
}

static void put_position(struct tl_json_writer *w, const char *name, tl_position position)
{
    char text[TL_POSITION_TEXT];
    tl_position_print(position, text);
    tl_json_put_z(w, name, text);
}

static void write_wait(struct tl_json_writer *w, const struct tl_run_wait *wait)
{
    tl_json_begin_object(w);
    tl_json_put_uint(w, "number", wait->number);
    tl_json_put_lossy(w, "step", tl_str_z(wait->step));
    tl_json_put_z(w, "kind", tl_ask_kind_name(wait->kind));
    if (wait->due_ms != 0)
        tl_json_put_int(w, "due", wait->due_ms);
    if (wait->key_hash != 0)
        put_hex(w, "key", wait->key_hash);
    if (wait->key != NULL)
        tl_json_put_lossy(w, "for", tl_str_z(wait->key));
    if (wait->after != TL_POSITION_NONE)
        put_position(w, "after", wait->after);
    if (wait->filtered)
        tl_json_put_bool(w, "filtered", true);
    if (wait->type_count > 0) {
        tl_json_key(w, "types");
        tl_json_begin_array(w);
        for (size_t i = 0; i < wait->type_count; i++)
            tl_json_string_z(w, wait->types[i]);
        tl_json_end_array(w);
    }
    tl_json_end_object(w);
}

static void write_routed(struct tl_json_writer *w, const struct tl_routed *routed)
{
    if (routed->count == 0)
        return;
    tl_json_key(w, "routed");
    tl_json_begin_object(w);
    for (size_t i = 0; i < routed->count; i++)
        tl_json_put_z(w, routed->kinds[i].kind, routed->kinds[i].system);
    tl_json_end_object(w);
}

static void write_optional(struct tl_json_writer *w, const struct tl_run_row *row)
{
    if (row->state != NULL)
        tl_json_put_raw(w, "state", tl_str_z(row->state));
    if (row->one_per != NULL)
        tl_json_put_lossy(w, "one_per", tl_str_z(row->one_per));
    write_routed(w, &row->routed);
    if (row->cancel == NULL)
        return;
    tl_json_key(w, "cancel");
    tl_json_begin_object(w);
    tl_json_put_lossy(w, "reason", tl_str_z(row->cancel));
    tl_json_put_uint(w, "after", row->cancel_after);
    tl_json_end_object(w);
}

void tl_run_row_write(const struct tl_run_row *row, struct tl_buf *out)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "flow", row->flow);
    put_position(&w, "event", row->event);
    tl_json_put_lossy(&w, "key", tl_str_z(row->key));
    put_hex(&w, "line", row->line);
    tl_json_put_z(&w, "revision", row->revision);
    tl_json_put_int(&w, "since", row->since_ms);
    tl_json_put_z(&w, "phase", phases[row->phase]);
    tl_json_put_uint(&w, "next", row->next);
    tl_json_put_uint(&w, "order", row->order);
    tl_json_put_uint(&w, "emitted", row->emitted);
    tl_json_put_uint(&w, "effects", row->effects);
    tl_json_put_uint(&w, "round", row->round);
    tl_json_put_bool(&w, "waited", row->waited);
    tl_json_put_bool(&w, "kept", row->kept);
    tl_json_put_bool(&w, "begun", row->begun);
    write_optional(&w, row);
    tl_json_key(&w, "waits");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < row->wait_count; i++)
        write_wait(&w, &row->waits[i]);
    tl_json_end_array(&w);
    tl_json_end_object(&w);
}

static uint32_t get_u32(const struct tl_json_value *of, const char *name)
{
    return (uint32_t)tl_json_get_i64(of, name, 0);
}

static void read_wait(struct tl_run_row *row, const struct tl_json_value *of)
{
    enum tl_ask_kind kind = tl_ask_kind_of(tl_json_get_text(of, "kind"));
    struct tl_run_wait *wait = tl_run_row_wait_add(row, get_u32(of, "number"), tl_json_get_text(of, "step"), kind);
    char *key = tl_json_dup(tl_json_get(of, "key"));
    const struct tl_json_value *types = tl_json_get(of, "types");
    wait->due_ms = tl_json_get_i64(of, "due", 0);
    wait->key = tl_json_dup(tl_json_get(of, "for"));
    wait->key_hash = key != NULL ? strtoull(key, NULL, 16) : 0;
    wait->filtered = tl_json_get_bool(of, "filtered", false);
    if (!tl_position_parse(tl_json_get_text(of, "after"), &wait->after))
        wait->after = TL_POSITION_NONE;
    wait->types = tl_zalloc(tl_json_count(types) + 1, sizeof(char *));
    struct tl_json_iter i = tl_json_iter(types);
    while (tl_json_next(&i))
        wait->types[wait->type_count++] = tl_json_dup(i.value);
    tl_free(key);
}

static void read_counters(struct tl_run_row *row, const struct tl_json_value *root)
{
    row->since_ms = tl_json_get_i64(root, "since", 0);
    row->next = get_u32(root, "next");
    row->order = get_u32(root, "order");
    row->emitted = get_u32(root, "emitted");
    row->effects = get_u32(root, "effects");
    row->round = get_u32(root, "round");
    row->waited = tl_json_get_bool(root, "waited", false);
    row->kept = tl_json_get_bool(root, "kept", false);
    row->begun = tl_json_get_bool(root, "begun", false);
    for (int p = 0; p < 3; p++) {
        if (tl_json_is(tl_json_get(root, "phase"), phases[p]))
            row->phase = (enum tl_run_phase)p;
    }
}

tl_code tl_run_row_read(tl_str id, tl_str value, struct tl_run_row **out, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    uint64_t number, event;
    const struct tl_json_value *root;
    if (!tl_position_parse(id, &number) || tl_json_parse_borrowed(value, NULL, &doc, err) != TL_OK ||
        !tl_position_parse(tl_json_get_text(tl_json_root(doc), "event"), &event)) {
        tl_json_free(doc);
        return tl_fail(err, TL_ECORRUPT, "state table \"run\", row \"%.*s\" is damaged", TL_STR_ARGS(id));
    }
    root = tl_json_root(doc);
    struct tl_run_row *row = tl_run_row_new(number, event);
    char *line = tl_json_dup(tl_json_get(root, "line"));
    const struct tl_json_value *cancel = tl_json_get(root, "cancel");
    tl_str state = tl_json_raw(tl_json_get(root, "state"));
    row->line = line != NULL ? strtoull(line, NULL, 16) : 0;
    row->flow = tl_json_dup(tl_json_get(root, "flow"));
    row->key = tl_str_dup(tl_json_get_text(root, "key"));
    row->revision = tl_str_dup(tl_json_get_text(root, "revision"));
    row->state = state.len > 0 ? tl_str_dup(state) : NULL;
    row->one_per = tl_json_dup(tl_json_get(root, "one_per"));
    row->cancel = tl_json_dup(tl_json_get(cancel, "reason"));
    row->cancel_after = get_u32(cancel, "after");
    row->stored = true;
    read_counters(row, root);
    struct tl_json_iter i = tl_json_iter(tl_json_get(root, "routed"));
    while (tl_json_next(&i))
        tl_routed_add(&row->routed, i.key, tl_json_text(i.value));
    i = tl_json_iter(tl_json_get(root, "waits"));
    while (tl_json_next(&i))
        read_wait(row, i.value);
    tl_free(line);
    tl_json_free(doc);
    *out = row;
    return TL_OK;
}
