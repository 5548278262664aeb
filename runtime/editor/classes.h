/* Contracts as classes of the Lua language server. One class for each place in a contract that describes an object, the
 * same wherever it is referred to. Thread: one at a time. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "contract/shape.h"

struct tl_class {
    const char *name; /* "Contract.order_v1.lines.item" */
    tl_str document;
    const char *pointer;
    struct tl_shape shape;
};

struct tl_classes {
    struct tl_arena arena;
    struct tl_class *items; /* own */
    size_t count, printed;
};

void tl_classes_init(struct tl_classes *classes);
void tl_classes_free(struct tl_classes *classes);
/* The type of such a value: "string?", "Contract.customer_v1", "(\"new\"|\"sent\")[]". A class that it names is printed
 * by the next tl_classes_print. The schema of the shape must outlive that. */
const char *tl_classes_type(struct tl_classes *classes, const struct tl_shape *shape);
/* Prints the classes that were named since the last time, and those that these name. */
void tl_classes_print(struct tl_classes *classes, struct tl_buf *out);
/* The classes from that one on, printed before, keep their names; their schema may go now. */
void tl_classes_forget(struct tl_classes *classes, size_t from);

/* A name of letters, digits, '_' and '.' for any text: "order.won@1" → "order_won_1". Dots stay when `dots` says so. */
const char *tl_class_word(struct tl_arena *arena, tl_str text, bool dots);
/* The name of a field as it is annotated: order_no, or ["odd name"]. */
const char *tl_class_field(struct tl_arena *arena, tl_str name);
/* One line of help behind an annotation: blank first, no line breaks; "" for none. */
const char *tl_class_help(struct tl_arena *arena, tl_str text);
/* A text as a literal, quotes included. */
const char *tl_class_literal(struct tl_arena *arena, tl_str text);
