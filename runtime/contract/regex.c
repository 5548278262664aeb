/* From the tree to steps, and the steps over a text. */
#include "contract/regex.h"
#include "base/alloc.h"
#include "codec/utf8.h"
#include "regex_int.h"
#include <string.h>

/* ---- building ---- */

/* The next step. */
static uint32_t emit(struct tl_regex *x, enum tl_regex_op op)
{
    if (x->count == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 16;
        x->steps = tl_realloc(x->steps, x->cap * sizeof(*x->steps));
    }
    x->steps[x->count] = (struct tl_regex_step){.op = op};
    return x->count++;
}

static bool build(struct tl_regex *x, const struct tl_regex_part *part);

static bool build_repeat(struct tl_regex *x, const struct tl_regex_part *part)
{
    for (int32_t i = 0; i < part->least; i++) {
        uint32_t before = x->count;
        if (!build(x, part->parts))
            return false;
        if (x->count == before) /* nothing, many times over */
            return true;
    }
    if (part->most == TL_REGEX_MANY) {
        uint32_t split = emit(x, TL_STEP_SPLIT);
        x->steps[split].x = split + 1;
        if (!build(x, part->parts))
            return false;
        uint32_t back = emit(x, TL_STEP_JUMP);
        x->steps[back].x = split;
        x->steps[split].y = x->count;
        return true;
    }
    for (int32_t i = part->least; i < part->most; i++) { /* each split skips its own copy only: the same texts */
        uint32_t split = emit(x, TL_STEP_SPLIT);
        if (!build(x, part->parts))
            return false;
        x->steps[split].x = split + 1;
        x->steps[split].y = x->count;
    }
    return true;
}

static bool build_choice(struct tl_regex *x, const struct tl_regex_part *part)
{
    uint32_t last_jump = UINT32_MAX;
    for (const struct tl_regex_part *p = part->parts; p; p = p->next) {
        uint32_t split = p->next ? emit(x, TL_STEP_SPLIT) : 0;
        if (!build(x, p))
            return false;
        if (!p->next)
            break;
        uint32_t jump = emit(x, TL_STEP_JUMP); /* the jumps to the end are a chain until the end is known */
        x->steps[jump].x = last_jump;
        last_jump = jump;
        x->steps[split].x = split + 1;
        x->steps[split].y = x->count;
    }
    while (last_jump != UINT32_MAX) {
        uint32_t before = x->steps[last_jump].x;
        x->steps[last_jump].x = x->count;
        last_jump = before;
    }
    return true;
}

static bool build(struct tl_regex *x, const struct tl_regex_part *part)
{
    uint32_t step;
    if (x->count >= TL_REGEX_STEPS)
        return false;
    switch (part->kind) {
    case TL_REGEX_CODE:
        step = emit(x, TL_STEP_CODE);
        x->steps[step].x = part->code;
        return true;
    case TL_REGEX_SET:
        step = emit(x, TL_STEP_SET);
        x->steps[step].set = part->set;
        return true;
    case TL_REGEX_START:
    case TL_REGEX_END:
    case TL_REGEX_WORD:
    case TL_REGEX_NO_WORD:
        emit(x, (enum tl_regex_op)(TL_STEP_START + (int)(part->kind - TL_REGEX_START)));
        return true;
    case TL_REGEX_SEQUENCE:
        for (const struct tl_regex_part *p = part->parts; p; p = p->next)
            if (!build(x, p))
                return false;
        return true;
    case TL_REGEX_CHOICE:
        return build_choice(x, part);
    case TL_REGEX_REPEAT:
        return build_repeat(x, part);
    default:
        return true;
    }
}

tl_code tl_regex_compile(tl_str pattern, struct tl_regex **out, struct tl_error *err)
{
    struct tl_regex *x = TL_NEW(struct tl_regex);
    struct tl_regex_part *tree;
    tl_arena_init(&x->arena);
    tl_code code = tl_regex_parse(pattern, &x->arena, &tree, err);
    if (code == TL_OK && !build(x, tree))
        code = tl_fail(err, TL_EINPUT, "the pattern is too large when its repeats are written out (more than %d steps)",
                       TL_REGEX_STEPS);
    if (code != TL_OK) {
        tl_regex_free(x);
        return code;
    }
    emit(x, TL_STEP_FOUND);
    *out = x;
    return TL_OK;
}

