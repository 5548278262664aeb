/* What can be asked of the lenses of a bundle without running anything: do they keep their laws, what do they touch,
 * their pages. Everything runs in a state of its own, within budgets. Thread: any one; the bundle is only read. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "script/bundle.h"

struct tl_lens_trial {
    const char *lens; /* title, or name of the file without ".lua"; NULL: all */
    int64_t count;    /* values to make for each lens; 0: 100 */
    int64_t seed;     /* the same seed makes the same values */
    int64_t cpu_ms;   /* for all of them; what does not fit in is not tried; 0: 20,000 */
};

/* A law that does not hold. */
struct tl_lens_failure {
    const char *lens;      /* title */
    struct tl_place place; /* of the field, or of the declaration */
    const char *field;     /* "lines[].sku"; "" when it is no single field */
    const char *law;       /* put-get get-put pure exact sample values error time */
    const char *text;      /* one sentence */
    const char *shown;     /* the counterexample, a line each */
    const char *sample;    /* file of the sample; "": it was made */
    int64_t number;        /* of the made value */
};

/* Texts are owned by it. */
struct tl_lens_report {
    struct tl_arena arena;
    struct tl_lens_failure *items; /* own */
    size_t count;
    size_t lenses, values, samples; /* tried */
    bool cut;                       /* the budget ended before all values were tried */
};

/* Tries the laws of the lenses on made values and on the files of samples/<file name of the lens>/. TL_OK also when
 * some do not hold. TL_ENOTFOUND: no such lens. `out` is released with tl_lens_report_free whatever came. */
TL_MUST_CHECK tl_code tl_lens_laws(const struct tl_bundle *bundle, const struct tl_lens_trial *trial,
                                   struct tl_lens_report *out, struct tl_error *err);
void tl_lens_report_free(struct tl_lens_report *report);

/* Appends the pages of the lenses in Markdown, one after another. `lens` as in tl_lens_trial. */
TL_MUST_CHECK tl_code tl_lens_pages(const struct tl_bundle *bundle, const char *lens, struct tl_buf *out,
                                    struct tl_error *err);
/* Appends where every value comes from:
 * [{"lens","file","line","fields":{"entity","platform"},"get":[{"to","from","how"}], "put":[…]}]. */
TL_MUST_CHECK tl_code tl_lens_lineage(const struct tl_bundle *bundle, const char *lens, struct tl_buf *out,
                                      struct tl_error *err);
