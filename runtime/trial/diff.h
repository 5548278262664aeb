/* Two texts, line by line, as people read them. Pure. */
#pragma once
#include "base/buf.h"

/* Appends the lines that differ with two lines around them: "- expected", "+ got", "  both". Nothing when they are
 * equal. */
void tl_diff_print(tl_str expected, tl_str got, struct tl_buf *out);
