/* What a flow's function and the functions inside it do on ctx, as far as their instructions show it: which register
 * holds ctx or a system is followed in the order of the text. Found here: names that do not exist, and unsafe
 * operations without a name of their own (rules.md, rule 13). What is hidden in helper functions is found when the flow
 * runs. Thread: any. */
#include "base/nearest.h"
#include "inspect.h"
#include <string.h>

enum tag { TAG_NONE, TAG_CTX, TAG_TARGET };

struct walk {
    struct tl_flow_check *check;
    tl_str ctx_name;
};

static bool among(tl_str name, const char *const *list, size_t count, size_t *which)
{
    for (size_t i = 0; i < count; i++)
        if (tl_str_is(name, list[i])) {
            *which = i;
            return true;
        }
    return false;
}

/* ---- operations ---- */

static bool writes_a(int op)
{
    return !(op == TL_OP_SETUPVAL || (op >= TL_OP_SETTABUP && op <= TL_OP_SETFIELD) ||
             (op >= TL_OP_CLOSE && op <= TL_OP_TEST) || (op >= TL_OP_RETURN && op <= TL_OP_RETURN1) ||
             op == TL_OP_SETLIST);
}

/* The call whose function and object were fetched at `pc` (into register A and the next). */
static int call_of(const struct tl_proto *p, int pc)
{
    for (int at = pc + 1; at < p->code_count; at++) {
        int op = TL_OP(p->code[at]);
        if ((op == TL_OP_CALL || op == TL_OP_TAILCALL) && TL_A(p->code[at]) == TL_A(p->code[pc]))
            return at;
    }
    return -1;
}

/* Does the call fetched at `pc` visibly lack the option `once`? Only a table written out in the call can be told. */
static bool lacks_once(const struct tl_proto *p, int pc)
{
    int call = call_of(p, pc);
    if (call < 0)
        return false;
    int given = TL_B(p->code[call]); /* function, object and arguments; 0: not known */
    if (given == 2 || given == 3)
        return true;
    int options = TL_A(p->code[pc]) + 3, written = 0, tables = 0;
    for (int at = pc + 1; at < call; at++) {
        uint32_t i = p->code[at];
        if (TL_A(i) != options)
            continue;
        if (TL_OP(i) == TL_OP_SETFIELD && tl_str_is(tl_proto_string(p, TL_B(i)), "once"))
            return false;
        tables += TL_OP(i) == TL_OP_NEWTABLE;
        written += writes_a(TL_OP(i));
    }
    return given == 4 && tables == 1 && written == 1;
}

static void note_call(struct tl_flow_check *check, const char *target, tl_str operation)
{
    for (size_t i = 0; i < check->call_count; i++) {
        if (strcmp(check->calls[i].target, target) == 0 && tl_str_is(operation, check->calls[i].operation))
            return;
    }
    if (check->call_count < TL_COUNT_OF(check->calls))
        check->calls[check->call_count++] = (struct tl_flow_call){target, tl_arena_copy(check->arena, operation)};
}

static void call_target(struct walk *w, const struct tl_proto *p, int pc, size_t target)
{
    struct tl_flow_check *check = w->check;
    tl_str operation = tl_proto_string(p, TL_C(p->code[pc]));
    struct tl_place place = {check->file, p->lines[pc]};
    const char *name = check->targets[target], *nearest = NULL;
    if (tl_str_is(operation, "put"))
        return;
    note_call(check, name, operation);
    if (!check->effect_class)
        return;
    enum tl_effect_class effect = check->effect_class(check->ctx, tl_str_z(name), operation, &nearest);
    if (effect == TL_EFFECT_UNKNOWN)
        tl_findings_add(check->findings, TL_FINDING_ERROR, place, "%s has no operation '%.*s'%s%s%s", name,
                        TL_STR_ARGS(operation), nearest ? "; did you mean '" : "", nearest ? nearest : "",
                        nearest ? "'?" : "");
    else if (effect == TL_EFFECT_UNSAFE && lacks_once(p, pc))
        tl_findings_add(check->findings, TL_FINDING_ERROR, place,
                        "ctx.%s:%.*s is unsafe, a repeat would do it twice: name the effect by its business meaning, "
                        "ctx.%s:%.*s({ … }, { once = \"invoice:\" .. order_no })",
                        name, TL_STR_ARGS(operation), name, TL_STR_ARGS(operation));
}

