/* What is done for a job, stage by stage; the first that fails ends it, and names itself. */
#include "job.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "awaited.h"
#include "changes.h"
#include "flow/switch.h"
#include "history.h"
#include "script/bundle_store.h"
#include "server/parcel.h"
#include <stdio.h>
#include <string.h>

enum { TOLD_MAX = 16 << 20, PREFIX_LEAST = 6, REASON_MAX = 4000, NAMES_MAX = 600 };

const char *tl_job_kind_name(enum tl_job_kind kind)
{
    static const char *const names[] = {[TL_JOB_DEPLOY] = "deploy",
                                        [TL_JOB_ROLLBACK] = "rollback",
                                        [TL_JOB_PLAN] = "plan",
                                        [TL_JOB_RETIRE] = "retire",
                                        [TL_JOB_RENEW] = "settings"};
    return names[kind];
}

struct tl_job *tl_job_new(struct tl_server *server, enum tl_job_kind kind)
{
    struct tl_job *job = TL_NEW(struct tl_job);
    job->server = server;
    job->kind = kind;
    job->dry_run = kind == TL_JOB_PLAN;
    tl_confined_init(&job->confined);
    tl_candidate_init(&job->candidate, server);
    tl_buf_init(&job->report, TOLD_MAX);
    tl_buf_init(&job->told, TOLD_MAX);
    tl_buf_init(&job->awaited, NAMES_MAX);
    job->integration = tl_copy_z("");
    return job;
}

void tl_job_free(struct tl_job *job)
{
    tl_server_next_free(job->server, job->next);
    tl_candidate_free(&job->candidate);
    tl_confined_deinit(&job->confined);
    tl_buf_free(&job->report);
    tl_buf_free(&job->told);
    tl_buf_free(&job->awaited);
    tl_free(job->integration);
    tl_free(job->reason);
    tl_free(job->to);
    tl_free(job->of);
    tl_free(job);
}

/* The live one of the job's integration; NULL: none is. */
static const struct tl_bundle *live_bundle(const struct tl_job *job)
{
    return tl_live_named(&job->server->live, job->integration);
}

static const char *live_hash(const struct tl_job *job)
{
    const struct tl_bundle *live = live_bundle(job);
    return live != NULL ? tl_bundle_hash(live) : "";
}

static const char *owner_of(const struct tl_job *job)
{
    return tl_live_owner(&job->server->live, job->integration);
}

/* ---- what is asked ---- */

static tl_code read_options(struct tl_job *job, const struct tl_json_value *root, struct tl_error *err)
{
    job->dry_run = job->kind == TL_JOB_PLAN || tl_json_get_bool(root, "dry_run", false);
    job->park_removed = tl_json_get_bool(root, "park_removed", false);
    job->skip_tests = tl_json_get_bool(root, "skip_tests", false);
    job->reason = tl_json_dup(tl_json_get(root, "reason"));
    job->to = tl_json_dup(tl_json_get(root, "to"));
    job->of = tl_json_dup(tl_json_get(root, "integration"));
    if (!job->dry_run && (job->reason == NULL || job->reason[0] == '\0'))
        return tl_fail(err, TL_EINPUT, "say why, for the history: --reason TEXT");
    if (job->reason != NULL && strlen(job->reason) > REASON_MAX)
        return tl_fail(err, TL_EINPUT, "the reason is longer than %d bytes", REASON_MAX);
    tl_code code = tl_control_check_reason(root, err);
    if (code != TL_OK)
        return code;
    if (job->park_removed && !job->dry_run && !tl_json_get_bool(root, "yes", false))
        return tl_fail(err, TL_EINPUT,
                       "--park-removed takes waiting work out of its flows: 'tidelock plan' says what, --yes does it");
    job->read = !job->dry_run;
    return TL_OK;
}

/* ---- a rollback's revision ---- */

struct finding_kept {
    const char *prefix;
    char found[65];
    int hits;
};

static bool look_at(void *ctx, const char *hash)
{
    struct finding_kept *f = ctx;
    if (strncmp(hash, f->prefix, strlen(f->prefix)) != 0)
        return true;
    memcpy(f->found, hash, sizeof f->found);
    f->hits++;
    return true;
}

