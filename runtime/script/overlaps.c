/* Who writes what: two flows whose orders differ, or two integrations, that put the same fields of one object of one
 * platform overwrite each other as it comes. Found by the text of the flows (ctx.<target>:put("entity@1", …) and by
 * what the lenses say of their fields. Thread: any; findings are added before the bundle is shared. */
#include "base/alloc.h"
#include "base/buf.h"
#include "bundle_private.h"
#include "codec/json.h"
#include "form.h"
#include "script/lens.h"
#include <string.h>

enum { LINEAGE_MAX = 16 << 20, NAMED_MAX = 8 };

/* One put in a flow. */
struct write {
    const struct tl_flow *flow;
    struct tl_place place;
    tl_str target, entity;
    tl_str object;                    /* of the platform; empty: its map is not known */
    const struct tl_json_value *lens; /* its lineage; NULL: a map, whose fields are not known */
};

struct writes {
    const struct tl_bundle *bundle;
    struct write *items; /* own */
    size_t count;
    struct tl_buf text;
    struct tl_json_doc *lineage; /* own; NULL: there is none */
};

/* ---- what is written ---- */

/* Both sides of "crm.Customer <- party@1" or "party@1 <-> crm.Customer": is it the target's object for that entity? */
static bool is_for(tl_str title, const struct write *write, tl_str *object)
{
    ptrdiff_t arrow = tl_str_find(title, '<');
    if (arrow < 0)
        return false;
    tl_str left = tl_str_trim(tl_str_n(title.ptr, (size_t)arrow)), right = tl_str_from(title, (size_t)arrow + 1),
           platform;
    while (right.len != 0 && (right.ptr[0] == '-' || right.ptr[0] == '>'))
        right = tl_str_from(right, 1);
    right = tl_str_trim(right);
    if (tl_str_eq(right, write->entity))
        platform = left;
    else if (tl_str_eq(left, write->entity))
        platform = right;
    else
        return false;
    *object = platform;
    return tl_str_cut(object, '.', &platform) && tl_str_eq(platform, write->target);
}

static void find_lens(const struct writes *writes, struct write *write)
{
    struct tl_json_iter i = tl_json_iter(writes->lineage != NULL ? tl_json_root(writes->lineage) : NULL);
    while (write->lens == NULL && tl_json_next(&i)) {
        if (is_for(tl_json_get_text(i.value, "lens"), write, &write->object))
            write->lens = i.value;
    }
    if (write->lens == NULL)
        write->object = TL_STR_NONE;
}

/* map "crm.Customer <- party@1" somewhere in the folder. */
static void find_map(const struct tl_bundle *bundle, struct write *write)
{
    bool found = false;
    for (size_t f = 0; f < bundle->sources.count && !found; f++) {
        struct tl_tokens t;
        if (bundle->sources.items[f].role != TL_SOURCE_MAIN)
            continue;
        tl_tokens_read(bundle->sources.items[f].text, &t);
        for (size_t i = 0; i + 1 < t.count && !found; i++)
            found = tl_token_is(tl_token(&t, i), "map") && tl_token(&t, i + 1)->kind == TL_TOKEN_STRING &&
                    is_for(tl_token(&t, i + 1)->text, write, &write->object);
        tl_tokens_free(&t);
    }
    if (!found)
        write->object = TL_STR_NONE;
}

static void add_write(struct writes *writes, const struct tl_flow *flow, struct tl_place place, tl_str target,
                      tl_str entity)
{
    struct write write = {.flow = flow, .place = place, .target = target, .entity = entity};
    find_lens(writes, &write);
    if (write.lens == NULL)
        find_map(writes->bundle, &write);
    if (write.object.len == 0)
        return;
    writes->items = tl_realloc(writes->items, (writes->count + 1) * sizeof *writes->items);
    writes->items[writes->count++] = write;
}

static const struct tl_flow *flow_named(const struct tl_bundle *bundle, tl_str name)
{
    for (size_t i = 0; i < bundle->flows.count; i++)
        if (tl_str_is(name, bundle->flows.items[i].name))
            return &bundle->flows.items[i];
    return NULL;
}

/* The puts of a file; each is its flow's whose declaration stands before it. */
static void look_at_file(struct writes *writes, const struct tl_source *source)
{
    struct tl_tokens t;
    const struct tl_flow *flow = NULL;
    tl_tokens_read(source->text, &t);
    for (size_t i = 0; i < t.count; i++) {
        const struct tl_token *word = tl_token(&t, i), *name = tl_token(&t, i + 1);
        if ((tl_token_is(word, "flow") || tl_token_is(word, "every")) && name->kind == TL_TOKEN_STRING)
            flow = flow_named(writes->bundle, name->text);
        bool put = tl_token_is(word, "ctx") && tl_token_is(name, ".") && tl_token_is(tl_token(&t, i + 3), ":") &&
                   tl_token_is(tl_token(&t, i + 4), "put");
        const struct tl_token *entity = tl_token(&t, i + (tl_token_is(tl_token(&t, i + 5), "(") ? 6 : 5));
        if (flow != NULL && put && entity->kind == TL_TOKEN_STRING)
            add_write(writes, flow, (struct tl_place){source->path, word->line}, tl_token(&t, i + 2)->text,
                      entity->text);
    }
    tl_tokens_free(&t);
}

/* A bundle with errors has no lineage; then nothing is known of the fields. */
static void writes_read(struct writes *writes, const struct tl_bundle *bundle)
{
    *writes = (struct writes){.bundle = bundle};
    tl_buf_init(&writes->text, LINEAGE_MAX);
    if (tl_bundle_errors(bundle) == 0 && tl_lens_lineage(bundle, NULL, &writes->text, NULL) == TL_OK)
        (void)!tl_json_parse_borrowed(tl_buf_str(&writes->text), NULL, &writes->lineage, NULL);
    for (size_t i = 0; i < bundle->sources.count; i++)
        if (bundle->sources.items[i].role == TL_SOURCE_MAIN)
            look_at_file(writes, &bundle->sources.items[i]);
}

