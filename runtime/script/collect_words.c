/* Calls on ctx whose words and durations stand in the text: keys of ctx:await{ … } and ctx:decide{ … }, options, times
 * to wait, events to emit; and numbers that a decimal is compared with. All of it is checked again when it runs; here
 * it is found before any event needs it. Thread: any. */
#include "base/duration.h"
#include "base/nearest.h"
#include "codec/json.h"
#include "collect.h"
#include <string.h>

struct site {
    struct tl_bundle *bundle;
    const struct tl_source *source;
    const struct tl_tokens *tokens;
};

/* Words that a table of a call may name; NULL: any. */
struct words {
    const char *what;
    const char *const *items;
    size_t count;
};

static const char *const await_words[] = {"within", "key", "when", "name"};
static const char *const decide_words[] = {"about", "show", "due", "name"};
static const char *const call_words[] = {"undo", "once", "name"};
static const char *const gather_words[] = {"within"};
static const char *const each_words[] = {"at_most"};
static const char *const name_words[] = {"name"};

static const struct tl_token *at(const struct site *s, size_t i)
{
    return tl_token(s->tokens, i);
}

static struct tl_place place_of(const struct site *s, const struct tl_token *token)
{
    return (struct tl_place){s->source->path, token->line};
}

/* ---- durations ---- */

static void check_duration(const struct site *s, const struct tl_token *value, const char *what)
{
    int64_t ms;
    struct tl_error err = {TL_OK, ""};
    struct tl_findings *findings = &s->bundle->findings;
    if (value->kind == TL_TOKEN_NUMBER)
        tl_findings_add(findings, TL_FINDING_ERROR, place_of(s, value),
                        "%s: a duration is text with a unit, like \"30s\", not %.*s", what, TL_STR_ARGS(value->text));
    else if (value->kind == TL_TOKEN_STRING && tl_duration_parse(value->text, &ms, &err) != TL_OK)
        tl_findings_add(findings, TL_FINDING_ERROR, place_of(s, value), "%s: %s", what, err.text);
}

/* ---- tables of calls ---- */

/* How many blocks, and brackets, a token opens (+) or closes (-). */
static int block(const struct tl_token *token)
{
    static const char *const opening[] = {"function", "if", "do", "repeat"};
    if (token->kind != TL_TOKEN_NAME)
        return 0;
    for (size_t i = 0; i < TL_COUNT_OF(opening); i++)
        if (tl_token_is(token, opening[i]))
            return 1;
    return tl_token_is(token, "end") || tl_token_is(token, "until") ? -1 : 0;
}

static int bracket(const struct tl_token *token)
{
    if (tl_token_is(token, "{") || tl_token_is(token, "(") || tl_token_is(token, "["))
        return 1;
    return tl_token_is(token, "}") || tl_token_is(token, ")") || tl_token_is(token, "]") ? -1 : 0;
}

/* The value before it stands alone. */
static bool ends(const struct tl_token *token)
{
    return tl_token_is(token, ",") || tl_token_is(token, ";") || bracket(token) < 0;
}

static void check_key(const struct site *s, size_t i, const struct words *words)
{
    const struct tl_token *key = at(s, i), *value = at(s, i + 2);
    bool known = false;
    for (size_t w = 0; w < words->count; w++)
        known |= tl_token_is(key, words->items[w]);
    if (!known) {
        const char *nearest = tl_nearest(key->text, words->items, words->count);
        tl_findings_add(&s->bundle->findings, TL_FINDING_ERROR, place_of(s, key), "%s: unknown key '%.*s'%s%s%s",
                        words->what, TL_STR_ARGS(key->text), nearest ? "; did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'?" : "");
    } else if ((tl_token_is(key, "within") || tl_token_is(key, "due")) && ends(at(s, i + 3))) {
        check_duration(s, value, tl_token_is(key, "due") ? "'due'" : "'within'");
    }
}

/* The table that begins at token `i`; where it ends. */
static size_t check_table(const struct site *s, size_t i, const struct words *words)
{
    int depth = 0, blocks = 0;
    for (; i < s->tokens->count; i++) {
        const struct tl_token *token = at(s, i), *before = at(s, i - 1);
        depth += bracket(token);
        blocks += block(token);
        if (depth == 0)
            return i;
        bool field = depth == 1 && blocks == 0 && token->kind == TL_TOKEN_NAME && tl_token_is(at(s, i + 1), "=") &&
                     (tl_token_is(before, "{") || tl_token_is(before, ",") || tl_token_is(before, ";"));
        if (words && field)
            check_key(s, i, words);
    }
    return i;
}

/* The arguments of the call whose name is token `i` - 1; argument number `which` is a table with these words. */
static void check_arguments(const struct site *s, size_t i, int which, const struct words *words)
{
    int depth = 0, blocks = 0, argument = 1;
    if (tl_token_is(at(s, i), "{") && which == 1) {
        check_table(s, i, words);
        return;
    }
    if (!tl_token_is(at(s, i), "("))
        return;
    for (; i < s->tokens->count; i++) {
        const struct tl_token *token = at(s, i), *before = at(s, i - 1);
        bool begins = depth == 1 && blocks == 0 && (tl_token_is(before, "(") || tl_token_is(before, ","));
        if (begins && argument == which && tl_token_is(token, "{")) {
            check_table(s, i, words);
            return;
        }
        depth += bracket(token);
        blocks += block(token);
        if (depth == 0)
            return;
        argument += depth == 1 && blocks == 0 && tl_token_is(token, ",");
    }
}

/* ---- calls ---- */