static tl_code find_kept(struct tl_job *job, char revision[65], struct tl_error *err)
{
    struct finding_kept f = {.prefix = job->to};
    char *store = tl_printf("%s/revisions", job->server->config->data);
    tl_code code = strlen(job->to) < PREFIX_LEAST
                       ? tl_fail(err, TL_EINPUT, "'%s' is too short for a revision: give at least %d letters", job->to,
                                 PREFIX_LEAST)
                       : tl_bundle_kept(store, look_at, &f, err);
    tl_free(store);
    if (code == TL_OK && f.hits != 1)
        code = tl_fail(err, f.hits == 0 ? TL_ENOTFOUND : TL_EINPUT,
                       "%s revision kept here begins with '%.64s': "
                       "'tidelock revisions' lists them",
                       f.hits == 0 ? "no" : "more than one", job->to);
    memcpy(revision, f.found, sizeof f.found);
    return code;
}

/* ---- stages ---- */

static tl_code load_staged(struct tl_job *job, const struct tl_json_value *root, struct tl_error *err)
{
    return tl_candidate_stage(&job->candidate, tl_json_get(root, "files"), err);
}

/* The integration that a rollback or a retirement is of. */
static tl_code find_live(struct tl_job *job, const char **name, struct tl_error *err)
{
    const struct tl_live *live = &job->server->live;
    struct tl_buf names;
    if (job->of == NULL && live->count == 1) {
        *name = tl_live_name(live, 0);
        return TL_OK;
    }
    *name = job->of;
    if (job->of != NULL && tl_live_find(live, job->of) >= 0)
        return TL_OK;
    tl_buf_init(&names, 16 * 1024);
    for (size_t i = 0; i < live->count; i++)
        tl_buf_addf(&names, "%s%s", i != 0 ? ", " : "", tl_live_name(live, i));
    tl_code code =
        job->of == NULL
            ? tl_fail(err, TL_EINPUT, "several integrations are live, say which: --integration, one of %s", names.ptr)
            : tl_fail(err, TL_ENOTFOUND, "no integration \"%s\" is live; these are: %s", job->of, names.ptr);
    tl_buf_free(&names);
    return code;
}

/* Also one that is refused says what of it stays live. */
static void name_job(struct tl_job *job, const char *name)
{
    tl_free(job->integration);
    job->integration = tl_copy_z(name);
    snprintf(job->before, sizeof job->before, "%s", live_hash(job));
}

static tl_code load_earlier(struct tl_job *job, char revision[65], struct tl_error *err)
{
    const char *name = NULL;
    tl_code code = find_live(job, &name, err);
    return code == TL_OK ? tl_history_earlier(job->server->journal, name, revision, err) : code;
}

/* A revision that was named says itself whose it is. */
static tl_code check_of(const struct tl_job *job, struct tl_error *err)
{
    const char *its = tl_bundle_integration(tl_integration_bundle(job->candidate.integration));
    if (job->of == NULL || strcmp(job->of, its) == 0)
        return TL_OK;
    return tl_fail(err, TL_EINPUT, "that revision is one of \"%s\" and not of \"%s\"", its, job->of);
}

static tl_code load_kept(struct tl_job *job, struct tl_error *err)
{
    char revision[65];
    const struct tl_live *live = &job->server->live;
    if (job->of != NULL && tl_live_find(live, job->of) >= 0)
        name_job(job, job->of);
    else if (job->of == NULL && live->count == 1)
        name_job(job, tl_live_name(live, 0));
    tl_code code = job->to != NULL ? find_kept(job, revision, err) : load_earlier(job, revision, err);
    if (code == TL_OK)
        code = tl_candidate_take_kept(&job->candidate, revision, err);
    if (code == TL_OK)
        code = check_of(job, err);
    return code == TL_ECORRUPT ? TL_ECONFIG : code;
}

/* What open runs would wait for in vain. */
static void put_awaited(struct tl_job *job, struct tl_json_writer *w, const struct tl_bundle *next)
{
    struct tl_error err;
    const struct tl_live *live = &job->server->live;
    tl_json_key(w, "awaited");
    if (tl_awaited_put(w, job->server->journal, live, next, next != NULL ? NULL : job->integration, &job->awaited,
                       &err) == TL_OK)
        return;
    tl_log(TL_WARN, "deploy.awaited", err.text);
    tl_buf_addf(&job->awaited, "nobody knows: %s", err.text);
    tl_json_null(w);
}

