/* integration.lua: what one integration is made of, as types. Thread: one. */
#include "base/alloc.h"
#include "connector/system.h"
#include "describe.h"
#include <string.h>

/* ---- names ---- */

struct names {
    const char **items; /* own */
    size_t count;
};

static void add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return;
    names->items = tl_realloc(names->items, (names->count + 1) * sizeof(*names->items));
    names->items[names->count++] = name;
}

static void print_names(struct tl_describing *d, struct tl_buf *out, const char *alias, struct names *names)
{
    tl_buf_addf(out, "---@alias %s %s", alias, names->count ? "" : "string");
    for (size_t i = 0; i < names->count; i++)
        tl_buf_addf(out, "%s%s", i ? "|" : "", tl_class_literal(&d->classes.arena, tl_str_z(names->items[i])));
    tl_buf_add_char(out, '\n');
    tl_free(names->items);
    *names = (struct names){NULL, 0};
}

/* Names of systems, and of kinds. */
static struct names targets_of(const struct tl_bundle *bundle)
{
    struct names names = {NULL, 0};
    size_t count;
    const struct tl_system_decl *systems = tl_bundle_systems(bundle, &count);
    for (size_t i = 0; i < count; i++) {
        add_name(&names, systems[i].name);
        add_name(&names, systems[i].kind);
    }
    return names;
}

