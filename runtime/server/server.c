/* Start, restart of the engine, and stop, in the order in which one thing needs the other:
 *
 *   data folder · integration · key · journal · the revision kept · settings · systems · engine (lanes, listeners) ·
 *   probes · control socket
 *
 * and the other way round at the end. All on the main thread; its loop runs the probes, the control socket, signals and
 * the hourly look at what may be forgotten. */
#include "server.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "candidate.h"
#include "declared.h"
#include "deploy.h"
#include "flow/status.h"
#include "history.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RETAIN_EVERY_MS = 60 * 60 * 1000, FILE_MAX_BYTES = 1 << 20 };

/* ---- the journal's callbacks, on its threads ---- */

static void on_commit(void *ctx, struct tl_commit *commit)
{
    struct tl_server *server = ctx;
    pthread_rwlock_rdlock(&server->engine_lock);
    if (server->engine != NULL)
        tl_engine_on_commit(server->engine, commit);
    pthread_rwlock_unlock(&server->engine_lock);
}

static bool before_drop(void *ctx, uint64_t first, uint64_t last)
{
    struct tl_server *server = ctx;
    pthread_rwlock_rdlock(&server->engine_lock);
    bool yes = server->engine != NULL && tl_engine_before_drop(server->engine, first, last);
    pthread_rwlock_unlock(&server->engine_lock);
    return yes;
}

/* ---- start ---- */

static tl_code make_data_folder(const char *data, struct tl_error *err)
{
    if (mkdir(data, 0700) == 0 || errno == EEXIST)
        return TL_OK;
    return tl_fail(err, TL_EIO, "cannot make the data folder %s: %s", data, strerror(errno));
}

static tl_code open_key(struct tl_server *server, struct tl_error *err)
{
    char *own = tl_printf("%s/secrets.key", server->config->data);
    const char *path = server->config->key_file != NULL ? server->config->key_file : own;
    tl_code code = tl_box_open(path, server->config->key_file == NULL, &server->box, err);
    tl_free(own);
    return code;
}

/* Prints the errors of an integration that cannot run. */
static tl_code refuse_errors(const struct tl_bundle *bundle, const char *dir, struct tl_error *err)
{
    size_t count, errors = tl_bundle_errors(bundle);
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; errors != 0 && i < count; i++) {
        if (findings[i].severity == TL_FINDING_ERROR)
            fprintf(stderr, "%s:%d: error: %s\n", findings[i].place.file, findings[i].place.line, findings[i].text);
    }
    if (errors != 0)
        return tl_fail(err, TL_ECONFIG, "%s has %zu error%s; nothing was started", dir, errors, errors == 1 ? "" : "s");
    return TL_OK;
}

static tl_code load_folder(struct tl_server *server, struct tl_error *err)
{
    const struct tl_server_config *config = server->config;
    tl_code code =
        tl_integration_load_with(config->dir, config->library, server->connectors, &server->live.list[0], err);
    if (code != TL_OK)
        return code;
    server->live.count = 1; /* the others join it when the journal is open */
    return refuse_errors(tl_live_bundle(&server->live, 0), config->dir, err);
}

static tl_code load_kept(struct tl_server *server, const struct tl_history_lived *lived, struct tl_live *live,
                         struct tl_error *err)
{
    char *store = tl_printf("%s/revisions", server->config->data);
    tl_code code = tl_integration_load_kept(store, lived->revision, server->connectors, &live->list[live->count], err);
    if (code == TL_OK)
        live->count++;
    else
        tl_error_prefix(err, "the live revision %.12s of \"%s\" cannot be started", lived->revision,
                        lived->integration);
    tl_free(store);
    return code == TL_ENOTFOUND ? TL_EUSAGE : code;
}

/* In the order in which they came; the folder of the start takes the place of its integration's copy, or the last. */
static tl_code arrange(struct tl_server *server, const struct tl_history_lived *lived, size_t count,
                       struct tl_error *err)
{
    struct tl_integration *folder = server->live.count != 0 ? server->live.list[0] : NULL;
    const char *name = folder != NULL ? tl_live_name(&server->live, 0) : "";
    struct tl_live all = {.count = 0};
    tl_code code = TL_OK;
    bool placed = folder == NULL;
    for (size_t i = 0; code == TL_OK && i < count && i < TL_INTEGRATIONS_MAX; i++) {
        bool its = strcmp(lived[i].integration, name) == 0;
        placed |= its;
        if (its)
            all.list[all.count++] = folder;
        else
            code = load_kept(server, &lived[i], &all, err);
    }
    if (code == TL_OK && !placed)
        code = tl_live_put(&all, folder, err);
    if (folder != NULL && !tl_live_has(&all, folder))
        tl_integration_free(folder);
    else
        server->folder = folder;
    server->live = all;
    return code;
}

