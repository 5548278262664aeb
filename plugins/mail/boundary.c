/* The lines between the parts of a body, and the headers that announce them. */
#include "mail.h"

void ml_put_boundary(struct ml_paper *paper, const char *before, tlc_slice boundary, const char *after)
{
    ml_put_z(paper, before);
    ml_put(paper, boundary);
    ml_put_z(paper, after);
}