/* ---- ctx ---- */

static void call_method(struct walk *w, struct tl_place place, tl_str name)
{
    const char *advice = tl_ctx_advice(name);
    if (tl_ctx_is_function(name))
        return;
    if (advice) {
        tl_findings_add(w->check->findings, TL_FINDING_ERROR, place, "%s", advice);
        return;
    }
    const char *nearest = tl_nearest(name, tl_ctx_names, tl_ctx_count);
    tl_findings_add(w->check->findings, TL_FINDING_ERROR, place, "ctx has no function '%.*s'%s%s%s", TL_STR_ARGS(name),
                    nearest ? "; did you mean ctx:" : "", nearest ? nearest : "", nearest ? "?" : "");
}

static enum tag field_of_ctx(struct walk *w, struct tl_place place, tl_str name, size_t *target)
{
    struct tl_flow_check *check = w->check;
    if (among(name, check->targets, check->target_count, target)) {
        if (*target < TL_COUNT_OF(check->named))
            check->named[*target] = true;
        return TAG_TARGET;
    }
    if (!tl_ctx_is_function(name) && !tl_ctx_advice(name)) {
        const char *nearest = tl_nearest(name, check->targets, check->target_count);
        tl_findings_add(check->findings, TL_FINDING_ERROR, place,
                        "ctx.%.*s: no system or kind of that name is declared%s%s%s", TL_STR_ARGS(name),
                        nearest ? "; did you mean ctx." : "", nearest ? nearest : "", nearest ? "?" : "");
    }
    return TAG_NONE;
}

static void walk_proto(struct walk *w, const struct tl_proto *p)
{
    enum tag tags[256] = {TAG_NONE};
    size_t targets[256] = {0};
    for (int pc = 0; pc < p->code_count; pc++) {
        uint32_t i = p->code[pc];
        int a = TL_A(i), b = TL_B(i), op = TL_OP(i);
        struct tl_place place = {w->check->file, p->lines[pc]};
        bool from_ctx = tags[b] == TAG_CTX || tl_str_eq(tl_proto_local(p, b, pc), w->ctx_name);
        if (op == TL_OP_SELF) {
            tl_str name = TL_K(i) ? tl_proto_string(p, TL_C(i)) : TL_STR_NONE;
            if (name.len && from_ctx)
                call_method(w, place, name);
            else if (name.len && tags[b] == TAG_TARGET)
                call_target(w, p, pc, targets[b]);
            tags[a] = TAG_NONE;
            if (a < 255)
                tags[a + 1] = TAG_NONE;
        } else if (op == TL_OP_GETFIELD && from_ctx) {
            tags[a] = field_of_ctx(w, place, tl_proto_string(p, TL_C(i)), &targets[a]);
        } else if (op == TL_OP_GETTABUP && tl_str_eq(tl_proto_upvalue(p, b), w->ctx_name)) {
            tags[a] = field_of_ctx(w, place, tl_proto_string(p, TL_C(i)), &targets[a]);
        } else if (op == TL_OP_MOVE) {
            tags[a] = from_ctx ? TAG_CTX : tags[b];
            targets[a] = targets[b];
        } else if (op == TL_OP_GETUPVAL) {
            tags[a] = tl_str_eq(tl_proto_upvalue(p, b), w->ctx_name) ? TAG_CTX : TAG_NONE;
        } else if (op == TL_OP_CALL) {
            for (size_t r = (size_t)a; r < TL_COUNT_OF(tags);
                 r++) /* what was handed over is gone; the results take its place */
                tags[r] = TAG_NONE;
        } else if (writes_a(op)) {
            tags[a] = TAG_NONE;
        }
        if (op == TL_OP_CLOSURE && TL_BX(i) < p->proto_count)
            walk_proto(w, &p->protos[TL_BX(i)]);
    }
}

void tl_inspect_flow(const struct tl_proto *run, struct tl_flow_check *check)
{
    struct walk w = {check, tl_proto_local(run, 0, 1)};
    if (run->params == 0 || !w.ctx_name.len)
        return;
    walk_proto(&w, run);
}
