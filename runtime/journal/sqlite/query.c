/* The state database: reading. Pages go by key comparison, not by offset, so that they are stable while rows change and
 * the last page costs what the first does. A page's token is the sort value and the key of its last row, in hex. */
#include "store_int.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>

#define READ_NS 5000000000
#define PAGE_DEFAULT 100u
#define PAGE_MAX 10000u

static tl_str column(sqlite3_stmt *st, int place, struct tl_arena *arena)
{
    int len = sqlite3_column_bytes(st, place);
    const void *ptr = sqlite3_column_blob(st, place);
    return len > 0 ? tl_arena_str(arena, tl_str_n(ptr, (size_t)len)) : TL_STR_NONE;
}

/* key, value, a1..a4, pos, at */
static void read_row(sqlite3_stmt *st, struct tl_arena *arena, struct tl_state_row *row)
{
    row->key = column(st, 0, arena);
    row->value = column(st, 1, arena);
    for (int i = 0; i < TL_STATE_ATTRS; i++)
        row->attr[i] = column(st, 2 + i, arena);
    row->commit = (uint64_t)sqlite3_column_int64(st, 6);
    row->time_ms = sqlite3_column_int64(st, 7);
}

static void bind(sqlite3_stmt *st, int place, tl_str s)
{
    sqlite3_bind_blob64(st, place, s.len ? s.ptr : "", s.len, SQLITE_TRANSIENT);
}

tl_code tl_store_get(struct store *store, tl_str table, tl_str key, struct tl_arena *arena, struct tl_state_row *out,
                     struct tl_error *err)
{
    bind(store->get, 1, table);
    bind(store->get, 2, key);
    int rc = sqlite3_step(store->get);
    if (rc == SQLITE_ROW)
        read_row(store->get, arena, out);
    sqlite3_reset(store->get);
    sqlite3_clear_bindings(store->get);
    if (rc == SQLITE_ROW)
        return TL_OK;
    if (rc == SQLITE_DONE)
        return tl_fail(err, TL_ENOTFOUND, "%.*s has no record \"%.*s\"", TL_STR_ARGS(table), TL_STR_ARGS(key));
    return tl_store_fail(store, rc, "reading a state record", err);
}

/* ---- page tokens ---- */

static void put_hex(struct tl_buf *out, tl_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        tl_buf_addf(out, "%02x", (uint8_t)bytes.ptr[i]);
}

