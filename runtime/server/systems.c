/* One connector system per declaration, with the values that settings and secrets have now. A system that is made of
 * the same as the live one of its name is that one: its session and its logins go on. */
#include "base/alloc.h"
#include "connector/system.h"
#include "crypto/digest.h"
#include "journal/state.h"
#include "server.h"
#include <string.h>

enum { SESSION_MAX = 256 * 1024 };

static tl_str session_table(void)
{
    return TL_STR("session");
}

/* A session that waits for its commit. */
struct saving {
    tl_system_saved *saved;
    void *saved_ctx;
};

static void on_saved(struct tl_batch *batch, void *ctx)
{
    struct saving *saving = ctx;
    saving->saved(saving->saved_ctx, tl_batch_code(batch, NULL) == TL_OK);
    tl_batch_free(batch);
    tl_free(saving);
}

/* A new session must be durable before its first use: a refresh token used twice is lost for good. */
static void save_session(void *ctx, const struct tl_system *system, tl_str session, tl_system_saved *saved,
                         void *saved_ctx)
{
    struct tl_server *server = ctx;
    struct tl_buf sealed;
    tl_buf_init(&sealed, SESSION_MAX);
    struct tl_batch *batch = tl_batch_new(server->journal);
    tl_str name = tl_system_name(system);
    tl_code code = tl_box_seal(server->box, session, name, &sealed, NULL);
    if (code == TL_OK)
        code = tl_batch_put(
            batch, &(struct tl_state_put){.table = session_table(), .key = name, .value = tl_buf_str(&sealed)}, NULL);
    tl_buf_free(&sealed);
    if (code != TL_OK) {
        tl_batch_free(batch);
        saved(saved_ctx, false);
        return;
    }
    struct saving *saving = TL_NEW(struct saving);
    *saving = (struct saving){saved, saved_ctx};
    tl_batch_insist(batch);
    tl_journal_submit(server->journal, batch, TL_DURABLE, NULL, on_saved, saving);
}

/* The stored session in clear, or nothing: one that cannot be read only costs a login. */
static void load_session(struct tl_server *server, tl_str name, struct tl_arena *arena, struct tl_buf *out)
{
    struct tl_state_row row;
    if (tl_state_get(server->journal, session_table(), name, arena, &row, NULL) != TL_OK)
        return;
    if (tl_box_unseal(server->box, row.value, name, out, NULL) != TL_OK)
        tl_buf_clear(out);
}

static void note_missing(struct tl_server_systems *systems, const char *system, tl_str missing)
{
    tl_buf_addf(&systems->missing, "%ssystem %s waits for '%.*s'", systems->missing.len != 0 ? "; " : "", system,
                TL_STR_ARGS(missing));
}

/* Of all that a system is made of. */
static void print_of(const struct tl_system_config *config, uint8_t print[TL_SHA256_SIZE])
{
    struct tl_sha256 sha;
    tl_sha256_init(&sha);
    const tl_str parts[] = {config->name, config->connector, config->settings, config->operations};
    for (size_t i = 0; i < TL_COUNT_OF(parts); i++) {
        tl_sha256_add(&sha, tl_str_n(&parts[i].len, sizeof parts[i].len));
        tl_sha256_add(&sha, parts[i]);
    }
    tl_sha256_end(&sha, print);
}

static struct tl_system *find_same(const struct tl_server_systems *live, const uint8_t print[TL_SHA256_SIZE])
{
    for (size_t i = 0; i < live->count; i++) {
        if (live->list[i].system != NULL && memcmp(live->prints[i], print, TL_SHA256_SIZE) == 0)
            return live->list[i].system;
    }
    return NULL;
}

static tl_code make_system(struct tl_server *server, struct tl_system_config *config, struct tl_system **out,
                           struct tl_arena *arena, struct tl_error *err)
{
    struct tl_buf session;
    struct tl_system_hooks hooks = {.save_session = save_session, .ctx = server};
    tl_buf_init(&session, SESSION_MAX);
    load_session(server, config->name, arena, &session);
    config->session = tl_buf_str(&session);
    tl_code code = tl_system_new(server->connectors, config, &hooks, out, err);
    if (session.ptr != NULL)
        explicit_bzero(session.ptr, session.cap);
    tl_buf_free(&session);
    return code;
}

static tl_code build_one(struct tl_server *server, const struct tl_system_decl *decl, const char *owner,
                         struct tl_server_systems *out, struct tl_arena *arena, struct tl_error *err)
{
    struct tl_buf settings;
    tl_str missing = TL_STR_NONE;
    size_t i = out->count++;
    out->list[i].decl = decl;
    out->names[i] = tl_live_whole(owner, decl->name);
    tl_buf_init(&settings, 4 << 20);
    struct tl_system_config config = {.name = tl_str_z(out->names[i]),
                                      .operations = tl_str_z(decl->operations),
                                      .operations_file = tl_str_z(decl->operations_file)};
    config.connector = tl_str_z(tl_arena_printf(arena, "%s@%d", decl->connector, decl->connector_major));
    tl_code code =
        tl_settings_resolve(server->settings, owner, tl_str_z(decl->config), &settings, arena, &missing, err);
    if (code == TL_OK && missing.len != 0) {
        note_missing(out, out->names[i], missing);
    } else if (code == TL_OK) {
        config.settings = tl_buf_str(&settings);
        print_of(&config, out->prints[i]);
        out->list[i].system = find_same(&server->systems, out->prints[i]);
        if (out->list[i].system == NULL)
            code = make_system(server, &config, &out->list[i].system, arena, err);
    }
    if (settings.ptr != NULL)
        explicit_bzero(settings.ptr, settings.cap);
    tl_buf_free(&settings);
    return code;
}

