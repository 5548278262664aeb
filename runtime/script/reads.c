/* Values that a contract describes, followed through registers in the order of the text. A register is forgotten where
 * ways meet, unless it is a local that is set once; an upvalue is known when it is such a local. So a warning is never
 * about a value that may have come from elsewhere. Thread: any. */
#include "reads.h"
#include <string.h>

#define ALTERNATIVES_MAX 16

struct follow {
    struct tl_read_check *check;
    const struct tl_proto *p;
    const struct follow *outer;
    int made_at; /* instruction of the outer function that makes this one */
    const struct tl_known *registers[256];
    const struct tl_known *element; /* of the loop whose body begins at the next instruction … */
    int element_register;           /* … in this register; 0: none */
    bool *joins;                    /* of each instruction: may be jumped to */
};

/* ---- locals that are set once ---- */

enum {
    OP_LOADF = 2,
    OP_LOADK = 3,
    OP_LOADNIL = 8,
    OP_GETTABLE = 12,
    OP_GETI = 13,
    OP_ADDK = 22,
    OP_IDIVK = 28,
    OP_ADD = 34,
    OP_IDIV = 40,
    OP_MMBIN = 46,
    OP_MMBINK = 48,
    OP_JMP = 56,
    OP_FORLOOP = 73,
    OP_FORPREP = 74,
    OP_TFORPREP = 75,
    OP_TFORCALL = 76,
    OP_TFORLOOP = 77,
    OP_VARARG = 80
};

/* The registers from *first to the last one that the instruction writes; false: none. */
static bool writes(uint32_t i, int *first, int *last)
{
    int op = TL_OP(i), a = TL_A(i);
    *first = *last = a;
    if (op == OP_LOADNIL)
        *last = a + TL_B(i);
    else if (op == TL_OP_SELF)
        *last = a + 1;
    else if (op == TL_OP_CALL || op == OP_VARARG)
        *last = 255;
    else if (op == OP_TFORCALL)
        *first = a + 4, *last = 255;
    else if (op == OP_FORLOOP || op == OP_FORPREP || op == OP_TFORLOOP)
        *last = a + 3;
    else
        return !(op == TL_OP_SETUPVAL || (op >= TL_OP_SETTABUP && op <= TL_OP_SETFIELD) ||
                 (op >= OP_MMBIN && op <= OP_MMBINK) || (op >= TL_OP_CLOSE && op <= TL_OP_TEST) ||
                 (op >= TL_OP_TAILCALL && op <= TL_OP_RETURN1) || op == OP_TFORPREP || op == TL_OP_SETLIST ||
                 op > OP_VARARG);
    return true;
}

static const struct tl_local *local_at(const struct tl_proto *p, int reg, int pc)
{
    for (int i = 0; i < p->local_count && p->locals[i].start_pc <= pc; i++)
        if (pc < p->locals[i].end_pc && reg-- == 0)
            return &p->locals[i];
    return NULL;
}

/* Does a function inside assign to the local in this register? */
static bool set_inside(const struct tl_proto *p, bool in_stack, int index)
{
    for (int i = 0; i < p->proto_count; i++)
        for (int u = 0; u < p->protos[i].upvalue_count; u++) {
            const struct tl_proto *inner = &p->protos[i];
            if (inner->upvalues[u].in_stack != in_stack || inner->upvalues[u].index != index)
                continue;
            for (int pc = 0; pc < inner->code_count; pc++)
                if (TL_OP(inner->code[pc]) == TL_OP_SETUPVAL && TL_B(inner->code[pc]) == u)
                    return true;
            if (set_inside(inner, false, u))
                return true;
        }
    return false;
}

/* Is it never written while it lives? */
static bool set_once(const struct tl_proto *p, const struct tl_local *local, int reg)
{
    int first, last;
    for (int pc = local->start_pc; pc < local->end_pc && pc < p->code_count; pc++)
        if (writes(p->code[pc], &first, &last) && first <= reg && reg <= last)
            return false;
    return !set_inside(p, true, reg);
}

/* ---- where ways meet ---- */

static void mark(struct follow *f, int pc)
{
    if (pc >= 0 && pc < f->p->code_count)
        f->joins[pc] = true;
}

static void find_joins(struct follow *f)
{
    f->joins = tl_arena_alloc(f->check->arena, (size_t)f->p->code_count + 1);
    for (int pc = 0; pc < f->p->code_count; pc++) {
        uint32_t i = f->p->code[pc];
        int op = TL_OP(i), bx = TL_BX(i);
        if (op == OP_JMP)
            mark(f, pc + 1 + (int)(i >> 7) - 0xffffff);
        else if (op == OP_FORLOOP || op == OP_TFORLOOP)
            mark(f, pc + 1 - bx);
        else if (op == OP_FORPREP)
            mark(f, pc + 2 + bx);
        else if (op == OP_TFORPREP)
            mark(f, pc + 1 + bx);
    }
}

