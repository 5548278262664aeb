/* What a flow's function does on ctx, along every path: a walk over the instructions with the set of things
 * that may have happened before each. Until runs are durable a run is repeated whole after a crash, so it may
 * have one effect, and before it neither a read nor an emit (rules.md, rule 6). What is hidden in helper
 * functions is found when the flow runs. Thread: any. */
#include "base/alloc.h"
#include "base/nearest.h"
#include "inspect.h"
#include <stdio.h>
#include <string.h>

enum { DID_READ = 1, DID_EFFECT = 2, DID_EMIT = 4, REACHED = 8 };
enum tag { TAG_NONE, TAG_CTX, TAG_TARGET };

static const char *const own_methods[] = {"emit", "park", "fail", "log", "now", "try", "random", "uuid"};
static const char *const later_methods[] = {"decide", "all",  "gather", "first", "each",     "await",
                                            "sleep",  "keep", "undo",   "start", "continue", "accept"};

struct walk {
    struct tl_flow_check *check;
    tl_str ctx_name;
};

static bool among(tl_str name, const char *const *list, size_t count, size_t *which)
{
    for (size_t i = 0; i < count; i++)
        if (tl_str_is(name, list[i])) {
            if (which)
                *which = i;
            return true;
        }
    return false;
}

static int perform(struct walk *w, struct tl_place place, int before, enum tl_effect_class effect, const char *what)
{
    struct tl_findings *f = w->check->findings;
    if (effect == TL_EFFECT_READ)
        return before | DID_READ;
    if (effect == TL_EFFECT_KEYED || effect == TL_EFFECT_UNSAFE) {
        tl_findings_add(f, TL_FINDING_ERROR, place,
                        "%s is %s: repeating it after a crash would do it twice; such operations come with the "
                        "durable-runs package, until then use an idempotent one",
                        what, effect == TL_EFFECT_KEYED ? "keyed" : "unsafe");
        return before;
    }
    if (before & DID_EFFECT)
        tl_findings_add(f, TL_FINDING_ERROR, place,
                        "%s is a second effect of this flow (rule 6): give it a flow of its own, started by ctx:emit",
                        what);
    else if (before & DID_READ)
        tl_findings_add(f, TL_FINDING_ERROR, place,
                        "%s comes after a read (rule 6): until runs are durable, read in one flow and act in the next, "
                        "started by ctx:emit",
                        what);
    else if (before & DID_EMIT)
        tl_findings_add(f, TL_FINDING_ERROR, place, "%s comes after an emit (rule 6): emit last", what);
    return before | DID_EFFECT;
}

static int call_target(struct walk *w, struct tl_place place, int before, size_t target, tl_str operation)
{
    struct tl_flow_check *check = w->check;
    char what[200];
    snprintf(what, sizeof what, "ctx.%s:%.*s", check->targets[target], TL_STR_ARGS(operation));
    if (tl_str_is(operation, "put"))
        return perform(w, place, before, TL_EFFECT_IDEMPOTENT, what);
    if (!check->effect_class)
        return before;
    const char *nearest = NULL;
    enum tl_effect_class effect =
        check->effect_class(check->ctx, tl_str_z(check->targets[target]), operation, &nearest);
    if (effect == TL_EFFECT_UNKNOWN) {
        tl_findings_add(check->findings, TL_FINDING_ERROR, place, "%s has no operation '%.*s'%s%s%s",
                        check->targets[target], TL_STR_ARGS(operation), nearest ? "; did you mean '" : "",
                        nearest ? nearest : "", nearest ? "'?" : "");
        return before;
    }
    return perform(w, place, before, effect, what);
}

static int call_method(struct walk *w, struct tl_place place, int before, tl_str name)
{
    if (tl_str_is(name, "emit"))
        return before | DID_EMIT;
    if (among(name, later_methods, TL_COUNT_OF(later_methods), NULL)) {
        tl_findings_add(w->check->findings, TL_FINDING_ERROR, place,
                        "ctx:%.*s comes with the durable-runs package; until then chain flows with ctx:emit",
                        TL_STR_ARGS(name));
        return before;
    }
    if (!among(name, own_methods, TL_COUNT_OF(own_methods), NULL)) {
        const char *nearest = tl_nearest(name, own_methods, TL_COUNT_OF(own_methods));
        tl_findings_add(w->check->findings, TL_FINDING_ERROR, place, "ctx has no function '%.*s'%s%s%s",
                        TL_STR_ARGS(name), nearest ? "; did you mean ctx:" : "", nearest ? nearest : "",
                        nearest ? "?" : "");
    }
    return before;
}

