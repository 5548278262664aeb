/* Why a letter is not fit to be sent: the first field that is wrong counts, whatever is written after it. */
#include "mail.h"

void ml_refuse(struct ml_letter *letter, tlc_slice field, const char *why)
{
    if (letter->wrong)
        return;
    letter->wrong = why;
    letter->field = field;
}
