/* A file of settings or secrets, given to a server that runs: what differs from what it has is set. */
#pragma once
#include "command.h"

/* The file is a JSON object {"name": "value" or number or true/false}. Values that the server has already are not
 * written again. TL_EINPUT: what is wrong with the file; others as the server answers. */
TL_MUST_CHECK tl_code tl_settings_file_apply(const struct tl_args *args, const char *path, bool secret,
                                             struct tl_error *err);
