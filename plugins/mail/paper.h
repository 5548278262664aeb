/* A text that grows while it is written; its memory is the scope's. */
#ifndef PAPER_H
#define PAPER_H

#include <tidelock/text.h>

struct ml_paper {
    const tlc_host *host;
    tlc_scope *scope;
    char *ptr;
    uint64_t len, cap;
};

void ml_put(struct ml_paper *paper, tlc_slice text);
void ml_put_z(struct ml_paper *paper, const char *text);
void ml_put_char(struct ml_paper *paper, char c);
void ml_put_hex(struct ml_paper *paper, unsigned char c); /* two digits, capital */
tlc_slice ml_written(const struct ml_paper *paper);

#endif