static enum tag field_of_ctx(struct walk *w, struct tl_place place, tl_str name, size_t *target)
{
    struct tl_flow_check *check = w->check;
    if (among(name, check->targets, check->target_count, target)) {
        if (*target < TL_COUNT_OF(check->named))
            check->named[*target] = true;
        return TAG_TARGET;
    }
    if (!among(name, own_methods, TL_COUNT_OF(own_methods), NULL) &&
        !among(name, later_methods, TL_COUNT_OF(later_methods), NULL)) {
        const char *nearest = tl_nearest(name, check->targets, check->target_count);
        tl_findings_add(check->findings, TL_FINDING_ERROR, place,
                        "ctx.%.*s: no system or kind of that name is declared%s%s%s", TL_STR_ARGS(name),
                        nearest ? "; did you mean ctx." : "", nearest ? nearest : "", nearest ? "?" : "");
    }
    return TAG_NONE;
}

/* The calls of one function: which register holds ctx or a system is followed in the order of the text. */
struct sites {
    enum { SITE_NONE, SITE_METHOD, SITE_CALL, SITE_CLOSURE } * kind;
    size_t *target;
};

static bool writes_a(int op)
{
    return !(op == TL_OP_SETUPVAL || (op >= TL_OP_SETTABUP && op <= 18) || (op >= 54 && op <= 66) ||
             (op >= TL_OP_RETURN && op <= TL_OP_RETURN1) || op == 78);
}

static void find_sites(struct walk *w, const struct tl_proto *p, struct sites *sites)
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
                sites->kind[pc] = SITE_METHOD;
            else if (name.len && tags[b] == TAG_TARGET) {
                sites->kind[pc] = SITE_CALL;
                sites->target[pc] = targets[b];
            }
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
        } else if (writes_a(op)) {
            if (op == TL_OP_CLOSURE && TL_BX(i) < p->proto_count)
                sites->kind[pc] = SITE_CLOSURE;
            tags[a] = TAG_NONE;
        }
    }
}

static int successors(const struct tl_proto *p, int pc, int out[2])
{
    uint32_t i = p->code[pc];
    int op = TL_OP(i), next = pc + 1;
    if (op >= TL_OP_RETURN && op <= TL_OP_RETURN1)
        return 0;
    out[0] = next;
    if (op == TL_OP_JMP)
        out[0] = next + TL_SJ(i);
    else if (op == TL_OP_LFALSESKIP)
        out[0] = next + 1;
    else if (op == TL_OP_TFORPREP)
        out[0] = next + TL_BX(i);
    else if (op >= TL_OP_EQ && op <= TL_OP_TESTSET)
        return out[1] = next + 1, 2;
    else if (op == TL_OP_FORLOOP || op == TL_OP_TFORLOOP)
        return out[1] = next - TL_BX(i), 2;
    else if (op == TL_OP_FORPREP)
        return out[1] = next + TL_BX(i) + 1, 2;
    return 1;
}

static int walk_proto(struct walk *w, const struct tl_proto *p, int before);

static int at_site(struct walk *w, const struct tl_proto *p, const struct sites *sites, int pc, int state)
{
    uint32_t i = p->code[pc];
    struct tl_place place = {w->check->file, p->lines[pc]};
    int done = state & ~REACHED;
    switch (sites->kind[pc]) {
    case SITE_METHOD:
        return call_method(w, place, done, tl_proto_string(p, TL_C(i)));
    case SITE_CALL:
        return call_target(w, place, done, sites->target[pc], tl_proto_string(p, TL_C(i)));
    case SITE_CLOSURE:
        return done | walk_proto(w, &p->protos[TL_BX(i)], done);
    case SITE_NONE:
        break;
    }
    return done;
}

/* Everything that may have happened when the function ends. */
static int walk_proto(struct walk *w, const struct tl_proto *p, int before)
{
    if (p->code_count == 0)
        return before;
    size_t n = (size_t)p->code_count;
    struct sites sites = {tl_zalloc(n, sizeof(*sites.kind)), tl_zalloc(n, sizeof(*sites.target))};
    unsigned char *state = tl_zalloc(n, 1);
    find_sites(w, p, &sites);
    int at_end = before;
    state[0] = (unsigned char)(before | REACHED);
    for (bool changed = true; changed;) {
        changed = false;
        for (int pc = 0; pc < p->code_count; pc++) {
            if (!(state[pc] & REACHED))
                continue;
            int after = at_site(w, p, &sites, pc, state[pc]);
            int next[2], count = successors(p, pc, next);
            if (count == 0)
                at_end |= after;
            for (int k = 0; k < count; k++) {
                if (next[k] < 0 || next[k] >= p->code_count)
                    continue;
                unsigned char joined = (unsigned char)(state[next[k]] | after | REACHED);
                changed |= joined != state[next[k]];
                state[next[k]] = joined;
            }
        }
    }
    tl_free(sites.kind);
    tl_free(sites.target);
    tl_free(state);
    return at_end;
}

void tl_inspect_flow(const struct tl_proto *run, struct tl_flow_check *check)
{
    struct walk w = {check, tl_proto_local(run, 0, 1)};
    if (run->params == 0 || !w.ctx_name.len)
        return;
    walk_proto(&w, run, 0);
}
