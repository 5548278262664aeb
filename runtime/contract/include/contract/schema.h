/* JSON Schema 2020-12: compiled once, validated natively by any number of threads.
 *
 * Every assertion and applicator of the dialect is there, $dynamicRef and unevaluated* included. What a schema asks and
 * this room cannot do is refused when it is compiled, never ignored: other dialects and $vocabulary, keywords of older
 * drafts ("dependencies", "additionalItems", an array as "items", "$recursiveRef"), patterns beyond contract/regex.h,
 * references to what is not there, formats that are not checked, keywords mistyped. Other words are annotations, as the
 * standard says; what is near to a keyword is a remark. Numbers are compared as decimals, never as doubles: 1 is 1.0,
 * and no digit is lost.
 *
 * Bounded: nesting of schemas (the codec's limit), their size and number, nested evaluations and work of one
 * validation, number of violations. A compiled schema is immutable. Thread: compile and free on one; validate on any.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "codec/json.h"

#define TL_SCHEMA_BYTES (4u * 1024 * 1024) /* of one schema document */
#define TL_SCHEMA_DOCUMENTS 200            /* reached by $ref from one */
#define TL_SCHEMA_PARTS 100000             /* subschemas of all of them */

struct tl_schema;

enum tl_schema_formats {
    TL_FORMATS_ASSERT,  /* a value that does not fit its "format" is a violation; others are refused */
    TL_FORMATS_ANNOTATE /* "format" says nothing about validity: the standard's default */
};

/* Gives the text of another document that a $ref names: `uri` without fragment, resolved against the place of the
 * reference ("contracts/customer.v1.json" from "customer.v1.json" in "contracts/order.v1.json"). The text must live as
 * long as the compilation. False: there is none. */
typedef bool tl_schema_resolver(void *ctx, tl_str uri, tl_str *text);

struct tl_schema_source {
    tl_str text;
    tl_str name; /* path or URI of the document: base of its references, and named in messages; may be empty */
    tl_schema_resolver *resolve; /* NULL: references to other documents are refused */
    void *ctx;
    enum tl_schema_formats formats;
};

/* Where a schema is wrong. */
struct tl_schema_fault {
    char document[256]; /* name of the document */
    char pointer[512];  /* JSON pointer in it */
    size_t line, column;
    char text[1024]; /* what is wrong, without the place */
};

/* *out is released with tl_schema_free. TL_EINPUT: the sentence names document, line and pointer; `fault` (NULL
 * allowed) holds them apart. */
TL_MUST_CHECK tl_code tl_schema_compile(const struct tl_schema_source *source, struct tl_schema **out,
                                        struct tl_schema_fault *fault, struct tl_error *err);
void tl_schema_free(struct tl_schema *schema); /* NULL is fine */

/* Something that is allowed and probably not meant ("minlength"). Borrowed from the schema. */
struct tl_schema_remark {
    const char *document, *pointer, *text;
    size_t line;
};
const struct tl_schema_remark *tl_schema_remarks(const struct tl_schema *schema, size_t *count);

struct tl_violation {
    const char *pointer; /* of the value in the document; "" is the whole */
    const char *rule;    /* where the rule stands: "order.v1.json#/properties/total/minimum" */
    const char *keyword; /* "minimum" */
    const char *value;   /* the value as written, cut after 80 bytes */
    const char *text;    /* what is wrong: "must be at least 0" */
};

/* What is wrong with one document. Texts are owned by it. */
struct tl_violations {
    struct tl_arena arena;
    struct tl_violation *items; /* own */
    size_t count;
    size_t most; /* at most so many are collected; validation goes no further */
};
void tl_violations_init(struct tl_violations *violations, size_t most);
void tl_violations_free(struct tl_violations *violations);
/* One sentence of the first: "/total is -1 and must be at least 0 (order.v1.json#/properties/total/minimum)", and how
 * many more. */
tl_code tl_violations_error(const struct tl_violations *violations, struct tl_error *err);

/* True: valid. Otherwise the violations are in `violations` (NULL: only the answer is wanted, the fastest). */
bool tl_schema_validate(const struct tl_schema *schema, const struct tl_json_value *document,
                        struct tl_violations *violations);
/* Parses and validates. TL_EINPUT: not JSON; TL_EDIFFERS: not valid, the sentence names pointer, rule and value. */
TL_MUST_CHECK tl_code tl_schema_validate_text(const struct tl_schema *schema, tl_str text,
                                              struct tl_violations *violations, struct tl_error *err);
