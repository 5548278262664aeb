#include "declared.h"
#include "base/alloc.h"
#include "journal/state.h"
#include <stdio.h>
#include <string.h>

enum { PAGE = 1000 };

/* ---- writing ---- */

static tl_code put(struct tl_batch *batch, const char *kind, const char *name, tl_str revision, struct tl_error *err)
{
    char *key = tl_printf("%s %s", kind, name);
    struct tl_state_put row = {
        .table = TL_STR(TL_TABLE_CONTRACT), .key = tl_str_z(key), .value = revision, .attr = {revision}};
    tl_code code = tl_batch_put(batch, &row, err);
    tl_free(key);
    return code;
}

tl_code tl_declared_put(struct tl_batch *batch, const struct tl_bundle *bundle, struct tl_error *err)
{
    size_t events, entities;
    const struct tl_event_type *event = tl_bundle_events(bundle, &events);
    const struct tl_entity *entity = tl_bundle_entities(bundle, &entities);
    tl_str revision = tl_str_z(tl_bundle_hash(bundle));
    tl_code code = TL_OK;
    for (size_t i = 0; i < events && code == TL_OK; i++)
        code = put(batch, "event", event[i].name, revision, err);
    for (size_t i = 0; i < entities && code == TL_OK; i++)
        code = put(batch, "entity", entity[i].name, revision, err);
    return code;
}

/* ---- comparing ---- */

/* One revision is loaded at a time: what went together usually comes back together. */
struct comparing {
    struct tl_candidate *candidate;
    struct tl_bundle *bundle;
    struct tl_integration *earlier; /* own; NULL: it cannot be read */
    char revision[65];              /* of it; "": none yet */
    struct tl_error why;            /* it cannot be read */
};

static void load(struct comparing *c, tl_str revision)
{
    if (tl_str_is(revision, c->revision))
        return;
    tl_integration_free(c->earlier);
    c->earlier = NULL;
    snprintf(c->revision, sizeof c->revision, "%.*s", TL_STR_ARGS(revision));
    char *store = tl_printf("%s/revisions", c->candidate->server->config->data);
    if (tl_integration_load_kept(store, c->revision, c->candidate->server->connectors, &c->earlier, &c->why) != TL_OK)
        c->earlier = NULL;
    tl_free(store);
}

static tl_code check(struct comparing *c, bool entity, const char *name, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_state_row row;
    char *key = tl_printf("%s %s", entity ? "entity" : "event", name);
    tl_arena_init(&arena);
    tl_code code =
        tl_state_get(c->candidate->server->journal, TL_STR(TL_TABLE_CONTRACT), tl_str_z(key), &arena, &row, err);
    if (code == TL_OK && !tl_str_is(row.value, tl_bundle_hash(c->bundle))) {
        load(c, row.value);
        tl_bundle_check_again(c->bundle, entity, name, c->revision,
                              c->earlier != NULL ? tl_integration_bundle(c->earlier) : NULL, c->why.text);
    }
    tl_arena_free(&arena);
    tl_free(key);
    return code == TL_ENOTFOUND ? TL_OK : code; /* it was never declared */
}

tl_code tl_declared_check(struct tl_candidate *candidate, const struct tl_bundle *live, struct tl_error *err)
{
    size_t events, entities;
    struct comparing c = {.candidate = candidate, .bundle = tl_integration_bundle(candidate->integration)};
    const struct tl_event_type *event = tl_bundle_events(c.bundle, &events);
    const struct tl_entity *entity = tl_bundle_entities(c.bundle, &entities);
    tl_code code = TL_OK;
    for (size_t i = 0; i < events && code == TL_OK; i++) {
        if (live == NULL || tl_bundle_event(live, tl_str_z(event[i].name)) == NULL)
            code = check(&c, false, event[i].name, err);
    }
    for (size_t i = 0; i < entities && code == TL_OK; i++) {
        if (live == NULL || tl_bundle_entity(live, tl_str_z(entity[i].name)) == NULL)
            code = check(&c, true, entity[i].name, err);
    }
    tl_integration_free(c.earlier);
    return code;
}

/* ---- keeping ---- */

struct named {
    struct tl_arena *arena;
    const char **list; /* own */
    size_t count;
};

static void take(struct named *named, const struct tl_state_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        if (named->count != 0 && tl_str_is(page->rows[i].value, named->list[named->count - 1]))
            continue;
        named->list = tl_realloc(named->list, (named->count + 1) * sizeof *named->list);
        named->list[named->count++] = tl_arena_copy(named->arena, page->rows[i].value);
    }
}

tl_code tl_declared_revisions(struct tl_journal *journal, struct tl_arena *arena, const char ***out, size_t *count,
                              struct tl_error *err)
{
    struct named named = {.arena = arena};
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_CONTRACT), .order = TL_BY_A1, .limit = PAGE};
    struct tl_state_page page;
    tl_code code;
    do {
        page = (struct tl_state_page){0};
        code = tl_state_scan(journal, &query, arena, &page, err);
        take(&named, &page);
        query.after = page.next;
    } while (code == TL_OK && page.next.len != 0);
    *count = named.count;
    *out = tl_arena_alloc(arena, (named.count + 1) * sizeof **out);
    if (named.count != 0)
        memcpy(*out, named.list, named.count * sizeof **out);
    tl_free(named.list);
    return code;
}
