/* One connector system per declaration, with the values that settings and secrets have now. */
#include "base/alloc.h"
#include "connector/system.h"
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

static tl_code build_one(struct tl_server *server, const struct tl_system_decl *decl, struct tl_system **out,
                         struct tl_arena *arena, struct tl_error *err)
{
    struct tl_buf settings, session;
    tl_str missing = TL_STR_NONE;
    tl_buf_init(&settings, 4 << 20);
    tl_buf_init(&session, SESSION_MAX);
    struct tl_system_config config = {.name = tl_str_z(decl->name), .operations = tl_str_z(decl->operations)};
    config.connector = tl_str_z(tl_arena_printf(arena, "%s@%d", decl->connector, decl->connector_major));
    tl_code code = tl_settings_resolve(server->settings, tl_str_z(decl->config), &settings, arena, &missing, err);
    if (code == TL_OK && missing.len != 0) {
        note_missing(&server->systems, decl->name, missing);
    } else if (code == TL_OK) {
        load_session(server, config.name, arena, &session);
        config.settings = tl_buf_str(&settings);
        config.session = tl_buf_str(&session);
        struct tl_system_hooks hooks = {.save_session = save_session, .ctx = server};
        code = tl_system_new(tl_integration_connectors(server->integration), &config, &hooks, out, err);
    }
    if (settings.ptr != NULL)
        explicit_bzero(settings.ptr, settings.cap);
    if (session.ptr != NULL)
        explicit_bzero(session.ptr, session.cap);
    tl_buf_free(&settings);
    tl_buf_free(&session);
    return code;
}

tl_code tl_server_systems_build(struct tl_server *server, struct tl_error *err)
{
    struct tl_server_systems *systems = &server->systems;
    struct tl_arena arena;
    size_t count;
    const struct tl_system_decl *decls = tl_bundle_systems(tl_integration_bundle(server->integration), &count);
    tl_arena_init(&arena);
    tl_buf_init(&systems->missing, 64 * 1024);
    systems->list = tl_zalloc(count + 1, sizeof *systems->list);
    systems->count = count;
    tl_code code = TL_OK;
    for (size_t i = 0; i < count && code == TL_OK; i++) {
        systems->list[i].decl = &decls[i];
        code = build_one(server, &decls[i], &systems->list[i].system, &arena, err);
    }
    tl_arena_free(&arena);
    if (code != TL_OK)
        tl_server_systems_free(systems);
    return code;
}

static bool stands_for(const struct tl_server_systems *systems, const struct tl_engine_system *system,
                       const struct tl_system_decl *decl)
{
    bool there = false;
    for (size_t i = 0; i < systems->count && !there; i++)
        there = strcmp(systems->list[i].decl->name, decl->name) == 0;
    return there ? strcmp(system->decl->name, decl->name) == 0 : strcmp(system->decl->kind, decl->kind) == 0;
}

enum tl_effect_class tl_server_effect_class(void *ctx, const struct tl_system_decl *decl, tl_str operation,
                                            const char **nearest)
{
    const struct tl_server_systems *systems = &((const struct tl_server *)ctx)->systems;
    enum tl_effect_class strictest = TL_EFFECT_UNKNOWN;
    struct tl_operation_facts facts;
    for (size_t i = 0; i < systems->count; i++) {
        if (!stands_for(systems, &systems->list[i], decl))
            continue;
        if (!tl_system_operation(systems->list[i].system, operation, &facts)) {
            *nearest = tl_system_nearest_operation(systems->list[i].system, operation);
            return TL_EFFECT_UNKNOWN;
        }
        if (strictest == TL_EFFECT_UNKNOWN || facts.effect > strictest)
            strictest = facts.effect;
    }
    return strictest;
}

void tl_server_systems_free(struct tl_server_systems *systems)
{
    for (size_t i = 0; i < systems->count; i++)
        tl_system_free(systems->list[i].system);
    tl_free(systems->list);
    tl_buf_free(&systems->missing);
    *systems = (struct tl_server_systems){0};
}
