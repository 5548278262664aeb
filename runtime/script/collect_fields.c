/* Fields that a contract does not have, read by the functions of declarations: warnings, since a contract may allow
 * more than it names. Thread: one at a time. */
#include "base/alloc.h"
#include "looking.h"
#include <string.h>

#define DUMP_MAX (64u * 1024 * 1024)

/* ---- names that files assign to ---- */

/* `.name =`, `["name"] =` and `setnull(x, "name")`. */
static void note_written(struct tl_map *written, const struct tl_tokens *t)
{
    for (size_t i = 0; i + 1 < t->count; i++) {
        const struct tl_token *name = tl_token(t, i);
        size_t next = i + 1;
        if (i == 0 || (name->kind != TL_TOKEN_NAME && name->kind != TL_TOKEN_STRING))
            continue;
        bool member = tl_token_is(tl_token(t, i - 1), ".");
        if (name->kind == TL_TOKEN_STRING && tl_token_is(tl_token(t, next), "]"))
            member = true, next++;
        bool nulled = name->kind == TL_TOKEN_STRING && tl_token_is(tl_token(t, next), ")");
        if ((member && tl_token_is(tl_token(t, next), "=")) || nulled)
            tl_map_put(written, name->text, written);
    }
}

static const struct tl_map *assigned(struct tl_bundle *bundle)
{
    if (bundle->assigned)
        return bundle->assigned;
    bundle->assigned = TL_NEW(struct tl_map);
    tl_map_init(bundle->assigned);
    for (size_t i = 0; i < bundle->sources.count; i++) {
        const struct tl_source *source = &bundle->sources.items[i];
        struct tl_tokens tokens;
        if (source->role != TL_SOURCE_MAIN && source->role != TL_SOURCE_LIB)
            continue;
        tl_tokens_read(source->text, &tokens);
        note_written(bundle->assigned, &tokens);
        tl_tokens_free(&tokens);
    }
    return bundle->assigned;
}

void tl_assigned_drop(struct tl_bundle *bundle)
{
    if (bundle->assigned)
        tl_map_free(bundle->assigned);
    tl_free(bundle->assigned);
    bundle->assigned = NULL;
}

void tl_looking_open(struct tl_looking *look, struct tl_form *form)
{
    *look = (struct tl_looking){.form = form, .path = ""};
    tl_arena_init(&look->arena);
    look->check.findings = &form->bundle->findings;
    look->check.written = assigned(form->bundle);
    look->check.arena = &look->arena;
}

void tl_looking_close(struct tl_looking *look)
{
    tl_arena_free(&look->arena);
}

/* ---- functions ---- */

static bool shape_of_event(void *ctx, tl_str name, struct tl_shape *shape)
{
    const struct tl_event_type *event = tl_bundle_event(ctx, name);
    if (event)
        *shape = tl_shape_of(event->schema);
    return event && event->schema;
}

static int add_piece(lua_State *L, const void *piece, size_t size, void *ud)
{
    (void)L;
    return !tl_buf_add(ud, piece, size);
}

void tl_looking_at(struct tl_looking *look, const struct tl_known *first, const struct tl_known *second)
{
    lua_State *L = look->form->L;
    lua_Debug info;
    struct tl_buf dump;
    struct tl_proto *function;
    lua_pushvalue(L, -1);
    lua_getinfo(L, ">S", &info);
    if (*info.what == 'C' || info.source[0] != '@')
        return;
    const char *file = look->check.file;
    tl_buf_init(&dump, DUMP_MAX);
    look->check.file = tl_arena_copy(&look->form->bundle->arena, tl_str_z(info.source + 1));
    look->check.params[0] = first;
    look->check.params[1] = second;
    look->check.event = shape_of_event;
    look->check.ctx = look->form->bundle;
    if (lua_dump(L, add_piece, &dump, 0) == 0 &&
        tl_chunk_read(tl_buf_str(&dump), &look->arena, &function, NULL) == TL_OK)
        tl_inspect_reads(function, &look->check);
    tl_buf_free(&dump);
    look->check.file = file;
}

void tl_check_flow_fields(struct tl_form *form, const struct tl_flow *flow)
{
    struct tl_looking look;
    lua_State *L = form->L;
    int top = lua_gettop(L);
    struct tl_known event = {.kind = TL_KNOWN_EVENT};
    tl_looking_open(&look, form);
    struct tl_shape *shapes = tl_arena_alloc(&look.arena, (flow->on_count + 1) * sizeof(*shapes));
    for (size_t i = 0; i < flow->on_count && event.count == i; i++)
        event.count += shape_of_event(form->bundle, tl_str_z(flow->on[i]), &shapes[i]);
    event.shapes = shapes;
    if (event.count != flow->on_count)
        event.count = 0; /* an event without a contract, or none: nothing is known of the data */
    lua_pushliteral(L, "run");
    if (lua_rawget(L, form->table) == LUA_TFUNCTION)
        tl_looking_at(&look, NULL, &event);
    lua_pushliteral(L, "order");
    if (lua_rawget(L, form->table) == LUA_TTABLE && lua_rawgeti(L, -1, 2) == LUA_TFUNCTION)
        tl_looking_at(&look, &event, NULL);
    lua_settop(L, top);
    tl_looking_close(&look);
}

void tl_check_event_fields(struct tl_form *form, const struct tl_event_type *event)
{
    struct tl_looking look;
    lua_State *L = form->L;
    struct tl_shape shape = tl_shape_of(event->schema);
    struct tl_known data = {.kind = TL_KNOWN_VALUE, .shapes = &shape, .count = event->schema ? 1 : 0};
    tl_looking_open(&look, form);
    lua_pushliteral(L, "key");
    if (lua_rawget(L, form->table) == LUA_TFUNCTION)
        tl_looking_at(&look, &data, NULL);
    lua_pop(L, 1);
    tl_looking_close(&look);
}