/* Does the folder get on with what goes on beside it? A deploy asks the same. */
static tl_code check_beside(struct tl_server *server, struct tl_error *err)
{
    if (server->folder == NULL)
        return TL_OK;
    struct tl_bundle *bundle = tl_integration_bundle(server->folder);
    for (size_t i = 0; i < server->live.count; i++) {
        if (server->live.list[i] != server->folder)
            tl_bundle_check_beside(bundle, tl_live_bundle(&server->live, i));
    }
    return refuse_errors(bundle, server->config->dir, err);
}

/* What was live last, from the copies, beside the folder of the start. */
static tl_code load_live(struct tl_server *server, struct tl_error *err)
{
    struct tl_arena arena;
    struct tl_history_lived *lived;
    size_t count;
    tl_arena_init(&arena);
    tl_code code = tl_history_all_live(server->journal, &arena, &lived, &count, err);
    if (code == TL_OK && server->config->alone && server->config->dir == NULL)
        code = tl_fail(err, TL_EUSAGE, "--alone needs the folder: 'tidelock serve DIR --alone'");
    if (code == TL_OK && count == 0 && server->config->dir == NULL)
        code = tl_fail(err, TL_EUSAGE, "no revision was ever live in %s: name a folder, 'tidelock serve DIR --data %s'",
                       server->config->data, server->config->data);
    if (code == TL_OK)
        code = arrange(server, lived, server->config->alone ? 0 : count, err);
    if (code == TL_OK)
        code = check_beside(server, err);
    tl_arena_free(&arena);
    return code;
}

/* A folder that is named at the start is what is to run of its integration, whatever was live before. */
static tl_code note_start(struct tl_server *server, struct tl_error *err)
{
    char live[65];
    if (server->folder == NULL)
        return TL_OK;
    const struct tl_bundle *bundle = tl_integration_bundle(server->folder);
    if (server->live.count > 1)
        tl_log(TL_INFO, "server.start", "the other integrations go on as they were",
               TL_FSTR("integrations", server->run_as));
    tl_code code = tl_history_live(server->journal, tl_bundle_integration(bundle), live, err);
    if (code == TL_OK && strcmp(live, tl_bundle_hash(bundle)) == 0)
        return TL_OK;
    if (code != TL_OK && code != TL_ENOTFOUND)
        return code;
    if (code == TL_OK)
        tl_log(TL_WARN, "server.start", "another revision was live; the folder named at the start takes its place",
               TL_FSTR("before", live), TL_FSTR("revision", tl_bundle_hash(bundle)));
    struct tl_attempt attempt = {.act = "start",
                                 .revision = tl_bundle_hash(bundle),
                                 .integration = tl_bundle_integration(bundle),
                                 .before = live,
                                 .who = "server start",
                                 .reason = server->config->dir,
                                 .ms = tl_mono_ms() - server->started_ms,
                                 .bundle = bundle};
    return tl_history_add(server->journal, &attempt, err);
}

static tl_code open_journal(struct tl_server *server, struct tl_error *err)
{
    struct tl_journal_options options = {.on_commit = on_commit, .before_drop = before_drop, .ctx = server};
    char *dir = tl_printf("%s/journal", server->config->data);
    tl_code code = tl_journal_open(dir, &options, &server->journal, err);
    if (code == TL_OK) /* what is live, and the settings, are read from the state */
        tl_journal_wait_applied(server->journal, tl_journal_last(server->journal));
    tl_free(dir);
    return code;
}

/* What a rollback of it would go to; "": nothing. Than this one: what was live until now, unless it was this one. */
static void find_earlier(struct tl_server *server, size_t i, char earlier[65])
{
    const char *name = tl_live_name(&server->live, i);
    if (tl_history_live(server->journal, name, earlier, NULL) != TL_OK ||
        strcmp(earlier, tl_live_hash(&server->live, i)) == 0)
        (void)!tl_history_earlier(server->journal, name, earlier, NULL);
}

/* Removes what is neither one of `live` (what is, and what a rollback would go to) nor named by a contract. */
static void tidy_revisions(struct tl_server *server, const char *const *live, size_t live_count)
{
    struct tl_arena arena;
    struct tl_error err;
    const char **declared;
    size_t count;
    tl_arena_init(&arena);
    if (tl_declared_revisions(server->journal, &arena, &declared, &count, &err) == TL_OK) {
        const char **keep = tl_arena_alloc(&arena, (live_count + count) * sizeof *keep);
        memcpy(keep, live, live_count * sizeof *keep);
        memcpy(keep + live_count, declared, count * sizeof *keep);
        tl_revisions_tidy(server->revisions, server->journal, keep, live_count + count, tl_wall_ms());
    } else {
        tl_log(TL_WARN, "revision.dropped", err.text); /* costs space only */
    }
    tl_arena_free(&arena);
}

