/* Reading the state: under the store's lock, which the state thread gives up between transactions. */
#include "journal/state.h"
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

tl_code tl_state_count(struct tl_journal *journal, const struct tl_state_query *query, uint64_t *out,
                       struct tl_error *err)
{
    tl_code code = tl_store_count(tl_apply_lock(journal->apply), query, out, err);
    tl_apply_unlock(journal->apply);
    return code;
}
