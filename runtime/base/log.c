#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 * 1024 };

static enum tl_log_level least_level = TL_INFO;
static enum tl_log_format line_format = TL_LOG_TEXT;
static void (*line_sink)(void *ctx, tl_str line);
static void *line_sink_ctx;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void tl_log_setup(enum tl_log_level least, enum tl_log_format format)
{
    least_level = least;
    line_format = format;
}

bool tl_log_on(enum tl_log_level level)
{
    return level >= least_level;
}

void tl_log_sink(void (*sink)(void *ctx, tl_str line), void *ctx)
{
    line_sink = sink;
    line_sink_ctx = ctx;
}

static void add_time(struct tl_buf *out)
{
    int64_t ms = tl_wall_ms();
    time_t seconds = (time_t)(ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    tl_buf_addf(out, "%s.%03dZ", text, (int)(ms % 1000));
}

/* The text between the quotes of a JSON string. */
static void add_escaped(struct tl_buf *out, tl_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == '"' || c == '\\')
            tl_buf_addf(out, "\\%c", c);
        else if (c == '\n')
            tl_buf_add_z(out, "\\n");
        else if (c < 0x20 || c == 0x7f)
            tl_buf_addf(out, "\\u%04x", c);
        else
            tl_buf_add_char(out, (char)c);
    }
}

static void add_quoted(struct tl_buf *out, tl_str s)
{
    tl_buf_add_char(out, '"');
    add_escaped(out, s);
    tl_buf_add_char(out, '"');
}

static bool is_plain(tl_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f)
            return false;
    }
    return s.len != 0;
}

static void add_text_line(struct tl_buf *out, enum tl_log_level level, const char *id, const char *message,
                          const struct tl_log_field *field)
{
    add_time(out);
    tl_buf_addf(out, " %-5s %s ", level_names[level], id);
    add_escaped(out, tl_str_z(message));
    for (; field->name != NULL; field++) {
        tl_buf_addf(out, " %s=", field->name);
        if (field->kind == TL_FIELD_INT)
            tl_buf_addf(out, "%lld", (long long)field->num);
        else if (is_plain(field->str))
            tl_buf_add_str(out, field->str);
        else
            add_quoted(out, field->str);
    }
}

static void add_json_line(struct tl_buf *out, enum tl_log_level level, const char *id, const char *message,
                          const struct tl_log_field *field)
{
    tl_buf_add_z(out, "{\"time\":\"");
    add_time(out);
    tl_buf_addf(out, "\",\"level\":\"%s\",\"id\":\"%s\",\"message\":", level_names[level], id);
    add_quoted(out, tl_str_z(message));
    for (; field->name != NULL; field++) {
        tl_buf_addf(out, ",\"%s\":", field->name);
        if (field->kind == TL_FIELD_INT)
            tl_buf_addf(out, "%lld", (long long)field->num);
        else
            add_quoted(out, field->str);
    }
    tl_buf_add_char(out, '}');
}

void tl_log_write(enum tl_log_level level, const char *id, const char *message, const struct tl_log_field *fields)
{
    struct tl_buf line;
    tl_buf_init(&line, LINE_MAX_BYTES);
    if (line_format == TL_LOG_JSON)
        add_json_line(&line, level, id, message, fields);
    else
        add_text_line(&line, level, id, message, fields);
    if (line.overflow) {
        tl_buf_clear(&line);
        tl_buf_addf(&line,
                    line_format == TL_LOG_JSON ? "{\"level\":\"warn\",\"id\":\"log.cut\",\"message\":\"%s\"}"
                                               : "log.cut a line of %s was too long",
                    id);
    }
    if (line_sink != NULL) {
        line_sink(line_sink_ctx, tl_buf_str(&line));
    } else {
        tl_buf_add_char(&line, '\n');
        ssize_t written = write(STDERR_FILENO, line.ptr, line.len);
        (void)written; /* nobody is left to be told */
    }
    tl_buf_free(&line);
}
