/* What a run holds outside of Lua (logs, events, asks), which counts as its stretch's memory. Thread: that of the
 * state. */
#include "run_private.h"

size_t tl_run_held(const struct tl_run *run)
{
    return run->arena.size + run->stretch.size;
}

size_t tl_run_beside(const struct tl_run *run)
{
    size_t size = tl_run_held(run);
    return size < run->kept ? 0 : size - run->kept;
}

void tl_run_check_memory(lua_State *L, const struct tl_run *run)
{
    struct tl_quota *quota = &tl_script_of(L)->quota;
    quota->beside = tl_run_beside(run);
    if (tl_quota_fits(quota, 0))
        return;
    lua_pushliteral(L, "the memory is used up");
    tl_script_stop(L, TL_STOP_MEMORY);
}
