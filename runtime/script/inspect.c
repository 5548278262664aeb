/* Checks of one file on its compiled chunk and its tokens. Thread: any. */
#include "inspect.h"
#include "base/map.h"
#include "base/nearest.h"
#include <string.h>

const char *const tl_global_names[] = {
    "_G",       "assert", "error",     "getmetatable", "ipairs",  "next",        "pairs",        "pcall",    "print",
    "rawequal", "rawget", "rawlen",    "rawset",       "require", "select",      "setmetatable", "tonumber", "tostring",
    "type",     "xpcall", "_VERSION",  "coroutine",    "math",    "string",      "table",        "utf8",     "null",
    "isnull",   "array",  "decimal",   "keys",         "as",      "integration", "steward",      "system",   "route",
    "event",    "entity", "flow",      "map",          "setting", "secret",      "sync",         "lens",     "endpoint",
    "every",    "expect", "connector", "setnull"};
const size_t tl_global_count = sizeof tl_global_names / sizeof *tl_global_names;

static const char *const string_members[] = {"byte",    "char",  "find",   "format", "gmatch",   "gsub",
                                             "len",     "lower", "match",  "pack",   "packsize", "rep",
                                             "reverse", "sub",   "unpack", "upper",  NULL};
static const char *const table_members[] = {"concat", "insert", "move", "pack", "remove", "sort", "unpack", NULL};
static const char *const utf8_members[] = {"char", "charpattern", "codepoint", "codes", "len", "offset", NULL};
static const char *const coroutine_members[] = {"close",  "create", "isyieldable", "resume", "running",
                                                "status", "wrap",   "yield",       NULL};
static const char *const math_members[] = {
    "abs",   "acos", "asin",  "atan", "atan2", "ceil", "cos",        "cosh", "deg",        "exp",  "floor", "fmod",
    "frexp", "huge", "ldexp", "log",  "log10", "max",  "maxinteger", "min",  "mininteger", "modf", "pi",    "pow",
    "rad",   "sin",  "sinh",  "sqrt", "tan",   "tanh", "tointeger",  "type", "ult",        NULL};
const struct tl_library tl_libraries[] = {{"string", string_members}, {"table", table_members},
                                          {"utf8", utf8_members},     {"coroutine", coroutine_members},
                                          {"math", math_members},     {NULL, NULL}};