void tl_regex_free(struct tl_regex *regex)
{
    if (!regex)
        return;
    tl_arena_free(&regex->arena);
    tl_free(regex->steps);
    tl_free(regex);
}

/* ---- running: the set of steps that are live at a place ---- */

enum { SMALL = 128 };

struct running {
    const struct tl_regex *regex;
    uint32_t *now, *next, *stack; /* step numbers */
    uint32_t now_count, next_count;
    uint32_t *seen; /* by step: the place it was entered for, from 1 */
    uint32_t place;
    uint32_t before, after; /* code points around the place; 0 with at_start, at_end */
    bool at_start, at_end, found;
};

static bool is_word(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool holds(const struct running *run, enum tl_regex_op op)
{
    bool edge = (!run->at_start && is_word(run->before)) != (!run->at_end && is_word(run->after));
    switch (op) {
    case TL_STEP_START:
        return run->at_start;
    case TL_STEP_END:
        return run->at_end;
    case TL_STEP_WORD:
        return edge;
    default:
        return !edge;
    }
}

/* Everything reached from `first` without reading on. */
static uint32_t enter(struct running *run, uint32_t first)
{
    uint32_t depth = 0, entered = 0;
    if (run->seen[first] != run->place) {
        run->seen[first] = run->place;
        run->stack[depth++] = first;
    }
    while (depth) {
        uint32_t at = run->stack[--depth], to[2], count = 0;
        const struct tl_regex_step *step = &run->regex->steps[at];
        entered++;
        if (step->op <= TL_STEP_SET)
            run->now[run->now_count++] = at;
        else if (step->op == TL_STEP_FOUND)
            run->found = true;
        else if (step->op == TL_STEP_SPLIT) {
            to[count++] = step->x;
            to[count++] = step->y;
        } else if (step->op == TL_STEP_JUMP)
            to[count++] = step->x;
        else if (holds(run, step->op))
            to[count++] = at + 1;
        while (count) {
            uint32_t target = to[--count];
            if (run->seen[target] != run->place) {
                run->seen[target] = run->place;
                run->stack[depth++] = target;
            }
        }
    }
    return entered;
}

/* Steps that read `code` name the ones after them. */
static void advance(struct running *run, uint32_t code)
{
    run->next_count = 0;
    for (uint32_t i = 0; i < run->now_count; i++) {
        const struct tl_regex_step *step = &run->regex->steps[run->now[i]];
        if (step->op == TL_STEP_CODE ? step->x == code : tl_code_set_has(step->set, code))
            run->next[run->next_count++] = run->now[i] + 1;
    }
}

static bool search(struct running *run, tl_str text, uint64_t *work)
{
    bool anchored = run->regex->steps[0].op == TL_STEP_START;
    size_t ahead = 0;
    run->at_start = true;
    for (;;) {
        uint64_t cost = 1;
        run->place++;
        run->at_end = !tl_utf8_next(text, &ahead, &run->after);
        run->now_count = 0;
        for (uint32_t i = 0; i < run->next_count; i++)
            cost += enter(run, run->next[i]);
        if (run->at_start || !anchored)
            cost += enter(run, 0);
        if (run->found || run->at_end || (anchored && !run->now_count))
            return run->found;
        if (*work <= cost) {
            *work = 0;
            return false;
        }
        *work -= cost;
        advance(run, run->after);
        run->before = run->after;
        run->at_start = false;
    }
}

bool tl_regex_search(const struct tl_regex *regex, tl_str text, uint64_t *work)
{
    uint32_t small[SMALL * 4];
    size_t count = regex->count;
    uint32_t *room = count <= SMALL ? small : tl_alloc(count * 4 * sizeof(*room));
    struct running run = {
        .regex = regex, .now = room, .next = room + count, .stack = room + 2 * count, .seen = room + 3 * count};
    memset(run.seen, 0, count * sizeof(*run.seen));
    bool found = search(&run, text, work);
    if (room != small)
        tl_free(room);
    return found;
}
