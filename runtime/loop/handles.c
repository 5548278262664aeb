/* Counts close callbacks for the owner of libuv handles. */
#include "loop/uv.h"
#include "base/error.h"

static void tell_when_gone(struct tl_handles *handles)
{
    if (handles->done && handles->closing == 0)
        handles->gone(handles->owner);
}

static void on_closed(uv_handle_t *handle)
{
    struct tl_handles *handles = handle->data;
    handles->closing--;
    tell_when_gone(handles);
}

void tl_handles_init(struct tl_handles *handles, void (*gone)(void *owner), void *owner)
{
    *handles = (struct tl_handles){.gone = gone, .owner = owner};
}

void tl_handles_close(struct tl_handles *handles, uv_handle_t *handle)
{
    if (uv_is_closing(handle))
        return;
    handles->closing++;
    handle->data = handles;
    uv_close(handle, on_closed);
}

void tl_handles_end(struct tl_handles *handles)
{
    tl_must(!handles->done);
    handles->done = true;
    tell_when_gone(handles);
}
