#include "server/integration.h"
#include "base/alloc.h"
#include "connector/system.h"

struct tl_integration {
    struct tl_library *connectors; /* own */
    struct tl_bundle *bundle;      /* own */
};

/* What the bundle's checks ask: the class of an operation, from the connector's manifest and the system's own file. */
static enum tl_effect_class effect_class(void *ctx, const struct tl_system_decl *decl, tl_str operation,
                                         const char **nearest)
{
    struct tl_integration *integration = ctx;
    char *name = tl_printf("%s@%d", decl->connector, decl->connector_major);
    struct tl_operation_facts facts;
    enum tl_effect_class effect = TL_EFFECT_UNKNOWN;
    if (tl_library_operation(integration->connectors, tl_str_z(name), tl_str_z(decl->operations), operation, &facts, nearest))
        effect = facts.effect;
    tl_free(name);
    return effect;
}

/* Connectors and configurations are checked like the scripts: every fault is a finding, not the end. */
static tl_code check_system(void *ctx, const struct tl_system_decl *decl, struct tl_error *err)
{
    struct tl_integration *integration = ctx;
    char *connector = tl_printf("%s@%d", decl->connector, decl->connector_major);
    struct tl_system_config config = {.name = tl_str_z(decl->name),
                                      .connector = tl_str_z(connector),
                                      .settings = tl_str_z(decl->config),
                                      .operations = tl_str_z(decl->operations)};
    tl_code code = tl_system_check(integration->connectors, &config, err);
    tl_free(connector);
    return code;
}

tl_code tl_integration_load(const char *dir, const char *library, const char *plugins, struct tl_integration **out,
                            struct tl_error *err)
{
    struct tl_integration *integration = TL_NEW(struct tl_integration);
    integration->connectors = tl_library_new(plugins);
    struct tl_bundle_options options = {
        .library = library, .effect_class = effect_class, .check_system = check_system, .ctx = integration};
    tl_code code = tl_bundle_load(dir, &options, &integration->bundle, err);
    if (code == TL_OK)
        *out = integration;
    else
        tl_integration_free(integration);
    return code;
}

void tl_integration_free(struct tl_integration *integration)
{
    if (integration == NULL)
        return;
    tl_bundle_free(integration->bundle);
    tl_library_free(integration->connectors);
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
