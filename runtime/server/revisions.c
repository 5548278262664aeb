#include "revisions.h"
#include "base/alloc.h"
#include "base/disk.h"
#include "base/log.h"
#include "flow/runs.h"
#include "journal/state.h"
#include "script/bundle_store.h"
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

enum { LISTED_MAX = 20 };
#define KEEP_MS (30LL * 24 * 60 * 60 * 1000)

struct loaded {
    struct loaded *next;            /* own */
    struct tl_revisions *revisions; /* borrow */
    struct tl_bundle *bundle;       /* own; NULL while it is read */
};

struct tl_revisions {
    char *data, *dir; /* own */
    tl_revisions_effect *effect;
    void *ctx;
    pthread_mutex_t lock;
    struct loaded *loaded; /* under the lock */
};

struct tl_revisions *tl_revisions_new(const char *data, tl_revisions_effect *effect, void *ctx)
{
    struct tl_revisions *revisions = TL_NEW(struct tl_revisions);
    revisions->data = tl_copy_z(data);
    revisions->dir = tl_printf("%s/revisions", data);
    revisions->effect = effect;
    revisions->ctx = ctx;
    pthread_mutex_init(&revisions->lock, NULL);
    return revisions;
}

void tl_revisions_free(struct tl_revisions *revisions)
{
    if (revisions == NULL)
        return;
    tl_revisions_forget(revisions);
    pthread_mutex_destroy(&revisions->lock);
    tl_free(revisions->data);
    tl_free(revisions->dir);
    tl_free(revisions);
}

/* ---- keeping ---- */

/* The age of a copy is the time of its folder. */
void tl_revisions_touch(struct tl_revisions *revisions, const char *live)
{
    char *path = tl_printf("%s/%s", revisions->dir, live);
    (void)utimensat(AT_FDCWD, path, NULL, 0); /* without it the copy looks older than it is, but it is not lost */
    tl_free(path);
}

tl_code tl_revisions_keep(struct tl_revisions *revisions, const struct tl_bundle *live, struct tl_error *err)
{
    bool written = false;
    tl_code code = tl_bundle_keep(live, revisions->dir, &written, err);
    if (code == TL_OK && written && tl_disk_sync_dir(revisions->data) != 0) /* the folder of all may be new */
        code = tl_fail(err, TL_EIO, "cannot sync %s", revisions->data);
    if (code != TL_OK) {
        tl_error_prefix(err, "the revision cannot be kept for its runs, so it is not started");
        return code;
    }
    tl_revisions_touch(revisions, tl_bundle_hash(live));
    if (written)
        tl_log(TL_INFO, "revision.kept", "this revision is kept for its runs",
               TL_FSTR("revision", tl_bundle_hash(live)));
    return TL_OK;
}

/* ---- cleaning ---- */

static tl_code count_runs(struct tl_journal *journal, const char *revision, uint64_t *out)
{
    struct tl_state_query query = {.table = TL_STR(TL_TABLE_RUN)};
    struct tl_error err;
    if (revision != NULL)
        query.where[3] = tl_str_z(revision);
    tl_code code = tl_state_count(journal, &query, out, &err);
    if (code != TL_OK)
        tl_log(TL_WARN, "revision.runs", err.text);
    return code;
}

struct tidying {
    struct tl_revisions *revisions;
    const char *const *keep;
    size_t keep_count;
    int64_t before_ms;
    char **old; /* own */
    size_t count;
};

static bool is_one_of(const char *hash, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(hash, list[i]) == 0)
            return true;
    }
    return false;
}

static bool take_old(void *ctx, const char *hash)
{
    struct tidying *t = ctx;
    struct stat info;
    char *path = tl_printf("%s/%s", t->revisions->dir, hash);
    if (!is_one_of(hash, t->keep, t->keep_count) && stat(path, &info) == 0 &&
        (int64_t)info.st_mtim.tv_sec * 1000 < t->before_ms) {
        t->old = tl_realloc(t->old, (t->count + 1) * sizeof *t->old);
        t->old[t->count++] = tl_copy_z(hash);
    }
    tl_free(path);
    return true;
}

static void drop_unused(struct tl_revisions *revisions, struct tl_journal *journal, const char *hash)
{
    uint64_t runs = 0;
    struct tl_error err;
    if (count_runs(journal, hash, &runs) != TL_OK || runs != 0)
        return;
    if (tl_bundle_drop_kept(revisions->dir, hash, &err) != TL_OK)
        tl_log(TL_WARN, "revision.dropped", err.text);
    else
        tl_log(TL_INFO, "revision.dropped", "no run needs it and it has not been live for 30 days",
               TL_FSTR("revision", hash));
}

void tl_revisions_tidy(struct tl_revisions *revisions, struct tl_journal *journal, const char *const *keep,
                       size_t count, int64_t now_ms)
{
    struct tidying t = {.revisions = revisions, .keep = keep, .keep_count = count, .before_ms = now_ms - KEEP_MS};
    struct tl_error err;
    if (!tl_journal_clock_trusted(journal)) /* rule 24: a clock that ran ahead removes nothing */
        return;
    if (tl_bundle_kept(revisions->dir, take_old, &t, &err) != TL_OK)
        tl_log(TL_WARN, "revision.dropped", err.text);
    if (t.count != 0)
        tl_journal_wait_applied(journal, tl_journal_last(journal));
    for (size_t i = 0; i < t.count; i++) {
        drop_unused(revisions, journal, t.old[i]);
        tl_free(t.old[i]);
    }
    tl_free(t.old);
}

