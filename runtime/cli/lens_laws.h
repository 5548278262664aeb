/* What trying the laws of lenses found, printed. */
#pragma once
#include "codec/json_writer.h"
#include "script/lens.h"

/* A paragraph for each failure; with `summary` a last line that counts. */
TL_MUST_CHECK tl_code tl_laws_print(const struct tl_lens_report *report, bool summary, struct tl_error *err);
TL_MUST_CHECK tl_code tl_laws_print_json(const struct tl_lens_report *report, struct tl_error *err);
/* The failures as members of the array that is open. */
void tl_laws_put_json(struct tl_json_writer *w, const struct tl_lens_report *report);
