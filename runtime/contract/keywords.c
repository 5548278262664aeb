/* One function a keyword, from JSON to the rules of a node. */
#include "base/alloc.h"
#include "base/nearest.h"
#include "codec/json_pointer.h"
#include "compile.h"
#include <stdio.h>
#include <string.h>

typedef tl_code reader(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                       const struct tl_json_value *value);

/* The rules of a kind, made when the first of them is read. */
static struct tl_number_rules *number_rules(struct tl_compiling *c, struct tl_node *node)
{
    if (!node->number)
        node->number = TL_ARENA_NEW(&c->schema->arena, struct tl_number_rules);
    return node->number;
}

static struct tl_string_rules *string_rules(struct tl_compiling *c, struct tl_node *node)
{
    if (!node->string) {
        node->string = TL_ARENA_NEW(&c->schema->arena, struct tl_string_rules);
        node->string->most = TL_NO_LIMIT;
    }
    return node->string;
}

static struct tl_array_rules *array_rules(struct tl_compiling *c, struct tl_node *node)
{
    if (!node->array) {
        node->array = TL_ARENA_NEW(&c->schema->arena, struct tl_array_rules);
        node->array->most = node->array->contains_most = TL_NO_LIMIT;
        node->array->contains_least = 1;
    }
    return node->array;
}

static struct tl_object_rules *object_rules(struct tl_compiling *c, struct tl_node *node)
{
    if (!node->object) {
        node->object = TL_ARENA_NEW(&c->schema->arena, struct tl_object_rules);
        node->object->most = TL_NO_LIMIT;
    }
    return node->object;
}

static struct tl_place_rules *place_rules(struct tl_compiling *c, struct tl_node *node)
{
    if (!node->place)
        node->place = TL_ARENA_NEW(&c->schema->arena, struct tl_place_rules);
    return node->place;
}

/* ---- shapes of values ---- */

static tl_code need(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                    const struct tl_json_value *value, enum tl_json_type type, const char *what)
{
    if (tl_json_type(value) == type)
        return TL_OK;
    return tl_compile_refuse(c, node, keyword, value, "must be %s, not %s", what, tl_json_type_name(value));
}

static tl_code need_bool(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                         const struct tl_json_value *value)
{
    enum tl_json_type type = tl_json_type(value);
    if (type == TL_JSON_IS_TRUE || type == TL_JSON_IS_FALSE)
        return TL_OK;
    return tl_compile_refuse(c, node, keyword, value, "must be true or false, not %s", tl_json_type_name(value));
}

/* A count: 3, also 3.0. */
static tl_code need_count(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                          const struct tl_json_value *value, uint64_t *out)
{
    struct tl_decimal d = TL_DECIMAL_ZERO;
    int64_t n = -1;
    if (tl_json_type(value) == TL_JSON_IS_NUMBER && tl_decimal_parse(tl_json_text(value), &d, NULL) == TL_OK)
        (void)tl_decimal_to_i64(&d, &n);
    tl_decimal_free(&d);
    if (n < 0)
        return tl_compile_refuse(c, node, keyword, value, "must be a whole number, 0 or more");
    *out = (uint64_t)n;
    return TL_OK;
}

static tl_code need_texts(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                          const struct tl_json_value *value)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_ARRAY, "an array of names");
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        if (!tl_json_is_string(i.value))
            code = tl_compile_refuse(c, node, keyword, i.value, "must hold text only");
    return code;
}

static tl_code part(struct tl_compiling *c, struct tl_node *node, const char *keyword, tl_str step,
                    const struct tl_json_value *value, struct tl_node **out)
{
    return tl_compile_part(c, node, value, tl_compile_pointer(c, node, keyword, step), out);
}

static tl_code part_list(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                         const struct tl_json_value *value, struct tl_node ***items, size_t *count)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_ARRAY, "an array of schemas");
    if (code == TL_OK && tl_json_count(value) == 0)
        return tl_compile_refuse(c, node, keyword, value, "must hold at least one schema");
    *items = tl_arena_alloc(&c->schema->arena, tl_json_count(value) * sizeof(**items));
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        char index[24];
        snprintf(index, sizeof index, "%zu", *count);
        code = part(c, node, keyword, tl_str_z(index), i.value, &(*items)[*count]);
        (*count)++;
    }
    return code;
}

/* ---- any value ---- */

