/* put("order@1", …) without a map is found by its text, before any event needs it. Thread: that of the state. */
#include "collect.h"
#include "load.h"
#include "run_private.h"

static void check_file(struct tl_bundle *bundle, lua_State *L, const struct tl_source *source)
{
    struct tl_tokens t;
    tl_tokens_read(source->text, &t);
    for (size_t i = 0; i + 6 < t.count; i++) {
        if (!tl_token_is(tl_token(&t, i), "ctx") || !tl_token_is(tl_token(&t, i + 1), ".") ||
            !tl_token_is(tl_token(&t, i + 3), ":") || !tl_token_is(tl_token(&t, i + 4), "put"))
            continue;
        size_t at = i + (tl_token_is(tl_token(&t, i + 5), "(") ? 6 : 5);
        const struct tl_token *entity = tl_token(&t, at), *target = tl_token(&t, i + 2);
        if (entity->kind != TL_TOKEN_STRING || !tl_bundle_is_target(bundle, target->text))
            continue;
        const char *name = tl_arena_copy(&bundle->arena, target->text);
        const char *what = tl_arena_copy(&bundle->arena, entity->text);
        if (tl_put_map_push(L, name, what))
            lua_pop(L, 1);
        else
            tl_findings_add(&bundle->findings, TL_FINDING_ERROR, (struct tl_place){source->path, entity->line},
                            "ctx.%s:put: no map writes \"%s\" there; declare map \"%s.<Object> <- %s\"", name, what,
                            name, what);
    }
    tl_tokens_free(&t);
}

void tl_check_puts(struct tl_bundle *bundle, struct tl_script *script)
{
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        if (source->role == TL_SOURCE_MAIN || source->role == TL_SOURCE_LIB)
            check_file(bundle, script->L, source);
    }
}
