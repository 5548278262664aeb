/* Tokens of a Lua source, for the checks that the compiled chunk cannot answer (duplicate keys, `ctx.emit`,
 * the line of a key). Not a parser: a file that Lua does not compile is never asked. Bounded by the size of
 * the file. */
#pragma once
#include "base/str.h"
#include <stdint.h>

enum tl_token_kind { TL_TOKEN_END, TL_TOKEN_NAME, TL_TOKEN_STRING, TL_TOKEN_NUMBER, TL_TOKEN_OP };

struct tl_token {
    enum tl_token_kind kind;
    int line;
    tl_str text;     /* borrow of the source; of a string what stands between its quotes, escapes not decoded */
    size_t from, to; /* offsets in the source, quotes included */
};

struct tl_tokens {
    struct tl_token *items; /* own; the last one is TL_TOKEN_END */
    size_t count;           /* without the end */
};

void tl_tokens_read(tl_str source, struct tl_tokens *tokens);
void tl_tokens_free(struct tl_tokens *tokens);
/* Token `i`, or the end token when out of range. */
const struct tl_token *tl_token(const struct tl_tokens *tokens, size_t i);
bool tl_token_is(const struct tl_token *token, const char *op_or_name);
