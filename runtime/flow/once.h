/* Effects named by business meaning (rule 13): whoever asks for a name that was done already gets what it gave. State
 * table "once": key = "<system>/<name>", value = JSON {run, state ("sent" or "done"), document, remote, status, at};
 * kept for good. Between two runs that ask for one name at the same moment a claim in memory decides; it lasts until
 * the state shows what became of it. */
#pragma once
#include "base/map.h"
#include "run.h"

struct tl_onces {
    pthread_mutex_t lock;
    struct tl_map claims; /* "<system>/<name>" → struct tl_once, own */
    unsigned sweep;
};

void tl_onces_init(struct tl_onces *onces);
void tl_onces_free(struct tl_onces *onces);

/* TL_OK: this step does it. TL_EDIFFERS: it was done, `out` is what it gave (texts in the drive's arena). TL_EFAILED:
 * another run is at it. */
tl_code tl_once_claim(struct tl_step *step, tl_str system, struct tl_step_row *out);
/* The intent; and what came of it: a failure gives the name back. */
void tl_once_sent(struct tl_step *step, struct tl_batch *batch);
void tl_once_done(struct tl_step *step, const struct tl_step_row *row, struct tl_batch *batch);
/* The step is freed. */
void tl_once_release(struct tl_step *step);