static const struct {
    const char *name;
    uint8_t bits;
} types[] = {{"null", TL_TYPE_NULL},       {"boolean", TL_TYPE_BOOLEAN}, {"number", TL_TYPE_NUMBER | TL_TYPE_INTEGER},
             {"integer", TL_TYPE_INTEGER}, {"string", TL_TYPE_STRING},   {"array", TL_TYPE_ARRAY},
             {"object", TL_TYPE_OBJECT}};

static tl_code add_type(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                        const struct tl_json_value *value)
{
    for (size_t i = 0; i < TL_COUNT_OF(types); i++)
        if (tl_json_is(value, types[i].name)) {
            node->types |= types[i].bits;
            return TL_OK;
        }
    return tl_compile_refuse(c, node, keyword, value,
                             "must be null, boolean, number, integer, string, array or object, or a list of them");
}

static tl_code read_type(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                         const struct tl_json_value *value)
{
    tl_code code = TL_OK;
    node->types = 0;
    if (tl_json_type(value) != TL_JSON_IS_ARRAY)
        return add_type(c, node, keyword, value);
    if (tl_json_count(value) == 0)
        return tl_compile_refuse(c, node, keyword, value, "names no type");
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        code = add_type(c, node, keyword, i.value);
    return code;
}

static tl_code read_const(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                          const struct tl_json_value *value)
{
    (void)c;
    (void)keyword;
    node->constant = value;
    return TL_OK;
}

static tl_code read_enum(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                         const struct tl_json_value *value)
{
    node->enumeration = value;
    return need(c, node, keyword, value, TL_JSON_IS_ARRAY, "an array of values");
}

/* ---- numbers ---- */

static tl_code read_bound(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                          const struct tl_json_value *value)
{
    static const char *const names[] = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"};
    struct tl_number_rules *rules = number_rules(c, node);
    size_t which = 0;
    while (strcmp(names[which], keyword) != 0)
        which++;
    struct tl_number_bound *bound = &rules->bounds[which];
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_NUMBER, "a number");
    if (code != TL_OK)
        return code;
    bound->text = tl_json_text(value);
    if (tl_decimal_parse(bound->text, &bound->value, NULL) != TL_OK)
        return tl_compile_refuse(c, node, keyword, value, "is a number of too many digits");
    if (which == TL_MULTIPLE_OF && tl_decimal_sign(&bound->value) <= 0)
        return tl_compile_refuse(c, node, keyword, value, "must be more than 0");
    bound->set = true;
    bound->is_short = tl_short_parse(bound->text, &bound->brief);
    return TL_OK;
}

/* ---- text ---- */

static tl_code read_length(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                           const struct tl_json_value *value)
{
    struct tl_string_rules *rules = string_rules(c, node);
    return need_count(c, node, keyword, value, keyword[1] == 'i' ? &rules->least : &rules->most);
}

static tl_code read_pattern(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                            const struct tl_json_value *value)
{
    struct tl_error why;
    struct tl_string_rules *rules = string_rules(c, node);
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_STRING, "a regular expression");
    rules->pattern_text = tl_json_text(value);
    if (code == TL_OK && tl_regex_compile(rules->pattern_text, &rules->pattern, &why) != TL_OK)
        code = tl_compile_refuse(c, node, keyword, value, "%s", why.text);
    return code;
}

static tl_code read_format(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                           const struct tl_json_value *value)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_STRING, "the name of a format");
    if (code != TL_OK)
        return code;
    struct tl_string_rules *rules = string_rules(c, node);
    rules->format_text = tl_json_text(value);
    if (c->schema->formats == TL_FORMATS_ANNOTATE)
        return TL_OK;
    if (tl_format_is_missing(rules->format_text))
        return tl_compile_refuse(c, node, keyword, value, "%.*s is a format that cannot be checked here",
                                 TL_STR_ARGS(rules->format_text));
    rules->format = tl_format_find(rules->format_text);
    if (rules->format)
        return TL_OK;
    const char *nearest = tl_format_nearest(rules->format_text);
    return tl_compile_refuse(c, node, keyword, value, "'%.*s' is no format that is checked here%s%s%s; these are: %s",
                             TL_STR_ARGS(rules->format_text), nearest ? ", did you mean '" : "", nearest ? nearest : "",
                             nearest ? "'?" : "", tl_format_names(&c->schema->arena));
}

/* ---- arrays ---- */

static tl_code read_array_count(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                                const struct tl_json_value *value)
{
    struct tl_array_rules *rules = array_rules(c, node);
    uint64_t *out = strcmp(keyword, "minItems") == 0      ? &rules->least
                    : strcmp(keyword, "maxItems") == 0    ? &rules->most
                    : strcmp(keyword, "minContains") == 0 ? &rules->contains_least
                                                          : &rules->contains_most;
    return need_count(c, node, keyword, value, out);
}