static void join(struct follow *f, int pc)
{
    for (int reg = 0; reg < 256; reg++) {
        const struct tl_local *local = f->registers[reg] ? local_at(f->p, reg, pc) : NULL;
        if (f->registers[reg] && (!local || local->start_pc >= pc || !set_once(f->p, local, reg)))
            f->registers[reg] = NULL;
    }
    if (f->element_register)
        f->registers[f->element_register] = f->element;
    f->element_register = 0;
}

static const struct tl_known *read_register(const struct follow *f, int reg, int pc)
{
    const struct tl_known *value = f->registers[reg];
    return value && local_at(f->p, reg, pc) && set_inside(f->p, true, reg) ? NULL : value;
}

static const struct tl_known *read_upvalue(const struct follow *f, int index)
{
    for (; f->outer && index < f->p->upvalue_count; f = f->outer) {
        const struct tl_upvalue *up = &f->p->upvalues[index];
        if (!up->in_stack) {
            index = up->index;
            continue;
        }
        const struct tl_local *local = local_at(f->outer->p, up->index, f->made_at);
        bool sure = local && set_once(f->outer->p, local, up->index);
        return sure ? f->outer->registers[up->index] : NULL;
    }
    return NULL;
}

/* ---- instructions ---- */

static void follow_function(struct follow *f);

/* ctx:await{ "type@1", … } fetched into register A: what the call gives. NULL unless its list is written out. */
static const struct tl_known *awaited(struct follow *f, int call)
{
    const struct tl_proto *p = f->p;
    struct tl_shape shapes[ALTERNATIVES_MAX];
    size_t count = 0;
    int table = TL_A(p->code[call]) + 2, from = call;
    while (from > 0 && !(TL_OP(p->code[from]) == TL_OP_NEWTABLE && TL_A(p->code[from]) == table))
        from--;
    for (int pc = from; pc < call; pc++) {
        uint32_t i = p->code[pc];
        if (TL_OP(i) == TL_OP_SETLIST && TL_A(i) == table)
            return count && TL_B(i) == (int)count ? tl_known(f->check, TL_KNOWN_EVENT, shapes, count) : NULL;
        if (TL_OP(i) != OP_LOADK || TL_A(i) != table + 1 + (int)count)
            continue;
        if (count == ALTERNATIVES_MAX || !f->check->event(f->check->ctx, tl_proto_string(p, TL_BX(i)), &shapes[count]))
            return NULL;
        count++;
    }
    return NULL;
}

static const struct tl_known *result_of(struct follow *f, int pc)
{
    int a = TL_A(f->p->code[pc]);
    const struct tl_known *function = f->registers[a];
    if (function && function->kind == TL_KNOWN_IPAIRS && a < 255) {
        const struct tl_known *element = tl_known_element(f->check, f->registers[a + 1]);
        return element ? tl_known(f->check, TL_KNOWN_LIST, element->shapes, element->count) : NULL;
    }
    return function && function->kind == TL_KNOWN_METHOD && tl_str_is(function->method, "await") ? awaited(f, pc)
                                                                                                 : NULL;
}

/* What the work of ctx:each is given: an element of its list. */
static const struct tl_known *param_of(struct follow *f, int reg)
{
    const struct tl_known *method = reg >= 4 ? f->registers[reg - 4] : NULL;
    bool each = method && method->kind == TL_KNOWN_METHOD && tl_str_is(method->method, "each");
    return each ? tl_known_element(f->check, f->registers[reg - 2]) : NULL;
}

static void make_function(struct follow *f, int pc)
{
    uint32_t i = f->p->code[pc];
    if (TL_BX(i) >= f->p->proto_count)
        return;
    struct follow *inner = TL_ARENA_NEW(f->check->arena, struct follow);
    inner->check = f->check;
    inner->p = &f->p->protos[TL_BX(i)];
    inner->outer = f;
    inner->made_at = pc;
    if (inner->p->params > 0)
        inner->registers[0] = param_of(f, TL_A(i));
    follow_function(inner);
}

static const struct tl_known *method(struct tl_read_check *check, tl_str name)
{
    struct tl_known *value = TL_ARENA_NEW(check->arena, struct tl_known);
    value->kind = TL_KNOWN_METHOD;
    value->method = name;
    return value;
}

static const struct tl_known *float_of(struct follow *f, double number)
{
    struct tl_known *value = TL_ARENA_NEW(f->check->arena, struct tl_known);
    value->kind = TL_KNOWN_FLOAT;
    value->number = number;
    return value;
}

static const struct tl_known *constant(struct follow *f, int index)
{
    bool is = index < f->p->constant_count && f->p->constants[index].kind == TL_CONST_FLOAT;
    return is ? float_of(f, f->p->constants[index].number) : NULL;
}

/* ---- numbers ---- */

