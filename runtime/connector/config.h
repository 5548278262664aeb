/* Checking a system's settings against the manifest and putting defaults in. Pure. Thread: any. */
#pragma once
#include "base/error.h"
#include "codec/json.h"

struct tl_config_docs {
    struct tl_json_doc *config;      /* own */
    struct tl_json_doc *open_config; /* own */
    struct tl_json_doc *auth;        /* own */
};

/* `lenient`: a null counts as a value that will be there later. */
TL_MUST_CHECK tl_code tl_config_read(const struct tl_json_value *manifest, tl_str settings, bool lenient,
                                     struct tl_config_docs *out, struct tl_error *err);
void tl_config_deinit(struct tl_config_docs *docs);
/* One object against a map of fields ("config" of the manifest or of a capture). `what` leads the messages. Writes
 * every field, defaults included, into `out` (and into `open` those that are no secret) unless NULL. */
struct tl_json_writer;
TL_MUST_CHECK tl_code tl_fields_read(const struct tl_json_value *fields, const struct tl_json_value *object,
                                     const char *const *known, size_t known_count, const char *what, bool lenient,
                                     struct tl_json_writer *out, struct tl_json_writer *open, struct tl_error *err);
