/* One comparison under way. Private to the room. */
#pragma once
#include "base/map.h"
#include "contract/compat.h"
#include "schema_node.h"

struct tl_comparing {
    struct tl_differences *out; /* NULL: only whether there are any */
    bool differs;
    bool turned;            /* inside "not": what widens the part narrows the whole */
    bool unsure;            /* inside rules where more in a part may be less in the whole */
    struct tl_map compared; /* pairs of nodes that are compared already, or are being compared */
    uint64_t *work;
    uint32_t depth;
};

/* The way to the values, on the stack. */
struct tl_way {
    const struct tl_way *up;
    tl_str step; /* a name or "*" */
};

/* A schema that allows everything: what stands where nothing is said. */
extern const struct tl_node tl_any_node;

void tl_compare_nodes(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                      const struct tl_way *way);
/* Adds a difference at `keyword` of `node`. */
void tl_compare_report(struct tl_comparing *c, unsigned breaks, const struct tl_node *node, const char *keyword,
                       const struct tl_way *way, const char *fmt, ...) TL_PRINTF(6, 7);
void tl_compare_step(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                     const struct tl_way *way, tl_str step);
/* A least (narrower when it rises) or a most (narrower when it falls): `what` is "characters", "elements" … */
void tl_compare_counts(struct tl_comparing *c, uint64_t before, uint64_t after, bool most, const struct tl_node *node,
                       const char *keyword, const struct tl_way *way, const char *what);
/* Something that only narrows: there before, there now. */
void tl_compare_presence(struct tl_comparing *c, bool before, bool after, const struct tl_node *old_node,
                         const struct tl_node *new_node, const char *keyword, const struct tl_way *way,
                         const char *what);

void tl_compare_types(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                      const struct tl_way *way);
void tl_compare_values(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                       const struct tl_way *way);
void tl_compare_numbers(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                        const struct tl_way *way);
void tl_compare_strings(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                        const struct tl_way *way);
void tl_compare_arrays(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                       const struct tl_way *way);
void tl_compare_objects(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                        const struct tl_way *way);
void tl_compare_places(struct tl_comparing *c, const struct tl_node *before, const struct tl_node *after,
                       const struct tl_way *way);
/* Types that a value can have at all: "type", cut to those of "enum" and "const". */
uint8_t tl_possible_types(const struct tl_node *node);
