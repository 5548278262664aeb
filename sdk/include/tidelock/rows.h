/* The rows of a batch, kept, and their outcomes.
 *
 *     struct batch { tlc_rows rows; … };                       // c->state
 *
 *     do {
 *         TL_ROWS();
 *         tlc_rows_take(c->host, c->scope, &s->rows, in->rows);
 *     } while (!in->last);
 *     TL_HTTP(send(c, s));
 *     for (i = 0; …)
 *         *tlc_rows_outcome(&s->rows, row) = …                  // state, class, id …
 *     TL_OUTCOMES(s->rows.outcomes, s->rows.outcome_count);
 *
 * A row that is told nothing of has the outcome of the call, so a refusal or a lost answer needs no outcomes at all. */
#ifndef TIDELOCK_ROWS_H
#define TIDELOCK_ROWS_H

#include <tidelock/connector.h>
#include <tidelock/text.h>

typedef struct tlc_rows {
    tlc_slice *lines; /* each the args of one row */
    uint32_t count, cap;
    tlc_row_outcome *outcomes;
    uint32_t outcome_count, outcome_cap;
} tlc_rows;

/* Adds the lines of one ROWS input. */
static inline void tlc_rows_take(const tlc_host *host, tlc_scope *scope, tlc_rows *rows, tlc_slice text)
{
    tlc_slice kept = tlc_keep(host, scope, text);
    const char *at = kept.ptr, *end = kept.ptr + kept.len, *line_end;
    while (at < end) {
        line_end = (const char *)memchr(at, '\n', (size_t)(end - at));
        if (!line_end)
            line_end = end;
        if (rows->count == rows->cap) {
            uint32_t cap = rows->cap ? 2 * rows->cap : 64;
            tlc_slice *lines = (tlc_slice *)host->alloc(scope, cap * sizeof *lines);
            if (rows->count)
                memcpy(lines, rows->lines, rows->count * sizeof *lines);
            rows->lines = lines;
            rows->cap = cap;
        }
        rows->lines[rows->count].ptr = at;
        rows->lines[rows->count].len = (uint64_t)(line_end - at);
        rows->count++;
        at = line_end + 1;
    }
}

/* A new list of outcomes, with room for one of each row; the one before must have been given. */
static inline void tlc_rows_begin(const tlc_host *host, tlc_scope *scope, tlc_rows *rows)
{
    rows->outcome_cap = rows->count;
    rows->outcome_count = 0;
    rows->outcomes = (tlc_row_outcome *)host->alloc(scope, (rows->count + 1) * sizeof *rows->outcomes);
}

/* The next of them, of row number `row`: done until something else is written into it. */
static inline tlc_row_outcome *tlc_rows_outcome(tlc_rows *rows, uint64_t row)
{
    tlc_row_outcome *outcome = &rows->outcomes[rows->outcome_count < rows->outcome_cap ? rows->outcome_count++ : 0];
    outcome->size = (uint32_t)sizeof *outcome;
    outcome->row = row;
    return outcome;
}

#endif
