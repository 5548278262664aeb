/* The host table, first half: memory, log, time, chance, JSON, and the session. Crypto is in host_crypto.c. What these
 * functions return lives in the scope's arena. */
#include "host.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "codec/json_pointer.h"
#include "codec/json_writer.h"
#include "host_crypto.h"

#define TEXT_MAX (256u << 20)

struct tlc_writer {
    struct tlc_writer *next; /* own; the scope's list */
    struct tlc_scope *scope; /* borrow */
    struct tl_buf text;
    struct tl_json_writer writer;
    bool bad;
};

void tl_scope_init(struct tlc_scope *scope, struct tl_system *system)
{
    *scope = (struct tlc_scope){.system = system};
    tl_arena_init(&scope->arena);
}

void tl_scope_deinit(struct tlc_scope *scope)
{
    while (scope->writers) {
        struct tlc_writer *writer = scope->writers;
        scope->writers = writer->next;
        tl_buf_free(&writer->text);
        tl_free(writer);
    }
    tl_arena_free(&scope->arena);
}

/* ---- log, time, chance, memory ---- */

static void host_log(tlc_scope *scope, int32_t level, tlc_slice id, tlc_slice message)
{
    enum tl_log_level at = level <= TLC_LOG_DEBUG  ? TL_DEBUG
                           : level == TLC_LOG_INFO ? TL_INFO
                           : level == TLC_LOG_WARN ? TL_WARN
                                                   : TL_ERROR;
    struct tl_arena arena;
    tl_arena_init(&arena);
    char *name = tl_arena_copy(&arena, tl_str_of(id)), *text = tl_arena_copy(&arena, tl_str_of(message));
    tl_log(at, name, text, TL_FSTR("system", scope->system->name),
           TL_FSLICE("connector", tl_connector_id(scope->system->connector)));
    tl_arena_free(&arena);
}

static int64_t host_wall_ms(tlc_scope *scope)
{
    (void)scope;
    return tl_wall_ms();
}

static int64_t host_mono_ms(tlc_scope *scope)
{
    (void)scope;
    return tl_mono_ms();
}

static void host_random(tlc_scope *scope, void *out, uint64_t len)
{
    (void)scope;
    tl_random_bytes(out, (size_t)len);
}

static void *host_alloc(tlc_scope *scope, uint64_t size)
{
    return tl_arena_alloc(&scope->arena, (size_t)size);
}

/* ---- reading JSON ---- */

static int32_t host_json_check(tlc_scope *scope, tlc_slice text)
{
    (void)scope;
    return tl_json_check(tl_str_of(text), NULL, NULL) == TL_OK ? 1 : 0;
}

static int32_t host_json_at(tlc_scope *scope, tlc_slice text, tlc_slice pointer, tlc_slice *raw)
{
    (void)scope;
    tl_str value;
    tl_code code = tl_json_pointer(tl_str_of(text), tl_str_of(pointer), &value, NULL);
    if (code == TL_OK)
        *raw = tl_slice_of(value);
    return code == TL_OK ? 1 : code == TL_ENOTFOUND ? 0 : -1;
}

static int32_t host_json_text(tlc_scope *scope, tlc_slice raw, tlc_slice *text)
{
    struct tl_json_reader reader;
    tl_json_reader_init(&reader, tl_str_of(raw), NULL);
    enum tl_json_token token = tl_json_read(&reader);
    int32_t found = token == TL_JSON_STRING || token == TL_JSON_NUMBER ? 1 : token == TL_JSON_BAD ? -1 : 0;
    if (found == 1) {
        tl_str copy = tl_arena_str(&scope->arena, reader.text);
        *text = (tlc_slice){copy.ptr ? copy.ptr : "", copy.len};
    }
    tl_json_reader_deinit(&reader);
    return found;
}

static size_t skip_blanks(tl_str s, size_t at)
{
    while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t' || s.ptr[at] == '\n' || s.ptr[at] == '\r'))
        at++;
    return at;
}

/* The extent of one value, which need not be checked more than its end needs: strings and nesting. */
static size_t value_end(tl_str s, size_t at)
{
    size_t depth = 0;
    bool in_string = false;
    for (; at < s.len; at++) {
        char c = s.ptr[at];
        if (in_string) {
            if (c == '\\')
                at++;
            else if (c == '"')
                in_string = false;
            if (!in_string && depth == 0)
                return at + 1;
            continue;
        }
        if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return at;
            if (--depth == 0)
                return at + 1;
        } else if (depth == 0 && (c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            return at;
        }
    }
    return at;
}

