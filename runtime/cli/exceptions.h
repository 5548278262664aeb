/* The parts of `tidelock exceptions`. */
#pragma once
#include "base/buf.h"
#include "command.h"

/* The body of an act, from the options that were given. */
TL_MUST_CHECK tl_code tl_exceptions_body(const struct tl_args *args, struct tl_buf *body, struct tl_error *err);
/* `--groups`. */
TL_MUST_CHECK tl_code tl_exceptions_list_groups(const struct tl_args *args, struct tl_error *err);
/* `retry` or `discard` of a whole group (--cause). TL_EDIFFERS: some were refused or failed; the counts are printed. */
TL_MUST_CHECK tl_code tl_exceptions_group_act(const struct tl_args *args, const char *verb, struct tl_error *err);
/* "  before …" and "  after …" of a change to a payload. */
struct tl_json_value;
void tl_exceptions_print_change(const struct tl_json_value *compared);