static tl_str token_of(const struct tl_state_query *query, const struct tl_state_row *row, struct tl_arena *arena)
{
    struct tl_buf out;
    tl_buf_init(&out, 64 * 1024);
    if (query->order == TL_BY_CHANGE)
        tl_buf_addf(&out, "%llu", (unsigned long long)row->commit);
    else if (query->order != TL_BY_KEY)
        put_hex(&out, row->attr[query->order - 1]);
    tl_buf_add_char(&out, '.');
    put_hex(&out, row->key);
    tl_str token = tl_arena_str(arena, tl_buf_str(&out));
    tl_buf_free(&out);
    return token;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(tl_str text, struct tl_arena *arena, tl_str *out)
{
    if (text.len % 2)
        return false;
    char *bytes = tl_arena_alloc(arena, text.len / 2 + 1);
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_digit(text.ptr[i]);
        int low = hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *out = tl_str_n(bytes, text.len / 2);
    return true;
}

struct after {
    tl_str value, key;
    uint64_t commit;
};

static bool read_token(const struct tl_state_query *query, struct tl_arena *arena, struct after *after)
{
    tl_str rest = query->after;
    tl_str first;
    if (tl_str_find(rest, '.') < 0 || !tl_str_cut(&rest, '.', &first) || !read_hex(rest, arena, &after->key))
        return false;
    if (query->order == TL_BY_CHANGE)
        return tl_str_u64(first, &after->commit);
    return query->order == TL_BY_KEY ? first.len == 0 : read_hex(first, arena, &after->value);
}

/* ---- building the statement ---- */

enum { P_TABLE = 1, P_PREFIX, P_PREFIX_END, P_WHERE, P_VALUE = P_WHERE + TL_STATE_ATTRS, P_KEY, P_LIMIT };

/* The smallest text after all that begin with the prefix; false when there is none. */
static bool prefix_end(tl_str prefix, struct tl_arena *arena, tl_str *out)
{
    char *end = tl_arena_copy(arena, prefix);
    size_t len = prefix.len;
    while (len && (uint8_t)end[len - 1] == 0xff)
        len--;
    if (!len)
        return false;
    end[len - 1] = (char)((uint8_t)end[len - 1] + 1);
    *out = tl_str_n(end, len);
    return true;
}

static const char *sort_column(enum tl_state_order order)
{
    static const char *const names[] = {"key", "a1", "a2", "a3", "a4", "pos"};
    return names[order];
}

static void add_where(struct tl_buf *sql, const struct tl_state_query *query, bool has_end)
{
    tl_buf_add_z(sql, " FROM state WHERE tbl=?1");
    if (query->prefix.len)
        tl_buf_addf(sql, " AND key>=?%d", P_PREFIX);
    if (query->prefix.len && has_end)
        tl_buf_addf(sql, " AND key<?%d", P_PREFIX_END);
    for (int i = 0; i < TL_STATE_ATTRS; i++)
        if (query->where[i].len)
            tl_buf_addf(sql, " AND a%d=?%d", i + 1, P_WHERE + i);
}

static void add_order(struct tl_buf *sql, const struct tl_state_query *query)
{
    const char *column_name = sort_column(query->order);
    char sign = query->newest_first ? '<' : '>';
    const char *way = query->newest_first ? "DESC" : "ASC";
    if (query->order >= TL_BY_A1 && query->order <= TL_BY_A4)
        tl_buf_addf(sql, " AND %s IS NOT NULL", column_name);
    if (query->order == TL_BY_KEY) {
        if (query->after.len)
            tl_buf_addf(sql, " AND key%c?%d", sign, P_KEY);
        tl_buf_addf(sql, " ORDER BY key %s", way);
    } else {
        if (query->after.len)
            tl_buf_addf(sql, " AND (%s,key)%c(?%d,?%d)", column_name, sign, P_VALUE, P_KEY);
        tl_buf_addf(sql, " ORDER BY %s %s, key %s", column_name, way, way);
    }
    tl_buf_addf(sql, " LIMIT ?%d", P_LIMIT);
}

static tl_code prepare(struct store *store, const char *columns, const struct tl_state_query *query, bool ordered,
                       struct tl_arena *arena, sqlite3_stmt **out, struct tl_error *err)
{
    struct tl_buf sql;
    tl_str end;
    bool has_end = query->prefix.len && prefix_end(query->prefix, arena, &end);
    tl_buf_init(&sql, 4096);
    tl_buf_addf(&sql, "SELECT %s", columns);
    add_where(&sql, query, has_end);
    if (ordered)
        add_order(&sql, query);
    int rc = sqlite3_prepare_v2(store->db, sql.ptr, (int)sql.len, out, NULL);
    tl_buf_free(&sql);
    if (rc != SQLITE_OK)
        return tl_store_fail(store, rc, "reading state records", err);
    bind(*out, P_TABLE, query->table);
    if (query->prefix.len)
        bind(*out, P_PREFIX, query->prefix);
    if (has_end)
        bind(*out, P_PREFIX_END, end);
    for (int i = 0; i < TL_STATE_ATTRS; i++)
        if (query->where[i].len)
            bind(*out, P_WHERE + i, query->where[i]);
    return TL_OK;
}

static tl_code bind_page(const struct tl_state_query *query, struct tl_arena *arena, size_t limit, sqlite3_stmt *st,
                         struct tl_error *err)
{
    struct after after = {0};
    if (query->after.len) {
        if (!read_token(query, arena, &after))
            return tl_fail(err, TL_EINPUT, "\"%.*s\" is not the next page of this list", TL_STR_ARGS(query->after));
        if (query->order == TL_BY_CHANGE)
            sqlite3_bind_int64(st, P_VALUE, (sqlite3_int64)after.commit);
        else if (query->order != TL_BY_KEY)
            bind(st, P_VALUE, after.value);
        bind(st, P_KEY, after.key);
    }
    sqlite3_bind_int64(st, P_LIMIT, (sqlite3_int64)limit + 1);
    return TL_OK;
}

static tl_code read_page(struct store *store, sqlite3_stmt *st, const struct tl_state_query *query, size_t limit,
                         struct tl_arena *arena, struct tl_state_page *out, struct tl_error *err)
{
    struct tl_state_row *rows = NULL; /* grown outside the arena */
    size_t count = 0;
    size_t cap = 0;
    bool more = false;
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if (count == limit) {
            more = true;
            rc = SQLITE_DONE;
            break;
        }
        if (count == cap) {
            cap = cap ? cap * 2 : 16;
            rows = tl_realloc(rows, cap * sizeof *rows);
        }
        read_row(st, arena, &rows[count++]);
    }
    tl_code code = rc == SQLITE_DONE ? TL_OK : tl_store_fail(store, rc, "reading state records", err);
    if (!code) {
        out->rows = tl_arena_alloc(arena, count * sizeof *rows + 1);
        if (count)
            memcpy(out->rows, rows, count * sizeof *rows);
        out->count = count;
        out->next = more ? token_of(query, &rows[count - 1], arena) : TL_STR_NONE;
    }
    tl_free(rows);
    return code;
}

tl_code tl_store_scan(struct store *store, const struct tl_state_query *query, struct tl_arena *arena,
                      struct tl_state_page *out, struct tl_error *err)
{
    sqlite3_stmt *st = NULL;
    size_t limit = query->limit ? query->limit : PAGE_DEFAULT;
    if (limit > PAGE_MAX)
        limit = PAGE_MAX;
    *out = (struct tl_state_page){0};
    store->read_until_ns = tl_mono_ns() + READ_NS;
    tl_code code = prepare(store, "key, value, a1, a2, a3, a4, pos, at", query, true, arena, &st, err);
    if (!code)
        code = bind_page(query, arena, limit, st, err);
    if (!code)
        code = read_page(store, st, query, limit, arena, out, err);
    sqlite3_finalize(st);
    store->read_until_ns = 0;
    return code;
}

tl_code tl_store_count(struct store *store, const struct tl_state_query *query, uint64_t *out, struct tl_error *err)
{
    sqlite3_stmt *st = NULL;
    struct tl_arena arena;
    tl_arena_init(&arena);
    store->read_until_ns = tl_mono_ns() + READ_NS;
    tl_code code = prepare(store, "count(*)", query, false, &arena, &st, err);
    int rc = code ? SQLITE_OK : sqlite3_step(st);
    if (!code && rc == SQLITE_ROW)
        *out = (uint64_t)sqlite3_column_int64(st, 0);
    else if (!code)
        code = tl_store_fail(store, rc, "counting state records", err);
    sqlite3_finalize(st);
    store->read_until_ns = 0;
    tl_arena_free(&arena);
    return code;
}