/* Arithmetic with a register and a constant, or with two registers. */
static void check_arithmetic(struct follow *f, int pc)
{
    static const char *const signs[] = {"+", "-", "*", "%", "^", "/", "//"};
    uint32_t i = f->p->code[pc];
    int op = TL_OP(i), line = f->p->lines[pc];
    const struct tl_known *left = read_register(f, TL_B(i), pc);
    if (op >= OP_ADDK && op <= OP_IDIVK)
        tl_known_computed(f->check, signs[op - OP_ADDK], left, constant(f, TL_C(i)), line);
    else if (op >= OP_ADD && op <= OP_IDIV)
        tl_known_computed(f->check, signs[op - OP_ADD], left, read_register(f, TL_C(i), pc), line);
}

/* The name of what is compared: of a local, or of one outside that was just fetched. Members are looked at by their
 * text (collect_words.c). */
static tl_str compared_name(const struct follow *f, int reg, int pc)
{
    const struct tl_local *local = local_at(f->p, reg, pc);
    uint32_t before = pc > 0 ? f->p->code[pc - 1] : 0;
    if (local)
        return local->name;
    bool fetched = pc > 0 && TL_OP(before) == TL_OP_GETUPVAL && TL_A(before) == reg;
    return fetched ? tl_proto_upvalue(f->p, TL_B(before)) : TL_STR_NONE;
}

static void check_comparison(struct follow *f, int pc)
{
    uint32_t i = f->p->code[pc];
    const struct tl_const *k = TL_B(i) < f->p->constant_count ? &f->p->constants[TL_B(i)] : NULL;
    long number = TL_B(i) - 127;
    if (TL_OP(i) == TL_OP_EQK && k && k->kind == TL_CONST_INTEGER)
        number = (long)k->integer;
    else if (TL_OP(i) != TL_OP_EQI || TL_C(i))
        return;
    tl_known_compared(f->check, read_register(f, TL_A(i), pc), compared_name(f, TL_A(i), pc), number, f->p->lines[pc]);
}

/* The value that the instruction puts into its register. */
static const struct tl_known *given(struct follow *f, int pc)
{
    uint32_t i = f->p->code[pc];
    switch (TL_OP(i)) {
    case TL_OP_MOVE:
        return read_register(f, TL_B(i), pc);
    case TL_OP_GETUPVAL:
        return read_upvalue(f, TL_B(i));
    case TL_OP_GETFIELD:
        return tl_known_member(f->check, read_register(f, TL_B(i), pc), tl_proto_string(f->p, TL_C(i)),
                               f->p->lines[pc]);
    case TL_OP_GETTABUP:
        if (tl_str_is(tl_proto_upvalue(f->p, TL_B(i)), "_ENV"))
            return tl_str_is(tl_proto_string(f->p, TL_C(i)), "ipairs") ? tl_known(f->check, TL_KNOWN_IPAIRS, NULL, 0)
                                                                       : NULL;
        return tl_known_member(f->check, read_upvalue(f, TL_B(i)), tl_proto_string(f->p, TL_C(i)), f->p->lines[pc]);
    case OP_GETI:
    case OP_GETTABLE:
        return tl_known_element(f->check, read_register(f, TL_B(i), pc));
    case TL_OP_SELF:
        return TL_K(i) ? method(f->check, tl_proto_string(f->p, TL_C(i))) : NULL;
    case TL_OP_CALL:
        return result_of(f, pc);
    case OP_LOADF:
        return float_of(f, TL_BX(i) - 0xffff);
    case OP_LOADK:
        return constant(f, TL_BX(i));
    default:
        return NULL;
    }
}

static void follow_function(struct follow *f)
{
    find_joins(f);
    for (int pc = 0; pc < f->p->code_count; pc++) {
        uint32_t i = f->p->code[pc];
        int first, last, a = TL_A(i);
        if (f->joins[pc])
            join(f, pc);
        if (TL_OP(i) == TL_OP_CLOSURE)
            make_function(f, pc);
        if (TL_OP(i) == OP_TFORPREP && a < 250 && f->registers[a] && f->registers[a]->kind == TL_KNOWN_LIST) {
            f->element = tl_known(f->check, TL_KNOWN_VALUE, f->registers[a]->shapes, f->registers[a]->count);
            f->element_register = a + 5;
        }
        check_arithmetic(f, pc);
        check_comparison(f, pc);
        const struct tl_known *value = given(f, pc);
        if (!writes(i, &first, &last))
            continue;
        for (int reg = first; reg <= last && reg < 256; reg++)
            f->registers[reg] = NULL;
        f->registers[first] = value;
    }
}

void tl_inspect_reads(const struct tl_proto *function, struct tl_read_check *check)
{
    struct follow *f = TL_ARENA_NEW(check->arena, struct follow);
    f->check = check;
    f->p = function;
    for (int i = 0; i < 2 && i < function->params; i++)
        f->registers[i] = check->params[i];
    follow_function(f);
}
