/* A parsed JSON document for C: an immutable tape of values. Strings are decoded to UTF-8 (they may hold NUL), numbers
 * keep their text, every value knows its raw bytes, `[]` and `{}` stay what they are. Of duplicate keys the last one
 * counts; the earlier ones are not seen by count, get or iteration. Strict RFC 8259 by codec/json_reader.h.
 * The functions on values take NULL for "no value", so that lookups chain:
 *     tl_json_text(tl_json_get(tl_json_get(root, "customer"), "id"))
 * Values are borrowed from their document. Thread: any number of readers once parsed. */
#pragma once
#include "base/error.h"
#include "base/str.h"
#include "codec/json_reader.h"

enum tl_json_type {
    TL_JSON_IS_NONE, /* no value there */
    TL_JSON_IS_NULL,
    TL_JSON_IS_FALSE,
    TL_JSON_IS_TRUE,
    TL_JSON_IS_NUMBER,
    TL_JSON_IS_STRING,
    TL_JSON_IS_ARRAY,
    TL_JSON_IS_OBJECT
};

struct tl_json_doc;
struct tl_json_value; /* opaque; lives in its document */

/* Parses; the document keeps its own copy of the text. *doc is released with tl_json_free; untouched on failure.
 * `limits` NULL means defaults. TL_EINPUT with line and column. */
tl_code tl_json_parse(tl_str text, const struct tl_json_limits *limits, struct tl_json_doc **doc,
                      struct tl_error *err) TL_MUST_CHECK;
/* The same without the copy: `text` must stay unchanged as long as the document. */
tl_code tl_json_parse_borrowed(tl_str text, const struct tl_json_limits *limits, struct tl_json_doc **doc,
                               struct tl_error *err) TL_MUST_CHECK;
/* NULL is allowed. */
void tl_json_free(struct tl_json_doc *doc);
/* Never NULL. */
const struct tl_json_value *tl_json_root(const struct tl_json_doc *doc);

enum tl_json_type tl_json_type(const struct tl_json_value *value);
/* "null", "boolean", "number", "string", "array", "object"; "nothing" for NULL. */
const char *tl_json_type_name(const struct tl_json_value *value);
/* Members of an object or elements of an array; 0 for anything else. */
size_t tl_json_count(const struct tl_json_value *value);
/* Member by key; NULL when absent or not an object. Linear in the members, on a stored hash. */
const struct tl_json_value *tl_json_get(const struct tl_json_value *object, const char *key);
const struct tl_json_value *tl_json_get_str(const struct tl_json_value *object, tl_str key);
/* Element by index from 0; NULL when out of range or not an array. Linear: iterate instead where all are wanted. */
const struct tl_json_value *tl_json_item(const struct tl_json_value *array, size_t index);

/* Iteration over an array or object (anything else: no round), in the order of the text:
 *     struct tl_json_iter i = tl_json_iter(value);
 *     while (tl_json_next(&i)) use(i.key, i.value);                                                              */
struct tl_json_iter {
    tl_str key; /* of an object's member; empty for arrays */
    const struct tl_json_value *value;
    const struct tl_json_value *at, *end; /* private */
    bool object;                          /* private */
};
struct tl_json_iter tl_json_iter(const struct tl_json_value *container);
bool tl_json_next(struct tl_json_iter *iter);

/* Decoded string, or the text of a number as written; empty slice for anything else. */
tl_str tl_json_text(const struct tl_json_value *value);
/* The same as an owned, NUL-terminated copy (tl_free), or NULL when it is neither string nor number. */
char *tl_json_dup(const struct tl_json_value *value);
/* The value's bytes as written, without blanks around it; empty for NULL. */
tl_str tl_json_raw(const struct tl_json_value *value);
bool tl_json_is_string(const struct tl_json_value *value);
bool tl_json_is_null(const struct tl_json_value *value); /* a null that is there; not for NULL */
/* True only for `true`. */
bool tl_json_bool(const struct tl_json_value *value);
/* A number written with digits and optional minus only, that fits; false otherwise and *out untouched. */
bool tl_json_i64(const struct tl_json_value *value, int64_t *out);
bool tl_json_u64(const struct tl_json_value *value, uint64_t *out);
/* String member equal to z? */
bool tl_json_is(const struct tl_json_value *value, const char *z);

/* Member lookups with a default, for settings and manifests: the default is given when the member is absent, null or
 * of another type. */
tl_str tl_json_get_text(const struct tl_json_value *object, const char *key);
int64_t tl_json_get_i64(const struct tl_json_value *object, const char *key, int64_t otherwise);
bool tl_json_get_bool(const struct tl_json_value *object, const char *key, bool otherwise);

/* Equal by value: strings by code points, numbers by value (1 = 1.0 = 1e0), objects without order. */
bool tl_json_equal(const struct tl_json_value *a, const struct tl_json_value *b);
/* Byte offset of the value's first byte in the text, and its line and column (1-based) for messages. */
size_t tl_json_offset(const struct tl_json_doc *doc, const struct tl_json_value *value);
void tl_json_place(const struct tl_json_doc *doc, const struct tl_json_value *value, size_t *line, size_t *column);
