/* put("order@1", …) without a map, await of an event and start of a flow that nobody declares are found by their text,
 * before any event needs them. Thread: that of the state. */
#include "base/nearest.h"
#include "collect.h"
#include "load.h"
#include "run_private.h"

/* A file's tokens, at `ctx`. */
struct site {
    struct tl_bundle *bundle;
    const struct tl_source *source;
    const struct tl_tokens *tokens;
    size_t at;
};

static const struct tl_token *token(const struct site *s, size_t offset)
{
    return tl_token(s->tokens, s->at + offset);
}

static void complain(const struct site *s, const struct tl_token *where, const char *what, const char *nearest)
{
    tl_findings_add(&s->bundle->findings, TL_FINDING_ERROR, (struct tl_place){s->source->path, where->line},
                    "%s \"%.*s\" is declared%s%s%s", what, TL_STR_ARGS(where->text), nearest ? "; did you mean \"" : "",
                    nearest ? nearest : "", nearest ? "\"?" : "");
}

/* ctx.<target>:put("entity", … */
static void check_put(const struct site *s, lua_State *L)
{
    if (!tl_token_is(token(s, 1), ".") || !tl_token_is(token(s, 3), ":") || !tl_token_is(token(s, 4), "put"))
        return;
    struct tl_bundle *bundle = s->bundle;
    const struct tl_token *entity = token(s, tl_token_is(token(s, 5), "(") ? 6 : 5), *target = token(s, 2);
    if (entity->kind != TL_TOKEN_STRING || !tl_bundle_is_target(bundle, target->text))
        return;
    const char *name = tl_arena_copy(&bundle->arena, target->text);
    const char *what = tl_arena_copy(&bundle->arena, entity->text);
    const char *nearest = NULL;
    for (size_t i = 0; i < bundle->entities.count && !nearest; i++)
        if (!tl_str_eq(entity->text, tl_str_z(bundle->entities.items[i].name)))
            nearest = tl_nearest(entity->text, &bundle->entities.items[i].name, 1);
    if (tl_put_map_push(L, name, what))
        lua_pop(L, 1);
    else
        tl_findings_add(&bundle->findings, TL_FINDING_ERROR, (struct tl_place){s->source->path, entity->line},
                        "ctx.%s:put: no map writes \"%s\" there; %s%s%sdeclare map \"%s.<Object> <- %s\" or a lens",
                        name, what, nearest ? "did you mean \"" : "", nearest ? nearest : "",
                        nearest ? "\"? Else " : "", name, what);
}

/* ctx:start("flow", … */
static void check_start(const struct site *s)
{
    const struct tl_token *flow = token(s, tl_token_is(token(s, 3), "(") ? 4 : 3);
    if (tl_token_is(token(s, 2), "start") && flow->kind == TL_TOKEN_STRING && !tl_bundle_is_flow(s->bundle, flow->text))
        complain(s, flow, "ctx:start: no flow", tl_bundle_nearest_flow(s->bundle, flow->text));
}

static bool ends_item(const struct tl_token *t)
{
    return tl_token_is(t, ",") || tl_token_is(t, ";") || tl_token_is(t, "}");
}

/* ctx:await{ "type@1", "type@1", … up to the first named key */
static void check_await(const struct site *s)
{
    size_t at = tl_token_is(token(s, 3), "(") ? 4 : 3;
    if (!tl_token_is(token(s, 2), "await") || !tl_token_is(token(s, at), "{"))
        return;
    for (at++; token(s, at)->kind == TL_TOKEN_STRING && ends_item(token(s, at + 1)); at += 2)
        if (!tl_bundle_event(s->bundle, token(s, at)->text))
            complain(s, token(s, at), "ctx:await: no event", tl_bundle_nearest_event(s->bundle, token(s, at)->text));
}

static void check_file(struct tl_bundle *bundle, lua_State *L, const struct tl_source *source)
{
    struct tl_tokens t;
    tl_tokens_read(source->text, &t);
    for (size_t i = 0; i + 4 < t.count; i++) {
        struct site site = {bundle, source, &t, i};
        if (!tl_token_is(tl_token(&t, i), "ctx"))
            continue;
        check_put(&site, L);
        if (tl_token_is(tl_token(&t, i + 1), ":")) {
            check_start(&site);
            check_await(&site);
        }
    }
    tl_check_words(bundle, source, &t);
    tl_tokens_free(&t);
}

void tl_check_calls(struct tl_bundle *bundle, struct tl_script *script)
{
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        if (source->role == TL_SOURCE_MAIN || source->role == TL_SOURCE_LIB)
            check_file(bundle, script->L, source);
    }
}
