/* A manifest (sdk/docs/manifest.md), checked from top to bottom when it is loaded and then read where it lies. What the
 * checks accept, the interpreter may rely on: types, known keys, templates that name things that exist. Thread:
 * immutable once made. */
#pragma once
#include "base/error.h"
#include "codec/json.h"

struct tl_manifest {
    struct tl_json_doc *doc;          /* own */
    const struct tl_json_value *root; /* borrow: of doc */
};

#define TL_MANIFEST_MAX (4u << 20)
#define TL_MANIFEST_DEPTH 64

/* TL_ECONFIG with the pointer ("/operations/upsert/effect: …"). TL_EVERSION for another manifest format. */
TL_MUST_CHECK tl_code tl_manifest_new(tl_str text, struct tl_manifest *out, struct tl_error *err);
void tl_manifest_deinit(struct tl_manifest *manifest);

/* Parses only: an object within the limits. What was made is released by the caller, also on failure. */
TL_MUST_CHECK tl_code tl_manifest_read(tl_str text, struct tl_manifest *out, struct tl_error *err);

/* A system's own operations file: {"operations": …, "errors": …}, by the same rules, without `code`. `of` is the
 * connector's manifest. */
TL_MUST_CHECK tl_code tl_manifest_extra_new(tl_str text, const struct tl_manifest *of, struct tl_manifest *out,
                                            struct tl_error *err);
/* For a connector whose manifest says "by_file": its head and the system's file (everything but the head, without
 * `code`) as one manifest. */
TL_MUST_CHECK tl_code tl_manifest_by_file_new(tl_str text, const struct tl_manifest *of, struct tl_manifest *out,
                                              struct tl_error *err);
