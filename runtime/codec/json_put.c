/* The small change of the JSON writer: texts that are repaired on the way, and "key": value in one call.
 * Thread: one at a time. */
#include "codec/json_writer.h"
#include "codec/utf8.h"

void tl_json_lossy(struct tl_json_writer *w, tl_str s)
{
    struct tl_buf repaired;
    if (tl_utf8_valid(s)) {
        tl_json_string(w, s);
        return;
    }
    tl_buf_init(&repaired, s.len * 3);
    tl_utf8_repair(&repaired, s);
    tl_json_string(w, tl_buf_str(&repaired));
    tl_buf_free(&repaired);
}

void tl_json_put_string(struct tl_json_writer *w, const char *key, tl_str s)
{
    tl_json_key(w, key);
    tl_json_string(w, s);
}

void tl_json_put_z(struct tl_json_writer *w, const char *key, const char *z)
{
    tl_json_key(w, key);
    tl_json_string_z(w, z);
}

void tl_json_put_lossy(struct tl_json_writer *w, const char *key, tl_str text)
{
    tl_json_key(w, key);
    tl_json_lossy(w, text);
}

void tl_json_put_or_null(struct tl_json_writer *w, const char *key, tl_str text)
{
    if (text.len > 0)
        tl_json_put_string(w, key, text);
    else
        tl_json_put_z(w, key, NULL);
}

void tl_json_put_int(struct tl_json_writer *w, const char *key, int64_t value)
{
    tl_json_key(w, key);
    tl_json_int(w, value);
}

void tl_json_put_uint(struct tl_json_writer *w, const char *key, uint64_t value)
{
    tl_json_key(w, key);
    tl_json_uint(w, value);
}

void tl_json_put_bool(struct tl_json_writer *w, const char *key, bool value)
{
    tl_json_key(w, key);
    tl_json_write_bool(w, value);
}

void tl_json_put_raw(struct tl_json_writer *w, const char *key, tl_str json)
{
    tl_json_key(w, key);
    tl_json_raw_value(w, json);
}
