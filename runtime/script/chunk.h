/* A compiled chunk as data: the dump format of Lua 5.4 (version byte 0x54, format 0), read with bounds, so
 * that the loader can see which globals, upvalues and calls a function uses. Thread: any. */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include <stdint.h>

enum tl_const_kind { TL_CONST_OTHER, TL_CONST_STRING, TL_CONST_INTEGER, TL_CONST_FLOAT };
struct tl_const {
    enum tl_const_kind kind;
    tl_str text; /* string */
    int64_t integer;
    double number;
};

struct tl_upvalue {
    tl_str name;
    bool in_stack; /* a local of the enclosing function; else one of its upvalues */
    uint8_t index;
};

struct tl_local {
    tl_str name;
    int start_pc, end_pc;
};

struct tl_proto {
    int line, last_line;
    uint8_t params;
    uint32_t *code; /* all arrays live in the arena */
    int code_count;
    struct tl_const *constants;
    int constant_count;
    struct tl_upvalue *upvalues;
    int upvalue_count;
    struct tl_proto *protos;
    int proto_count;
    int *lines; /* of each instruction */
    struct tl_local *locals;
    int local_count;
    struct tl_proto *parent; /* NULL for the main function */
};

/* TL_ECORRUPT when the bytes are not such a dump. Nesting at most 200. */
TL_MUST_CHECK tl_code tl_chunk_read(tl_str dump, struct tl_arena *arena, struct tl_proto **main, struct tl_error *err);

/* Instruction fields. */
#define TL_OP(i) ((int)((i)&0x7f))
#define TL_A(i) ((int)(((i) >> 7) & 0xff))
#define TL_K(i) ((int)(((i) >> 15) & 1))
#define TL_B(i) ((int)(((i) >> 16) & 0xff))
#define TL_C(i) ((int)(((i) >> 24) & 0xff))
#define TL_BX(i) ((int)(((i) >> 15) & 0x1ffff))

/* The opcodes that the checks look at. */
enum {
    TL_OP_MOVE = 0,
    TL_OP_GETUPVAL = 9,
    TL_OP_SETUPVAL = 10,
    TL_OP_GETTABUP = 11,
    TL_OP_GETFIELD = 14,
    TL_OP_SETTABUP = 15,
    TL_OP_SETFIELD = 18,
    TL_OP_NEWTABLE = 19,
    TL_OP_SELF = 20,
    TL_OP_CLOSE = 54,
    TL_OP_EQK = 60,
    TL_OP_EQI = 61,
    TL_OP_TEST = 66,
    TL_OP_CALL = 68,
    TL_OP_TAILCALL = 69,
    TL_OP_RETURN = 70,
    TL_OP_RETURN1 = 72,
    TL_OP_SETLIST = 78,
    TL_OP_CLOSURE = 79,
    TL_OP_VARARGPREP = 81,
    TL_OP_COUNT = 83
};

/* String constant `index`, or the empty slice. */
tl_str tl_proto_string(const struct tl_proto *proto, int index);
tl_str tl_proto_upvalue(const struct tl_proto *proto, int index);
/* Name of the local in register `reg` at instruction `pc`, or empty. */
tl_str tl_proto_local(const struct tl_proto *proto, int reg, int pc);
