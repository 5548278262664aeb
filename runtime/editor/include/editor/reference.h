/* The reference of what integrators write, in Markdown, made from the tables that check it and from the annotations
 * that editors read. Thread: one. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

struct tl_reference_page {
    const char *name;  /* "ctx" */
    const char *title; /* "ctx" */
    const char *about; /* a sentence */
};

/* In the order of reading. */
const struct tl_reference_page *tl_reference_pages(size_t *count);
/* Appends the page; `words` is the folder of the annotations. TL_ENOTFOUND: no such page; TL_EINPUT: an annotation is
 * not as it should be; TL_EIO. */
TL_MUST_CHECK tl_code tl_reference_print(const char *page, const char *words, struct tl_buf *out, struct tl_error *err);
