/* Reading the state: under the store's lock, which the state thread gives up between transactions. */
#include "journal/state.h"
#include "base/alloc.h"
#include "journal_int.h"
#include "sqlite/store.h"

tl_code tl_state_get(struct tl_journal *journal, tl_str table, tl_str key, struct tl_arena *arena,
                     struct tl_state_row *out, struct tl_error *err)
{
    tl_code code = tl_store_get(tl_apply_lock(journal->apply), table, key, arena, out, err);
    tl_apply_unlock(journal->apply);
    return code;
}

tl_code tl_state_scan(struct tl_journal *journal, const struct tl_state_query *query, struct tl_arena *arena,
                      struct tl_state_page *out, struct tl_error *err)
{
    tl_code code = tl_store_scan(tl_apply_lock(journal->apply), query, arena, out, err);
    tl_apply_unlock(journal->apply);
    return code;
}

tl_code tl_state_each(struct tl_journal *journal, const struct tl_state_query *query, tl_state_see *see, void *ctx,
                      struct tl_error *err)
{
    struct tl_state_query next = *query;
    char *after = NULL;
    tl_code code, seen = TL_OK;
    do {
        struct tl_arena arena;
        struct tl_state_page page = {0};
        tl_arena_init(&arena);
        code = tl_state_scan(journal, &next, &arena, &page, err);
        for (size_t i = 0; seen == TL_OK && i < page.count; i++)
            seen = see(ctx, &page.rows[i], err);
        tl_free(after);
        after = tl_str_dup(page.next);
        next.after = tl_str_z(after);
        tl_arena_free(&arena);
    } while (code == TL_OK && seen == TL_OK && next.after.len > 0);
    tl_free(after);
    return code != TL_OK || seen == TL_ECANCELLED ? code : seen;
}

tl_code tl_state_count(struct tl_journal *journal, const struct tl_state_query *query, uint64_t *out,
                       struct tl_error *err)
{
    tl_code code = tl_store_count(tl_apply_lock(journal->apply), query, out, err);
    tl_apply_unlock(journal->apply);
    return code;
}
