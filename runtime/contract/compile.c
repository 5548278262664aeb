/* From a schema's text to nodes: documents, resources, anchors, and what the references between them mean. The keywords
 * themselves are read in keywords.c. */
#include "compile.h"
#include "base/alloc.h"
#include "codec/json_pointer.h"
#include "codec/uri.h"
#include <stdio.h>

/* ---- documents and resources ---- */

static struct tl_resource *add_resource(struct tl_compiling *c, struct tl_document *document, tl_str uri)
{
    struct tl_resource *resource = TL_ARENA_NEW(&c->schema->arena, struct tl_resource);
    resource->uri = uri;
    resource->document = document;
    resource->next = c->schema->resources;
    c->schema->resources = resource;
    return resource;
}

static struct tl_resource *find_resource(const struct tl_schema *schema, tl_str uri)
{
    for (struct tl_resource *r = schema->resources; r; r = r->next)
        if (tl_str_eq(r->uri, uri) || (r->name.ptr && tl_str_eq(r->name, uri)))
            return r;
    return NULL;
}

static tl_code load_document(struct tl_compiling *c, tl_str text, tl_str name, struct tl_resource **out)
{
    struct tl_document *document = TL_ARENA_NEW(&c->schema->arena, struct tl_document);
    struct tl_json_limits limits = {.size = TL_SCHEMA_BYTES};
    size_t line = 1, column = 1;
    document->name = tl_arena_str(&c->schema->arena, name);
    tl_code code = tl_json_parse(text, &limits, &document->json, c->err);
    if (code != TL_OK) {
        (void)sscanf(c->err->text, "line %zu, column %zu", &line, &column);
        tl_compile_locate(c, name, "", line, column);
        if (name.len)
            tl_error_prefix(c->err, "%.*s", TL_STR_ARGS(name));
        return code;
    }
    document->next = c->schema->documents;
    c->schema->documents = document;
    c->document_count++;
    tl_str fragment;
    struct tl_resource *resource = add_resource(c, document, tl_uri_without_fragment(document->name, &fragment));
    resource->name = resource->uri;
    resource->json = tl_json_root(document->json);
    struct tl_node parent = {.resource = resource, .pointer = "", .json = resource->json};
    *out = resource;
    return tl_compile_part(c, &parent, resource->json, "", &resource->node);
}

/* ---- parts ---- */

static struct tl_node *known_node(struct tl_compiling *c, const struct tl_json_value *value)
{
    return tl_map_get(&c->by_value, tl_str_n(&value, sizeof value));
}

/* $id: the node and what is below it belong to a resource of its own. */
static tl_code read_id(struct tl_compiling *c, struct tl_node *node)
{
    const struct tl_json_value *id = tl_json_get(node->json, "$id");
    tl_str fragment;
    if (!id)
        return TL_OK;
    if (!tl_json_is_string(id))
        return tl_compile_refuse(c, node, "$id", id, "must be text");
    tl_str whole = tl_uri_resolve(&c->schema->arena, node->resource->uri, tl_json_text(id));
    tl_str uri = tl_uri_without_fragment(whole, &fragment);
    if (fragment.len)
        return tl_compile_refuse(c, node, "$id", id, "has a fragment: name parts with $anchor");
    if (node->json == node->resource->json) { /* the document's own: both names stay */
        struct tl_resource *other = find_resource(c->schema, uri);
        if (other && other != node->resource)
            return tl_compile_refuse(c, node, "$id", id, "two schemas have this $id");
        node->resource->uri = uri;
        return TL_OK;
    }
    if (find_resource(c->schema, uri))
        return tl_compile_refuse(c, node, "$id", id, "two schemas have this $id");
    node->resource = add_resource(c, node->resource->document, uri);
    node->resource->json = node->json;
    node->resource->node = node;
    return TL_OK;
}

static bool is_anchor(tl_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char ch = s.ptr[i];
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
        if (!letter && (i == 0 || !((ch >= '0' && ch <= '9') || ch == '-' || ch == '.')))
            return false;
    }
    return s.len != 0;
}

static struct tl_anchor *find_anchor(const struct tl_resource *resource, tl_str name)
{
    for (struct tl_anchor *a = resource->anchors; a; a = a->next)
        if (tl_str_eq(a->name, name))
            return a;
    return NULL;
}