static tl_code refuse_awaited(struct tl_job *job, struct tl_error *err)
{
    if (job->dry_run || job->park_removed || job->awaited.len == 0)
        return TL_OK;
    job->candidate.stage = TL_STAGE_SWITCH;
    return tl_fail(err, TL_EDIFFERS,
                   "events would not be declared any more that open runs wait for: %s. Wait until they have ended, or "
                   "leave them waiting with --park-removed, until their time is over or a person cancels them",
                   job->awaited.ptr);
}

/* What would change, what is missing, what goes on as it is. */
static void compare(struct tl_job *job)
{
    struct tl_json_writer w;
    const struct tl_bundle *live = live_bundle(job), *next = tl_integration_bundle(job->candidate.integration);
    tl_json_writer_init(&w, &job->told);
    tl_json_begin_object(&w);
    tl_json_key(&w, "changes");
    size_t differences = tl_changes_put(&w, live, next);
    tl_json_key(&w, "missing");
    differences += tl_missing_put(&w, job->server->settings, owner_of(job), next);
    tl_json_key(&w, "connectors");
    tl_connectors_put(&w, job->server->connectors, job->server->config->plugins, next);
    tl_json_key(&w, "staying");
    tl_staying_put(&w, job->server->journal, owner_of(job), live, next);
    put_awaited(job, &w, next);
    tl_json_put_uint(&w, "differences", differences);
    tl_json_end_object(&w);
}

/* ---- the way of each ---- */

/* Where it would join, one that was renamed would not take the place of what it was. */
static tl_code refuse_join(const struct tl_job *job, struct tl_error *err)
{
    if (!job->server->config->alone || live_bundle(job) != NULL)
        return TL_OK;
    return tl_fail(err, TL_ECONFIG,
                   "this server runs \"%s\" alone, and this is \"%s\": end it, and start it with this folder",
                   tl_live_name(&job->server->live, 0), job->integration);
}

static void name_candidate(struct tl_job *job)
{
    const struct tl_bundle *bundle = tl_integration_bundle(job->candidate.integration);
    memcpy(job->revision, tl_bundle_hash(bundle), sizeof job->revision);
    name_job(job, tl_bundle_integration(bundle));
    job->unchanged = strcmp(job->revision, job->before) == 0;
}

/* What was found is written down while the bundle is certainly there. */
static void report(struct tl_job *job)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, &job->report);
    tl_json_begin_object(&w);
    tl_candidate_put(&w, &job->candidate);
    tl_json_end_object(&w);
}

static tl_code try_candidate(struct tl_job *job, struct tl_error *err)
{
    struct tl_candidate *candidate = &job->candidate;
    bool kept = job->kind == TL_JOB_ROLLBACK; /* it was checked and tried when it was deployed */
    tl_code code = kept ? TL_OK : tl_candidate_check(candidate, err);
    if (code == TL_OK)
        code = refuse_join(job, err);
    if (code != TL_OK)
        return job->dry_run ? TL_OK : code; /* what is wrong is in the report */
    if (!kept)
        code = tl_candidate_check_contracts(candidate, err);
    compare(job);
    if (job->dry_run)
        return TL_OK;
    if (code == TL_OK)
        code = tl_candidate_check_settings(candidate, err);
    if (code == TL_OK && !kept)
        code = tl_candidate_try(candidate, &job->confined, job->skip_tests, err);
    return code == TL_OK ? refuse_awaited(job, err) : code;
}

/* ---- one that goes ---- */

static void tell_what_stays(struct tl_job *job)
{
    struct tl_json_writer w;
    tl_json_writer_init(&w, &job->told);
    tl_json_begin_object(&w);
    tl_json_put_lossy(&w, "integration", tl_str_z(job->integration));
    tl_json_key(&w, "staying");
    tl_staying_put(&w, job->server->journal, owner_of(job), live_bundle(job), NULL);
    put_awaited(job, &w, NULL);
    tl_json_end_object(&w);
}

