/* `a.b = null`: Lua cannot make a stored value read as nil, so where a statement assigns the name null to a
 * field, the loader compiles setnull(a, "b") instead, which empties the field and remembers the null (rule 3
 * of the Lua face). Only plain chains of names and constant indexes are turned; line numbers do not change.
 * Thread: any. */
#include "base/buf.h"
#include "inspect.h"

struct chain {
    size_t first, last_step, equals; /* token indexes */
};

static bool is_word(const struct tl_token *t)
{
    static const char *const words[] = {"and",   "or",       "not",    "if",   "while",  "until", "return", "in",
                                        "local", "then",     "do",     "else", "elseif", "end",   "nil",    "true",
                                        "false", "function", "repeat", "for",  "goto",   "break"};
    for (size_t i = 0; i < TL_COUNT_OF(words); i++)
        if (tl_str_is(t->text, words[i]))
            return true;
    return false;
}

/* A chain name(.name | [constant])+ that ends before '=' and begins a statement. */
static bool chain_at(const struct tl_tokens *t, size_t i, struct chain *chain)
{
    if (tl_token(t, i)->kind != TL_TOKEN_NAME || is_word(tl_token(t, i)))
        return false;
    if (i > 0) {
        const struct tl_token *before = tl_token(t, i - 1);
        if (before->kind == TL_TOKEN_OP && !tl_token_is(before, ";") && !tl_token_is(before, ")") &&
            !tl_token_is(before, "]") && !tl_token_is(before, "}") && !tl_token_is(before, "::"))
            return false;
        if (tl_token_is(before, "local") || tl_token_is(before, "function"))
            return false;
    }
    chain->first = i;
    chain->last_step = 0;
    for (i++;;) {
        if (tl_token_is(tl_token(t, i), ".") && tl_token(t, i + 1)->kind == TL_TOKEN_NAME) {
            chain->last_step = i;
            i += 2;
        } else if (tl_token_is(tl_token(t, i), "[") && tl_token_is(tl_token(t, i + 2), "]") &&
                   tl_token(t, i + 1)->kind != TL_TOKEN_OP && tl_token(t, i + 1)->kind != TL_TOKEN_END) {
            chain->last_step = i;
            i += 3;
        } else {
            break;
        }
    }
    chain->equals = i;
    return chain->last_step && tl_token_is(tl_token(t, i), "=") && tl_token_is(tl_token(t, i + 1), "null");
}

static bool ends_there(const struct tl_token *after)
{
    if (after->kind != TL_TOKEN_OP)
        return !tl_token_is(after, "and") && !tl_token_is(after, "or") && after->kind != TL_TOKEN_STRING;
    return tl_token_is(after, ";") || tl_token_is(after, "::");
}

static void add_lines(struct tl_buf *out, tl_str source, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (source.ptr[i] == '\n')
            tl_buf_add_char(out, '\n');
}

char *tl_rewrite_nulls(tl_str source, const struct tl_tokens *t, size_t *len)
{
    struct tl_buf out;
    tl_buf_init(&out, source.len * 4 + 1024);
    size_t copied = 0;
    for (size_t i = 0; i < t->count; i++) {
        struct chain c;
        if (!chain_at(t, i, &c) || !ends_there(tl_token(t, c.equals + 2)))
            continue;
        const struct tl_token *first = tl_token(t, c.first), *step = tl_token(t, c.last_step);
        const struct tl_token *key = tl_token(t, c.last_step + 1), *null = tl_token(t, c.equals + 1);
        tl_buf_add(&out, source.ptr + copied, first->from - copied);
        tl_buf_add_z(&out, "setnull(");
        tl_buf_add(&out, source.ptr + first->from, step->from - first->from);
        tl_buf_add_char(&out, ',');
        bool quoted = tl_token_is(step, ".");
        tl_buf_addf(&out, quoted ? "\"%.*s\")" : "%.*s)", (int)(key->to - key->from), source.ptr + key->from);
        add_lines(&out, source, step->from, null->to);
        copied = null->to;
        i = c.equals + 1;
    }
    if (copied == 0)
        return NULL;
    tl_buf_add(&out, source.ptr + copied, source.len - copied);
    return tl_buf_take(&out, len);
}