const char *tl_global_advice(tl_str name)
{
    static const char *const advice[][2] = {
        {"os", "scripts have no os: ctx:now() gives the time, require \"dates\" computes with it"},
        {"io", "scripts have no io: what they need arrives as an event, a setting or a lookup table"},
        {"debug", "scripts have no debug"},
        {"package", "scripts have no package: require finds lib/, maps/, lenses/ and the standard library"},
        {"load", "scripts cannot load code"},
        {"loadstring", "scripts cannot load code"},
        {"loadfile", "scripts cannot load code; use require"},
        {"dofile", "scripts cannot load code; use require"},
        {"collectgarbage", "memory is the runtime's business"},
        {"ctx", "ctx is the first parameter of a flow's function; hand it on to your own functions"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(advice); i++)
        if (tl_str_is(name, advice[i][0]))
            return advice[i][1];
    return NULL;
}

const char *const tl_ctx_names[] = {"emit",  "log",  "now",  "try",  "random",   "uuid", "sleep",  "await", "decide",
                                    "start", "park", "fail", "keep", "continue", "all",  "gather", "first", "each"};
const size_t tl_ctx_count = sizeof tl_ctx_names / sizeof *tl_ctx_names;

bool tl_ctx_is_function(tl_str name)
{
    for (size_t i = 0; i < tl_ctx_count; i++)
        if (tl_str_is(name, tl_ctx_names[i]))
            return true;
    return false;
}

const char *tl_ctx_advice(tl_str name)
{
    static const char *const advice[][2] = {
        {"undo",
         "ctx has no 'undo': give the effect its undo, ctx.erp:put(entity, record, { undo = function() … end })"},
        {"accept", "ctx:accept comes with the endpoints package"},
        {"reply", "ctx:reply comes with the endpoints package"},
        {"problem", "ctx:problem comes with the endpoints package"},
    };
    for (size_t i = 0; i < TL_COUNT_OF(advice); i++)
        if (tl_str_is(name, advice[i][0]))
            return advice[i][1];
    return NULL;
}

static bool global_known(tl_str name)
{
    for (size_t i = 0; i < tl_global_count; i++)
        if (tl_str_is(name, tl_global_names[i]))
            return true;
    return false;
}

static void check_read(tl_str name, struct tl_place place, struct tl_findings *findings)
{
    if (global_known(name) || tl_str_starts(name, TL_STR("__")))
        return;
    const char *advice = tl_global_advice(name);
    const char *nearest = advice ? NULL : tl_nearest(name, tl_global_names, tl_global_count);
    if (advice)
        tl_findings_add(findings, TL_FINDING_ERROR, place, "%s", advice);
    else
        tl_findings_add(findings, TL_FINDING_ERROR, place, "unknown global '%.*s'%s%s%s", TL_STR_ARGS(name),
                        nearest ? "; did you mean '" : "; declare it with local", nearest ? nearest : "",
                        nearest ? "'?" : "");
}

/* The local of the main function that upvalue `index` of `proto` is, or empty. */
static tl_str file_local(const struct tl_proto *proto, int index)
{
    while (proto->parent && index < proto->upvalue_count) {
        const struct tl_upvalue *up = &proto->upvalues[index];
        if (up->in_stack)
            return proto->parent->parent ? TL_STR_NONE : up->name;
        proto = proto->parent;
        index = up->index;
    }
    return TL_STR_NONE;
}

static void check_upvalue_write(const struct tl_proto *proto, int index, struct tl_place place,
                                struct tl_findings *findings)
{
    tl_str name = file_local(proto, index);
    if (!name.len)
        return;
    tl_findings_add(findings, TL_FINDING_ERROR, place,
                    "a function assigns to '%.*s', a local of the file: such state differs per lane and is lost at a "
                    "restart; remember it in an entity, a setting or a run",
                    TL_STR_ARGS(name));
}

static void say_comparison(double number, struct tl_place place, struct tl_findings *findings)
{
    tl_findings_add(findings, TL_FINDING_WARNING, place,
                    "== with a number that has a fraction is never true for a decimal; write amount:is(\"%g\")",
                    number);
}

static void check_comparison(const struct tl_proto *p, int pc, struct tl_place place, struct tl_findings *findings)
{
    uint32_t i = p->code[pc];
    int constant = TL_B(i);
    if (TL_OP(i) == TL_OP_EQI && TL_C(i)) /* 10.0: small floats without a fraction stand in the instruction */
        say_comparison(TL_B(i) - 127, place, findings);
    else if (TL_OP(i) == TL_OP_EQK && constant < p->constant_count && p->constants[constant].kind == TL_CONST_FLOAT)
        say_comparison(p->constants[constant].number, place, findings);
}

/* string.lowr: a member that the library has not. */
static void check_member(const struct tl_proto *p, int pc, struct tl_findings *findings, const char *file)
{
    uint32_t get = p->code[pc], member = pc + 1 < p->code_count ? p->code[pc + 1] : 0;
    if (TL_OP(member) != TL_OP_GETFIELD || TL_B(member) != TL_A(get))
        return;
    tl_str library = tl_proto_string(p, TL_C(get)), name = tl_proto_string(p, TL_C(member));
    const struct tl_library *known = tl_libraries;
    while (known->name && !tl_str_is(library, known->name))
        known++;
    for (size_t i = 0; known->name && known->members[i]; i++)
        if (tl_str_is(name, known->members[i]))
            return;
    if (!known->name || !name.len)
        return;
    size_t count = 0;
    while (known->members[count])
        count++;
    const char *nearest = tl_nearest(name, known->members, count);
    tl_findings_add(findings, TL_FINDING_ERROR, (struct tl_place){file, p->lines[pc + 1]}, "%s has no '%.*s'%s%s%s",
                    known->name, TL_STR_ARGS(name),
                    tl_str_is(name, "random") ? "; chance comes from ctx:random, so that a repeat gives the same"
                    : nearest                 ? "; did you mean '"
                                              : "",
                    nearest && !tl_str_is(name, "random") ? nearest : "",
                    nearest && !tl_str_is(name, "random") ? "'?" : "");
}

static void inspect_proto(const struct tl_proto *p, const char *file, struct tl_findings *findings)
{
    for (int pc = 0; pc < p->code_count; pc++) {
        uint32_t i = p->code[pc];
        struct tl_place place = {file, p->lines[pc]};
        switch (TL_OP(i)) {
        case TL_OP_GETTABUP:
            if (tl_str_is(tl_proto_upvalue(p, TL_B(i)), "_ENV"))
                check_read(tl_proto_string(p, TL_C(i)), place, findings);
            if (tl_str_is(tl_proto_upvalue(p, TL_B(i)), "_ENV"))
                check_member(p, pc, findings, file);
            break;
        case TL_OP_SETTABUP:
            if (tl_str_is(tl_proto_upvalue(p, TL_A(i)), "_ENV"))
                tl_findings_add(findings, TL_FINDING_ERROR, place,
                                "the global '%.*s' is written; there are no globals of one's own: make it local",
                                TL_STR_ARGS(tl_proto_string(p, TL_B(i))));
            break;
        case TL_OP_SETUPVAL:
            check_upvalue_write(p, TL_B(i), place, findings);
            break;
        case TL_OP_EQK:
        case TL_OP_EQI:
            check_comparison(p, pc, place, findings);
            break;
        default:
            break;
        }
    }
    for (int i = 0; i < p->proto_count; i++)
        inspect_proto(&p->protos[i], file, findings);
}

void tl_inspect_chunk(const struct tl_proto *main, const char *file, struct tl_findings *findings)
{
    inspect_proto(main, file, findings);
}

static bool writes_upvalue(const struct tl_proto *p, int index, int *line)
{
    for (int pc = 0; pc < p->code_count; pc++)
        if (TL_OP(p->code[pc]) == TL_OP_SETUPVAL && TL_B(p->code[pc]) == index) {
            *line = p->lines[pc];
            return true;
        }
    for (int i = 0; i < p->proto_count; i++)
        for (int u = 0; u < p->protos[i].upvalue_count; u++)
            if (!p->protos[i].upvalues[u].in_stack && p->protos[i].upvalues[u].index == index &&
                writes_upvalue(&p->protos[i], u, line))
                return true;
    return false;
}

bool tl_proto_keeps_state(const struct tl_proto *proto, tl_str *name, int *line)
{
    for (int u = 0; u < proto->upvalue_count; u++)
        if (writes_upvalue(proto, u, line)) {
            *name = tl_proto_upvalue(proto, u);
            return true;
        }
    return false;
}

/* ---- tokens ---- */

struct braces {
    struct tl_map keys[200];
    char kind[200]; /* '{', '(' or '['; 'b': a block of statements */
    int depth;
};

static void check_key(const struct tl_tokens *t, size_t i, struct tl_map *keys, const char *file,
                      struct tl_findings *findings)
{
    const struct tl_token *token = tl_token(t, i);
    tl_str key = TL_STR_NONE;
    if (token->kind == TL_TOKEN_NAME && tl_token_is(tl_token(t, i + 1), "="))
        key = token->text;
    else if (tl_token_is(token, "[") && tl_token(t, i + 1)->kind == TL_TOKEN_STRING &&
             tl_token_is(tl_token(t, i + 2), "]") && tl_token_is(tl_token(t, i + 3), "="))
        key = tl_token(t, i + 1)->text;
    if (!key.ptr)
        return;
    const struct tl_token *first = tl_map_put(keys, key, (void *)(uintptr_t)token);
    if (first)
        tl_findings_add(findings, TL_FINDING_ERROR, (struct tl_place){file, token->line},
                        "the key '%.*s' stands twice in this table (first in line %d)", TL_STR_ARGS(key), first->line);
}

/* '{' '(' '[' and 'b' for a block that begins, 'e' for what ends, 0 for anything else. */
static char bracket_of(const struct tl_token *token)
{
    static const char *const begins[] = {"function", "if", "do", "repeat"};
    char c = token->kind == TL_TOKEN_OP && token->text.len == 1 ? token->text.ptr[0] : '\0';
    if (c == '{' || c == '(' || c == '[')
        return c;
    if (c == '}' || c == ')' || c == ']')
        return 'e';
    if (token->kind != TL_TOKEN_NAME)
        return '\0';
    for (size_t i = 0; i < TL_COUNT_OF(begins); i++)
        if (tl_str_is(token->text, begins[i]))
            return 'b';
    return tl_str_is(token->text, "end") || tl_str_is(token->text, "until") ? 'e' : '\0';
}

static void check_braces(const struct tl_tokens *t, const char *file, struct tl_findings *findings)
{
    struct braces b = {.depth = 0};
    for (size_t i = 0; i < t->count; i++) {
        const struct tl_token *token = tl_token(t, i);
        bool at_field = b.depth > 0 && b.kind[b.depth - 1] == '{' && i > 0 &&
                        (tl_token_is(tl_token(t, i - 1), "{") || tl_token_is(tl_token(t, i - 1), ",") ||
                         tl_token_is(tl_token(t, i - 1), ";"));
        if (at_field)
            check_key(t, i, &b.keys[b.depth - 1], file, findings);
        char c = bracket_of(token);
        if (c == 'e' && b.depth > 0) {
            tl_map_free(&b.keys[--b.depth]);
        } else if (c && c != 'e' && b.depth < 200) {
            tl_map_init(&b.keys[b.depth]);
            b.kind[b.depth++] = c;
        }
    }
    while (b.depth > 0)
        tl_map_free(&b.keys[--b.depth]);
}

static bool begins_call(const struct tl_token *token)
{
    return tl_token_is(token, "(") || tl_token_is(token, "{") || token->kind == TL_TOKEN_STRING;
}

static void check_dot_calls(const struct tl_tokens *t, const char *file, struct tl_findings *findings)
{
    for (size_t i = 0; i + 3 < t->count; i++) {
        const struct tl_token *a = tl_token(t, i + 2), *c = tl_token(t, i + 4);
        if (!tl_token_is(tl_token(t, i), "ctx") || (i > 0 && tl_token_is(tl_token(t, i - 1), ".")) ||
            !tl_token_is(tl_token(t, i + 1), ".") || a->kind != TL_TOKEN_NAME)
            continue;
        struct tl_place place = {file, a->line};
        if (tl_ctx_is_function(a->text) && begins_call(tl_token(t, i + 3)))
            tl_findings_add(findings, TL_FINDING_ERROR, place, "ctx.%.*s is called with a dot; write ctx:%.*s",
                            TL_STR_ARGS(a->text), TL_STR_ARGS(a->text));
        else if (tl_token_is(tl_token(t, i + 3), ".") && c->kind == TL_TOKEN_NAME && begins_call(tl_token(t, i + 5)))
            tl_findings_add(findings, TL_FINDING_ERROR, place,
                            "ctx.%.*s.%.*s is called with a dot; write ctx.%.*s:%.*s", TL_STR_ARGS(a->text),
                            TL_STR_ARGS(c->text), TL_STR_ARGS(a->text), TL_STR_ARGS(c->text));
    }
}

void tl_inspect_tokens(const struct tl_tokens *tokens, const char *file, struct tl_findings *findings)
{
    check_braces(tokens, file, findings);
    check_dot_calls(tokens, file, findings);
}
