/* From an operation of the manifest to a request: path, query, headers, body. */
#pragma once
#include "exchange.h"

/* Fills method, url, query, headers and body of `out`; everything lies in the arena of `vars`. TL_EINPUT: the arguments
 * do not fill the templates. */
TL_MUST_CHECK tl_code tl_request_build(const struct tl_json_value *operation, const struct tl_vars *vars,
                                       struct tl_exchange_request *out, struct tl_error *err);
/* A form of name=value pairs out of {name: template}; absent ones are left out. */
TL_MUST_CHECK tl_code tl_request_form(const struct tl_json_value *templates, const struct tl_vars *vars,
                                      struct tl_buf *out, struct tl_error *err);
