/* W3C trace context: see base/trace.h. The grammar of tracestate is the one of level 2 (a key may hold
 * several "@"). */
#include "base/trace.h"

#include "base/random.h"

#include <stdio.h>
#include <string.h>

#define MEMBERS_MAX 32
#define KEY_MAX 256
#define VALUE_MAX 256

/* ---- traceparent ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f') /* upper case is invalid by the specification */
        return c - 'a' + 10;
    return -1;
}

static bool read_hex(tl_str text, uint8_t *out)
{
    for (size_t i = 0; i < text.len / 2; i++) {
        int high = hex_digit(text.ptr[2 * i]), low = hex_digit(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

tl_code tl_trace_parse(tl_str traceparent, struct tl_trace *out, struct tl_error *err)
{
    tl_str text = tl_str_trim(traceparent);
    struct tl_trace trace = {0};
    uint8_t version;

    memset(out, 0, sizeof(*out));
    if (text.len < 55 || text.ptr[2] != '-' || text.ptr[35] != '-' || text.ptr[52] != '-')
        return tl_fail(err, TL_EINPUT, "traceparent is not of the form 00-<32 hex>-<16 hex>-<2 hex>");
    if (!read_hex(tl_str_n(text.ptr, 2), &version) || !read_hex(tl_str_n(text.ptr + 3, 32), trace.trace_id) ||
        !read_hex(tl_str_n(text.ptr + 36, 16), trace.span_id) || !read_hex(tl_str_n(text.ptr + 53, 2), &trace.flags))
        return tl_fail(err, TL_EINPUT, "traceparent holds something else than lower-case hex digits");
    if (version == 0xff)
        return tl_fail(err, TL_EINPUT, "traceparent has version ff, which is reserved as invalid");
    /* A later version may add parts, but only behind another dash. */
    if (version == 0 ? text.len != 55 : text.len > 55 && text.ptr[55] != '-')
        return tl_fail(err, TL_EINPUT, "traceparent is longer than its version allows");
    if (all_zero(trace.trace_id, 16) || all_zero(trace.span_id, 8))
        return tl_fail(err, TL_EINPUT, "traceparent has an id of zeros only");
    *out = trace;
    return TL_OK;
}

void tl_trace_print(const struct tl_trace *trace, char out[56])
{
    static const char digits[] = "0123456789abcdef";
    char *at = out;

    *at++ = '0', *at++ = '0', *at++ = '-';
    for (size_t i = 0; i < 16; i++)
        *at++ = digits[trace->trace_id[i] >> 4], *at++ = digits[trace->trace_id[i] & 15];
    *at++ = '-';
    for (size_t i = 0; i < 8; i++)
        *at++ = digits[trace->span_id[i] >> 4], *at++ = digits[trace->span_id[i] & 15];
    *at++ = '-';
    *at++ = digits[trace->flags >> 4], *at++ = digits[trace->flags & 15];
    *at = '\0';
}

/* ---- tracestate ---- */

static bool is_key(tl_str key)
{
    if (key.len == 0 || key.len > KEY_MAX)
        return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool first = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool other = c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
        if (!first && (i == 0 || !other))
            return false;
    }
    return true;
}

static bool is_value(tl_str value)
{
    if (value.len == 0 || value.len > VALUE_MAX || value.ptr[value.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < 0x20 || value.ptr[i] > 0x7e || value.ptr[i] == ',' || value.ptr[i] == '=')
            return false;
    return true;
}

static tl_str trim_blanks(tl_str s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s.ptr++, s.len--;
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static size_t count_members(const char *state)
{
    size_t count = state[0] ? 1 : 0;
    for (; *state; state++)
        count += *state == ',';
    return count;
}

static bool state_has(const char *state, tl_str key)
{
    tl_str rest = tl_str_z(state), member;
    while (tl_str_cut(&rest, ',', &member))
        if (member.len > key.len && member.ptr[key.len] == '=' && memcmp(member.ptr, key.ptr, key.len) == 0)
            return true;
    return false;
}

static tl_code drop_state(struct tl_trace *trace, struct tl_error *err, const char *why)
{
    trace->state[0] = '\0';
    return tl_fail(err, TL_EINPUT, "tracestate %s: it is dropped, the trace goes on", why);
}

tl_code tl_trace_add_state(struct tl_trace *trace, tl_str tracestate, struct tl_error *err)
{
    tl_str rest = tracestate, part;
    size_t members = count_members(trace->state), len = strlen(trace->state);

    while (tl_str_cut(&rest, ',', &part)) {
        tl_str member = trim_blanks(part);
        if (member.len == 0) /* empty members are allowed and mean nothing */
            continue;
        ptrdiff_t equals = tl_str_find(member, '=');
        if (equals < 0)
            return drop_state(trace, err, "has a member without '='");
        tl_str key = tl_str_n(member.ptr, (size_t)equals), value = tl_str_from(member, (size_t)equals + 1);
        if (!is_key(key))
            return drop_state(trace, err, "has a key that is not allowed");
        if (!is_value(value))
            return drop_state(trace, err, "has a value that is not allowed");
        if (state_has(trace->state, key))
            return drop_state(trace, err, "names one vendor twice");
        if (++members > MEMBERS_MAX)
            return drop_state(trace, err, "has more than 32 members");
        if (len + (len ? 1 : 0) + member.len > TL_TRACESTATE_MAX)
            return drop_state(trace, err, "is longer than 512 bytes");
        if (len)
            trace->state[len++] = ',';
        memcpy(trace->state + len, member.ptr, member.len);
        len += member.len;
        trace->state[len] = '\0';
    }
    return TL_OK;
}

/* ---- traces of our own ---- */

void tl_trace_start(struct tl_trace *out)
{
    memset(out, 0, sizeof(*out));
    do
        tl_random_bytes(out->trace_id, sizeof(out->trace_id));
    while (all_zero(out->trace_id, sizeof(out->trace_id)));
    do
        tl_random_bytes(out->span_id, sizeof(out->span_id));
    while (all_zero(out->span_id, sizeof(out->span_id)));
    out->flags = 3; /* sampled; the id is random: level 2 */
}

void tl_trace_child(const struct tl_trace *parent, struct tl_trace *out)
{
    if (out != parent)
        *out = *parent;
    out->flags &= 3; /* flags we do not know are not passed on */
    do
        tl_random_bytes(out->span_id, sizeof(out->span_id));
    while (all_zero(out->span_id, sizeof(out->span_id)));
}

bool tl_trace_is_set(const struct tl_trace *trace)
{
    return !all_zero(trace->trace_id, sizeof(trace->trace_id));
}
