/* A lexer for Lua 5.4. Whatever the bytes, it ends at the end of the source. Thread: any. */
#include "lexer.h"
#include "base/alloc.h"
#include <ctype.h>
#include <string.h>

struct lexer {
    tl_str source;
    size_t at;
    int line;
    struct tl_tokens *out;
    size_t cap;
};

static int peek(const struct lexer *lx, size_t ahead)
{
    return lx->at + ahead < lx->source.len ? (unsigned char)lx->source.ptr[lx->at + ahead] : -1;
}

static void advance(struct lexer *lx)
{
    if (peek(lx, 0) == '\n')
        lx->line++;
    lx->at++;
}

static void add(struct lexer *lx, enum tl_token_kind kind, size_t from, size_t to, tl_str text, int line)
{
    struct tl_tokens *out = lx->out;
    if (out->count + 1 >= lx->cap) {
        lx->cap = lx->cap ? lx->cap * 2 : 256;
        out->items = tl_realloc(out->items, lx->cap * sizeof(*out->items));
    }
    out->items[out->count++] = (struct tl_token){kind, line, text, from, to};
}

static tl_str slice(const struct lexer *lx, size_t from, size_t to)
{
    return to > from ? tl_str_n(lx->source.ptr + from, to - from) : TL_STR_NONE;
}

/* At '[': the number of '=' of a long bracket, or -1. */
static int long_level(const struct lexer *lx)
{
    int level = 0;
    while (peek(lx, (size_t)level + 1) == '=')
        level++;
    return peek(lx, (size_t)level + 1) == '[' ? level : -1;
}

/* At the opening bracket; moves behind the closing one. Gives what is between. */
static tl_str read_long(struct lexer *lx, int level)
{
    for (int i = 0; i < level + 2; i++)
        advance(lx);
    size_t from = lx->at;
    while (lx->at < lx->source.len) {
        if (peek(lx, 0) == ']') {
            int n = 0;
            while (peek(lx, (size_t)n + 1) == '=')
                n++;
            if (n == level && peek(lx, (size_t)n + 1) == ']') {
                tl_str text = slice(lx, from, lx->at);
                lx->at += (size_t)level + 2;
                return text;
            }
        }
        advance(lx);
    }
    return slice(lx, from, lx->at);
}

static void skip_comment(struct lexer *lx)
{
    lx->at += 2;
    int level = peek(lx, 0) == '[' ? long_level(lx) : -1;
    if (level >= 0) {
        read_long(lx, level);
        return;
    }
    while (lx->at < lx->source.len && peek(lx, 0) != '\n')
        advance(lx);
}

static void read_quoted(struct lexer *lx)
{
    int quote = peek(lx, 0);
    size_t from = lx->at;
    int line = lx->line;
    advance(lx);
    while (lx->at < lx->source.len && peek(lx, 0) != quote && peek(lx, 0) != '\n') {
        if (peek(lx, 0) == '\\' && peek(lx, 1) >= 0) {
            if (peek(lx, 1) == 'z') {
                lx->at += 2;
                while (peek(lx, 0) >= 0 && isspace(peek(lx, 0)))
                    advance(lx);
                continue;
            }
            advance(lx);
        }
        advance(lx);
    }
    tl_str text = slice(lx, from + 1, lx->at);
    if (lx->at < lx->source.len)
        advance(lx);
    add(lx, TL_TOKEN_STRING, from, lx->at, text, line);
}

static void read_number(struct lexer *lx)
{
    size_t from = lx->at;
    bool hex = peek(lx, 0) == '0' && (peek(lx, 1) == 'x' || peek(lx, 1) == 'X');
    while (peek(lx, 0) >= 0) {
        int c = peek(lx, 0);
        bool sign =
            (c == '+' || c == '-') && lx->at > from && strchr(hex ? "pP" : "eE", lx->source.ptr[lx->at - 1]) != NULL;
        if (!isalnum(c) && c != '.' && !sign)
            break;
        lx->at++;
    }
    add(lx, TL_TOKEN_NUMBER, from, lx->at, slice(lx, from, lx->at), lx->line);
}

static void read_op(struct lexer *lx)
{
    static const char *const ops[] = {"...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>"};
    size_t len = 1;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        size_t n = strlen(ops[i]);
        if (lx->source.len - lx->at >= n && memcmp(lx->source.ptr + lx->at, ops[i], n) == 0) {
            len = n;
            break;
        }
    }
    add(lx, TL_TOKEN_OP, lx->at, lx->at + len, slice(lx, lx->at, lx->at + len), lx->line);
    lx->at += len;
}

static void read_one(struct lexer *lx)
{
    int c = peek(lx, 0);
    if (isspace(c)) {
        advance(lx);
    } else if (c == '-' && peek(lx, 1) == '-') {
        skip_comment(lx);
    } else if (isalpha(c) || c == '_') {
        size_t from = lx->at;
        while (peek(lx, 0) >= 0 && (isalnum(peek(lx, 0)) || peek(lx, 0) == '_'))
            lx->at++;
        add(lx, TL_TOKEN_NAME, from, lx->at, slice(lx, from, lx->at), lx->line);
    } else if (isdigit(c) || (c == '.' && peek(lx, 1) >= 0 && isdigit(peek(lx, 1)))) {
        read_number(lx);
    } else if (c == '"' || c == '\'') {
        read_quoted(lx);
    } else if (c == '[' && long_level(lx) >= 0) {
        size_t from = lx->at;
        int line = lx->line;
        tl_str text = read_long(lx, long_level(lx));
        add(lx, TL_TOKEN_STRING, from, lx->at, text, line);
    } else {
        read_op(lx);
    }
}

void tl_tokens_read(tl_str source, struct tl_tokens *tokens)
{
    *tokens = (struct tl_tokens){NULL, 0};
    struct lexer lx = {source, 0, 1, tokens, 0};
    if (peek(&lx, 0) == '#')
        while (lx.at < source.len && peek(&lx, 0) != '\n')
            lx.at++;
    while (lx.at < source.len)
        read_one(&lx);
    add(&lx, TL_TOKEN_END, source.len, source.len, TL_STR_NONE, lx.line);
    tokens->count--;
}

void tl_tokens_free(struct tl_tokens *tokens)
{
    tl_free(tokens->items);
    *tokens = (struct tl_tokens){NULL, 0};
}

const struct tl_token *tl_token(const struct tl_tokens *tokens, size_t i)
{
    return &tokens->items[i < tokens->count ? i : tokens->count];
}

bool tl_token_is(const struct tl_token *token, const char *word)
{
    return (token->kind == TL_TOKEN_NAME || token->kind == TL_TOKEN_OP) && tl_str_is(token->text, word);
}
