/* Published vectors from the folder named by TIDELOCK_CASES (default ../shared/cases beside the project). */
#pragma once
#include "codec/json.h"

/* NULL when the file is absent. The caller frees the document. */
struct tl_json_doc *open_case(const char *path);