static tl_code try_retire(struct tl_job *job, struct tl_error *err)
{
    const char *name = NULL;
    if (job->of == NULL)
        return tl_fail(err, TL_EINPUT, "name the integration that goes");
    tl_code code = find_live(job, &name, err);
    if (code != TL_OK)
        return code;
    name_job(job, name);
    memcpy(job->revision, job->before, sizeof job->revision);
    if (tl_live_find(&job->server->live, name) == 0)
        return tl_fail(err, TL_ECONFIG,
                       "\"%s\" was the first integration of this server, and its names are the server's: it cannot go. "
                       "Pause its flows, or deploy a revision of it that does nothing",
                       name);
    tell_what_stays(job);
    return refuse_awaited(job, err);
}

/* ---- all ---- */

static tl_code load_asked(struct tl_job *job, const struct tl_json_value *root, struct tl_error *err)
{
    tl_code code = read_options(job, root, err);
    if (code != TL_OK)
        return code;
    if (job->kind == TL_JOB_RETIRE)
        return try_retire(job, err);
    return job->kind == TL_JOB_ROLLBACK ? load_kept(job, err) : load_staged(job, root, err);
}

static tl_code try(struct tl_job *job, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    const struct tl_json_limits limits = {.size = TL_PARCEL_JSON_MAX};
    tl_code code = tl_json_parse_borrowed(job->request->http->body, &limits, &doc, err);
    if (code == TL_OK)
        code = load_asked(job, tl_json_root(doc), err);
    tl_json_free(doc);
    if (code != TL_OK || job->kind == TL_JOB_RETIRE)
        return code;
    name_candidate(job);
    if (!job->unchanged || job->dry_run)
        code = try_candidate(job, err);
    report(job);
    return code;
}

void tl_job_try(struct tl_job *job)
{
    job->begun_ms = tl_mono_ms();
    job->code = try(job, &job->err);
    job->err.code = job->code; /* the one that is answered */
}

bool tl_job_wants_switch(const struct tl_job *job)
{
    return job->code == TL_OK && !job->unchanged && !job->dry_run;
}

/* Kept before anything runs under it, then built beside what runs. */
static tl_code prepare(struct tl_job *job, struct tl_integration *integration, struct tl_error *err)
{
    const struct tl_bundle *bundle = integration != NULL ? tl_integration_bundle(integration) : NULL;
    tl_code code = bundle != NULL ? tl_revisions_keep(job->server->revisions, bundle, err) : TL_OK;
    if (code != TL_OK)
        return code;
    struct tl_server_change change = {.integration = integration,
                                      .retire = job->kind == TL_JOB_RETIRE ? job->integration : NULL,
                                      .park_removed = job->park_removed};
    job->candidate.integration = NULL; /* taken over */
    return tl_server_prepare(job->server, &change, &job->next, err);
}

void tl_job_prepare(struct tl_job *job)
{
    int64_t begun = tl_mono_ms();
    job->candidate.stage = TL_STAGE_LOAD;
    job->code = prepare(job, job->candidate.integration, &job->err);
    job->err.code = job->code;
    job->load_ms = tl_mono_ms() - begun;
}

/* ---- the switch ---- */

static struct tl_attempt attempt_of(const struct tl_job *job)
{
    bool live = job->code == TL_OK;
    return (struct tl_attempt){.act = tl_job_kind_name(job->kind),
                               .revision = job->revision,
                               .integration = job->integration,
                               .before = job->before,
                               .who = job->request->who,
                               .reason = job->reason,
                               .stage = live ? NULL : tl_stage_name(job->candidate.stage),
                               .why = live ? NULL : job->err.text,
                               .ms = tl_mono_ms() - job->begun_ms};
}

static void switch_over(struct tl_job *job)
{
    int64_t begun = tl_mono_ms();
    bool renewal = job->kind == TL_JOB_RENEW;
    struct tl_attempt attempt = {0};
    struct tl_engine_switched switched;
    job->candidate.stage = TL_STAGE_SWITCH;
    if (!renewal)
        attempt = attempt_of(job);
    job->code = tl_server_switch(job->server, job->next, renewal ? NULL : &attempt, &switched, &job->err);
    job->pause_ms = switched.pause_ms;
    job->err.code = job->code;
    job->next = NULL;
    job->switch_ms = tl_mono_ms() - begun;
    if (!renewal && job->code == TL_OK)
        tl_log(TL_INFO, "deploy.live",
               job->kind == TL_JOB_RETIRE ? "an integration was taken away" : "another revision is live",
               TL_FSTR("integration", job->integration), TL_FSTR("revision", job->revision),
               TL_FSTR("before", job->before), TL_FSTR("who", job->request->who), TL_FINT("ms", job->switch_ms));
}

