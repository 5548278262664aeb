#include "host.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "activation.h"
#include "queue.h"
#include "run.h"
#include "state_thread.h"
#include "use.h"

/* Many runs of one earlier revision wake one after the other: their state stays for a moment between them. */
#define LINGER_MS 2000
#define LINGER_MOST 2

static struct tl_script_host *add(struct tl_lane *lane, const char *revision, void *host)
{
    struct tl_script_host *added = TL_NEW(struct tl_script_host);
    *added = (struct tl_script_host){.next = lane->hosts, .revision = tl_copy_z(revision), .host = host};
    tl_list_init(&added->units);
    lane->hosts = added;
    return added;
}

static void add_live(struct tl_lane *lane, uint32_t part, void *host)
{
    const struct tl_plan_part *of = lane->engine->plan.parts[part];
    struct tl_script_host *added = add(lane, of->revision, host);
    added->part = part;
    added->bundle = of->bundle;
    added->use = tl_use_more(of->use);
    added->live = true;
}

struct tl_script_host *tl_host_live(const struct tl_lane *lane, uint32_t part)
{
    struct tl_script_host *host = lane->hosts;
    while (host != NULL && (!host->live || host->part != part))
        host = host->next;
    return host;
}

tl_code tl_host_open(struct tl_lane *lane, struct tl_error *err)
{
    const struct tl_plan *plan = &lane->engine->plan;
    const struct tl_run_port *runs = lane->engine->runs;
    tl_code code = TL_OK;
    for (uint32_t i = 0; code == TL_OK && i < plan->part_count; i++) {
        const struct tl_plan_part *part = plan->parts[i];
        void *host;
        if (!part->scripts)
            continue;
        code = runs->open(runs->ctx, part->bundle, part->revision, &host, err);
        if (code == TL_OK)
            add_live(lane, i, host);
    }
    return code;
}

void tl_host_replace(struct tl_lane *lane, uint32_t part, void *host)
{
    struct tl_script_host *before = tl_host_live(lane, part);
    if (before != NULL)
        before->live = false;
    if (host != NULL)
        add_live(lane, part, host);
}

static struct tl_script_host *find(const struct tl_lane *lane, const char *revision)
{
    struct tl_script_host *host = lane->hosts;
    while (host != NULL && !tl_str_is(tl_str_z(revision), host->revision))
        host = host->next;
    return host;
}

struct tl_script_host *tl_host_earlier(struct tl_lane *lane, const char *revision, struct tl_error *err)
{
    const struct tl_run_port *runs = lane->engine->runs;
    struct tl_script_host *there = find(lane, revision);
    void *host;
    if (there != NULL)
        return there;
    if (runs->open(runs->ctx, NULL, revision, &host, err) != TL_OK) {
        tl_error_prefix(err, "the run began under revision %.12s", revision);
        return NULL;
    }
    return add(lane, revision, host);
}

void tl_host_pin(struct tl_unit *unit, struct tl_script_host *host)
{
    if (unit->host == host)
        return;
    tl_list_remove(&unit->begun);
    unit->host = host;
    if (host != NULL)
        tl_list_push(&host->units, &unit->begun);
}

/* The revision that a unit began under; NULL: it takes the live one. */
static const char *revision_of(const struct tl_unit *unit)
{
    if (unit->run != NULL)
        return unit->run->revision;
    if (unit->host != NULL)
        return unit->host->revision;
    return unit->exception == NULL ? tl_activation_revision(unit) : NULL;
}

/* Parked before its first effect: rule 16. */
static void heal(struct tl_unit *unit, const struct tl_script_host *live)
{
    struct tl_run_row *run = unit->run;
    if (live == NULL || run == NULL || unit->exception == NULL || run->effects > 0 ||
        tl_str_is(tl_str_z(run->revision), live->revision))
        return;
    tl_free(run->revision);
    run->revision = tl_copy_z(live->revision);
}

static bool takes_live(const struct tl_unit *unit, const struct tl_script_host *live)
{
    const char *revision = revision_of(unit);
    return live != NULL && unit->lane->engine->plan.flows[unit->flow]->kind == TL_PLAN_SCRIPT &&
           (revision == NULL || tl_str_is(tl_str_z(revision), live->revision));
}

struct tl_script_host *tl_host_for(struct tl_drive *drive, size_t *flow, struct tl_error *err)
{
    struct tl_lane *lane = drive->lane;
    const struct tl_plan_flow *of = lane->engine->plan.flows[drive->unit->flow];
    struct tl_script_host *live = tl_host_live(lane, of->part);
    heal(drive->unit, live);
    const char *revision = revision_of(drive->unit);
    if (takes_live(drive->unit, live)) {
        *flow = of->script_index;
        return live;
    }
    struct tl_script_host *host = tl_host_earlier(lane, revision != NULL ? revision : "", err);
    if (host != NULL && !tl_host_flow(lane, host, drive->unit->flow, flow)) {
        (void)tl_fail(err, TL_ENOTFOUND, "revision %.12s has no flow \"%s\"", host->revision, of->name);
        return NULL;
    }
    return host;
}

/* ---- opened beside the lane ---- */

static void opened(struct tl_mail *mail)
{
    struct tl_opening *opening = TL_CONTAINER_OF(mail, struct tl_opening, opened);
    struct tl_lane *lane = opening->lane;
    struct tl_link *link;
    tl_list_remove(&opening->link);
    if (opening->host != NULL)
        add(lane, opening->revision, opening->host);
    while ((link = tl_list_pop(&opening->units)) != NULL) {
        struct tl_unit *unit = TL_LIST_ITEM(link, struct tl_unit, link);
        unit->no_state = opening->host == NULL;
        tl_queue_ready(lane, unit, false);
    }
    tl_free(opening->revision);
    tl_free(opening);
}

