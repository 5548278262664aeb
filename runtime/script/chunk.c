/* Reader of Lua 5.4 dumps:
 *   header   1b 4c 75 61, 54, 00, 19 93 0d 0a 1a 0a, sizes 04 08 08, integer 0x5678, number 370.5; then one
 * byte: upvalues function source string, linedefined, lastlinedefined, params u8, vararg u8, stack u8, code,
 * constants, upvalues, functions, line info (bytes; absolute lines), locals, upvalue names varint   7 bits a
 * byte, most significant first, the last byte has bit 7 set; string: varint length + 1 (0: none) Invariant:
 * every read is checked against the end. Thread: any. */
#include "chunk.h"
#include "base/attr.h"
#include <string.h>

#define NESTING_MAX 200
#define ABS_LINE_INFO (-0x80)

struct reader {
    const unsigned char *at, *end;
    struct tl_arena *arena;
    bool bad;
};

static int read_byte(struct reader *r)
{
    if (r->at >= r->end) {
        r->bad = true;
        return 0;
    }
    return *r->at++;
}

static size_t read_varint(struct reader *r)
{
    size_t value = 0;
    for (int i = 0; i < 10; i++) {
        int b = read_byte(r);
        value = (value << 7) | (size_t)(b & 0x7f);
        if ((b & 0x80) || r->bad)
            return value;
    }
    r->bad = true;
    return 0;
}

/* A count of things that take at least `each` bytes: never more than what is left. */
static int read_count(struct reader *r, size_t each)
{
    size_t n = read_varint(r);
    if (r->bad || n > (size_t)(r->end - r->at) / each) {
        r->bad = true;
        return 0;
    }
    return (int)n;
}

static int read_int(struct reader *r)
{
    size_t n = read_varint(r);
    if (n > 0x7fffffff)
        r->bad = true;
    return r->bad ? 0 : (int)n;
}

static tl_str read_string(struct reader *r)
{
    size_t len = read_varint(r);
    if (r->bad || len == 0)
        return TL_STR_NONE;
    len--;
    if (len > (size_t)(r->end - r->at)) {
        r->bad = true;
        return TL_STR_NONE;
    }
    tl_str s = tl_str_n(r->at, len);
    r->at += len;
    return s;
}

static void read_bytes(struct reader *r, void *out, size_t len)
{
    if (r->bad || len > (size_t)(r->end - r->at)) {
        r->bad = true;
        return;
    }
    memcpy(out, r->at, len);
    r->at += len;
}

static void *array(struct reader *r, int count, size_t size)
{
    return tl_arena_alloc(r->arena, (size_t)(count ? count : 1) * size);
}

static void read_constants(struct reader *r, struct tl_proto *p)
{
    p->constant_count = read_count(r, 1);
    p->constants = array(r, p->constant_count, sizeof(*p->constants));
    for (int i = 0; i < p->constant_count && !r->bad; i++) {
        struct tl_const *c = &p->constants[i];
        int type = read_byte(r);
        if (type == 0x04 || type == 0x14) {
            c->kind = TL_CONST_STRING;
            c->text = read_string(r);
        } else if (type == 0x03) {
            c->kind = TL_CONST_INTEGER;
            read_bytes(r, &c->integer, 8);
        } else if (type == 0x13) {
            c->kind = TL_CONST_FLOAT;
            read_bytes(r, &c->number, 8);
        } else if (type != 0x00 && type != 0x01 && type != 0x11) {
            r->bad = true;
        }
    }
}

static void read_upvalues(struct reader *r, struct tl_proto *p)
{
    p->upvalue_count = read_count(r, 3);
    p->upvalues = array(r, p->upvalue_count, sizeof(*p->upvalues));
    for (int i = 0; i < p->upvalue_count; i++) {
        p->upvalues[i].in_stack = read_byte(r) != 0;
        p->upvalues[i].index = (uint8_t)read_byte(r);
        read_byte(r);
    }
}

/* One signed byte an instruction, relative to the line before; some instructions have their line in a second
 * list. */
