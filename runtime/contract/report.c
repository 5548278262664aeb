/* Violations: what is wrong, where in the document, by which rule. */
#include "base/alloc.h"
#include "codec/json_pointer.h"
#include "codec/utf8.h"
#include "validate.h"
#include <stdio.h>
#include <string.h>

enum { EXCERPT = 80 };

void tl_violations_init(struct tl_violations *violations, size_t most)
{
    *violations = (struct tl_violations){.most = most};
    tl_arena_init(&violations->arena);
}

void tl_violations_free(struct tl_violations *violations)
{
    tl_arena_free(&violations->arena);
    tl_free(violations->items);
    violations->items = NULL;
    violations->count = 0;
}

static void add_steps(struct tl_buf *out, const struct tl_step *step)
{
    if (!step)
        return;
    add_steps(out, step->up);
    if (step->in_array)
        tl_buf_addf(out, "/%zu", step->index);
    else
        tl_json_pointer_add(out, step->key);
}

/* As text that ends with NUL: one inside, from a name, becomes U+FFFD. */
static const char *keep(struct tl_violations *v, struct tl_buf *text)
{
    tl_str rest = tl_buf_str(text), part;
    const char *kept;
    if (rest.len == 0 || memchr(rest.ptr, '\0', rest.len) == NULL) {
        kept = tl_arena_copy(&v->arena, rest);
    } else {
        struct tl_buf shown;
        tl_buf_init(&shown, SIZE_MAX / 2);
        while (tl_str_cut(&rest, '\0', &part) && tl_buf_add_str(&shown, part) && rest.len)
            tl_buf_add_z(&shown, "\xef\xbf\xbd");
        kept = tl_arena_copy(&v->arena, tl_buf_str(&shown));
        tl_buf_free(&shown);
    }
    tl_buf_free(text);
    return kept;
}

static const char *pointer_of(struct tl_violations *v, const struct tl_step *path)
{
    struct tl_buf text;
    tl_buf_init(&text, SIZE_MAX / 2);
    add_steps(&text, path);
    return keep(v, &text);
}

static const char *rule_of(struct tl_violations *v, const struct tl_node *node, const char *keyword)
{
    struct tl_buf text;
    tl_str document = node->resource->document->name;
    tl_buf_init(&text, SIZE_MAX / 2);
    tl_buf_add_str(&text, document.len ? document : node->resource->uri);
    tl_buf_add_char(&text, '#');
    tl_buf_add_z(&text, node->pointer);
    if (keyword[0])
        tl_json_pointer_add(&text, tl_str_z(keyword));
    return keep(v, &text);
}

static const char *excerpt(struct tl_violations *v, const struct tl_json_value *value)
{
    tl_str raw = tl_json_raw(value);
    if (raw.len <= EXCERPT)
        return tl_arena_copy(&v->arena, raw);
    size_t cut = tl_utf8_valid_prefix(tl_str_n(raw.ptr, EXCERPT));
    return tl_arena_printf(&v->arena, "%.*s…", (int)cut, raw.ptr);
}

bool tl_eval_report(struct tl_eval *e, const struct tl_node *node, const char *keyword,
                    const struct tl_json_value *value, const struct tl_step *path, const char *fmt, ...)
{
    struct tl_violations *v = e->out;
    struct tl_buf text;
    if (!v || v->count >= v->most)
        return false;
    tl_buf_init(&text, SIZE_MAX / 2);
    va_list ap;
    va_start(ap, fmt);
    tl_buf_vaddf(&text, fmt, ap);
    va_end(ap);
    v->items = tl_realloc(v->items, (v->count + 1) * sizeof(*v->items));
    v->items[v->count++] = (struct tl_violation){.pointer = pointer_of(v, path),
                                                 .rule = rule_of(v, node, keyword),
                                                 .keyword = tl_arena_copy(&v->arena, tl_str_z(keyword)),
                                                 .value = excerpt(v, value),
                                                 .text = keep(v, &text)};
    e->stopped |= v->count >= v->most;
    return false;
}

tl_code tl_violations_error(const struct tl_violations *violations, struct tl_error *err)
{
    if (!violations->count)
        return TL_OK;
    const struct tl_violation *first = &violations->items[0];
    char more[64] = "";
    if (violations->count > 1)
        snprintf(more, sizeof more, ", and %zu more", violations->count - 1);
    return tl_fail(err, TL_EDIFFERS, "%s is %s: %s (%s)%s", first->pointer[0] ? first->pointer : "the document",
                   first->value, first->text, first->rule, more);
}