static void writes_free(struct writes *writes)
{
    tl_json_free(writes->lineage);
    tl_buf_free(&writes->text);
    tl_free(writes->items);
}

/* ---- do two meet? ---- */

static bool stands_for(const struct tl_system_decl *system, tl_str target)
{
    return tl_str_is(target, system->name) || tl_str_is(target, system->kind);
}

/* Of two integrations: the same connector, and the same name, address or name of the setting that has it. */
static bool same_platform(const struct tl_system_decl *a, const struct tl_system_decl *b)
{
    if (strcmp(a->connector, b->connector) != 0)
        return false;
    return strcmp(a->name, b->name) == 0 ||
           (a->url.kind != TL_REF_NONE && a->url.kind == b->url.kind && strcmp(a->url.text, b->url.text) == 0);
}

static bool platforms_meet(const struct writes *a, tl_str target, const struct writes *b, tl_str other)
{
    if (a == b)
        return tl_str_eq(target, other);
    for (size_t i = 0; i < a->bundle->systems.count; i++)
        for (size_t k = 0; k < b->bundle->systems.count; k++) {
            const struct tl_system_decl *mine = &a->bundle->systems.items[i], *its = &b->bundle->systems.items[k];
            if (stands_for(mine, target) && stands_for(its, other) && same_platform(mine, its))
                return true;
        }
    return false;
}

static bool puts_field(const struct tl_json_value *lens, tl_str field)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(lens, "put"));
    while (tl_json_next(&i))
        if (tl_str_eq(tl_json_get_text(i.value, "to"), field))
            return true;
    return false;
}

/* Names the fields that both write. 0: none; of a map nothing is known, and it counts as one. */
static size_t common_fields(const struct write *a, const struct write *b, struct tl_buf *out)
{
    size_t count = 0;
    if (a->lens == NULL || b->lens == NULL)
        return 1;
    struct tl_json_iter i = tl_json_iter(tl_json_get(a->lens, "put"));
    while (tl_json_next(&i)) {
        tl_str field = tl_json_get_text(i.value, "to");
        if (!puts_field(b->lens, field))
            continue;
        if (count < NAMED_MAX)
            tl_buf_addf(out, "%s%.*s", count ? ", " : "", TL_STR_ARGS(field));
        else if (count == NAMED_MAX)
            tl_buf_add_z(out, " and others");
        count++;
    }
    return count;
}

static void say(struct tl_bundle *bundle, const struct write *a, const struct write *b, const char *integration,
                const struct tl_buf *fields)
{
    bool other = integration != NULL;
    tl_findings_add(
        &bundle->findings, TL_FINDING_WARNING, a->place,
        "flow \"%s\" writes %.*s.%.*s%s%s%s, and so does flow \"%s\"%s%s%s (%s:%d), in another order: the one "
        "that comes later wins. %s",
        a->flow->name, TL_STR_ARGS(a->target), TL_STR_ARGS(a->object), fields->len ? " (" : "",
        fields->len ? fields->ptr : "", fields->len ? ")" : "", b->flow->name, other ? " of integration \"" : "",
        other ? integration : "", other ? "\"" : "", b->place.file, b->place.line,
        other ? "Let one of them write these fields"
              : "Give both flows the same scope, order = { \"name\", \"/key\" }, or let one write these fields");
}

/* Once for two flows and an object. */
static bool seen_before(const struct writes *a, size_t i, const struct write *with, const struct writes *b)
{
    for (size_t k = 0; k < i; k++)
        if (a->items[k].flow == a->items[i].flow && tl_str_eq(a->items[k].object, a->items[i].object) &&
            platforms_meet(a, a->items[k].target, b, with->target))
            return true;
    return false;
}

static void meet(struct tl_bundle *bundle, const struct writes *a, size_t i, const struct writes *b,
                 const struct write *with, const char *integration)
{
    const struct write *mine = &a->items[i];
    struct tl_buf fields;
    if (!tl_str_eq(mine->object, with->object) || !platforms_meet(a, mine->target, b, with->target) ||
        seen_before(a, i, with, b))
        return;
    tl_buf_init(&fields, 64 * 1024);
    if (common_fields(mine, with, &fields) != 0)
        say(bundle, mine, with, integration, &fields);
    tl_buf_free(&fields);
}

static bool first_of_its(const struct writes *writes, size_t k)
{
    for (size_t i = 0; i < k; i++)
        if (writes->items[i].flow == writes->items[k].flow &&
            tl_str_eq(writes->items[i].object, writes->items[k].object) &&
            tl_str_eq(writes->items[i].target, writes->items[k].target))
            return false;
    return true;
}

void tl_bundle_check_overlaps(struct tl_bundle *bundle, const struct tl_bundle *other)
{
    struct writes mine, its;
    writes_read(&mine, bundle);
    if (other != NULL)
        writes_read(&its, other);
    const struct writes *with = other != NULL ? &its : &mine;
    for (size_t k = 0; k < with->count; k++)
        for (size_t i = other != NULL ? 0 : k + 1; i < mine.count && first_of_its(with, k); i++)
            if (other != NULL || strcmp(mine.items[i].flow->scope, with->items[k].flow->scope) != 0)
                meet(bundle, &mine, i, with, &with->items[k], other != NULL ? other->integration : NULL);
    writes_free(&mine);
    if (other != NULL)
        writes_free(&its);
    tl_findings_sort(&bundle->findings);
}
