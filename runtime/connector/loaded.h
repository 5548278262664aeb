/* A loaded connector, as the rest of this room sees it. Thread: immutable. */
#pragma once
#include "connector/library.h"
#include "manifest.h"
#include <tidelock/connector.h>

struct tl_connector {
    char *path; /* own */
    char *text; /* own; the manifest's bytes */
    size_t len;
    struct tl_manifest manifest; /* own */
    const tlc_connector *table;  /* static, in the shared object */
    struct tl_connector *next;   /* own; the library's list */
};

/* From manifest bytes (taken over, also on failure), without code. */
tl_code tl_connector_new(const char *path, char *text, size_t len, struct tl_connector **out,
                         struct tl_error *err) TL_MUST_CHECK;
void tl_connector_free(struct tl_connector *connector);
uint64_t tl_connector_major(const struct tl_connector *connector);
