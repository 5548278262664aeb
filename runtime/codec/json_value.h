/* The tape behind codec/json.h. Private to the room.
 * A document is one array of nodes in the order of the text. A container is followed by its content; in an object every
 * value stands behind a KEY node. `span` is the number of nodes to the next sibling, so skipping is one addition. */
#pragma once
#include "codec/json.h"

#define TL_JSON_IS_KEY 100 /* node type beside enum tl_json_type */

struct tl_json_value {
    const char *text; /* borrow: decoded string, number or key; in the text or in the document's `decoded` */
    const char *raw;  /* borrow: first byte of the value in the text */
    uint32_t len;     /* of text; for containers the number of members or elements that count */
    union {
        uint32_t raw_len;
        uint32_t hash; /* of a key */
    };
    uint32_t span;
    uint8_t type;
    bool overridden; /* a key that a later equal key replaces: neither it nor its value is seen */
};

struct tl_json_doc {
    struct tl_json_value *nodes; /* own */
    size_t count, cap;
    const char *text; /* own when `owns_text`, else borrow */
    size_t len;
    char *decoded; /* own; strings that had escapes; room for all of them from the first on, so it never moves */
    size_t decoded_len;
    bool owns_text;
};

uint32_t tl_json_key_hash(tl_str key);
/* Marks the overridden keys of an object whose `len` is the number of its keys as written, and corrects `len`. */
void tl_json_mark_overridden(struct tl_json_value *object);
