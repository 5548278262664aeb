#include "server/settings.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/map.h"
#include "codec/json_writer.h"
#include "journal/state.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct value {
    char *text; /* own; clear, also for secrets */
    size_t len;
    char *by; /* own */
    int64_t time_ms;
};

struct tl_settings {
    struct tl_journal *journal; /* borrow */
    const struct tl_box *box;   /* borrow */
    pthread_mutex_t lock;       /* guards the maps */
    struct tl_map values[2];    /* [secret]: name → struct value */
};

static const char *const tables[2] = {"setting", "secret"};

static void value_free(struct value *value)
{
    if (value == NULL)
        return;
    explicit_bzero(value->text, value->len);
    tl_free(value->text);
    tl_free(value->by);
    tl_free(value);
}

static void keep(struct tl_settings *settings, bool secret, tl_str name, tl_str text, tl_str by, int64_t time_ms)
{
    struct value *value = TL_NEW(struct value);
    *value = (struct value){tl_str_dup(text), text.len, tl_str_dup(by), time_ms};
    pthread_mutex_lock(&settings->lock);
    struct value *before = tl_map_put(&settings->values[secret], name, value);
    pthread_mutex_unlock(&settings->lock);
    value_free(before);
}

/* A row's clear value: settings are stored as they are, secrets sealed under their name. */
static tl_code load_row(struct tl_settings *settings, bool secret, const struct tl_state_row *row, struct tl_error *err)
{
    if (!secret) {
        keep(settings, false, row->key, row->value, row->attr[0], row->time_ms);
        return TL_OK;
    }
    struct tl_buf clear;
    tl_buf_init(&clear, TL_SETTING_VALUE_MAX);
    tl_code code = tl_box_unseal(settings->box, row->value, row->key, &clear, err);
    if (code == TL_OK)
        keep(settings, true, row->key, tl_buf_str(&clear), row->attr[0], row->time_ms);
    else
        tl_error_prefix(err, "secret %.*s", TL_STR_ARGS(row->key));
    if (clear.ptr != NULL)
        explicit_bzero(clear.ptr, clear.cap);
    tl_buf_free(&clear);
    return code;
}

static tl_code load_table(struct tl_settings *settings, bool secret, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_query query = {.table = tl_str_z(tables[secret]), .limit = 10000};
    struct tl_state_page page;
    tl_code code;
    tl_arena_init(&arena);
    do {
        code = tl_state_scan(settings->journal, &query, &arena, &page, err);
        for (size_t i = 0; code == TL_OK && i < page.count; i++)
            code = load_row(settings, secret, &page.rows[i], err);
        query.after = page.next;
    } while (code == TL_OK && page.next.len != 0);
    tl_arena_free(&arena);
    return code;
}

tl_code tl_settings_open(struct tl_journal *journal, const struct tl_box *box, struct tl_settings **out,
                         struct tl_error *err)
{
    struct tl_settings *settings = TL_NEW(struct tl_settings);
    settings->journal = journal;
    settings->box = box;
    pthread_mutex_init(&settings->lock, NULL);
    tl_map_init(&settings->values[0]);
    tl_map_init(&settings->values[1]);
    tl_code code = load_table(settings, false, err);
    if (code == TL_OK)
        code = load_table(settings, true, err);
    if (code == TL_OK)
        *out = settings;
    else
        tl_settings_free(settings);
    return code;
}

void tl_settings_free(struct tl_settings *settings)
{
    if (settings == NULL)
        return;
    for (int secret = 0; secret < 2; secret++) {
        size_t at = 0;
        void *value;
        while (tl_map_next(&settings->values[secret], &at, NULL, &value))
            value_free(value);
        tl_map_free(&settings->values[secret]);
    }
    pthread_mutex_destroy(&settings->lock);
    tl_free(settings);
}

bool tl_settings_get(struct tl_settings *settings, bool secret, tl_str name, struct tl_arena *arena, tl_str *value)
{
    pthread_mutex_lock(&settings->lock);
    const struct value *found = tl_map_get(&settings->values[secret], name);
    if (found != NULL)
        *value = tl_arena_str(arena, tl_str_n(found->text, found->len));
    pthread_mutex_unlock(&settings->lock);
    return found != NULL;
}

bool tl_settings_of(struct tl_settings *settings, const char *owner, bool secret, tl_str name, struct tl_arena *arena,
                    tl_str *value)
{
    if (owner[0] != '\0')
        name = tl_str_z(tl_arena_printf(arena, "%.*s@%s", TL_STR_ARGS(name), owner));
    return tl_settings_get(settings, secret, name, arena, value);
}

static tl_code check(bool secret, tl_str name, tl_str value, struct tl_error *err)
{
    const char *what = tables[secret];
    bool ok = name.len != 0 && name.len <= TL_SETTING_NAME_MAX;
    for (size_t i = 0; ok && i < name.len; i++)
        ok = name.ptr[i] > ' ' && name.ptr[i] < 0x7f;
    if (!ok)
        return tl_fail(err, TL_EINPUT,
                       "'%.*s' cannot be the name of a %s: printable ASCII without blanks, at most %d bytes",
                       TL_STR_ARGS(name), what, TL_SETTING_NAME_MAX);
    if (value.len > TL_SETTING_VALUE_MAX)
        return tl_fail(err, TL_EINPUT, "%s %.*s is longer than %d bytes", what, TL_STR_ARGS(name),
                       TL_SETTING_VALUE_MAX);
    return TL_OK;
}

static bool is_same(struct tl_settings *settings, bool secret, tl_str name, tl_str value)
{
    pthread_mutex_lock(&settings->lock);
    const struct value *now = tl_map_get(&settings->values[secret], name);
    bool same = now != NULL && tl_str_eq(tl_str_n(now->text, now->len), value);
    pthread_mutex_unlock(&settings->lock);
    return same;
}

