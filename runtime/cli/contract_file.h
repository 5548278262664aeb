/* A contract read from a file, with the files beside it that it refers to. */
#pragma once
#include "contract/schema.h"

/* *out is released with tl_schema_free. TL_EIO: it cannot be read; TL_ECONFIG: it is no contract, and where. */
TL_MUST_CHECK tl_code tl_contract_file(const char *path, enum tl_schema_formats formats, struct tl_schema **out,
                                       struct tl_error *err);
