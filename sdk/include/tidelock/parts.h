/* Parts of a call that wait themselves: straight-line code like async.h, for functions that a call's step function (or
 * another part) waits for. Optional. A part returns 1 while it waits, and when it has ended the call; 0 when it is
 * done. Its parameters are c, in and out, as those of a step function.
 *
 *     static int part(tlc_call *c, const tlc_input *in, tlc_action *out)
 *     {
 *         TL_PART_BEGIN(&state->part);       // a tl_async, zeroed before the part is waited for
 *         TL_PART_HTTP(…);                   // as TL_HTTP
 *         TL_PART_DO(other_part(c, in, out));
 *         TL_PART_END;
 *     }
 *     …
 *     TL_DO(part(c, in, out));               // in a step function: goes on when the part is done
 *
 * The rules of async.h hold: no local variable keeps its value over a wait, one waiting word a line. */
#ifndef TIDELOCK_PARTS_H
#define TIDELOCK_PARTS_H

#include <tidelock/async.h>

#define TL_PART_BEGIN(async_)                                                                                          \
    tl_async *const tl_part_ = (async_);                                                                               \
    switch (tl_part_->line) {                                                                                          \
    case 0:

#define TL_PART_HTTP(transfer_)                                                                                        \
    do {                                                                                                               \
        out->kind = TLC_TRANSFER;                                                                                      \
        out->transfer = (transfer_);                                                                                   \
        tl_part_->line = __LINE__;                                                                                     \
        return 1;                                                                                                      \
    case __LINE__:;                                                                                                    \
    } while (0)

#define TL_PART_DO(part_)                                                                                              \
    do {                                                                                                               \
        tl_part_->line = __LINE__;                                                                                     \
        if (0) {                                                                                                       \
        case __LINE__:;                                                                                                \
        }                                                                                                              \
        if (part_)                                                                                                     \
            return 1;                                                                                                  \
    } while (0)

#define TL_DO(part_)                                                                                                   \
    do {                                                                                                               \
        tl_async_->line = __LINE__;                                                                                    \
        if (0) {                                                                                                       \
        case __LINE__:;                                                                                                \
        }                                                                                                              \
        if (part_)                                                                                                     \
            return;                                                                                                    \
    } while (0)

/* Ends the call, whose name is `c`, from within a part. */
#define TL_PART_FAIL(class_, message_)                                                                                 \
    do {                                                                                                               \
        tlc_fail_with(&c->async, out, (class_), (message_));                                                           \
        return 1;                                                                                                      \
    } while (0)

#define TL_PART_END                                                                                                    \
    break;                                                                                                             \
    default:                                                                                                           \
        break;                                                                                                         \
        }                                                                                                              \
        return 0

#endif
