/* One validation under way. Private to the room. */
#pragma once
#include "schema_node.h"

/* The way from the root to the value, on the stack. */
struct tl_step {
    const struct tl_step *up;
    tl_str key;
    size_t index;
    bool in_array;
};

/* The schemas with a URI of their own that were entered, on the stack. */
struct tl_scope {
    const struct tl_scope *up;
    const struct tl_resource *resource;
};

/* Which members or elements some rule has looked at; kept only where unevaluated* asks. */
struct tl_seen {
    uint64_t *bits; /* own when `count` is above what fits `few` */
    uint64_t few[4];
    size_t count;
};
void tl_seen_init(struct tl_seen *seen, const struct tl_json_value *value);
void tl_seen_free(struct tl_seen *seen);
void tl_seen_mark(struct tl_seen *seen, size_t index); /* NULL is fine */
bool tl_seen_has(const struct tl_seen *seen, size_t index);
void tl_seen_merge(struct tl_seen *into, const struct tl_seen *from);

struct tl_eval {
    struct tl_violations *out; /* NULL: only the answer is wanted */
    const struct tl_scope *scope;
    uint64_t work; /* what may still be done */
    uint32_t depth;
    bool stopped; /* too much work or too many violations: nothing further is looked at */
    bool tired;   /* it was the work */
};

/* True: valid. `seen` is NULL where nobody asks. */
bool tl_eval_node(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                  const struct tl_step *path, struct tl_seen *seen);
/* The same without a word: its violations are no violations of the whole. */
bool tl_eval_quietly(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                     const struct tl_step *path, struct tl_seen *seen);
bool tl_eval_array(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                   const struct tl_step *path, struct tl_seen *seen);
bool tl_eval_object(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                    const struct tl_step *path, struct tl_seen *seen);
bool tl_eval_place(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                   const struct tl_step *path, struct tl_seen *seen);
bool tl_eval_number(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                    const struct tl_step *path);
/* After all others: what nothing has looked at. */
bool tl_eval_unevaluated(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                         const struct tl_step *path, struct tl_seen *seen);
/* Elements differ from each other? The places of two equal ones otherwise. */
bool tl_eval_unique(struct tl_eval *e, const struct tl_json_value *array, size_t *first, size_t *second);

/* Adds a violation when somebody listens. Always false. */
bool tl_eval_report(struct tl_eval *e, const struct tl_node *node, const char *keyword,
                    const struct tl_json_value *value, const struct tl_step *path, const char *fmt, ...)
    TL_PRINTF(6, 7);
/* Pays for work; false: it is used up. Every rule does, so it costs no call. */
static inline bool tl_eval_pay(struct tl_eval *e, uint64_t cost)
{
    if (e->work > cost) {
        e->work -= cost;
        return true;
    }
    e->work = 0;
    e->tired = e->stopped = true;
    return false;
}
bool tl_eval_whole(const struct tl_json_value *number);
