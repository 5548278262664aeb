/* The answer of a $batch: its parts, one after the other. */
#ifndef ODATA_BATCH_H
#define ODATA_BATCH_H

#include <tidelock/call.h>

/* Begins a line of every part; JSON has no line that begins so. */
#define OD_BOUNDARY "tidelock_batch"

/* One part: an HTTP answer of its own. */
struct od_part {
    int status;
    tlc_slice head; /* lines of headers */
    tlc_slice body;
};

struct od_parts {
    tlc_slice rest;     /* behind the last part read */
    tlc_slice boundary; /* of the answer, with its dashes; absent: it is no multipart answer */
};

/* `content_type`: the answer's, with its boundary. What is found borrows from `body`. */
void od_parts_begin(struct od_parts *parts, tlc_slice content_type, tlc_slice body);
/* 0: there is no further one, or it cannot be read. */
int od_parts_next(struct od_parts *parts, struct od_part *part);
/* A header of the part; absent when it has none of that name. */
tlc_slice od_part_header(const struct od_part *part, const char *name);

#endif