static tl_code read_unique(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                           const struct tl_json_value *value)
{
    array_rules(c, node)->unique = tl_json_bool(value);
    return need_bool(c, node, keyword, value);
}

static tl_code read_prefix(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                           const struct tl_json_value *value)
{
    struct tl_array_rules *rules = array_rules(c, node);
    return part_list(c, node, keyword, value, &rules->prefix, &rules->prefix_count);
}

static tl_code read_array_part(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                               const struct tl_json_value *value)
{
    struct tl_array_rules *rules = array_rules(c, node);
    struct tl_node **out = strcmp(keyword, "items") == 0      ? &rules->items
                           : strcmp(keyword, "contains") == 0 ? &rules->contains
                                                              : &rules->unevaluated;
    if (tl_json_type(value) == TL_JSON_IS_ARRAY)
        return tl_compile_refuse(c, node, keyword, value,
                                 "must be one schema: a list of them is called prefixItems in draft 2020-12");
    node->wants_seen |= out == &rules->unevaluated;
    return part(c, node, keyword, TL_STR_NONE, value, out);
}

/* ---- objects ---- */

/* Room for every name that properties and required may bring. */
static void make_slots(struct tl_compiling *c, struct tl_node *node, struct tl_object_rules *rules)
{
    size_t most =
        tl_json_count(tl_json_get(node->json, "properties")) + tl_json_count(tl_json_get(node->json, "required"));
    size_t slots = 4;
    while (slots < most * 2)
        slots *= 2;
    if (rules->slots)
        return;
    rules->properties = tl_arena_alloc(&c->schema->arena, (most + 1) * sizeof(*rules->properties));
    rules->slots = tl_arena_alloc(&c->schema->arena, slots * sizeof(*rules->slots));
    rules->slot_mask = slots - 1;
}

static struct tl_property *property(struct tl_compiling *c, struct tl_node *node, tl_str name)
{
    struct tl_object_rules *rules = object_rules(c, node);
    make_slots(c, node, rules);
    size_t slot = tl_name_hash(name) & rules->slot_mask;
    while (rules->slots[slot]) {
        struct tl_property *known = &rules->properties[rules->slots[slot] - 1];
        if (tl_str_eq(known->name, name))
            return known;
        slot = (slot + 1) & rules->slot_mask;
    }
    rules->properties[rules->property_count].name = name;
    rules->slots[slot] = (uint32_t)++rules->property_count;
    return &rules->properties[rules->property_count - 1];
}

static tl_code read_properties(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                               const struct tl_json_value *value)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_OBJECT, "an object of schemas");
    object_rules(c, node)->has_properties = true;
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        code = part(c, node, keyword, i.key, i.value, &property(c, node, i.key)->node);
    return code;
}

static tl_code read_required(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                             const struct tl_json_value *value)
{
    tl_code code = need_texts(c, node, keyword, value);
    struct tl_object_rules *rules = object_rules(c, node);
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        struct tl_property *p = property(c, node, tl_json_text(i.value));
        if (!p->required)
            p->required = ++rules->required_count;
    }
    return code;
}

static tl_code read_patterns(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                             const struct tl_json_value *value)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_OBJECT, "an object of schemas");
    struct tl_object_rules *rules = object_rules(c, node);
    rules->patterns = tl_arena_alloc(&c->schema->arena, (tl_json_count(value) + 1) * sizeof(*rules->patterns));
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        struct tl_error why;
        struct tl_pattern_property *p = &rules->patterns[rules->pattern_count++];
        p->text = i.key;
        if (tl_regex_compile(i.key, &p->regex, &why) != TL_OK)
            code = tl_compile_refuse(c, node, keyword, i.value, "%.*s: %s", TL_STR_ARGS(i.key), why.text);
        else
            code = part(c, node, keyword, i.key, i.value, &p->node);
    }
    return code;
}

static tl_code read_object_part(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                                const struct tl_json_value *value)
{
    struct tl_object_rules *rules = object_rules(c, node);
    struct tl_node **out = strcmp(keyword, "additionalProperties") == 0 ? &rules->additional
                           : strcmp(keyword, "propertyNames") == 0      ? &rules->names
                                                                        : &rules->unevaluated;
    node->wants_seen |= out == &rules->unevaluated;
    return part(c, node, keyword, TL_STR_NONE, value, out);
}

static tl_code read_object_count(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                                 const struct tl_json_value *value)
{
    struct tl_object_rules *rules = object_rules(c, node);
    return need_count(c, node, keyword, value, keyword[1] == 'i' ? &rules->least : &rules->most);
}

