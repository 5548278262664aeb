/* Counts under one lock: they change at a switch and when a state or an attachment ends, never per unit. */
#include "use.h"
#include "base/alloc.h"
#include "engine_int.h"

struct tl_use {
    struct tl_use *next;            /* own, of the engine's list */
    struct tl_engine *engine;       /* borrow; NULL: it has ended before the notice arrived */
    const struct tl_bundle *bundle; /* borrow; or */
    struct tl_system *system;       /* borrow */
    size_t users;
    bool live;   /* now, or before */
    bool posted; /* the notice is on its way */
    struct tl_mail mail;
};

static void unlink_use(struct tl_use **list, struct tl_use *use)
{
    while (*list != use)
        list = &(*list)->next;
    *list = use->next;
}

/* On the owner's loop. Somebody may have begun to use it again meanwhile. */
static void notice(struct tl_mail *mail)
{
    struct tl_use *use = TL_CONTAINER_OF(mail, struct tl_use, mail);
    struct tl_engine *engine = use->engine;
    if (engine == NULL) {
        tl_free(use);
        return;
    }
    pthread_mutex_lock(&engine->use_lock);
    use->posted = false;
    bool over = use->users == 0;
    if (over)
        unlink_use(&engine->uses, use);
    pthread_mutex_unlock(&engine->use_lock);
    if (!over)
        return;
    const struct tl_engine_config *config = &engine->config;
    if (use->bundle != NULL && config->bundle_released != NULL)
        config->bundle_released(config->ctx, use->bundle);
    if (use->system != NULL && config->system_released != NULL)
        config->system_released(config->ctx, use->system);
    tl_free(use);
}

static struct tl_use *take(struct tl_engine *engine, const struct tl_bundle *bundle, struct tl_system *system)
{
    if (bundle == NULL && system == NULL)
        return NULL;
    pthread_mutex_lock(&engine->use_lock);
    struct tl_use *use = engine->uses;
    while (use != NULL && (use->bundle != bundle || use->system != system))
        use = use->next;
    if (use == NULL) {
        use = TL_NEW(struct tl_use);
        *use = (struct tl_use){.next = engine->uses, .engine = engine, .bundle = bundle, .system = system};
        tl_mail_init(&use->mail, notice);
        engine->uses = use;
    }
    use->users++;
    pthread_mutex_unlock(&engine->use_lock);
    return use;
}

struct tl_use *tl_use_bundle(struct tl_engine *engine, const struct tl_bundle *bundle)
{
    return take(engine, bundle, NULL);
}

struct tl_use *tl_use_system(struct tl_engine *engine, struct tl_system *system)
{
    return take(engine, NULL, system);
}

struct tl_use *tl_use_more(struct tl_use *use)
{
    if (use == NULL)
        return NULL;
    pthread_mutex_lock(&use->engine->use_lock);
    use->users++;
    pthread_mutex_unlock(&use->engine->use_lock);
    return use;
}

void tl_use_live(struct tl_use *use)
{
    if (use == NULL)
        return;
    pthread_mutex_lock(&use->engine->use_lock);
    use->live = true;
    pthread_mutex_unlock(&use->engine->use_lock);
}

void tl_use_drop(struct tl_use *use)
{
    if (use == NULL)
        return;
    struct tl_engine *engine = use->engine;
    pthread_mutex_lock(&engine->use_lock);
    bool over = --use->users == 0 && !use->posted;
    bool post = over && use->live && engine->config.loop != NULL;
    bool forget = over && !use->live; /* of a switch that did not happen: it is the owner's already */
    use->posted |= post;
    if (post) /* under the lock: the engine does not end in between */
        tl_loop_post(engine->config.loop, &use->mail);
    if (forget)
        unlink_use(&engine->uses, use);
    pthread_mutex_unlock(&engine->use_lock);
    if (forget)
        tl_free(use);
}

size_t tl_uses(struct tl_engine *engine)
{
    size_t count = 0;
    pthread_mutex_lock(&engine->use_lock);
    for (const struct tl_use *use = engine->uses; use != NULL; use = use->next)
        count++;
    pthread_mutex_unlock(&engine->use_lock);
    return count;
}

void tl_uses_end(struct tl_engine *engine)
{
    while (engine->uses != NULL) {
        struct tl_use *use = engine->uses;
        engine->uses = use->next;
        use->engine = NULL;
        if (!use->posted)
            tl_free(use);
    }
}