/* {"act":"setting","name":…,"value":… (never of secrets),"reason":…} */
static void audit_text(bool secret, tl_str name, tl_str value, const struct tl_act *act, struct tl_buf *out)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "act", secret ? "set secret" : "set setting");
    tl_json_put_string(&w, "name", name);
    tl_json_key(&w, "value");
    if (secret)
        tl_json_null(&w);
    else
        tl_json_lossy(&w, value);
    tl_json_put_z(&w, "who", act->who);
    tl_json_put_z(&w, "reason", act->reason);
    tl_json_end_object(&w);
}

static tl_code write_both(struct tl_settings *settings, bool secret, tl_str name, tl_str stored, tl_str audit,
                          const struct tl_act *act, int64_t *time_ms, struct tl_error *err)
{
    char key[64];
    snprintf(key, sizeof key, "%016llx-%s", (unsigned long long)tl_wall_ms(), tables[secret]);
    char *audit_key = tl_printf("%s-%.*s", key, TL_STR_ARGS(name));
    struct tl_state_put put = {
        .table = tl_str_z(tables[secret]), .key = name, .value = stored, .attr = {tl_str_z(act->who)}};
    struct tl_state_put record = {
        .table = TL_STR("audit"), .key = tl_str_z(audit_key), .value = audit, .attr = {tl_str_z(act->who)}};
    struct tl_batch *batch = tl_batch_new(settings->journal);
    tl_code code = tl_batch_put(batch, &put, err);
    if (code == TL_OK)
        code = tl_batch_put(batch, &record, err);
    tl_batch_insist(batch);
    if (code == TL_OK)
        code = tl_journal_submit_wait(settings->journal, batch, TL_APPLIED, err);
    *time_ms = code == TL_OK ? tl_batch_time(batch) : 0;
    tl_batch_free(batch);
    tl_free(audit_key);
    return code;
}

tl_code tl_settings_set(struct tl_settings *settings, bool secret, tl_str name, tl_str value, const struct tl_act *act,
                        bool *changed, struct tl_error *err)
{
    *changed = false;
    tl_code code = check(secret, name, value, err);
    if (code != TL_OK || is_same(settings, secret, name, value))
        return code;
    struct tl_buf sealed, audit;
    int64_t time_ms = 0;
    tl_buf_init(&sealed, TL_SETTING_VALUE_MAX + TL_BOX_OVERHEAD);
    tl_buf_init(&audit, TL_SETTING_VALUE_MAX * 6 + 64 * 1024);
    audit_text(secret, name, value, act, &audit);
    if (secret)
        code = tl_box_seal(settings->box, value, name, &sealed, err);
    if (code == TL_OK)
        code = write_both(settings, secret, name, secret ? tl_buf_str(&sealed) : value, tl_buf_str(&audit), act,
                          &time_ms, err);
    if (code == TL_OK) {
        keep(settings, secret, name, value, tl_str_z(act->who), time_ms);
        *changed = true;
    }
    tl_buf_free(&sealed);
    tl_buf_free(&audit);
    return code;
}

static tl_code import_members(struct tl_settings *settings, bool secret, const struct tl_json_value *root,
                              const char *file, const struct tl_act *act, struct tl_error *err)
{
    struct tl_json_iter i = tl_json_iter(root);
    while (tl_json_next(&i)) {
        enum tl_json_type type = tl_json_type(i.value);
        tl_str text = tl_json_text(i.value);
        if (type == TL_JSON_IS_TRUE || type == TL_JSON_IS_FALSE)
            text = tl_json_raw(i.value);
        else if (type != TL_JSON_IS_STRING && type != TL_JSON_IS_NUMBER)
            return tl_fail(err, TL_EINPUT, "%s: %.*s must be a text, a number, true or false", file,
                           TL_STR_ARGS(i.key));
        bool changed;
        tl_code code = tl_settings_set(settings, secret, i.key, text, act, &changed, err);
        if (code != TL_OK)
            return code;
    }
    return TL_OK;
}

tl_code tl_settings_import(struct tl_settings *settings, bool secret, tl_str json, const char *file,
                           const struct tl_act *act, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    tl_code code = tl_json_parse(json, NULL, &doc, err);
    if (code != TL_OK) {
        tl_error_prefix(err, "%s", file);
        return code;
    }
    if (tl_json_type(tl_json_root(doc)) != TL_JSON_IS_OBJECT)
        code = tl_fail(err, TL_EINPUT, "%s must hold one JSON object: {\"name\": \"value\", …}", file);
    else
        code = import_members(settings, secret, tl_json_root(doc), file, act, err);
    tl_json_free(doc);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return tl_str_cmp(*(const tl_str *)a, *(const tl_str *)b);
}

void tl_settings_each(struct tl_settings *settings, bool secret,
                      void (*each)(void *ctx, tl_str name, tl_str value, tl_str by, int64_t time_ms), void *ctx)
{
    pthread_mutex_lock(&settings->lock);
    const struct tl_map *map = &settings->values[secret];
    tl_str *names = tl_zalloc(map->count + 1, sizeof *names);
    size_t count = 0, at = 0;
    while (tl_map_next(map, &at, &names[count], NULL))
        count++;
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        const struct value *value = tl_map_get(map, names[i]);
        each(ctx, names[i], secret ? TL_STR_NONE : tl_str_n(value->text, value->len), tl_str_z(value->by),
             value->time_ms);
    }
    tl_free(names);
    pthread_mutex_unlock(&settings->lock);
}