static void print_all_names(struct tl_describing *d, struct tl_buf *out)
{
    struct names names = {NULL, 0};
    size_t count;
    const struct tl_steward *stewards = tl_bundle_stewards(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        add_name(&names, stewards[i].name);
    print_names(d, out, "Name.steward", &names);
    const struct tl_system_decl *systems = tl_bundle_systems(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        add_name(&names, systems[i].name);
    print_names(d, out, "Name.system", &names);
    names = targets_of(d->bundle);
    print_names(d, out, "Name.target", &names);
    const struct tl_entity *entities = tl_bundle_entities(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        add_name(&names, entities[i].name);
    print_names(d, out, "Name.entity", &names);
    const struct tl_event_type *events = tl_bundle_events(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        add_name(&names, events[i].name);
    print_names(d, out, "Name.event", &names);
    const struct tl_flow *flows = tl_bundle_flows(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        if (flows[i].origin == TL_FLOW_DECLARED)
            add_name(&names, flows[i].name);
    print_names(d, out, "Name.flow", &names);
    tl_buf_add_char(out, '\n');
}

/* ---- entities, events, flows ---- */

static const char *data_type(struct tl_describing *d, const struct tl_schema *schema)
{
    struct tl_shape shape = tl_shape_of(schema);
    const char *type = tl_classes_type(&d->classes, &shape);
    return strcmp(type, "any") == 0 ? "table" : type;
}

const char *tl_event_class(struct tl_describing *d, const struct tl_event_type *event)
{
    return tl_arena_printf(&d->classes.arena, "Event.%s",
                           tl_class_word(&d->classes.arena, tl_str_z(event->name), false));
}

const char *tl_flow_class(struct tl_describing *d, const struct tl_flow *flow)
{
    return tl_arena_printf(&d->classes.arena, "Flow.%s", tl_class_word(&d->classes.arena, tl_str_z(flow->name), false));
}

const char *tl_entity_class(struct tl_describing *d, const struct tl_entity *entity)
{
    return tl_arena_printf(&d->classes.arena, "Entity.%s",
                           tl_class_word(&d->classes.arena, tl_str_z(entity->name), false));
}

static void print_entities(struct tl_describing *d, struct tl_buf *out)
{
    size_t count;
    const struct tl_entity *entities = tl_bundle_entities(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(out, "---@alias %s %s\n", tl_entity_class(d, &entities[i]), data_type(d, entities[i].schema));
    if (count)
        tl_buf_add_char(out, '\n');
}

static void print_events(struct tl_describing *d, struct tl_buf *out)
{
    size_t count;
    const struct tl_event_type *events = tl_bundle_events(d->bundle, &count);
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(out, "---@class %s: tidelock.Event\n---@field type %s\n---@field data %s\n\n",
                    tl_event_class(d, &events[i]), tl_class_literal(&d->classes.arena, tl_str_z(events[i].name)),
                    data_type(d, events[i].schema));
    tl_buf_addf(out, "---@alias Event %s", count ? "" : "tidelock.Event");
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(out, "%s%s", i ? "|" : "", tl_event_class(d, &events[i]));
    tl_buf_add_z(out, "\n\n");
}

static void print_flows(struct tl_describing *d, struct tl_buf *out)
{
    size_t count;
    const struct tl_flow *flows = tl_bundle_flows(d->bundle, &count);
    for (size_t i = 0; i < count; i++) {
        if (flows[i].origin != TL_FLOW_DECLARED)
            continue;
        tl_buf_addf(out, "---@class %s: tidelock.flow\n---@field run fun(ctx: Ctx, e: ", tl_flow_class(d, &flows[i]));
        size_t known = 0;
        for (size_t k = 0; k < flows[i].on_count; k++) {
            const struct tl_event_type *event = tl_bundle_event(d->bundle, tl_str_z(flows[i].on[k]));
            if (event)
                tl_buf_addf(out, "%s%s", known++ ? "|" : "", tl_event_class(d, event));
        }
        tl_buf_addf(out, "%s, state: any): any\n\n", known ? "" : "Event");
    }
}

/* ---- systems ---- */

struct target {
    const char *name;           /* of a system or kind */
    struct tl_system **systems; /* own; those that can be asked */
    size_t count;
};

static void target_open(struct tl_describing *d, struct target *target)
{
    size_t count;
    const struct tl_system_decl *systems = tl_bundle_systems(d->bundle, &count);
    for (size_t i = 0; i < count; i++) {
        struct tl_system *system = NULL;
        if ((strcmp(systems[i].name, target->name) == 0 || strcmp(systems[i].kind, target->name) == 0) &&
            tl_integration_draft(d->integration, &systems[i], &system, NULL) == TL_OK) {
            target->systems = tl_realloc(target->systems, (target->count + 1) * sizeof(struct tl_system *));
            target->systems[target->count++] = system;
        }
    }
}

static void target_close(struct target *target)
{
    for (size_t i = 0; i < target->count; i++)
        tl_system_free(target->systems[i]);
    tl_free(target->systems);
}

/* The arguments' class; the schema lives no longer than the printing of its classes. */
static const char *args_type(struct tl_describing *d, struct tl_buf *out, const struct target *target,
                             const struct tl_operation_facts *facts)
{
    struct tl_schema *schema = NULL;
    struct tl_schema_source source = {
        .text = facts->args_schema,
        .name = tl_str_z(tl_arena_printf(&d->classes.arena, "args/%s.%.*s", target->name, TL_STR_ARGS(facts->name)))};
    if (!facts->args_schema.len || tl_schema_compile(&source, &schema, NULL, NULL) != TL_OK)
        return "table";
    tl_classes_print(&d->classes, out);
    size_t before = d->classes.count;
    struct tl_shape shape = tl_shape_of(schema);
    const char *type = tl_classes_type(&d->classes, &shape);
    tl_classes_print(&d->classes, out);
    tl_classes_forget(&d->classes, before);
    tl_schema_free(schema);
    return strcmp(type, "any") == 0 ? "table" : type;
}

static bool all_have(const struct target *target, tl_str operation)
{
    struct tl_operation_facts facts;
    for (size_t i = 0; i < target->count; i++)
        if (!tl_system_operation(target->systems[i], operation, &facts))
            return false;
    return true;
}

static bool is_method_name(tl_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", name.ptr[i]))
            return false;
    return name.len != 0;
}

static const char *const effect_words[] = {[TL_EFFECT_UNKNOWN] = "",
                                           [TL_EFFECT_READ] = "read",
                                           [TL_EFFECT_IDEMPOTENT] = "idempotent",
                                           [TL_EFFECT_KEYED] = "keyed",
                                           [TL_EFFECT_UNSAFE] = "unsafe: needs `once`"};

static void print_operations(struct tl_describing *d, struct tl_buf *out, struct tl_buf *classes,
                             const struct target *target, const char *word)
{
    tl_str name;
    for (size_t i = 0; target->count && tl_system_operation_at(target->systems[0], i, &name); i++) {
        struct tl_operation_facts facts;
        if (tl_str_is(name, "put") || !is_method_name(name) || !all_have(target, name) ||
            !tl_system_operation(target->systems[0], name, &facts))
            continue;
        const char *args = args_type(d, classes, target, &facts);
        tl_buf_addf(out,
                    "---%.*s (%s)\n---@param args %s\n---@param options? tidelock.EffectOptions\n---@return any\n"
                    "function System_%s:%.*s(args, options) end\n\n",
                    TL_STR_ARGS(facts.summary), effect_words[facts.effect], args, word, TL_STR_ARGS(name));
    }
}

static void print_put(struct tl_describing *d, struct tl_buf *out, const char *class, const char *word)
{
    size_t count;
    const struct tl_entity *entities = tl_bundle_entities(d->bundle, &count);
    tl_buf_add_z(out, "---Writes the record through its map or lens, by its key.\n---@param entity Name.entity\n"
                      "---@param record table\n---@param options? tidelock.EffectOptions\n---@return any\n");
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(out, "---@overload fun(self: %s, entity: %s, record: %s, options?: tidelock.EffectOptions): any\n",
                    class, tl_class_literal(&d->classes.arena, tl_str_z(entities[i].name)),
                    tl_entity_class(d, &entities[i]));
    tl_buf_addf(out, "function System_%s:put(entity, record, options) end\n\n", word);
}

static void print_target(struct tl_describing *d, struct tl_buf *out, const char *name)
{
    struct target target = {.name = name};
    struct tl_buf text;
    const char *word = tl_class_word(&d->classes.arena, tl_str_z(name), false);
    const char *class = tl_arena_printf(&d->classes.arena, "System.%s", word);
    tl_buf_init(&text, TL_DESCRIPTION_MAX);
    target_open(d, &target);
    tl_buf_addf(&text, "---@class %s\nlocal System_%s = {}\n\n", class, word);
    print_put(d, &text, class, word);
    print_operations(d, &text, out, &target, word); /* classes of arguments come before */
    tl_buf_add_str(out, tl_buf_str(&text));
    target_close(&target);
    tl_buf_free(&text);
}

static void print_ctx(struct tl_describing *d, struct tl_buf *out, const struct names *targets)
{
    size_t count;
    const struct tl_event_type *events = tl_bundle_events(d->bundle, &count);
    tl_buf_add_z(out, "---@class Ctx: tidelock.Ctx\n");
    for (size_t i = 0; i < targets->count; i++)
        tl_buf_addf(out, "---@field %s System.%s\n", tl_class_field(&d->classes.arena, tl_str_z(targets->items[i])),
                    tl_class_word(&d->classes.arena, tl_str_z(targets->items[i]), false));
    tl_buf_add_z(out, "local Ctx = {}\n\n---The next event, committed together with the end of this run.\n"
                      "---@param event Name.event\n---@param data table\n");
    for (size_t i = 0; i < count; i++)
        tl_buf_addf(out, "---@overload fun(self: Ctx, event: %s, data: %s)\n",
                    tl_class_literal(&d->classes.arena, tl_str_z(events[i].name)), data_type(d, events[i].schema));
    tl_buf_add_z(out, "function Ctx:emit(event, data) end\n\n"
                      "---The next event of these types with the run's key that it has not taken yet; what came before "
                      "the call counts too. nil when the time is over.\n"
                      "---@param what tidelock.Await\n---@return Event? event\nfunction Ctx:await(what) end\n\n"
                      "---A run of another flow: what its function returns, or an error of class \"failed\".\n"
                      "---@param flow Name.flow\n---@param input table\n---@param options? tidelock.StepOptions\n"
                      "---@return any result\nfunction Ctx:start(flow, input, options) end\n\n");
    tl_buf_add_z(out, "---The world of one test.\n---@class World: tidelock.World\n");
    for (size_t i = 0; i < targets->count; i++)
        tl_buf_addf(out, "---@field %s tidelock.Platform\n",
                    tl_class_field(&d->classes.arena, tl_str_z(targets->items[i])));
    tl_buf_add_char(out, '\n');
}

void tl_describe_integration(struct tl_describing *d, struct tl_buf *out)
{
    struct names targets = targets_of(d->bundle);
    tl_buf_add_z(out, "---@meta\n-- Contracts, events, systems and names of this integration. Written by `tidelock "
                      "editor`: what is changed here is lost.\n\n");
    print_all_names(d, out);
    print_entities(d, out);
    print_events(d, out);
    print_flows(d, out);
    tl_classes_print(&d->classes, out);
    for (size_t i = 0; i < targets.count; i++)
        print_target(d, out, targets.items[i]);
    print_ctx(d, out, &targets);
    tl_classes_print(&d->classes, out);
    tl_free(targets.items);
}