static tl_code build_of(struct tl_server *server, const struct tl_live *live, size_t which,
                        struct tl_server_systems *out, struct tl_error *err)
{
    struct tl_arena arena;
    size_t count;
    const struct tl_system_decl *decls = tl_bundle_systems(tl_live_bundle(live, which), &count);
    const char *owner = tl_live_owner_at(live, which);
    tl_code code = TL_OK;
    tl_arena_init(&arena);
    out->from[which] = out->count;
    for (size_t i = 0; i < count && code == TL_OK; i++)
        code = build_one(server, &decls[i], owner, out, &arena, err);
    for (size_t i = which + 1; i < TL_COUNT_OF(out->from); i++)
        out->from[i] = out->count;
    tl_arena_free(&arena);
    return code;
}

tl_code tl_server_systems_build(struct tl_server *server, const struct tl_live *live, struct tl_server_systems *out,
                                struct tl_error *err)
{
    size_t all = 1;
    for (size_t i = 0, count; i < live->count; i++) {
        (void)tl_bundle_systems(tl_live_bundle(live, i), &count);
        all += count;
    }
    *out = (struct tl_server_systems){.list = tl_zalloc(all, sizeof *out->list),
                                      .names = tl_zalloc(all, sizeof *out->names),
                                      .prints = tl_zalloc(all, sizeof *out->prints)};
    tl_buf_init(&out->missing, 64 * 1024);
    tl_code code = TL_OK;
    for (size_t i = 0; i < live->count && code == TL_OK; i++)
        code = build_of(server, live, i, out, err);
    if (code != TL_OK)
        tl_server_systems_free(out, &server->systems);
    return code;
}

/* Of one integration: its own, from `first` up to `end`. */
struct today {
    const struct tl_engine_system *first, *end;
};

static bool stands_for(const struct today *today, const struct tl_engine_system *system,
                       const struct tl_system_decl *decl)
{
    bool there = false;
    for (const struct tl_engine_system *s = today->first; s < today->end && !there; s++)
        there = strcmp(s->decl->name, decl->name) == 0;
    return there ? strcmp(system->decl->name, decl->name) == 0 : strcmp(system->decl->kind, decl->kind) == 0;
}

static enum tl_effect_class strictest(const struct today *today, const struct tl_system_decl *decl, tl_str operation,
                                      const char **nearest)
{
    enum tl_effect_class found = TL_EFFECT_UNKNOWN;
    struct tl_operation_facts facts;
    for (const struct tl_engine_system *s = today->first; s < today->end; s++) {
        if (!stands_for(today, s, decl))
            continue;
        if (!tl_system_operation(s->system, operation, &facts)) {
            *nearest = tl_system_nearest_operation(s->system, operation);
            return TL_EFFECT_UNKNOWN;
        }
        if (found == TL_EFFECT_UNKNOWN || facts.effect > found)
            found = facts.effect;
    }
    return found;
}

/* Under the lock. */
static struct today today_of(const struct tl_server_systems *systems, const struct tl_live *live, const char *name)
{
    int i = tl_live_find(live, name);
    if (i < 0)
        return (struct today){NULL, NULL};
    return (struct today){systems->list + systems->from[i], systems->list + systems->from[i + 1]};
}

enum tl_effect_class tl_server_effect_class(void *ctx, const struct tl_bundle *bundle,
                                            const struct tl_system_decl *decl, tl_str operation, const char **nearest)
{
    struct tl_server *server = ctx;
    pthread_rwlock_rdlock(&server->systems_lock);
    struct today today = today_of(&server->systems, &server->live, tl_bundle_integration(bundle));
    enum tl_effect_class effect = strictest(&today, decl, operation, nearest);
    pthread_rwlock_unlock(&server->systems_lock);
    return effect;
}

bool tl_server_systems_have(const struct tl_server_systems *systems, const struct tl_system *system)
{
    for (size_t i = 0; i < systems->count; i++) {
        if (systems->list[i].system == system)
            return true;
    }
    return false;
}

void tl_server_systems_free(struct tl_server_systems *systems, const struct tl_server_systems *but)
{
    for (size_t i = 0; i < systems->count; i++) {
        if (but == NULL || !tl_server_systems_have(but, systems->list[i].system))
            tl_system_free(systems->list[i].system);
        tl_free(systems->names[i]);
    }
    tl_free(systems->names);
    tl_free(systems->list);
    tl_free(systems->prints);
    tl_buf_free(&systems->missing);
    *systems = (struct tl_server_systems){0};
}