/* The journal is this process's alone by now, so the folder of revisions is too. */
static tl_code keep_revisions(struct tl_server *server, struct tl_error *err)
{
    char earlier[TL_INTEGRATIONS_MAX][65];
    const char *keep[2 * TL_INTEGRATIONS_MAX];
    size_t count = server->live.count;
    tl_code code = TL_OK;
    server->revisions = tl_revisions_new(server->config->data, tl_server_effect_class, server);
    tl_live_hashes(&server->live, keep);
    for (size_t i = 0; i < count && code == TL_OK; i++) {
        find_earlier(server, i, earlier[i]);
        keep[count + i] = earlier[i];
        code = tl_revisions_keep(server->revisions, tl_live_bundle(&server->live, i), err);
    }
    if (code == TL_OK)
        tidy_revisions(server, keep, 2 * count);
    return code;
}

static tl_code read_file(const char *path, bool secret, struct tl_buf *out, struct tl_error *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return tl_fail(err, TL_EIO, "cannot open %s: %s", path, strerror(errno));
    tl_code code = TL_OK;
    if (secret && (fstat(fd, &info) != 0 || (info.st_mode & 077) != 0))
        code = tl_fail(err, TL_EACCESS, "%s can be read by others: chmod 600 %s", path, path);
    char *room = tl_buf_reserve(out, FILE_MAX_BYTES);
    ssize_t got = code == TL_OK ? read(fd, room, FILE_MAX_BYTES) : 0;
    if (got < 0)
        code = tl_fail(err, TL_EIO, "cannot read %s: %s", path, strerror(errno));
    else
        out->len += (size_t)got;
    close(fd);
    return code;
}

static tl_code import_file(struct tl_server *server, const char *path, bool secret, struct tl_error *err)
{
    if (path == NULL)
        return TL_OK;
    struct tl_buf text;
    struct tl_act act = {.who = "server start", .reason = path};
    tl_buf_init(&text, FILE_MAX_BYTES + 1);
    tl_code code = read_file(path, secret, &text, err);
    if (code == TL_OK)
        code = tl_settings_import(server->settings, secret, tl_buf_str(&text), path, &act, err);
    if (text.ptr != NULL)
        explicit_bzero(text.ptr, text.cap);
    tl_buf_free(&text);
    return code;
}

static tl_code open_settings(struct tl_server *server, struct tl_error *err)
{
    tl_code code = tl_settings_open(server->journal, server->box, &server->settings, err);
    if (code == TL_OK)
        code = import_file(server, server->config->settings_file, false, err);
    if (code == TL_OK)
        code = import_file(server, server->config->secrets_file, true, err);
    return code;
}

static bool ops_ready(void *ctx, struct tl_buf *why)
{
    return !tl_server_unready(ctx, why);
}

static void ops_refresh(void *ctx)
{
    struct tl_server *server = ctx;
    if (server->state == TL_SERVER_RUNNING)
        tl_engine_gauges(server->engine);
}

static tl_code start_ops(struct tl_server *server, struct tl_error *err)
{
    char host[256];
    struct tl_http_config http = {.host = host};
    struct tl_ops_owner owner = {.ready = ops_ready, .refresh = ops_refresh, .ctx = server};
    tl_code code = tl_address_parse(server->config->ops, host, &http.port, err);
    if (code == TL_OK)
        code = tl_ops_start(server->loop, &http, &owner, &server->ops, err);
    return code;
}

static void retain(struct tl_timer *timer)
{
    struct tl_server *server = TL_CONTAINER_OF(timer, struct tl_server, retain);
    struct tl_error err;
    unsigned dropped = 0;
    for (size_t i = 0; i < server->live.count; i++)
        tl_revisions_touch(server->revisions, tl_live_hash(&server->live, i));
    if (tl_journal_retain(server->journal, server->config->retain_ms, &dropped, &err) != TL_OK)
        tl_log(TL_ERROR, "journal.retain", err.text);
    else if (dropped != 0)
        tl_log(TL_INFO, "journal.dropped", "old segments dropped", TL_FINT("segments", dropped));
    tl_timer_start(server->loop, timer, RETAIN_EVERY_MS);
}

