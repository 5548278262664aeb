/* Rules about arrays. */
#include "base/alloc.h"
#include "validate.h"

static bool check_elements(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                           const struct tl_step *path, struct tl_seen *seen)
{
    const struct tl_array_rules *rules = node->array;
    uint64_t contained = 0;
    bool good = true;
    struct tl_json_iter i = tl_json_iter(value);
    for (size_t index = 0; tl_json_next(&i) && !e->stopped && (good || e->out); index++) {
        struct tl_step step = {.up = path, .index = index, .in_array = true};
        const struct tl_node *element = index < rules->prefix_count ? rules->prefix[index] : rules->items;
        if (element) {
            good &= tl_eval_node(e, element, i.value, &step, NULL);
            tl_seen_mark(seen, index);
        }
        if (rules->contains && tl_eval_quietly(e, rules->contains, i.value, &step, NULL)) {
            contained++;
            tl_seen_mark(seen, index);
        }
    }
    if (rules->contains && contained < rules->contains_least && !e->stopped && (good || e->out))
        good = tl_eval_report(e, node, rules->contains_least == 1 ? "contains" : "minContains", value, path,
                              "must hold at least %llu elements that fit 'contains', holds %llu",
                              (unsigned long long)rules->contains_least, (unsigned long long)contained);
    if (rules->contains && contained > rules->contains_most)
        good = tl_eval_report(e, node, "maxContains", value, path,
                              "must hold at most %llu elements that fit 'contains', holds %llu",
                              (unsigned long long)rules->contains_most, (unsigned long long)contained);
    return good;
}

bool tl_eval_array(struct tl_eval *e, const struct tl_node *node, const struct tl_json_value *value,
                   const struct tl_step *path, struct tl_seen *seen)
{
    const struct tl_array_rules *rules = node->array;
    size_t count = tl_json_count(value), first, second;
    bool good = true;
    if (count < rules->least)
        good = tl_eval_report(e, node, "minItems", value, path, "must have at least %llu elements, has %zu",
                              (unsigned long long)rules->least, count);
    if (count > rules->most)
        good = tl_eval_report(e, node, "maxItems", value, path, "must have at most %llu elements, has %zu",
                              (unsigned long long)rules->most, count);
    if (rules->unique && (good || e->out) && !tl_eval_unique(e, value, &first, &second))
        good = tl_eval_report(e, node, "uniqueItems", value, path, "elements %zu and %zu are equal", first, second);
    if (rules->items || rules->prefix_count || rules->contains)
        good = (good || e->out) && check_elements(e, node, value, path, seen) && good;
    return good;
}