static const struct {
    const char *method;
    int which;
    struct words words;
} methods[] = {
    {"await", 1, {"ctx:await", await_words, TL_COUNT_OF(await_words)}},
    {"decide", 1, {"ctx:decide", decide_words, TL_COUNT_OF(decide_words)}},
    {"gather", 2, {"ctx:gather", gather_words, TL_COUNT_OF(gather_words)}},
    {"each", 2, {"ctx:each", each_words, TL_COUNT_OF(each_words)}},
    {"sleep", 2, {"ctx:sleep", name_words, 1}},
    {"park", 3, {"ctx:park", name_words, 1}},
    {"start", 3, {"ctx:start", name_words, 1}},
};

static void check_emit(const struct site *s, const struct tl_token *event)
{
    if (event->kind != TL_TOKEN_STRING || tl_bundle_event(s->bundle, event->text))
        return;
    const char *nearest = tl_bundle_nearest_event(s->bundle, event->text);
    tl_findings_add(&s->bundle->findings, TL_FINDING_ERROR, place_of(s, event),
                    "ctx:emit: no event \"%.*s\" is declared%s%s%s", TL_STR_ARGS(event->text),
                    nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* ctx:<method>( … */
static void check_method(const struct site *s, size_t i)
{
    const struct tl_token *method = at(s, i + 2);
    for (size_t m = 0; m < TL_COUNT_OF(methods); m++)
        if (tl_token_is(method, methods[m].method))
            check_arguments(s, i + 3, methods[m].which, &methods[m].words);
    bool called = tl_token_is(at(s, i + 3), "(");
    const struct tl_token *first = at(s, called ? i + 4 : i + 3);
    if (tl_token_is(method, "sleep") && (!called || ends(at(s, i + 5))))
        check_duration(s, first, "ctx:sleep");
    if (tl_token_is(method, "emit") && called && ends(at(s, i + 5)))
        check_emit(s, first);
}

/* ctx.<target>:<operation>( … */
static void check_operation(const struct site *s, size_t i)
{
    if (!tl_token_is(at(s, i + 3), ":") || !tl_bundle_is_target(s->bundle, at(s, i + 2)->text))
        return;
    bool put = tl_token_is(at(s, i + 4), "put");
    const struct words words = {put ? "put" : "an operation's options", call_words, TL_COUNT_OF(call_words)};
    check_arguments(s, i + 5, put ? 3 : 2, &words);
}

/* ---- decimals ---- */

static bool has_type(const struct tl_json_value *schema, const char *type)
{
    const struct tl_json_value *said = tl_json_get(schema, "type");
    struct tl_json_iter types = tl_json_iter(said);
    if (tl_json_is(said, type))
        return true;
    while (tl_json_next(&types))
        if (tl_json_is(types.value, type))
            return true;
    return false;
}

/* Does the schema, or one inside it, say of a property of this name that it is of the type? */
static bool says(const struct tl_json_value *schema, tl_str name, const char *type)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(schema, "properties"));
    while (tl_json_next(&i))
        if (tl_str_eq(i.key, name) && has_type(i.value, type))
            return true;
    for (i = tl_json_iter(schema); tl_json_next(&i);)
        if (says(i.value, name, type))
            return true;
    return false;
}

/* The contract by which a member of this name is a number with a fraction, and by none an integer; NULL: none. */
static const char *decimal_by(const struct tl_bundle *bundle, tl_str name)
{
    const char *path = NULL;
    for (const struct tl_contract *c = bundle->contracts; c; c = c->next) {
        struct tl_json_doc *doc = NULL;
        if (tl_json_parse_borrowed(tl_bundle_file(bundle, c->path), NULL, &doc, NULL) != TL_OK)
            continue;
        bool number = says(tl_json_root(doc), name, "number"), integer = says(tl_json_root(doc), name, "integer");
        tl_json_free(doc);
        if (integer)
            return NULL;
        if (number)
            path = c->path;
    }
    return path;
}

/* <something>.<member> == 0: one that came as 0.00 is not equal to it. */
static void check_equal(const struct site *s, size_t i)
{
    const struct tl_token *member = at(s, i + 1), *op = at(s, i + 2), *number = at(s, i + 3);
    if (member->kind != TL_TOKEN_NAME || number->kind != TL_TOKEN_NUMBER ||
        (!tl_token_is(op, "==") && !tl_token_is(op, "~=")) || tl_str_find(number->text, '.') >= 0)
        return;
    const char *path = decimal_by(s->bundle, member->text);
    if (path)
        tl_findings_add(
            &s->bundle->findings, TL_FINDING_WARNING, place_of(s, member),
            "'%.*s' is a number by %s: what came with a fraction is a decimal, and %s %.*s is %s for it, also "
            "for %.*s.00; write decimal(…):is(%.*s)",
            TL_STR_ARGS(member->text), path, tl_token_is(op, "==") ? "==" : "~=", TL_STR_ARGS(number->text),
            tl_token_is(op, "==") ? "false" : "true", TL_STR_ARGS(number->text), TL_STR_ARGS(number->text));
}

void tl_check_words(struct tl_bundle *bundle, const struct tl_source *source, const struct tl_tokens *tokens)
{
    const struct site site = {bundle, source, tokens};
    for (size_t i = 0; i + 3 < tokens->count; i++) {
        if (tl_token_is(tl_token(tokens, i), "."))
            check_equal(&site, i);
        if (!tl_token_is(tl_token(tokens, i), "ctx") || (i > 0 && tl_token_is(tl_token(tokens, i - 1), ".")))
            continue;
        if (tl_token_is(tl_token(tokens, i + 1), ":"))
            check_method(&site, i);
        else if (tl_token_is(tl_token(tokens, i + 1), "."))
            check_operation(&site, i);
    }
}
