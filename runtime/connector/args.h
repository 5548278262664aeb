/* The part of JSON Schema that manifests use for the arguments of operations (sdk/docs/manifest.md, "operations").
 * Pure. Thread: any. */
#pragma once
#include "base/error.h"
#include "codec/json.h"

/* Is it a schema of that part? TL_EINPUT with the place. */
TL_MUST_CHECK tl_code tl_args_schema_check(const struct tl_json_value *schema, struct tl_error *err);
/* Does the value fit? TL_EINPUT: "/lines/0/sku: is missing". */
TL_MUST_CHECK tl_code tl_args_check(const struct tl_json_value *schema, const struct tl_json_value *value,
                                    struct tl_error *err);
