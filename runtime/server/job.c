/* What is done for a job, stage by stage; the first that fails ends it, and names itself. */
#include "job.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "changes.h"
#include "flow/switch.h"
#include "history.h"
#include "script/bundle_store.h"
#include "server/parcel.h"
#include <string.h>

enum { TOLD_MAX = 16 << 20, PREFIX_LEAST = 6, REASON_MAX = 4000 };

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
    tl_free(job->integration);
    tl_free(job->reason);
    tl_free(job->to);
    tl_free(job);
}

static const char *live_hash(const struct tl_job *job)
{
    return tl_bundle_hash(tl_integration_bundle(job->server->integration));
}

/* ---- what is asked ------------------------------------------------------------------------------------------------
 */

static tl_code read_options(struct tl_job *job, const struct tl_json_value *root, struct tl_error *err)
{
    job->dry_run = job->kind == TL_JOB_PLAN || tl_json_get_bool(root, "dry_run", false);
    job->park_removed = tl_json_get_bool(root, "park_removed", false);
    job->skip_tests = tl_json_get_bool(root, "skip_tests", false);
    job->yes = tl_json_get_bool(root, "yes", false);
    job->reason = tl_json_dup(tl_json_get(root, "reason"));
    job->to = tl_json_dup(tl_json_get(root, "to"));
    if (!job->dry_run && (job->reason == NULL || job->reason[0] == '\0'))
        return tl_fail(err, TL_EINPUT, "say why, for the history: --reason TEXT");
    if (job->reason != NULL && strlen(job->reason) > REASON_MAX)
        return tl_fail(err, TL_EINPUT, "the reason is longer than %d bytes", REASON_MAX);
    if (job->park_removed && !job->yes && !job->dry_run)
        return tl_fail(err, TL_EINPUT,
                       "--park-removed takes waiting work out of its flows: 'tidelock plan' says what, --yes does it");
    job->read = !job->dry_run;
    return TL_OK;
}

/* ---- a rollback's revision ----------------------------------------------------------------------------------------
 */

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

/* ---- stages -------------------------------------------------------------------------------------------------------
 */

static tl_code load_staged(struct tl_job *job, const struct tl_json_value *root, struct tl_error *err)
{
    return tl_candidate_stage(&job->candidate, tl_json_get(root, "files"), err);
}

static tl_code load_kept(struct tl_job *job, struct tl_error *err)
{
    char revision[65];
    tl_code code =
        job->to != NULL ? find_kept(job, revision, err) : tl_history_earlier(job->server->journal, revision, err);
    if (code == TL_OK)
        code = tl_candidate_take_kept(&job->candidate, revision, err);
    return code == TL_ECORRUPT ? TL_ECONFIG : code;
}

/* What would change, what is missing, what goes on as it is. */
static void compare(struct tl_job *job)
{
    struct tl_json_writer w;
    const struct tl_bundle *live = tl_integration_bundle(job->server->integration),
                           *next = tl_integration_bundle(job->candidate.integration);
    tl_json_writer_init(&w, &job->told);
    tl_json_begin_object(&w);
    tl_json_key(&w, "changes");
    job->differences = tl_changes_put(&w, live, next);
    tl_json_key(&w, "missing");
    job->differences += tl_missing_put(&w, job->server->settings, next);
    tl_json_key(&w, "connectors");
    tl_connectors_put(&w, job->server->connectors, job->server->config->plugins, next);
    tl_json_key(&w, "staying");
    tl_staying_put(&w, job->server->journal, live, next);
    tl_json_put_uint(&w, "differences", job->differences);
    tl_json_end_object(&w);
}

/* A folder that is another integration is more likely a mistake than meant. */
static tl_code refuse_other(struct tl_job *job, struct tl_error *err)
{
    const char *live = tl_bundle_integration(tl_integration_bundle(job->server->integration)),
               *next = tl_bundle_integration(tl_integration_bundle(job->candidate.integration));
    if (job->yes || strcmp(live, next) == 0)
        return TL_OK;
    return tl_fail(err, TL_ECONFIG,
                   "this server runs the integration \"%s\", and this is \"%s\": is --data right? --yes replaces it",
                   live, next);
}

/* ---- the way of each ----------------------------------------------------------------------------------------------
 */

static void name_candidate(struct tl_job *job)
{
    const struct tl_bundle *bundle = tl_integration_bundle(job->candidate.integration);
    memcpy(job->revision, tl_bundle_hash(bundle), sizeof job->revision);
    tl_free(job->integration);
    job->integration = tl_copy_z(tl_bundle_integration(bundle));
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
    if (code != TL_OK)
        return job->dry_run ? TL_OK : code; /* what is wrong is in the report */
    if (!job->dry_run)
        code = refuse_other(job, err);
    if (code == TL_OK && !kept)
        code = tl_candidate_check_contracts(candidate, err);
    compare(job);
    if (job->dry_run)
        return TL_OK;
    if (code == TL_OK)
        code = tl_candidate_check_settings(candidate, err);
    if (code == TL_OK && !kept)
        code = tl_candidate_try(candidate, &job->confined, job->skip_tests, err);
    return code;
}

static tl_code try(struct tl_job *job, struct tl_error *err)
{
    struct tl_json_doc *doc = NULL;
    const struct tl_json_limits limits = {.size = TL_PARCEL_JSON_MAX};
    tl_code code = tl_json_parse_borrowed(job->request->http->body, &limits, &doc, err);
    if (code == TL_OK)
        code = read_options(job, tl_json_root(doc), err);
    if (code == TL_OK)
        code = job->kind == TL_JOB_ROLLBACK ? load_kept(job, err) : load_staged(job, tl_json_root(doc), err);
    tl_json_free(doc);
    if (code != TL_OK)
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
    memcpy(job->before, live_hash(job), sizeof job->before);
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
    job->candidate.integration = NULL; /* taken over */
    return tl_server_prepare(job->server, integration, job->park_removed, &job->next, err);
}

void tl_job_prepare(struct tl_job *job)
{
    int64_t begun = tl_mono_ms();
    job->candidate.stage = TL_STAGE_LOAD;
    job->code = prepare(job, job->candidate.integration, &job->err);
    job->err.code = job->code;
    job->load_ms = tl_mono_ms() - begun;
}

/* ---- the switch ---------------------------------------------------------------------------------------------------
 */

static struct tl_attempt attempt_of(const struct tl_job *job)
{
    bool live = job->code == TL_OK;
    return (struct tl_attempt){.act = job->kind == TL_JOB_ROLLBACK ? "rollback" : "deploy",
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
        tl_log(TL_INFO, "deploy.live", "another revision is live", TL_FSTR("revision", job->revision),
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

/* ---- the answer ---------------------------------------------------------------------------------------------------
 */

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
    if (job->dry_run && job->candidate.integration != NULL && job->server->state == TL_SERVER_RUNNING) {
        tl_json_key(&w, "pending");
        tl_pending_put(&w, job->server->engine, tl_integration_bundle(job->server->integration),
                       tl_integration_bundle(job->candidate.integration));
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