static void record_refusal(struct tl_job *job)
{
    struct tl_error err;
    struct tl_attempt attempt = attempt_of(job);
    tl_log(TL_WARN, "deploy.refused", job->err.text, TL_FSTR("stage", attempt.stage),
           TL_FSTR("revision", job->revision), TL_FSTR("who", job->request->who));
    if (tl_history_add(job->server->journal, &attempt, &err) != TL_OK)
        tl_log(TL_ERROR, "deploy.history", err.text);
}

void tl_job_finish(struct tl_job *job)
{
    if (job->next != NULL && job->code == TL_OK)
        switch_over(job);
    if (job->code != TL_OK && job->read)
        record_refusal(job);
}

/* ---- the answer ---- */

/* The members of a JSON object, without its braces; nothing of an empty one. */
static void add_members(struct tl_buf *out, const struct tl_buf *object)
{
    if (object->len <= 2)
        return;
    tl_buf_add_char(out, ',');
    tl_buf_add_str(out, tl_str_n(object->ptr + 1, object->len - 2));
}

static const char *outcome_of(const struct tl_job *job)
{
    if (job->code != TL_OK)
        return "refused";
    if (job->kind == TL_JOB_RETIRE && !job->dry_run)
        return "retired";
    return job->dry_run ? "planned" : job->unchanged ? "unchanged" : "live";
}

/* Members of every answer, without braces. */
static void write_members(const struct tl_job *job, struct tl_buf *out)
{
    struct tl_buf head;
    struct tl_json_writer w;
    tl_buf_init(&head, TOLD_MAX);
    tl_json_writer_init(&w, &head);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "outcome", outcome_of(job));
    tl_json_put_uint(&w, "beside", job->server->live.count - (live_bundle(job) != NULL));
    tl_json_put_z(&w, "live", live_hash(job));
    tl_json_put_z(&w, "before", job->before);
    tl_json_put_z(&w, "stage", job->code == TL_OK ? NULL : tl_stage_name(job->candidate.stage));
    tl_json_key(&w, "ms");
    tl_json_begin_object(&w);
    tl_json_put_int(&w, "laws", job->candidate.laws_ms);
    tl_json_put_int(&w, "tests", job->candidate.tests_ms);
    tl_json_put_int(&w, "load", job->load_ms);
    tl_json_put_int(&w, "switch", job->switch_ms);
    tl_json_key(&w, "pause");
    tl_json_double(&w, job->pause_ms);
    tl_json_put_int(&w, "all", tl_mono_ms() - job->begun_ms);
    tl_json_end_object(&w);
    bool told = job->candidate.integration != NULL || job->kind == TL_JOB_RETIRE;
    if (job->dry_run && told && job->server->state == TL_SERVER_RUNNING) {
        tl_json_key(&w, "pending");
        tl_pending_put(&w, job->server->engine, owner_of(job), live_bundle(job),
                       job->candidate.integration != NULL ? tl_integration_bundle(job->candidate.integration) : NULL);
    }
    tl_json_end_object(&w);
    tl_buf_add_str(out, tl_str_n(head.ptr + 1, head.len - 2));
    add_members(out, &job->report);
    add_members(out, &job->told);
    tl_buf_free(&head);
}

void tl_job_answer(struct tl_job *job)
{
    struct tl_buf members, whole;
    if (job->request == NULL) {
        job->done(job->ctx, job->code, job->err.text);
        return;
    }
    tl_buf_init(&members, TL_CONTROL_ANSWER_MAX);
    tl_buf_init(&whole, TL_CONTROL_ANSWER_MAX);
    write_members(job, &members);
    if (job->code == TL_OK) {
        tl_buf_addf(&whole, "{%s}", members.ptr);
        tl_control_answer(job->request, &whole);
    } else {
        tl_control_refuse(job->request, &job->err, tl_buf_str(&members));
    }
    job->request = NULL;
    tl_buf_free(&members);
    tl_buf_free(&whole);
}
