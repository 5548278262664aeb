#include "replayed.h"
#include <string.h>

#define ID_MAX 64

bool tl_replayed_type_is(tl_str type)
{
    return tl_str_starts(type, TL_STR(TL_TYPE_REPLAY));
}

/* The flow stands in the type too: that says where it ends, whatever is in its name. */
static bool read_names(tl_str rest, tl_str flow, struct tl_replayed *out)
{
    if (!tl_str_starts(rest, flow) || rest.len <= flow.len + 1 || rest.ptr[flow.len] != '/')
        return false;
    out->flow = flow;
    out->type = tl_str_from(rest, flow.len + 1);
    return true;
}

bool tl_replayed_read(const struct tl_event *event, struct tl_replayed *out)
{
    tl_str rest = event->dedupe, position, time, how;
    uint64_t time_ms;
    if (!tl_replayed_type_is(event->type))
        return false;
    if (!tl_str_cut(&rest, '/', &out->id) || !tl_str_cut(&rest, '/', &position) || !tl_str_cut(&rest, '/', &time) ||
        !tl_str_cut(&rest, '/', &how))
        return false;
    if (!tl_position_parse(position, &out->event) || !tl_str_u64(time, &time_ms))
        return false;
    out->time_ms = (int64_t)time_ms;
    out->force = tl_str_is(how, "force");
    return read_names(rest, tl_str_from(event->type, sizeof TL_TYPE_REPLAY - 1), out);
}

tl_str tl_replayed_type(struct tl_arena *arena, tl_str flow)
{
    return tl_str_z(tl_arena_printf(arena, TL_TYPE_REPLAY "%.*s", TL_STR_ARGS(flow)));
}

tl_str tl_replayed_dedupe(struct tl_arena *arena, const struct tl_replayed *replayed)
{
    char event[TL_POSITION_TEXT];
    tl_position_print(replayed->event, event);
    return tl_str_z(tl_arena_printf(arena, "%.*s/%s/%lld/%s/%.*s/%.*s", TL_STR_ARGS(replayed->id), event,
                                    (long long)replayed->time_ms, replayed->force ? "force" : "ask",
                                    TL_STR_ARGS(replayed->flow), TL_STR_ARGS(replayed->type)));
}

bool tl_replayed_id_fits(tl_str id)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (id.len == 0 || id.len > ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        if (id.ptr[i] == 0 || strchr(letters, id.ptr[i]) == NULL)
            return false;
    }
    return true;
}
