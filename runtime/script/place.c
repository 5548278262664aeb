/* Where in the script's files something happens. Thread: that of the state. */
#include "run_private.h"

struct tl_place tl_run_place(lua_State *L, struct tl_arena *arena)
{
    lua_Debug info;
    for (int level = 0; lua_getstack(L, level, &info); level++) {
        lua_getinfo(L, "Sl", &info);
        if (info.currentline > 0 && info.source[0] == '@')
            return (struct tl_place){tl_arena_copy(arena, tl_str_z(info.source + 1)), info.currentline};
    }
    return (struct tl_place){"", 0};
}
