/* every "02:00 Europe/Berlin" { name = …, run = … }: a schedule, and the flow that its ticks are for. Thread: one at a
 * time. */
#include "collect.h"
#include "guard/schedule.h"
#include <ctype.h>
#include <string.h>

#define NAME_MAX_BYTES 100

static void check_name(struct tl_form *form, const char *name)
{
    size_t len = strlen(name);
    bool good = len <= NAME_MAX_BYTES;
    for (size_t i = 0; i < len; i++)
        good = good && (isalnum((unsigned char)name[i]) || strchr("._-", name[i]) != NULL);
    if (!good)
        tl_form_error(form, "name", "a name has letters, digits, '.', '-' and '_', %d at most: \"%.100s\"",
                      NAME_MAX_BYTES, name);
}

static void check_expression(struct tl_form *form)
{
    struct tl_schedule *schedule = NULL;
    struct tl_error err;
    if (tl_schedule_parse(tl_str_z(form->name), NULL, &schedule, &err) != TL_OK)
        tl_findings_add(&form->bundle->findings, TL_FINDING_ERROR, form->place, "%s", err.text);
    tl_schedule_free(schedule);
}

static const char *const *on_tick(struct tl_bundle *bundle, const char *name)
{
    const char **on = tl_arena_alloc(&bundle->arena, sizeof(char *));
    on[0] = tl_arena_printf(&bundle->arena, "tick:%s", name);
    return on;
}

void tl_collect_every(struct tl_form *form)
{
    tl_form_check(form);
    const char *name = tl_form_text(form, "name");
    check_name(form, name);
    check_expression(form);
    struct tl_every *every = TL_LIST_ADD(form->bundle->everys);
    *every = (struct tl_every){.name = name,
                               .expression = form->name,
                               .missed = (enum tl_missed)tl_form_choice(form, "missed", TL_MISSED_ONCE),
                               .max_late_ms = tl_form_duration(form, "max_late", 0),
                               .flow = form->bundle->flows.count,
                               .place = form->place};
    struct tl_flow *flow = TL_LIST_ADD(form->bundle->flows);
    flow->name = name;
    flow->origin = TL_FLOW_EVERY;
    flow->place = form->place;
    flow->on = on_tick(form->bundle, name);
    flow->on_count = 1;
    flow->steward = tl_form_text(form, "steward");
    /* What failed tonight is no reason to leave tomorrow night out. */
    tl_flow_policies(form, flow, TL_AFTER_PASS);
    tl_check_flow_code(form, flow);
}

void tl_check_everys(struct tl_bundle *bundle)
{
    for (size_t i = 0; i < bundle->everys.count; i++) {
        const struct tl_every *every = &bundle->everys.items[i];
        for (size_t f = 0; f < bundle->flows.count; f++) {
            const struct tl_flow *flow = &bundle->flows.items[f];
            if (flow->origin == TL_FLOW_DECLARED && strcmp(flow->name, every->name) == 0)
                tl_findings_add(&bundle->findings, TL_FINDING_ERROR, every->place,
                                "\"%s\" is the name of a flow too (%s:%d); a schedule is a flow of its own: give it "
                                "another name, and let it call ctx:start(\"%s\", …) if that flow is meant",
                                every->name, flow->place.file, flow->place.line, flow->name);
        }
    }
}
