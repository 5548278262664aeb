/* ship: a customer shipment is assigned, picked, packed and done, from wherever it is; a repeat goes on where the last
 * one ended. With lines, only those quantities leave, and Tryton makes a shipment of its own of the rest. */
#include "tryton.h"

#define FIELDS                                                                                                         \
    "[\"number\",\"state\",\"effective_date\",\"customer.code\",\"origins\",\"outgoing_moves.product.code\","          \
    "\"outgoing_moves.quantity\",\"inventory_moves.product.code\",\"inventory_moves.quantity\"]"

/* The button that leads out of a state. */
static const struct {
    const char *state, *button;
} ways[] = {
    {"draft", "wait"}, {"waiting", "assign_try"}, {"assigned", "pick"}, {"picked", "pack"}, {"packed", "done"},
};

struct ship {
    tlc_slice id, state, before, record;
    tlc_slice lines;    /* [{"product": code, "quantity": n}]; absent: everything */
    tlc_slice moves;    /* of the record */
    tlc_slice quantity; /* of the move that is to change */
    uint64_t at;
};

static const char *button(const struct ship *s)
{
    uint32_t i;

    for (i = 0; i < TLC_COUNT(ways); i++)
        if (tlc_is(s->state, ways[i].state))
            return ways[i].button;
    return 0;
}

static tlc_slice what(tlc_call *c, const struct ship *s)
{
    return TLC_JOIN(c, TLC_TEXT("shipment with the id "), s->id);
}

/* ---- quantities ---- */

/* What shall leave of the product; "0" when it is not among the lines. */
static tlc_slice wanted(tlc_call *c, const struct ship *s, tlc_slice product)
{
    tlc_slice name, line, found = TLC_TEXT("0");
    uint64_t at = 0;

    while (c->host->json_next(c->scope, s->lines, &at, &name, &line) == 1)
        if (tlc_same(tlc_json_text(c->host, c->scope, line, "/product"), product))
            found = tlc_json_text(c->host, c->scope, line, "/quantity");
    return found;
}

/* A product that stands in more than one of them; absent when none does. Which of two lines a quantity is meant for, a
 * product's code does not say. */
tlc_slice tr_twice(tlc_call *c, tlc_slice list, const char *code)
{
    tlc_slice name, one, other, product, none = {0, 0};
    uint64_t at = 0, behind;

    while (list.len && c->host->json_next(c->scope, list, &at, &name, &one) == 1) {
        product = tlc_json_text(c->host, c->scope, one, code);
        for (behind = at; product.len && c->host->json_next(c->scope, list, &behind, &name, &other) == 1;)
            if (tlc_same(tlc_json_text(c->host, c->scope, other, code), product))
                return product;
    }
    return none;
}

/* The quantity is a double in Tryton; 3 and 3.0 are the same. */
static int same_number(tlc_slice a, tlc_slice b)
{
    tlc_slice *const both[2] = {&a, &b};
    int i;

    for (i = 0; i < 2; i++) {
        tlc_slice *t = both[i];
        if (t->len && memchr(t->ptr, '.', (size_t)t->len)) {
            while (t->len && t->ptr[t->len - 1] == '0')
                t->len--;
            if (t->len && t->ptr[t->len - 1] == '.')
                t->len--;
        }
    }
    return tlc_same(a, b);
}

/* The next move whose quantity is another than it shall be; its id. */
static tlc_slice next_move(tlc_call *c, struct ship *s)
{
    tlc_slice name, move, none = {0, 0};

    while (s->moves.len && c->host->json_next(c->scope, s->moves, &s->at, &name, &move) == 1) {
        s->quantity = wanted(c, s, tlc_json_text(c->host, c->scope, move, "/product/code"));
        if (!same_number(s->quantity, tlc_json_text(c->host, c->scope, move, "/quantity")))
            return tlc_json_text(c->host, c->scope, move, "/id");
    }
    return none;
}

/* ---- the way ---- */

static void take(tlc_call *c, struct ship *s)
{
    s->record = tlc_text_n(0, 0);
    if (!tr_found(c, &s->record))
        return;
    s->state = tlc_json_text(c->host, c->scope, s->record, "/state");
    s->moves = tlc_json_raw(c->host, c->scope, s->record, "/inventory_moves");
    tr_take(c, s->record);
}

static tlc_slice stays(tlc_call *c, const struct ship *s)
{
    if (tlc_is(s->state, "waiting"))
        return TLC_JOIN(c, what(c, s), TLC_TEXT(" waits for stock: Tryton could not assign all of it"));
    return TLC_JOIN(c, what(c, s), TLC_TEXT(" stays "), s->state,
                    TLC_TEXT(": Tryton has no way from there to done. Look at it in Tryton"));
}

static struct ship *prepare(tlc_call *c)
{
    struct ship *s = tr_state(c)->own = c->host->alloc(c->scope, sizeof *s);

    s->id = tr_id(c, "/shipment");
    s->lines = tlc_json_raw(c->host, c->scope, c->request->args, "/lines");
    return s;
}

void tr_ship(tlc_call *c, const tlc_input *in, tlc_action *out)
{
    struct ship *s = tr_state(c)->own;
    tlc_slice move;

    TL_BEGIN(&c->async, in, out);
    s = prepare(c);
    for (;;) {
        tr_search(c, "stock.shipment.out", tr_domain(c, "id", s->id), TLC_TEXT(FIELDS));
        TL_DO(tr_rpc_run(c, in, out));
        take(c, s);
        if (!s->record.len)
            TL_FAIL(TLC_MISSING, TLC_JOIN(c, TLC_TEXT("there is no "), what(c, s)));
        if (tlc_is(s->state, "done"))
            break;
        if (!button(s) || tlc_same(s->state, s->before))
            TL_FAIL(TLC_CONFLICT, stays(c, s));
        if (s->lines.len && tlc_is(s->state, "waiting") && tr_twice(c, s->moves, "/product/code").len)
            TL_FAIL(TLC_DATA, TLC_JOIN(c, what(c, s), TLC_TEXT(" has "), tr_twice(c, s->moves, "/product/code"),
                                       TLC_TEXT(" in more than one line: ship a part of it in Tryton")));
        while (s->lines.len && tlc_is(s->state, "waiting") && (move = next_move(c, s)).len) {
            TL_CALL(TLC_TEXT("model.stock.move.write"),
                    TLC_JOIN(c, TLC_TEXT("["), move, TLC_TEXT("],{\"quantity\":"), s->quantity, TLC_TEXT("}")));
        }
        s->before = s->state;
        TL_CALL(TLC_JOIN(c, TLC_TEXT("model.stock.shipment.out."), tlc_z(button(s))),
                TLC_JOIN(c, TLC_TEXT("["), s->id, TLC_TEXT("]")));
    }
    c->done.created = TLC_CREATED_NO;
    TL_DONE(&c->done);
    TL_END;
}