static struct tl_opening *opening_of(struct tl_lane *lane, const char *revision)
{
    for (struct tl_link *link = tl_list_first(&lane->openings); link != NULL;
         link = tl_list_after(&lane->openings, link)) {
        struct tl_opening *opening = TL_LIST_ITEM(link, struct tl_opening, link);
        if (tl_str_is(tl_str_z(revision), opening->revision))
            return opening;
    }
    struct tl_opening *opening = TL_NEW(struct tl_opening);
    opening->lane = lane;
    opening->revision = tl_copy_z(revision);
    tl_list_init(&opening->units);
    tl_mail_init(&opening->opened, opened);
    tl_list_push(&lane->openings, &opening->link);
    tl_state_open(lane->engine, opening);
    return opening;
}

bool tl_host_awaited(struct tl_unit *unit)
{
    struct tl_lane *lane = unit->lane;
    const struct tl_plan_flow *flow = lane->engine->plan.flows[unit->flow];
    if (lane->engine->states.thread == NULL || (flow->kind != TL_PLAN_SCRIPT && flow->kind != TL_PLAN_GONE))
        return false;
    struct tl_script_host *live = tl_host_live(lane, flow->part);
    heal(unit, live);
    const char *revision = revision_of(unit);
    if (revision == NULL || takes_live(unit, live) || find(lane, revision) != NULL || unit->no_state) {
        unit->no_state = false;
        return false;
    }
    unit->state = TL_UNIT_BEHIND;
    tl_list_push(&opening_of(lane, revision)->units, &unit->link);
    return true;
}

bool tl_host_flow(struct tl_lane *lane, struct tl_script_host *host, uint32_t flow, size_t *index)
{
    const struct tl_plan *plan = &lane->engine->plan;
    const struct tl_run_port *runs = lane->engine->runs;
    char *own = tl_str_dup(tl_plan_local(plan, plan->flows[flow]->part, tl_str_z(plan->flows[flow]->name)));
    bool found = runs->flow(runs->ctx, host->host, own, index);
    tl_free(own);
    return found;
}

/* ---- those that nothing uses ---- */

static bool renew(struct tl_lane *lane, struct tl_script_host *live)
{
    const struct tl_run_port *runs = lane->engine->runs;
    void *fresh;
    struct tl_error err;
    if (live->runs > 0)
        return false;
    if (runs->open(runs->ctx, live->bundle, live->revision, &fresh, &err) != TL_OK) {
        tl_log(TL_ERROR, "lane.state", err.text);
        return false;
    }
    tl_log(TL_WARN, "lane.state", "a Lua state reached its memory cap and was built anew",
           TL_FINT("lane", lane->index));
    runs->close(runs->ctx, live->host);
    live->host = fresh;
    return true;
}

/* Units that are still in the journal are placed by a function of that revision. */
static bool places(const struct tl_lane *lane, const struct tl_script_host *host)
{
    const struct tl_plan *plan = &lane->engine->plan;
    for (size_t f = 0; f < plan->flow_count; f++) {
        for (const struct tl_placing *at = &plan->flows[f]->place; at != NULL; at = at->before) {
            if (at->revision != NULL && atomic_load(&at->left) && tl_str_is(tl_str_z(at->revision), host->revision))
                return true;
        }
    }
    return false;
}

static bool is_used(const struct tl_lane *lane, const struct tl_script_host *host)
{
    return host->live || host->runs > 0 || !tl_list_empty(&host->units) || places(lane, host);
}

/* The newest ones stay for a moment. */
static bool lingers(const struct tl_lane *lane, struct tl_script_host *host, size_t *idle)
{
    if (lane->engine->states.thread == NULL || lane->phase != TL_LANE_RUNNING || ++*idle > LINGER_MOST)
        return false;
    if (host->idle_ms == 0)
        host->idle_ms = tl_mono_ms();
    return tl_mono_ms() < host->idle_ms + LINGER_MS;
}

bool tl_hosts_tidy(struct tl_lane *lane)
{
    size_t idle = 0;
    for (struct tl_script_host **at = &lane->hosts; *at != NULL;) {
        struct tl_script_host *host = *at;
        bool used = is_used(lane, host);
        host->idle_ms = used ? 0 : host->idle_ms;
        if (used || lingers(lane, host, &idle)) {
            at = &host->next;
            continue;
        }
        *at = host->next;
        tl_state_close(lane->engine, host->host, host->use);
        tl_free(host->revision);
        tl_free(host);
    }
    bool fit = true;
    const struct tl_run_port *runs = lane->engine->runs;
    for (struct tl_script_host *host = lane->hosts; host != NULL; host = host->next) {
        if (host->live && runs->spent != NULL && runs->spent(runs->ctx, host->host))
            fit &= renew(lane, host);
    }
    return fit;
}

size_t tl_hosts_count(const struct tl_lane *lane)
{
    size_t count = 0;
    for (const struct tl_script_host *host = lane->hosts; host != NULL; host = host->next)
        count++;
    return count;
}

void tl_hosts_free(struct tl_lane *lane)
{
    const struct tl_run_port *runs = lane->engine->runs;
    while (lane->hosts != NULL) {
        struct tl_script_host *host = lane->hosts;
        lane->hosts = host->next;
        runs->close(runs->ctx, host->host);
        tl_use_drop(host->use);
        tl_free(host->revision);
        tl_free(host);
    }
}
