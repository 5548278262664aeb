#include "host.h"
#include "base/alloc.h"
#include "base/log.h"
#include "run.h"

static struct tl_script_host *add(struct tl_lane *lane, const char *revision, void *host, bool live)
{
    struct tl_script_host *added = TL_NEW(struct tl_script_host);
    *added = (struct tl_script_host){.next = lane->hosts, .revision = tl_copy_z(revision), .host = host, .live = live};
    lane->hosts = added;
    return added;
}

static struct tl_script_host *live_of(const struct tl_lane *lane)
{
    struct tl_script_host *host = lane->hosts;
    while (host != NULL && !host->live)
        host = host->next;
    return host;
}

tl_code tl_host_open(struct tl_lane *lane, struct tl_error *err)
{
    const struct tl_run_port *runs = lane->engine->runs;
    tl_code code = runs->open(runs->ctx, NULL, &lane->host, err);
    if (code == TL_OK)
        add(lane, lane->engine->plan.revision, lane->host, true);
    return code;
}

static struct tl_script_host *earlier(struct tl_lane *lane, const char *revision, struct tl_error *err)
{
    const struct tl_run_port *runs = lane->engine->runs;
    void *host;
    for (struct tl_script_host *h = lane->hosts; h != NULL; h = h->next) {
        if (tl_str_is(tl_str_z(revision), h->revision))
            return h;
    }
    if (runs->open(runs->ctx, revision, &host, err) != TL_OK) {
        tl_error_prefix(err, "the run began under revision %.12s", revision);
        return NULL;
    }
    return add(lane, revision, host, false);
}

struct tl_script_host *tl_host_for(struct tl_drive *drive, size_t *flow, struct tl_error *err)
{
    struct tl_lane *lane = drive->lane;
    const struct tl_plan_flow *of = &lane->engine->plan.flows[drive->unit->flow];
    struct tl_run_row *run = drive->unit->run;
    struct tl_script_host *live = live_of(lane);
    if (run != NULL && drive->unit->exception != NULL && run->effects == 0 &&
        !tl_str_is(tl_str_z(run->revision), live->revision)) { /* parked before its first effect: rule 16 */
        tl_free(run->revision);
        run->revision = tl_copy_z(live->revision);
    }
    if (run == NULL || tl_str_is(tl_str_z(run->revision), live->revision)) {
        *flow = of->script_index;
        return live;
    }
    struct tl_script_host *host = earlier(lane, run->revision, err);
    const struct tl_run_port *runs = lane->engine->runs;
    if (host != NULL && !runs->flow(runs->ctx, host->host, of->name, flow)) {
        (void)tl_fail(err, TL_ENOTFOUND, "revision %.12s has no flow \"%s\"", run->revision, of->name);
        return NULL;
    }
    return host;
}

static bool renew(struct tl_lane *lane, struct tl_script_host *live)
{
    const struct tl_run_port *runs = lane->engine->runs;
    void *fresh;
    struct tl_error err;
    if (live->runs > 0)
        return false;
    if (runs->open(runs->ctx, NULL, &fresh, &err) != TL_OK) {
        tl_log(TL_ERROR, "lane.state", err.text);
        return false;
    }
    tl_log(TL_WARN, "lane.state", "a Lua state reached its memory cap and was built anew",
           TL_FINT("lane", lane->index));
    runs->close(runs->ctx, live->host);
    live->host = lane->host = fresh;
    return true;
}

bool tl_hosts_tidy(struct tl_lane *lane)
{
    const struct tl_run_port *runs = lane->engine->runs;
    for (struct tl_script_host **at = &lane->hosts; *at != NULL;) {
        struct tl_script_host *host = *at;
        if (host->live || host->runs > 0) {
            at = &host->next;
            continue;
        }
        *at = host->next;
        runs->close(runs->ctx, host->host);
        tl_free(host->revision);
        tl_free(host);
    }
    struct tl_script_host *live = live_of(lane);
    if (runs->spent == NULL || !runs->spent(runs->ctx, live->host))
        return true;
    return renew(lane, live);
}

void tl_hosts_free(struct tl_lane *lane)
{
    const struct tl_run_port *runs = lane->engine->runs;
    while (lane->hosts != NULL) {
        struct tl_script_host *host = lane->hosts;
        lane->hosts = host->next;
        runs->close(runs->ctx, host->host);
        tl_free(host->revision);
        tl_free(host);
    }
}
