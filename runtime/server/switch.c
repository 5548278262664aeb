/* One integration and its systems take the place of others. What is live changes nowhere else. */
#include "base/alloc.h"
#include "base/log.h"
#include "server.h"

struct tl_server_next {
    struct tl_integration *integration; /* own, unless it is the live one */
    struct tl_server_systems systems;
    bool park_removed;
};

void tl_server_name_live(struct tl_server *server)
{
    const struct tl_bundle *bundle = tl_integration_bundle(server->integration);
    tl_free(server->run_as);
    server->run_as = tl_printf("%s@%.12s", tl_bundle_integration(bundle), tl_bundle_hash(bundle));
}

tl_code tl_server_prepare(struct tl_server *server, struct tl_integration *integration, bool park_removed,
                          struct tl_server_next **out, struct tl_error *err)
{
    struct tl_server_next *next = TL_NEW(struct tl_server_next);
    next->integration = integration != NULL ? integration : server->integration;
    next->park_removed = park_removed;
    tl_code code = tl_server_systems_build(server, tl_integration_bundle(next->integration), &next->systems, err);
    if (code == TL_OK)
        *out = next;
    else
        tl_server_next_free(server, next);
    return code;
}

void tl_server_next_free(struct tl_server *server, struct tl_server_next *next)
{
    if (next == NULL)
        return;
    tl_server_systems_free(&next->systems, &server->systems);
    if (next->integration != server->integration)
        tl_integration_free(next->integration);
    tl_free(next);
}

static void exchange(struct tl_server *server, struct tl_server_next *next)
{
    struct tl_server_systems systems = server->systems;
    struct tl_integration *integration = server->integration;
    server->systems = next->systems;
    server->integration = next->integration;
    next->systems = systems;
    next->integration = integration;
    tl_server_name_live(server);
}

tl_code tl_server_switch(struct tl_server *server, struct tl_server_next *next, struct tl_error *err)
{
    tl_server_stop_engine(server);
    exchange(server, next);
    tl_code code = tl_server_start_engine(server, next->park_removed, err);
    if (code != TL_OK) {
        struct tl_error again;
        tl_server_stop_engine(server);
        exchange(server, next);
        if (tl_server_start_engine(server, server->config->park_removed, &again) != TL_OK)
            tl_log(TL_ERROR, "server.switch", again.text, TL_FSTR("do", "start the server anew"));
    }
    tl_server_next_free(server, next);
    return code;
}
