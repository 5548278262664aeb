/* Lookup tables: lookups/<name>.json (an object: key → row) and lookups/<name>.csv (RFC 4180, a head line,
 * the first column is the key; a row is an object of the other columns, all text). Held once by the bundle,
 * read by every state. Thread: built by one, read by any number. */
#include "base/alloc.h"
#include "base/map.h"
#include "bundle_private.h"
#include "codec/csv.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include <string.h>

static void put_row(struct tl_bundle *bundle, struct tl_lookup *lookup, tl_str key, tl_str row, struct tl_place place)
{
    tl_str *kept = TL_ARENA_NEW(&bundle->arena, tl_str);
    *kept = tl_arena_str(&bundle->arena, row);
    if (tl_map_put(lookup->rows, key, kept))
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, place, "the key '%.*s' stands twice", TL_STR_ARGS(key));
}

static void read_json(struct tl_bundle *bundle, struct tl_lookup *lookup, const struct tl_source *source)
{
    struct tl_json_doc *doc;
    struct tl_error err;
    struct tl_place place = {source->path, 1};
    if (tl_json_parse(source->text, NULL, &doc, &err) != TL_OK) {
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, place, "%s", err.text);
        return;
    }
    if (tl_json_type(tl_json_root(doc)) != TL_JSON_IS_OBJECT)
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, place, "a lookup table is an object: key → row");
    struct tl_json_iter i = tl_json_iter(tl_json_root(doc));
    while (tl_json_next(&i))
        put_row(bundle, lookup, i.key, tl_json_raw(i.value), place);
    tl_json_free(doc);
}

/* What stands beside the key, as an object. */
static void csv_row(const struct tl_csv *csv, const tl_str *heads, struct tl_buf *row)
{
    struct tl_json_writer w;
    tl_buf_clear(row);
    tl_json_writer_init(&w, row);
    tl_json_begin_object(&w);
    for (size_t i = 1; i < csv->count; i++) {
        tl_json_key_str(&w, heads[i]);
        tl_json_lossy(&w, csv->fields[i]);
    }
    tl_json_end_object(&w);
}

static bool is_empty_line(const struct tl_csv *csv)
{
    return csv->count == 1 && csv->fields[0].len == 0;
}

/* The rows below the head line. */
static tl_code csv_rows(struct tl_bundle *bundle, struct tl_lookup *lookup, struct tl_csv *csv, const char *path,
                        struct tl_error *err)
{
    tl_str heads[TL_CSV_FIELDS_MAX];
    size_t columns = csv->count;
    struct tl_buf row;
    tl_code code;
    for (size_t i = 0; i < columns; i++)
        heads[i] = tl_arena_str(&bundle->arena, csv->fields[i]);
    tl_buf_init(&row, csv->plain.max * 8 + 4096);
    while ((code = tl_csv_next(csv, err)) == TL_OK && csv->count > 0) {
        if (is_empty_line(csv))
            continue;
        if (csv->count != columns) {
            code = tl_fail(err, TL_EINPUT, "a row of %zu fields in a CSV table of %zu columns", csv->count, columns);
            break;
        }
        csv_row(csv, heads, &row);
        put_row(bundle, lookup, tl_arena_str(&bundle->arena, csv->fields[0]), tl_buf_str(&row),
                (struct tl_place){path, csv->line});
    }
    tl_buf_free(&row);
    return code;
}

static void read_csv(struct tl_bundle *bundle, struct tl_lookup *lookup, const struct tl_source *source)
{
    struct tl_csv csv;
    struct tl_error err;
    tl_csv_init(&csv, source->text);
    tl_code code = tl_csv_next(&csv, &err);
    if (code == TL_OK)
        code = csv_rows(bundle, lookup, &csv, source->path, &err);
    if (code != TL_OK)
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, (struct tl_place){source->path, csv.line}, "%s", err.text);
    tl_csv_free(&csv);
}

void tl_lookups_read(struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        tl_str path = tl_str_z(source->path);
        if (source->role == TL_SOURCE_STANDARD || !tl_str_starts(path, TL_STR("lookups/")))
            continue;
        bool csv = tl_str_ends(path, TL_STR(".csv"));
        if (!csv && !tl_str_ends(path, TL_STR(".json")))
            continue;
        struct tl_lookup *lookup = TL_ARENA_NEW(&bundle->arena, struct tl_lookup);
        tl_str name = tl_str_from(path, strlen("lookups/"));
        name.len -= strlen(csv ? ".csv" : ".json");
        lookup->name = tl_arena_copy(&bundle->arena, name);
        lookup->rows = TL_NEW(struct tl_map);
        tl_map_init(lookup->rows);
        lookup->next = bundle->lookups;
        bundle->lookups = lookup;
        (csv ? read_csv : read_json)(bundle, lookup, source);
    }
}

const tl_str *tl_lookup_row(const struct tl_bundle *bundle, const char *table, tl_str key, bool *known_table)
{
    for (const struct tl_lookup *l = bundle->lookups; l; l = l->next)
        if (strcmp(l->name, table) == 0) {
            *known_table = true;
            return tl_map_get(l->rows, key);
        }
    *known_table = false;
    return NULL;
}

void tl_lookups_drop(struct tl_bundle *bundle)
{
    for (struct tl_lookup *l = bundle->lookups; l; l = l->next) {
        tl_map_free(l->rows);
        tl_free(l->rows);
    }
    bundle->lookups = NULL;
}
