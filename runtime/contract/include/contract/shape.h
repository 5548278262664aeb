/* What a contract says of the make of a value: its members, elements, types and listed values, for those who show them
 * or look at code that reads them. References are followed, and alternatives (anyOf, oneOf, then, else) count as if all
 * of them held. What decides validity is schema.h; this is for people. Thread: any. */
#pragma once
#include "contract/schema.h"

#define TL_SHAPE_RULES 24

struct tl_node;

/* Of one place. Borrowed from the schema; copied as a value. */
struct tl_shape {
    const struct tl_node *rules[TL_SHAPE_RULES];
    bool sure[TL_SHAPE_RULES]; /* holds for every value, not only in an alternative */
    size_t count;
    bool unknown; /* nothing is said, or more than can be followed */
};

/* The whole document. NULL: unknown. */
struct tl_shape tl_shape_of(const struct tl_schema *schema);

enum tl_member {
    TL_MEMBER_KNOWN,
    TL_MEMBER_UNKNOWN, /* there are names, and this one is none of them */
    TL_MEMBER_ANY      /* nothing is said about names, or there may be others by design */
};
/* `member` (NULL allowed) is set in every case. */
enum tl_member tl_shape_member(const struct tl_shape *shape, tl_str name, struct tl_shape *member);
/* Does it refuse names that it does not list? One that does not may be about a part of the value only. */
bool tl_shape_is_closed(const struct tl_shape *shape);
/* The names, each once: start with *at = 0; false at the end. */
bool tl_shape_next(const struct tl_shape *shape, size_t *at, tl_str *name);
bool tl_shape_requires(const struct tl_shape *shape, tl_str name);
/* Elements of an array; false: nothing is said about them. */
bool tl_shape_element(const struct tl_shape *shape, struct tl_shape *element);
/* What other members are, where their names are free ("additionalProperties" with a schema); false: nothing is said. */
bool tl_shape_others(const struct tl_shape *shape, struct tl_shape *other);
/* May it be of this type: "object", "array", "string", "number", "integer", "boolean", "null"? "integer" is asked where
 * "number" may be: whole ones only. */
bool tl_shape_may_be(const struct tl_shape *shape, const char *type);
/* The listed values as a JSON array, or NULL; *one is set instead when there is a single one ("const"). */
const struct tl_json_value *tl_shape_values(const struct tl_shape *shape, const struct tl_json_value **one);
/* Its description, else its title, or empty. */
tl_str tl_shape_help(const struct tl_shape *shape);
/* Where it is described: the same document and pointer for every place that refers to it. False when unknown. */
bool tl_shape_place(const struct tl_shape *shape, tl_str *document, const char **pointer);
