/* A compiled schema: nodes that know their rules. Private to the room. */
#pragma once
#include "codec/decimal.h"
#include "contract/regex.h"
#include "contract/schema.h"

enum tl_type_bit {
    TL_TYPE_NULL = 1,
    TL_TYPE_BOOLEAN = 2,
    TL_TYPE_NUMBER = 4, /* any number; TL_TYPE_INTEGER alone: whole ones */
    TL_TYPE_INTEGER = 8,
    TL_TYPE_STRING = 16,
    TL_TYPE_ARRAY = 32,
    TL_TYPE_OBJECT = 64,
    TL_TYPE_ANY = 127
};

struct tl_node;

/* A short number: mantissa / 10^scale, at most 18 digits either way. */
struct tl_short {
    int64_t mantissa;
    uint32_t scale;
};

struct tl_number_bound {
    bool set;
    struct tl_decimal value;
    tl_str text;   /* as written */
    bool is_short; /* fits `brief` */
    struct tl_short brief;
};

enum tl_bound { TL_MINIMUM, TL_MAXIMUM, TL_EXCLUSIVE_MINIMUM, TL_EXCLUSIVE_MAXIMUM, TL_MULTIPLE_OF, TL_BOUND_COUNT };

struct tl_number_rules {
    struct tl_number_bound bounds[TL_BOUND_COUNT];
};

#define TL_NO_LIMIT UINT64_MAX

struct tl_format;

struct tl_string_rules {
    uint64_t least, most; /* code points; most: TL_NO_LIMIT */
    struct tl_regex *pattern;
    tl_str pattern_text;
    const struct tl_format *format; /* NULL: none, or one that is an annotation */
    tl_str format_text;             /* as written, also when it is an annotation */
};

struct tl_array_rules {
    uint64_t least, most;
    bool unique;
    struct tl_node **prefix;
    size_t prefix_count;
    struct tl_node *items;    /* behind the prefix */
    struct tl_node *contains; /* this many elements … */
    uint64_t contains_least, contains_most;
    struct tl_node *unevaluated;
};

struct tl_property {
    tl_str name;
    struct tl_node *node; /* NULL: only required or depended upon */
    uint32_t required;    /* 1 + its place among the required, 0: it is not */
};
struct tl_pattern_property {
    struct tl_regex *regex;
    tl_str text;
    struct tl_node *node;
};
struct tl_dependency {
    tl_str name;
    struct tl_node *node; /* of dependentSchemas, or NULL */
    tl_str *needs;        /* of dependentRequired */
    size_t need_count;
};

struct tl_object_rules {
    uint64_t least, most;
    struct tl_property *properties;
    size_t property_count;
    uint32_t *slots; /* by hash of the name: 1 + index in properties */
    size_t slot_mask;
    uint32_t required_count;
    bool has_properties; /* the keyword is there */
    struct tl_pattern_property *patterns;
    size_t pattern_count;
    struct tl_node *additional;
    struct tl_node *names;
    struct tl_dependency *dependencies;
    size_t dependency_count;
    struct tl_node *unevaluated;
};

struct tl_node_list {
    struct tl_node **items;
    size_t count;
};

/* Rules about the same value. */
struct tl_place_rules {
    struct tl_node *ref;     /* of $ref */
    struct tl_node *dynamic; /* of $dynamicRef, as $ref would find it */
    tl_str dynamic_anchor;   /* not empty: look for it in the dynamic scope */
    struct tl_node_list all, any, one;
    struct tl_node *negated, *condition, *then, *otherwise;
};

struct tl_anchor {
    tl_str name;
    struct tl_node *node;
    bool dynamic;
    struct tl_anchor *next;
};

/* A schema with a URI of its own: a document, or a part with $id. */
struct tl_resource {
    tl_str uri;  /* without fragment */
    tl_str name; /* where it was read, when that is another one */
    struct tl_document *document;
    const struct tl_json_value *json;
    struct tl_node *node;
    struct tl_anchor *anchors;
    struct tl_resource *next;
};

struct tl_document {
    struct tl_json_doc *json; /* own */
    tl_str name;
    struct tl_document *next;
};

struct tl_node {
    const struct tl_json_value *json;
    struct tl_resource *resource;
    const char *pointer; /* in its document */
    uint8_t types;       /* TL_TYPE_ANY when "type" is absent; 0: false */
    bool everything;     /* true, {} or nothing but annotations */
    bool wants_seen;     /* has unevaluatedItems or unevaluatedProperties */
    const struct tl_json_value *constant;
    const struct tl_json_value *enumeration;
    struct tl_number_rules *number; /* each NULL when there is none */
    struct tl_string_rules *string;
    struct tl_array_rules *array;
    struct tl_object_rules *object;
    struct tl_place_rules *place;
    struct tl_node *next; /* of all nodes, for release */
};

struct tl_schema {
    struct tl_arena arena;
    struct tl_node *root;
    struct tl_node *nodes;
    struct tl_document *documents;
    struct tl_resource *resources;
    struct tl_schema_remark *remarks; /* own */
    size_t remark_count;
    enum tl_schema_formats formats;
    bool builtin; /* the schema of schemas itself */
};

uint32_t tl_name_hash(tl_str name);
/* NULL when the name is not among them. */
const struct tl_property *tl_property_find(const struct tl_object_rules *rules, tl_str name);
/* Digits, at most 18, with an optional minus and point; false: something else, for decimals. */
bool tl_short_parse(tl_str text, struct tl_short *out);
/* Bits of a value's type; a whole number has TL_TYPE_NUMBER and TL_TYPE_INTEGER. */
uint8_t tl_type_bits(const struct tl_json_value *value);
/* "string", "integer or null". */
void tl_type_words(uint8_t types, struct tl_buf *out);

/* ---- formats ---- */

struct tl_format {
    const char *name;
    bool (*fits)(tl_str text);
    const char *example; /* for messages */
};
/* NULL: nobody knows it. */
const struct tl_format *tl_format_find(tl_str name);
/* What was meant; NULL: nothing is near. */
const char *tl_format_nearest(tl_str name);
/* All of them, "date time …", in the arena. */
const char *tl_format_names(struct tl_arena *arena);
/* A format of the standard that is not implemented. */
bool tl_format_is_missing(tl_str name);

/* ---- URIs of schemas ---- */

/* RFC 3986 section 5, also against a base that is only a path. The result is in the arena. */
tl_str tl_uri_resolve(struct tl_arena *arena, tl_str base, tl_str reference);
/* Cuts the fragment off; *fragment is without #, and empty when there is none. */
tl_str tl_uri_without_fragment(tl_str uri, tl_str *fragment);
