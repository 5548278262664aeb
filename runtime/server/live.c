#include "live.h"
#include "base/alloc.h"
#include "server.h"
#include <string.h>

struct tl_bundle *tl_live_bundle(const struct tl_live *live, size_t i)
{
    return tl_integration_bundle(live->list[i]);
}

const char *tl_live_name(const struct tl_live *live, size_t i)
{
    return tl_bundle_integration(tl_live_bundle(live, i));
}

const char *tl_live_hash(const struct tl_live *live, size_t i)
{
    return tl_bundle_hash(tl_live_bundle(live, i));
}

int tl_live_find(const struct tl_live *live, const char *name)
{
    for (size_t i = 0; i < live->count; i++) {
        if (strcmp(tl_live_name(live, i), name) == 0)
            return (int)i;
    }
    return -1;
}

const struct tl_bundle *tl_live_named(const struct tl_live *live, const char *name)
{
    int i = tl_live_find(live, name);
    return i < 0 ? NULL : tl_live_bundle(live, (size_t)i);
}

bool tl_live_has(const struct tl_live *live, const struct tl_integration *integration)
{
    for (size_t i = 0; i < live->count; i++) {
        if (live->list[i] == integration)
            return true;
    }
    return false;
}

const char *tl_live_owner(const struct tl_live *live, const char *name)
{
    return live->count == 0 || strcmp(tl_live_name(live, 0), name) == 0 ? "" : name;
}

const char *tl_live_owner_at(const struct tl_live *live, size_t i)
{
    return i == 0 ? "" : tl_live_name(live, i);
}

char *tl_live_whole(const char *owner, const char *name)
{
    return owner[0] != '\0' ? tl_printf("%s@%s", name, owner) : tl_copy_z(name);
}

tl_code tl_live_put(struct tl_live *live, struct tl_integration *integration, struct tl_error *err)
{
    int i = tl_live_find(live, tl_bundle_integration(tl_integration_bundle(integration)));
    if (i < 0 && live->count == TL_INTEGRATIONS_MAX)
        return tl_fail(err, TL_ECONFIG,
                       "%d integrations are live here, and more are not possible: take one away with 'tidelock retire'",
                       TL_INTEGRATIONS_MAX);
    live->list[i < 0 ? live->count++ : (size_t)i] = integration;
    return TL_OK;
}

void tl_live_drop(struct tl_live *live, size_t i)
{
    memmove(&live->list[i], &live->list[i + 1], (live->count - i - 1) * sizeof *live->list);
    live->count--;
}

void tl_live_hashes(const struct tl_live *live, const char *out[TL_INTEGRATIONS_MAX])
{
    for (size_t i = 0; i < live->count; i++)
        out[i] = tl_live_hash(live, i);
}

static const struct tl_need *need_of(const struct tl_bundle *bundle, const char *owner, bool secret, tl_str whole)
{
    size_t count;
    const struct tl_need *needs = tl_bundle_needs(bundle, &count);
    for (size_t i = 0; i < count; i++) {
        char *name = tl_live_whole(owner, needs[i].name);
        bool is = needs[i].secret == secret && tl_str_is(whole, name);
        tl_free(name);
        if (is)
            return &needs[i];
    }
    return NULL;
}

const struct tl_need *tl_live_need(const struct tl_live *live, bool secret, tl_str whole)
{
    const struct tl_need *need = NULL;
    for (size_t i = 0; i < live->count && need == NULL; i++)
        need = need_of(tl_live_bundle(live, i), tl_live_owner_at(live, i), secret, whole);
    return need;
}

void tl_live_configure(const struct tl_live *live, const struct tl_server_systems *systems,
                       struct tl_engine_integration others[TL_INTEGRATIONS_MAX], struct tl_engine_config *config)
{
    for (size_t i = 0; i < live->count; i++) {
        struct tl_engine_integration *integration = i == 0 ? &config->first : &others[i - 1];
        *integration = (struct tl_engine_integration){.systems = systems->list + systems->from[i],
                                                      .system_count = systems->from[i + 1] - systems->from[i]};
        tl_engine_integration_bundle(integration, tl_live_bundle(live, i));
    }
    config->others = others;
    config->other_count = live->count - 1;
}
