/* expect "title" { after = …, event = …, within = … }: its internal flow waits for what has to follow
 * (scripts/lib/expectation.lua). Thread: one at a time. */
#include "collect.h"
#include <string.h>

static void read_within(struct tl_form *form, struct tl_expectation *expectation)
{
    expectation->within = tl_form_text(form, "within");
    if (expectation->within[0] != '\0' && tl_form_duration(form, "within", 1) <= 0)
        tl_form_error(form, "within", "'within' must be above zero");
}

static void add_flow(struct tl_form *form, struct tl_expectation *expectation)
{
    struct tl_bundle *bundle = form->bundle;
    const char **on = tl_arena_alloc(&bundle->arena, sizeof(char *));
    on[0] = expectation->after;
    expectation->flow = bundle->flows.count;
    struct tl_flow *flow = TL_LIST_ADD(bundle->flows);
    flow->name = tl_arena_printf(&bundle->arena, TL_EXPECT_FLOW "%s", form->name);
    flow->origin = TL_FLOW_EXPECT;
    flow->internal = true;
    flow->on = on;
    flow->on_count = expectation->after[0] != '\0';
    flow->scope = flow->name;
    flow->after_failure = TL_AFTER_PASS; /* one that was not kept holds up no other */
    flow->priority = TL_NORMAL;
    flow->steward = tl_form_text(form, "steward");
    flow->place = form->place;
}

void tl_collect_expect(struct tl_form *form)
{
    tl_form_check(form);
    struct tl_expectation *expectation = TL_LIST_ADD(form->bundle->expectations);
    expectation->title = form->name;
    expectation->place = form->place;
    expectation->after = tl_form_text(form, "after");
    if (tl_form_has(form, "event"))
        expectation->events = tl_form_texts(form, "event", &expectation->event_count);
    read_within(form, expectation);
    expectation->key.function = tl_form_is_function(form, "key", NULL);
    const char *key = tl_form_text(form, "key");
    if (key[0] != '\0')
        expectation->key.pointer = tl_form_pointer(form, "key", key);
    add_flow(form, expectation);
}

static void need_event(struct tl_bundle *bundle, const struct tl_expectation *expectation, const char *what,
                       const char *name)
{
    if (name[0] == '\0' || tl_bundle_event(bundle, tl_str_z(name)) != NULL)
        return;
    const char *nearest = tl_bundle_nearest_event(bundle, tl_str_z(name));
    tl_findings_add(&bundle->findings, TL_FINDING_ERROR, expectation->place,
                    "expect \"%s\": '%s' names the event \"%s\", which is not declared%s%s%s", expectation->title, what,
                    name, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

void tl_check_expectations(struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->expectations.count; i++) {
        const struct tl_expectation *expectation = &bundle->expectations.items[i];
        need_event(bundle, expectation, "after", expectation->after);
        for (size_t e = 0; e < expectation->event_count; e++) {
            need_event(bundle, expectation, "event", expectation->events[e]);
            for (size_t k = 0; k < e; k++)
                if (strcmp(expectation->events[k], expectation->events[e]) == 0)
                    tl_findings_add(&bundle->findings, TL_FINDING_ERROR, expectation->place,
                                    "expect \"%s\": the event \"%s\" stands twice", expectation->title,
                                    expectation->events[e]);
        }
    }
}