static void on_stop(void *ctx, int signal_number, int times)
{
    struct tl_server *server = ctx;
    if (times > 1)
        _exit(1); /* the journal needs no farewell */
    tl_log(TL_INFO, "server.stopping", "stopping", TL_FINT("signal", signal_number));
    server->state = TL_SERVER_STOPPING;
    tl_loop_stop(server->loop);
}

static tl_code start_live(struct tl_server *server, struct tl_error *err)
{
    tl_server_name_live(server);
    tl_candidates_sweep(server->config->data);
    tl_code code = tl_server_systems_build(server, &server->live, &server->systems, err);
    if (code == TL_OK)
        code = tl_server_start_engine(server, server->config->park_removed, err);
    return code == TL_OK ? note_start(server, err) : code;
}

static tl_code start(struct tl_server *server, struct tl_error *err)
{
    struct tl_signals_to signals = {.on_stop = on_stop, .ctx = server};
    tl_code code = tl_address_parse(server->config->listen, server->listen.host, &server->listen.port, err);
    if (code == TL_OK)
        code = make_data_folder(server->config->data, err);
    if (code == TL_OK && server->config->dir != NULL) /* before anything is written */
        code = load_folder(server, err);
    if (code == TL_OK)
        code = open_key(server, err);
    if (code == TL_OK)
        code = tl_signals_start(server->loop, &signals, &server->signals, err);
    if (code == TL_OK)
        code = open_journal(server, err);
    if (code == TL_OK)
        code = load_live(server, err);
    if (code == TL_OK)
        code = keep_revisions(server, err);
    if (code == TL_OK)
        code = open_settings(server, err);
    if (code == TL_OK)
        code = start_live(server, err);
    if (code == TL_OK)
        code = start_ops(server, err);
    if (code == TL_OK)
        code = tl_control_start(server, err);
    if (code == TL_OK)
        code = tl_addresses_write(server, err);
    return code;
}

/* ---- stop ---- */

static void one_stopped(void *ctx)
{
    ++*(int *)ctx;
}

static void stop(struct tl_server *server)
{
    int stopped = 0, wanted = 0;
    server->state = TL_SERVER_STOPPING;
    tl_timer_stop(&server->retain);
    tl_addresses_remove(server);
    tl_deploys_stop(server->deploys);
    tl_server_stop_engine(server);
    tl_server_systems_free(&server->systems, NULL);
    if (server->control != NULL) {
        tl_control_stop(server, one_stopped, &stopped);
        wanted++;
    }
    if (server->ops != NULL) {
        tl_ops_stop(server->ops, one_stopped, &stopped);
        wanted++;
    }
    if (server->client != NULL) {
        tl_http_client_stop(server->client, one_stopped, &stopped);
        wanted++;
    }
    while (stopped < wanted)
        tl_loop_wait(server->loop, 100);
    tl_deploys_free(server->deploys);
    tl_signals_stop(server->signals);
    tl_settings_free(server->settings);
    tl_revisions_free(server->revisions);
    tl_journal_close(server->journal);
    tl_loop_free(server->loop);
    tl_box_free(server->box);
    for (size_t i = 0; i < server->live.count; i++)
        tl_integration_free(server->live.list[i]);
    tl_library_free(server->connectors);
    tl_free(server->run_as);
    pthread_mutex_destroy(&server->listen.lock);
    pthread_rwlock_destroy(&server->engine_lock);
    pthread_rwlock_destroy(&server->systems_lock);
}

tl_code tl_server_run(const struct tl_server_config *config, struct tl_error *err)
{
    struct tl_server server = {.config = config, .started_ms = tl_mono_ms()};
    pthread_mutex_init(&server.listen.lock, NULL);
    pthread_rwlock_init(&server.engine_lock, NULL);
    pthread_rwlock_init(&server.systems_lock, NULL);
    server.loop = tl_loop_new("main");
    server.connectors = tl_library_new(config->plugins);
    server.deploys = tl_deploys_new(&server);
    tl_timer_init(&server.retain, retain);
    tl_code code = start(&server, err);
    if (code == TL_OK) {
        tl_timer_start(server.loop, &server.retain, RETAIN_EVERY_MS);
        tl_log(TL_INFO, "server.ready", server.state == TL_SERVER_RUNNING ? "ready" : "waiting for settings",
               TL_FSTR("integration", server.run_as), TL_FINT("port", server.listen.port),
               TL_FINT("ops_port", tl_ops_port(server.ops)), TL_FINT("ms", tl_mono_ms() - server.started_ms));
        tl_loop_run(server.loop);
    }
    stop(&server);
    return code;
}
