#include "server/integration.h"
#include "base/alloc.h"
#include "connector/system.h"
#include "script/bundle_store.h"
#include "server/settings.h"

enum { DECLARATION_MAX = 4 << 20 };

struct tl_integration {
    struct tl_library *connectors; /* borrow; or own, then `own` is the same */
    struct tl_library *own;
    struct tl_bundle *bundle; /* own */
};

/* References count as null. */
tl_code tl_integration_draft(struct tl_integration *integration, const struct tl_system_decl *decl,
                             struct tl_system **out, struct tl_error *err)
{
    struct tl_buf settings;
    struct tl_arena arena;
    tl_str missing;
    tl_buf_init(&settings, DECLARATION_MAX);
    tl_arena_init(&arena);
    char *connector = tl_printf("%s@%d", decl->connector, decl->connector_major);
    tl_code code = tl_settings_resolve(NULL, "", tl_str_z(decl->config), &settings, &arena, &missing, err);
    struct tl_system_config config = {.name = tl_str_z(decl->name),
                                      .connector = tl_str_z(connector),
                                      .settings = tl_buf_str(&settings),
                                      .operations = tl_str_z(decl->operations),
                                      .operations_file = tl_str_z(decl->operations_file)};
    if (code == TL_OK)
        code = tl_system_draft(integration->connectors, &config, out, err);
    tl_free(connector);
    tl_arena_free(&arena);
    tl_buf_free(&settings);
    return code;
}

/* What the bundle's checks ask: the class of an operation. A system that cannot be made has a finding of its own. */
static enum tl_effect_class effect_class(void *ctx, const struct tl_system_decl *decl, tl_str operation,
                                         const char **nearest)
{
    struct tl_system *system = NULL;
    struct tl_operation_facts facts;
    enum tl_effect_class effect = TL_EFFECT_UNKNOWN;
    if (tl_integration_draft(ctx, decl, &system, NULL) != TL_OK)
        return TL_EFFECT_READ;
    if (tl_system_operation(system, operation, &facts))
        effect = facts.effect;
    else
        *nearest = tl_system_nearest_operation(system, operation);
    tl_system_free(system);
    return effect;
}

static tl_code check_system(void *ctx, const struct tl_system_decl *decl, struct tl_error *err)
{
    struct tl_system *system = NULL;
    tl_code code = tl_integration_draft(ctx, decl, &system, err);
    tl_system_free(system);
    return code;
}

static struct tl_integration *make(struct tl_library *connectors)
{
    struct tl_integration *integration = TL_NEW(struct tl_integration);
    integration->connectors = connectors;
    return integration;
}

static tl_code give(struct tl_integration *integration, tl_code code, struct tl_integration **out)
{
    if (code == TL_OK)
        *out = integration;
    else
        tl_integration_free(integration);
    return code;
}

static tl_code load(struct tl_integration *integration, const char *dir, const char *library, struct tl_error *err)
{
    struct tl_bundle_options options = {
        .library = library, .effect_class = effect_class, .check_system = check_system, .ctx = integration};
    return tl_bundle_load(dir, &options, &integration->bundle, err);
}

tl_code tl_integration_load(const char *dir, const char *library, const char *plugins, struct tl_integration **out,
                            struct tl_error *err)
{
    struct tl_integration *integration = make(tl_library_new(plugins));
    integration->own = integration->connectors;
    return give(integration, load(integration, dir, library, err), out);
}

tl_code tl_integration_load_with(const char *dir, const char *library, struct tl_library *connectors,
                                 struct tl_integration **out, struct tl_error *err)
{
    struct tl_integration *integration = make(connectors);
    return give(integration, load(integration, dir, library, err), out);
}

/* The systems are asked anew: connectors may have gone since the copy was live. */
static tl_code check_systems(struct tl_integration *integration, struct tl_error *err)
{
    size_t count;
    const struct tl_system_decl *decls = tl_bundle_systems(integration->bundle, &count);
    for (size_t i = 0; i < count; i++) {
        tl_code code = check_system(integration, &decls[i], err);
        if (code == TL_OK)
            continue;
        tl_error_prefix(err, "%s:%d: system %s", decls[i].place.file, decls[i].place.line, decls[i].name);
        return code == TL_ENOTFOUND ? TL_ECONFIG : code; /* the copy is there */
    }
    return TL_OK;
}

tl_code tl_integration_load_kept(const char *store, const char *hash, struct tl_library *connectors,
                                 struct tl_integration **out, struct tl_error *err)
{
    struct tl_integration *integration = make(connectors);
    struct tl_bundle_options options = {.effect_class = effect_class, .ctx = integration};
    tl_code code = tl_bundle_load_kept(store, hash, &options, &integration->bundle, err);
    if (code == TL_OK)
        code = check_systems(integration, err);
    return give(integration, code, out);
}

void tl_integration_free(struct tl_integration *integration)
{
    if (integration == NULL)
        return;
    tl_bundle_free(integration->bundle);
    tl_library_free(integration->own);
    tl_free(integration);
}

struct tl_bundle *tl_integration_bundle(struct tl_integration *integration)
{
    return integration->bundle;
}

struct tl_library *tl_integration_connectors(struct tl_integration *integration)
{
    return integration->connectors;
}
