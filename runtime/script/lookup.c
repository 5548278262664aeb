/* Lookup tables: lookups/<name>.json (an object: key → row) and lookups/<name>.csv (RFC 4180, a head line,
 * the first column is the key; a row is an object of the other columns, all text). Held once by the bundle,
 * read by every state. Thread: built by one, read by any number. */
#include "base/alloc.h"
#include "base/map.h"
#include "bundle_private.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include <string.h>

#define COLUMNS_MAX 256

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

/* One field; *rest moves behind it and its separator. *line_end when it was the last of its line. */
static bool read_field(tl_str *rest, struct tl_buf *field, bool *line_end, int *line)
{
    const char *p = rest->ptr, *end = p + rest->len;
    tl_buf_clear(field);
    if (p < end && *p == '"') {
        for (p++;; p++) {
            if (p >= end)
                return false;
            if (*p == '\n')
                (*line)++;
            if (*p == '"') {
                if (p + 1 < end && p[1] == '"')
                    p++;
                else
                    break;
            }
            tl_buf_add_char(field, *p);
        }
        p++;
    } else {
        while (p < end && *p != ',' && *p != '\n' && *p != '\r')
            tl_buf_add_char(field, *p++);
    }
    if (p < end && *p == '\r')
        p++;
    *line_end = p >= end || *p == '\n';
    if (p < end && *p != ',' && *p != '\n')
        return false;
    if (*line_end)
        (*line)++;
    *rest = tl_str_n(p < end ? p + 1 : p, (size_t)(end - (p < end ? p + 1 : p)));
    return true;
}

struct csv {
    struct tl_bundle *bundle;
    struct tl_lookup *lookup;
    struct tl_place place;
    tl_str heads[COLUMNS_MAX];
    size_t columns;
    struct tl_buf field, row;
};

static bool read_line(struct csv *c, tl_str *rest)
{
    bool head = c->columns == 0, line_end = false;
    tl_str key = TL_STR_NONE;
    struct tl_json_writer w;
    tl_buf_clear(&c->row);
    tl_json_writer_init(&w, &c->row);
    tl_json_begin_object(&w);
    size_t i = 0;
    for (; !line_end && i < COLUMNS_MAX; i++) {
        if (!read_field(rest, &c->field, &line_end, &c->place.line))
            return false;
        tl_str text = tl_buf_str(&c->field);
        if (i == 0)
            key = tl_arena_str(&c->bundle->arena, text);
        if (head)
            c->heads[i] = tl_arena_str(&c->bundle->arena, text);
        else if (i > 0 && i < c->columns) {
            tl_json_key_str(&w, c->heads[i]);
            tl_json_lossy(&w, text);
        }
    }
    tl_json_end_object(&w);
    if (head) {
        c->columns = i;
        return true;
    }
    if (i == 1 && key.len == 0)
        return true;
    if (i != c->columns)
        return false;
    put_row(c->bundle, c->lookup, key, tl_buf_str(&c->row), c->place);
    return true;
}

static void read_csv(struct tl_bundle *bundle, struct tl_lookup *lookup, const struct tl_source *source)
{
    struct csv c = {.bundle = bundle, .lookup = lookup, .place = {source->path, 1}};
    tl_buf_init(&c.field, source->text.len + 1);
    tl_buf_init(&c.row, source->text.len * 8 + 4096);
    tl_str rest = source->text;
    while (rest.len > 0)
        if (!read_line(&c, &rest)) {
            tl_findings_add(&bundle->findings, TL_FINDING_ERROR, c.place, "not a line of a CSV table with %zu columns",
                            c.columns);
            break;
        }
    tl_buf_free(&c.field);
    tl_buf_free(&c.row);
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
