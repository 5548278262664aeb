/* Where an event stands in the journal: the commit it was accepted in and its place there. Positions order events as
 * they were accepted; the text form of a position is the event's id. Thread: any. */
#pragma once
#include "base/attr.h"
#include "base/str.h"

/* commit number (44 bits) << 20 | index in the commit (20 bits); commits count from 1, so 0 means "none" */
typedef uint64_t tl_position;

#define TL_POSITION_NONE ((tl_position)0)
#define TL_POSITION_INDEX_BITS 20
#define TL_POSITION_TEXT 14 /* characters of the text form with its NUL */

static inline tl_position tl_position_make(uint64_t commit, uint32_t index)
{
    return commit << TL_POSITION_INDEX_BITS | index;
}

static inline uint64_t tl_position_commit(tl_position position)
{
    return position >> TL_POSITION_INDEX_BITS;
}

static inline uint32_t tl_position_index(tl_position position)
{
    return (uint32_t)(position & ((1u << TL_POSITION_INDEX_BITS) - 1));
}

/* 13 lower-case characters of Crockford's base 32 and a NUL. The text sorts like the position and is safe in URLs. */
void tl_position_print(tl_position position, char out[TL_POSITION_TEXT]);
/* Strict: exactly what tl_position_print writes. False otherwise. */
bool tl_position_parse(tl_str text, tl_position *out);