static void read_lines(struct reader *r, struct tl_proto *p)
{
    int count = read_count(r, 1);
    const unsigned char *deltas = r->at;
    if (!r->bad)
        r->at += count;
    int absolutes = read_count(r, 2);
    p->lines = array(r, p->code_count, sizeof(int));
    int *absolute = array(r, p->code_count, sizeof(int));
    for (int i = 0; i < absolutes && !r->bad; i++) {
        int pc = read_int(r), line = read_int(r);
        if (pc < p->code_count)
            absolute[pc] = line;
    }
    if (r->bad)
        return;
    int line = p->line;
    for (int pc = 0; pc < p->code_count; pc++) {
        int delta = pc < count ? (int)(signed char)deltas[pc] : 0;
        line = delta == ABS_LINE_INFO ? absolute[pc] : line + delta;
        p->lines[pc] = line;
    }
}

static void read_names(struct reader *r, struct tl_proto *p)
{
    p->local_count = read_count(r, 3);
    p->locals = array(r, p->local_count, sizeof(*p->locals));
    for (int i = 0; i < p->local_count && !r->bad; i++) {
        p->locals[i].name = read_string(r);
        p->locals[i].start_pc = read_int(r);
        p->locals[i].end_pc = read_int(r);
    }
    int names = read_count(r, 1);
    for (int i = 0; i < names && !r->bad; i++) {
        tl_str name = read_string(r);
        if (i < p->upvalue_count)
            p->upvalues[i].name = name;
    }
}

static void read_function(struct reader *r, struct tl_proto *p, int nesting)
{
    if (nesting > NESTING_MAX)
        r->bad = true;
    read_string(r);
    p->line = read_int(r);
    p->last_line = read_int(r);
    p->params = (uint8_t)read_byte(r);
    read_byte(r);
    read_byte(r);
    p->code_count = read_count(r, 4);
    p->code = array(r, p->code_count, 4);
    read_bytes(r, p->code, (size_t)p->code_count * 4);
    read_constants(r, p);
    read_upvalues(r, p);
    p->proto_count = read_count(r, 8);
    p->protos = array(r, p->proto_count, sizeof(*p->protos));
    for (int i = 0; i < p->proto_count && !r->bad; i++) {
        p->protos[i].parent = p;
        read_function(r, &p->protos[i], nesting + 1);
    }
    if (r->bad)
        return;
    read_lines(r, p);
    read_names(r, p);
}

tl_code tl_chunk_read(tl_str dump, struct tl_arena *arena, struct tl_proto **main, struct tl_error *err)
{
    static const unsigned char head[] = {0x1b, 'L', 'u', 'a', 0x54, 0, 0x19, 0x93, '\r', '\n', 0x1a, '\n', 4, 8, 8};
    if (dump.len < sizeof head + 17 || memcmp(dump.ptr, head, sizeof head) != 0)
        return tl_fail(err, TL_ECORRUPT, "not a chunk of Lua 5.4 with 64-bit integers");
    struct reader r = {(const unsigned char *)dump.ptr + sizeof head + 17, (const unsigned char *)dump.ptr + dump.len,
                       arena, false};
    *main = TL_ARENA_NEW(arena, struct tl_proto);
    read_function(&r, *main, 0);
    if (r.bad)
        return tl_fail(err, TL_ECORRUPT, "the chunk ends too early or is damaged");
    return TL_OK;
}

tl_str tl_proto_string(const struct tl_proto *proto, int index)
{
    if (index < 0 || index >= proto->constant_count || proto->constants[index].kind != TL_CONST_STRING)
        return TL_STR_NONE;
    return proto->constants[index].text;
}

tl_str tl_proto_upvalue(const struct tl_proto *proto, int index)
{
    return index >= 0 && index < proto->upvalue_count ? proto->upvalues[index].name : TL_STR_NONE;
}

tl_str tl_proto_local(const struct tl_proto *proto, int reg, int pc)
{
    for (int i = 0; i < proto->local_count; i++) {
        const struct tl_local *local = &proto->locals[i];
        if (local->start_pc > pc)
            break;
        if (pc < local->end_pc && reg-- == 0)
            return local->name;
    }
    return TL_STR_NONE;
}