/* Goes on from an offset inside a container: the separator, then a key where it is an object, then a value. */
static int32_t host_json_next(tlc_scope *scope, tlc_slice raw, uint64_t *at, tlc_slice *key, tlc_slice *value)
{
    tl_str s = tl_str_of(raw);
    if (s.len < 2 || (s.ptr[0] != '{' && s.ptr[0] != '['))
        return -1;
    bool is_object = s.ptr[0] == '{';
    size_t here = skip_blanks(s, *at ? (size_t)*at : 1);
    if (here < s.len && s.ptr[here] == ',')
        here = skip_blanks(s, here + 1);
    if (here >= s.len)
        return -1;
    if (s.ptr[here] == (is_object ? '}' : ']'))
        return 0;
    *key = (tlc_slice){NULL, 0};
    if (is_object) {
        size_t end = value_end(s, here);
        if (host_json_text(scope, (tlc_slice){s.ptr + here, end - here}, key) != 1)
            return -1;
        here = skip_blanks(s, end);
        if (here >= s.len || s.ptr[here] != ':')
            return -1;
        here = skip_blanks(s, here + 1);
    }
    size_t end = value_end(s, here);
    if (end <= here || end > s.len)
        return -1;
    *value = (tlc_slice){s.ptr + here, end - here};
    *at = end;
    return 1;
}

/* ---- writing JSON ---- */

static tlc_writer *host_json_writer(tlc_scope *scope)
{
    struct tlc_writer *writer = TL_NEW(struct tlc_writer);
    writer->scope = scope;
    tl_buf_init(&writer->text, TEXT_MAX);
    tl_json_writer_init(&writer->writer, &writer->text);
    writer->next = scope->writers;
    scope->writers = writer;
    return writer;
}

static bool in_array(const struct tl_json_writer *writer)
{
    uint32_t level = writer->depth - 1;
    return !(writer->nesting[level / 64] >> (level % 64) & 1);
}

static void host_json_put(tlc_writer *writer, int32_t what, tlc_slice text)
{
    struct tl_json_writer *w = &writer->writer;
    switch (what) {
    case TLC_JSON_OBJECT:
        tl_json_begin_object(w);
        break;
    case TLC_JSON_ARRAY:
        tl_json_begin_array(w);
        break;
    case TLC_JSON_END:
        if (w->depth == 0)
            writer->bad = true;
        else if (in_array(w))
            tl_json_end_array(w);
        else
            tl_json_end_object(w);
        break;
    case TLC_JSON_KEY:
        tl_json_key_str(w, tl_str_of(text));
        break;
    case TLC_JSON_STRING:
        tl_json_string(w, tl_str_of(text));
        break;
    case TLC_JSON_RAW:
        if (tl_json_check(tl_str_of(text), NULL, NULL) != TL_OK)
            writer->bad = true;
        tl_json_raw_value(w, tl_str_of(text));
        break;
    default:
        writer->bad = true;
        break;
    }
}

static int32_t host_json_finish(tlc_writer *writer, tlc_slice *text)
{
    if (writer->bad || tl_json_writer_done(&writer->writer, NULL) != TL_OK)
        return -1;
    *text = tl_slice_of(tl_buf_str(&writer->text));
    return 1;
}

/* ---- the session ---- */

static int32_t host_session_get(tlc_scope *scope, tlc_slice *value, uint64_t *version)
{
    struct tl_session *session = tl_session_now(scope->system);
    *value = tl_slice_of(tl_arena_str(&scope->arena, tl_json_raw(tl_json_root(session->value))));
    *version = session->version;
    bool empty = tl_json_count(tl_json_root(session->value)) == 0;
    tl_session_unref(session);
    return empty ? 0 : 1;
}

static int32_t host_session_swap(tlc_scope *scope, uint64_t expected, tlc_slice value)
{
    if (tl_json_check(tl_str_of(value), NULL, NULL) != TL_OK)
        return -1;
    return tl_session_swap(scope->system, expected, tl_str_of(value)) ? 1 : 0;
}

const tlc_host tl_host_table = {
    .size = sizeof(tlc_host),
    .abi = TLC_ABI,
    .name = "tidelock " TIDELOCK_VERSION,
    .log = host_log,
    .wall_ms = host_wall_ms,
    .mono_ms = host_mono_ms,
    .random = host_random,
    .alloc = host_alloc,
    .json_check = host_json_check,
    .json_at = host_json_at,
    .json_text = host_json_text,
    .json_next = host_json_next,
    .json_writer = host_json_writer,
    .json_put = host_json_put,
    .json_finish = host_json_finish,
    .encode = tl_host_encode,
    .decode = tl_host_decode,
    .hash = tl_host_hash,
    .hmac = tl_host_hmac,
    .sign = tl_host_sign,
    .verify = tl_host_verify,
    .secret_equals = tl_host_secret_equals,
    .secret_read = tl_host_secret_read,
    .session_get = host_session_get,
    .session_swap = host_session_swap,
    /* blobs: NULL, this host spools nothing yet */
};