static tl_code read_anchor(struct tl_compiling *c, struct tl_node *node, const char *keyword, bool dynamic)
{
    const struct tl_json_value *value = tl_json_get(node->json, keyword);
    if (!value)
        return TL_OK;
    if (!tl_json_is_string(value) || !is_anchor(tl_json_text(value)))
        return tl_compile_refuse(c, node, keyword, value, "must be a name: a letter or _, then letters, digits, - _ .");
    struct tl_anchor *anchor = find_anchor(node->resource, tl_json_text(value));
    if (anchor && anchor->node != node)
        return tl_compile_refuse(c, node, keyword, value, "two parts of this schema have this anchor");
    if (!anchor) {
        anchor = TL_ARENA_NEW(&c->schema->arena, struct tl_anchor);
        *anchor = (struct tl_anchor){tl_json_text(value), node, dynamic, node->resource->anchors};
        node->resource->anchors = anchor;
    }
    anchor->dynamic |= dynamic;
    return TL_OK;
}

tl_code tl_compile_part(struct tl_compiling *c, const struct tl_node *parent, const struct tl_json_value *value,
                        const char *pointer, struct tl_node **out)
{
    *out = known_node(c, value);
    if (*out)
        return TL_OK;
    struct tl_node *node = TL_ARENA_NEW(&c->schema->arena, struct tl_node);
    enum tl_json_type type = tl_json_type(value);
    *node = (struct tl_node){.json = value, .resource = parent->resource, .pointer = pointer, .types = TL_TYPE_ANY};
    node->next = c->schema->nodes;
    c->schema->nodes = node;
    *out = node;
    tl_map_put(&c->by_value, tl_str_n(&value, sizeof value), node);
    if (++c->parts > TL_SCHEMA_PARTS)
        return tl_compile_refuse(c, node, NULL, NULL, "more than %d subschemas", TL_SCHEMA_PARTS);
    if (type == TL_JSON_IS_TRUE || type == TL_JSON_IS_FALSE) {
        node->everything = type == TL_JSON_IS_TRUE;
        node->types = node->everything ? TL_TYPE_ANY : 0;
        return TL_OK;
    }
    if (type != TL_JSON_IS_OBJECT)
        return tl_compile_refuse(c, node, NULL, NULL, "a schema is an object, true or false, not %s %s",
                                 type == TL_JSON_IS_ARRAY || type == TL_JSON_IS_OBJECT ? "an" : "a",
                                 tl_json_type_name(value));
    tl_code code = read_id(c, node);
    if (code == TL_OK)
        code = read_anchor(c, node, "$anchor", false);
    if (code == TL_OK)
        code = read_anchor(c, node, "$dynamicAnchor", true);
    if (code == TL_OK)
        code = tl_compile_keywords(c, node);
    node->everything = node->types == TL_TYPE_ANY && !node->constant && !node->enumeration && !node->number &&
                       !node->string && !node->array && !node->object && !node->place;
    return code;
}

/* ---- references ---- */

void tl_compile_ref(struct tl_compiling *c, struct tl_node *node, const struct tl_json_value *value, bool dynamic)
{
    if (c->ref_count == c->ref_cap) {
        c->ref_cap = c->ref_cap ? c->ref_cap * 2 : 16;
        c->refs = tl_realloc(c->refs, c->ref_cap * sizeof(*c->refs));
    }
    c->refs[c->ref_count++] = (struct tl_pending_ref){node, value, dynamic};
}

static tl_code need_resource(struct tl_compiling *c, const struct tl_pending_ref *ref, tl_str uri,
                             struct tl_resource **out)
{
    const char *keyword = ref->dynamic ? "$dynamicRef" : "$ref";
    tl_str text;
    *out = find_resource(c->schema, uri);
    if (*out)
        return TL_OK;
    if (tl_str_is(uri, TL_METASCHEMA_URI))
        return load_document(c, tl_str_z(tl_metaschema), uri, out);
    if (c->document_count >= TL_SCHEMA_DOCUMENTS)
        return tl_compile_refuse(c, ref->node, keyword, ref->value, "more than %d documents", TL_SCHEMA_DOCUMENTS);
    if (!c->source->resolve || !c->source->resolve(c->source->ctx, uri, &text))
        return tl_compile_refuse(c, ref->node, keyword, ref->value,
                                 "there is no schema %.*s (nothing is fetched: it must be a file beside this one, or a "
                                 "part with that $id)",
                                 TL_STR_ARGS(uri));
    return load_document(c, text, uri, out);
}