/* ---- reading ---- */

static const char *what_to_do(tl_code code)
{
    if (code == TL_ENOTFOUND || code == TL_ECORRUPT)
        return "bring that folder back, from a backup or by starting the integration as it was once more, or take the "
               "run to the live revision with 'tidelock runs move'; then retry the exception";
    return "take the run to the live revision with 'tidelock runs move', then retry the exception";
}

/* While it is read everything counts as a read: it was checked when it was deployed. */
static enum tl_effect_class effect_class(void *ctx, const struct tl_system_decl *system, tl_str operation,
                                         const char **nearest)
{
    struct loaded *loaded = ctx;
    if (loaded->bundle == NULL)
        return TL_EFFECT_READ;
    return loaded->revisions->effect(loaded->revisions->ctx, loaded->bundle, system, operation, nearest);
}

static tl_code load(struct tl_revisions *revisions, const char *revision, const struct tl_bundle **out,
                    struct tl_error *err)
{
    struct tl_error why;
    struct loaded *loaded = TL_NEW(struct loaded);
    struct tl_bundle_options options = {.effect_class = effect_class, .ctx = loaded};
    loaded->revisions = revisions;
    tl_code code = tl_bundle_load_kept(revisions->dir, revision, &options, &loaded->bundle, &why);
    if (code != TL_OK) {
        tl_free(loaded);
        return tl_fail(err, code, "%s; %s", why.text, what_to_do(code));
    }
    loaded->next = revisions->loaded;
    revisions->loaded = loaded;
    *out = loaded->bundle;
    return TL_OK;
}

tl_code tl_revisions_bundle(struct tl_revisions *revisions, const char *revision, const struct tl_bundle **out,
                            struct tl_error *err)
{
    tl_code code = TL_OK;
    pthread_mutex_lock(&revisions->lock);
    const struct loaded *known = revisions->loaded;
    while (known != NULL && strcmp(tl_bundle_hash(known->bundle), revision) != 0)
        known = known->next;
    if (known != NULL)
        *out = known->bundle;
    else
        code = load(revisions, revision, out, err); /* a failure is not remembered: the folder may come back */
    pthread_mutex_unlock(&revisions->lock);
    return code;
}

bool tl_revisions_has(const struct tl_revisions *revisions, tl_str revision)
{
    struct stat info;
    char *path = tl_printf("%s/%.*s", revisions->dir, TL_STR_ARGS(revision));
    bool there = revision.len != 0 && stat(path, &info) == 0;
    tl_free(path);
    return there;
}

void tl_revisions_runs(struct tl_journal *journal, tl_str revision, struct tl_json_writer *w)
{
    uint64_t runs;
    char *hash = tl_str_dup(revision);
    if (revision.len != 0 && count_runs(journal, hash, &runs) == TL_OK)
        tl_json_uint(w, runs);
    else
        tl_json_null(w);
    tl_free(hash);
}

void tl_revisions_forget(struct tl_revisions *revisions)
{
    while (revisions->loaded != NULL) {
        struct loaded *loaded = revisions->loaded;
        revisions->loaded = loaded->next;
        tl_bundle_free(loaded->bundle);
        tl_free(loaded);
    }
}

/* ---- seeing ---- */

struct report {
    struct tl_journal *journal;
    struct tl_json_writer *w;
    const char *const *live;
    size_t live_count;
    uint64_t left; /* runs whose revision was not listed yet */
    int listed;
};

static bool report_one(void *ctx, const char *hash)
{
    struct report *report = ctx;
    uint64_t runs = 0;
    if (is_one_of(hash, report->live, report->live_count) || count_runs(report->journal, hash, &runs) != TL_OK ||
        runs == 0)
        return true;
    tl_json_begin_object(report->w);
    tl_json_put_z(report->w, "revision", hash);
    tl_json_put_uint(report->w, "runs", runs);
    tl_json_end_object(report->w);
    report->left -= runs < report->left ? runs : report->left; /* runs begin and end between two counts */
    return report->left != 0 && ++report->listed < LISTED_MAX;
}

static tl_code count_live(struct tl_journal *journal, const char *const *live, size_t count, uint64_t *out)
{
    tl_code code = TL_OK;
    for (size_t i = 0; code == TL_OK && i < count; i++) {
        uint64_t runs = 0;
        code = count_runs(journal, live[i], &runs);
        *out += runs;
    }
    return code;
}

void tl_revisions_report(struct tl_revisions *revisions, struct tl_journal *journal, const char *const *live,
                         size_t count, struct tl_json_writer *w)
{
    uint64_t all = 0, of_live = 0;
    if (count_runs(journal, NULL, &all) != TL_OK || count_live(journal, live, count, &of_live) != TL_OK) {
        tl_json_null(w);
        return;
    }
    struct report report = {
        .journal = journal, .w = w, .live = live, .live_count = count, .left = all > of_live ? all - of_live : 0};
    struct tl_error err;
    tl_json_begin_object(w);
    tl_json_put_uint(w, "runs", report.left);
    tl_json_key(w, "revisions");
    tl_json_begin_array(w);
    if (report.left != 0 && tl_bundle_kept(revisions->dir, report_one, &report, &err) != TL_OK)
        tl_log(TL_WARN, "revision.runs", err.text);
    tl_json_end_array(w);
    tl_json_put_uint(w, "not_kept", report.left);
    tl_json_end_object(w);
}