static struct tl_dependency *dependency(struct tl_compiling *c, struct tl_node *node, tl_str name)
{
    struct tl_object_rules *rules = object_rules(c, node);
    if (!rules->dependencies) {
        size_t most = tl_json_count(tl_json_get(node->json, "dependentSchemas")) +
                      tl_json_count(tl_json_get(node->json, "dependentRequired"));
        rules->dependencies = tl_arena_alloc(&c->schema->arena, most * sizeof(*rules->dependencies));
    }
    struct tl_dependency *d = &rules->dependencies[rules->dependency_count++];
    d->name = name;
    return d;
}

static tl_code read_dependent_schemas(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                                      const struct tl_json_value *value)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_OBJECT, "an object of schemas");
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        code = part(c, node, keyword, i.key, i.value, &dependency(c, node, i.key)->node);
    return code;
}

static tl_code read_dependent_required(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                                       const struct tl_json_value *value)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_OBJECT, "an object of lists of names");
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i)) {
        code = need_texts(c, node, keyword, i.value);
        struct tl_dependency *d = dependency(c, node, i.key);
        d->needs = tl_arena_alloc(&c->schema->arena, (tl_json_count(i.value) + 1) * sizeof(*d->needs));
        struct tl_json_iter k = tl_json_iter(i.value);
        while (tl_json_next(&k))
            d->needs[d->need_count++] = tl_json_text(k.value);
    }
    return code;
}

/* ---- about the same value ---- */

static tl_code read_list(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                         const struct tl_json_value *value)
{
    struct tl_place_rules *rules = place_rules(c, node);
    struct tl_node_list *list = strcmp(keyword, "allOf") == 0   ? &rules->all
                                : strcmp(keyword, "anyOf") == 0 ? &rules->any
                                                                : &rules->one;
    return part_list(c, node, keyword, value, &list->items, &list->count);
}

static tl_code read_place_part(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                               const struct tl_json_value *value)
{
    struct tl_place_rules *rules = place_rules(c, node);
    struct tl_node **out = strcmp(keyword, "not") == 0    ? &rules->negated
                           : strcmp(keyword, "if") == 0   ? &rules->condition
                           : strcmp(keyword, "then") == 0 ? &rules->then
                                                          : &rules->otherwise;
    return part(c, node, keyword, TL_STR_NONE, value, out);
}

static tl_code read_ref(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                        const struct tl_json_value *value)
{
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_STRING, "a URI reference");
    place_rules(c, node);
    if (code == TL_OK)
        tl_compile_ref(c, node, value, keyword[1] == 'd');
    return code;
}

static tl_code read_defs(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                         const struct tl_json_value *value)
{
    struct tl_node *unused;
    tl_code code = need(c, node, keyword, value, TL_JSON_IS_OBJECT, "an object of schemas");
    struct tl_json_iter i = tl_json_iter(value);
    while (code == TL_OK && tl_json_next(&i))
        code = part(c, node, keyword, i.key, i.value, &unused);
    return code;
}

/* ---- the dialect ---- */

static tl_code read_dialect(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                            const struct tl_json_value *value)
{
    if (tl_json_is(value, TL_METASCHEMA_URI) || tl_json_is(value, TL_METASCHEMA_URI "#"))
        return TL_OK;
    return tl_compile_refuse(c, node, keyword, value, "only JSON Schema 2020-12 is supported: \"%s\"",
                             TL_METASCHEMA_URI);
}

static tl_code read_vocabulary(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                               const struct tl_json_value *value)
{
    return tl_compile_refuse(c, node, keyword, value, "vocabularies of one's own are not supported");
}

static tl_code read_older(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                          const struct tl_json_value *value)
{
    static const struct {
        const char *word, *advice;
    } older[] = {{"dependencies", "write dependentRequired or dependentSchemas"},
                 {"additionalItems", "write items, behind prefixItems"},
                 {"$recursiveRef", "write $dynamicRef"},
                 {"$recursiveAnchor", "write $dynamicAnchor"},
                 {"divisibleBy", "write multipleOf"},
                 {"disallow", "write not"},
                 {"extends", "write allOf"}};
    size_t i = 0;
    while (strcmp(older[i].word, keyword) != 0)
        i++;
    return tl_compile_refuse(c, node, keyword, value, "is a keyword of an older draft: %s", older[i].advice);
}

static tl_code read_nothing(struct tl_compiling *c, struct tl_node *node, const char *keyword,
                            const struct tl_json_value *value)
{
    (void)c;
    (void)node;
    (void)keyword;
    (void)value;
    return TL_OK;
}