/* By JSON pointer: usually to a part that is known, else to one that stands in no keyword. */
static tl_code point(struct tl_compiling *c, const struct tl_pending_ref *ref, struct tl_resource *resource,
                     tl_str pointer, struct tl_node **out)
{
    const char *keyword = ref->dynamic ? "$dynamicRef" : "$ref";
    const struct tl_json_value *value = tl_json_at(resource->json, pointer);
    struct tl_node parent = {.resource = resource, .pointer = "", .json = resource->json};
    if (!value)
        return tl_compile_refuse(c, ref->node, keyword, ref->value, "nothing stands at %.*s of %.*s",
                                 TL_STR_ARGS(pointer), TL_STR_ARGS(resource->uri.len ? resource->uri : TL_STR("this")));
    *out = known_node(c, value);
    if (*out)
        return TL_OK;
    for (size_t i = 0; i < pointer.len; i++) /* the nearest part around it has the base of its references */
        if (pointer.ptr[i] == '/') {
            const struct tl_node *around = known_node(c, tl_json_at(resource->json, tl_str_n(pointer.ptr, i)));
            if (around)
                parent.resource = around->resource;
        }
    const char *place = tl_arena_printf(&c->schema->arena, "%s%.*s", resource->node ? resource->node->pointer : "",
                                        TL_STR_ARGS(pointer));
    return tl_compile_part(c, &parent, value, place, out);
}

static tl_code aim(struct tl_compiling *c, const struct tl_pending_ref *ref, struct tl_node **out, bool *dynamic)
{
    const char *keyword = ref->dynamic ? "$dynamicRef" : "$ref";
    struct tl_resource *resource;
    struct tl_buf decoded;
    tl_str fragment, uri = tl_uri_resolve(&c->schema->arena, ref->node->resource->uri, tl_json_text(ref->value));
    uri = tl_uri_without_fragment(uri, &fragment);
    tl_code code = need_resource(c, ref, uri, &resource);
    if (code != TL_OK)
        return code;
    tl_buf_init(&decoded, SIZE_MAX / 2);
    if (tl_uri_decode(&decoded, fragment, false, NULL) != TL_OK) {
        tl_buf_free(&decoded);
        return tl_compile_refuse(c, ref->node, keyword, ref->value, "the part behind # is not percent-encoded right");
    }
    tl_str way = tl_arena_str(&c->schema->arena, tl_buf_str(&decoded));
    tl_buf_free(&decoded);
    *dynamic = false;
    if (!way.len || way.ptr[0] == '/')
        return point(c, ref, resource, way, out);
    struct tl_anchor *anchor = find_anchor(resource, way);
    if (!anchor)
        return tl_compile_refuse(c, ref->node, keyword, ref->value, "no part of %.*s has the anchor %.*s",
                                 TL_STR_ARGS(resource->uri.len ? resource->uri : TL_STR("this schema")),
                                 TL_STR_ARGS(way));
    *out = anchor->node;
    *dynamic = ref->dynamic && anchor->dynamic;
    if (*dynamic)
        ref->node->place->dynamic_anchor = anchor->name;
    return TL_OK;
}

static tl_code resolve_refs(struct tl_compiling *c)
{
    while (c->ref_done < c->ref_count) {
        struct tl_pending_ref ref = c->refs[c->ref_done++];
        struct tl_node *target;
        bool dynamic;
        tl_code code = aim(c, &ref, &target, &dynamic);
        if (code != TL_OK)
            return code;
        if (ref.dynamic)
            ref.node->place->dynamic = target;
        else
            ref.node->place->ref = target;
    }
    return TL_OK;
}

tl_code tl_schema_compile(const struct tl_schema_source *source, struct tl_schema **out, struct tl_schema_fault *fault,
                          struct tl_error *err)
{
    struct tl_error unused;
    struct tl_schema_fault nowhere = {.line = 0};
    struct tl_compiling c = {
        .schema = TL_NEW(struct tl_schema), .source = source, .fault = fault, .err = err ? err : &unused};
    struct tl_resource *root;
    if (fault)
        *fault = nowhere;
    tl_arena_init(&c.schema->arena);
    tl_map_init(&c.by_value);
    c.schema->formats = source->formats;
    tl_code code = load_document(&c, source->text, source->name, &root);
    if (code == TL_OK)
        code = resolve_refs(&c);
    if (code == TL_OK)
        code = tl_compile_check_circles(&c);
    tl_map_free(&c.by_value);
    tl_free(c.refs);
    if (code != TL_OK) {
        tl_schema_free(c.schema);
        return code;
    }
    c.schema->root = root->node;
    *out = c.schema;
    return TL_OK;
}
