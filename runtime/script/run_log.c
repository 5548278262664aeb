/* The log lines of a run: ctx:log, and print. Thread: that of the state. */
#include "base/alloc.h"
#include "base/log.h"
#include "run_private.h"

void tl_run_log(lua_State *L, struct tl_run *run, int level, tl_str message, tl_str fields)
{
    if (run->outcome.log_count == run->log_cap) {
        if (run->log_cap >= 1024)
            return;
        run->log_cap = run->log_cap ? run->log_cap * 2 : 8;
        run->logs = tl_realloc(run->logs, run->log_cap * sizeof(*run->logs));
        run->outcome.logs = run->logs;
    }
    run->logs[run->outcome.log_count++] =
        (struct tl_run_log){level, tl_arena_str(&run->stretch, message), fields, tl_run_place(L, &run->stretch)};
    tl_run_check_memory(L, run);
}

void tl_run_note(lua_State *L, const char *text)
{
    struct tl_run *run = tl_script_of(L)->run;
    if (run)
        tl_run_log(L, run, TL_INFO, tl_str_z(text), TL_STR_NONE);
}