static const struct {
    const char *name;
    reader *read;
} keywords[] = {{"type", read_type},
                {"properties", read_properties},
                {"required", read_required},
                {"additionalProperties", read_object_part},
                {"items", read_array_part},
                {"enum", read_enum},
                {"const", read_const},
                {"format", read_format},
                {"pattern", read_pattern},
                {"minLength", read_length},
                {"maxLength", read_length},
                {"minimum", read_bound},
                {"maximum", read_bound},
                {"exclusiveMinimum", read_bound},
                {"exclusiveMaximum", read_bound},
                {"multipleOf", read_bound},
                {"minItems", read_array_count},
                {"maxItems", read_array_count},
                {"uniqueItems", read_unique},
                {"prefixItems", read_prefix},
                {"contains", read_array_part},
                {"minContains", read_array_count},
                {"maxContains", read_array_count},
                {"unevaluatedItems", read_array_part},
                {"patternProperties", read_patterns},
                {"propertyNames", read_object_part},
                {"minProperties", read_object_count},
                {"maxProperties", read_object_count},
                {"dependentRequired", read_dependent_required},
                {"dependentSchemas", read_dependent_schemas},
                {"unevaluatedProperties", read_object_part},
                {"allOf", read_list},
                {"anyOf", read_list},
                {"oneOf", read_list},
                {"not", read_place_part},
                {"if", read_place_part},
                {"then", read_place_part},
                {"else", read_place_part},
                {"$ref", read_ref},
                {"$dynamicRef", read_ref},
                {"$defs", read_defs},
                {"$schema", read_dialect},
                {"$vocabulary", read_vocabulary},
                {"dependencies", read_older},
                {"additionalItems", read_older},
                {"$recursiveRef", read_older},
                {"$recursiveAnchor", read_older},
                {"divisibleBy", read_older},
                {"disallow", read_older},
                {"extends", read_older},
                {"$id", read_nothing}, /* read before the others */
                {"$anchor", read_nothing},
                {"$dynamicAnchor", read_nothing},
                {"title", read_nothing}, /* annotations */
                {"description", read_nothing},
                {"default", read_nothing},
                {"deprecated", read_nothing},
                {"readOnly", read_nothing},
                {"writeOnly", read_nothing},
                {"examples", read_nothing},
                {"$comment", read_nothing},
                {"contentEncoding", read_nothing},
                {"contentMediaType", read_nothing},
                {"contentSchema", read_nothing},
                {"definitions", read_nothing}};

/* A word nobody knows is an annotation. One that is a keyword mistyped asks for something, and is not ignored; one that
 * is only near to a keyword is told. */
static tl_code look_for_slips(struct tl_compiling *c, struct tl_node *node, tl_str word,
                              const struct tl_json_value *value)
{
    const char *words[TL_COUNT_OF(keywords)];
    size_t count = 0;
    if (tl_str_starts(word, TL_STR("x-")))
        return TL_OK;
    for (size_t i = 0; i < TL_COUNT_OF(keywords); i++)
        if (keywords[i].read != read_nothing && keywords[i].read != read_older && strlen(keywords[i].name) >= 4)
            words[count++] = keywords[i].name;
    const char *meant = tl_slip(word, words, count);
    if (meant) {
        char *key = tl_arena_copy(&c->schema->arena, word);
        return tl_compile_refuse(c, node, key, value,
                                 "'%s' is no keyword; did you mean '%s'? A word of your own begins with x-", key,
                                 meant);
    }
    const char *nearest = tl_nearest(word, words, count);
    if (nearest && strlen(nearest) > 4)
        tl_compile_remark(c, node, word,
                          tl_arena_printf(&c->schema->arena,
                                          "'%.*s' is no keyword and asks nothing; did you mean '%s'?",
                                          TL_STR_ARGS(word), nearest));
    return TL_OK;
}

tl_code tl_compile_keywords(struct tl_compiling *c, struct tl_node *node)
{
    tl_code code = TL_OK;
    struct tl_json_iter i = tl_json_iter(node->json);
    while (code == TL_OK && tl_json_next(&i)) {
        size_t k = 0;
        while (k < TL_COUNT_OF(keywords) && !tl_str_is(i.key, keywords[k].name))
            k++;
        if (k < TL_COUNT_OF(keywords))
            code = keywords[k].read(c, node, keywords[k].name, i.value);
        else
            code = look_for_slips(c, node, i.key, i.value);
    }
    return code;
}
