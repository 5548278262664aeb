/* A unit for an exception that is tried again. Thread: the lane's. */
#pragma once
#include "exception_int.h"

/* `payload` (own, taken): what a person made of the event, or NULL. */
struct tl_unit *tl_desk_unit(struct tl_lane *lane, struct tl_open_exception *open, struct tl_keyline *line,
                             char *payload, size_t len);
/* The open exception of a parked run; NULL: there is none. */
struct tl_open_exception *tl_desk_exception(struct tl_lane *lane, const struct tl_run_row *run);
/* A parked run has its turn before all that waits on its key, once the batch of this turn is durable. */
void tl_desk_retry_run(struct tl_lane *lane, struct tl_run_row *run);
