/* What was live before: freed when the engine says that nothing uses it any more, a run in memory or a call in flight.
 * Thread: the main one. */
#include "base/alloc.h"
#include "server.h"

/* One of the two. */
struct tl_server_retired {
    struct tl_server_retired *next; /* own */
    struct tl_integration *integration;
    struct tl_system *system;
};

void tl_server_retire(struct tl_server *server, struct tl_integration *integration, struct tl_system *system)
{
    struct tl_server_retired *retired = TL_NEW(struct tl_server_retired);
    *retired = (struct tl_server_retired){server->retired, integration, system};
    server->retired = retired;
}

static void free_first(struct tl_server_retired **list)
{
    struct tl_server_retired *retired = *list;
    *list = retired->next;
    tl_integration_free(retired->integration);
    tl_system_free(retired->system);
    tl_free(retired);
}

/* What was prepared and never live is told too, and has been freed: it is in no list. */
void tl_server_bundle_released(void *ctx, const struct tl_bundle *bundle)
{
    struct tl_server_retired **list = &((struct tl_server *)ctx)->retired;
    while (*list != NULL && ((*list)->integration == NULL || tl_integration_bundle((*list)->integration) != bundle))
        list = &(*list)->next;
    if (*list != NULL)
        free_first(list);
}

void tl_server_system_released(void *ctx, struct tl_system *system)
{
    struct tl_server_retired **list = &((struct tl_server *)ctx)->retired;
    while (*list != NULL && (*list)->system != system)
        list = &(*list)->next;
    if (*list != NULL)
        free_first(list);
}

void tl_server_forget_retired(struct tl_server *server)
{
    while (server->retired != NULL)
        free_first(&server->retired);
}
