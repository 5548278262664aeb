/* Values: see value.h. */
#include "value.h"
#include "tryton.h"
#include <tidelock/time.h>

tlc_slice tr_quote(tlc_call *c, tlc_slice text)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice out = TLC_TEXT("\"\"");

    c->host->json_put(writer, TLC_JSON_STRING, text);
    c->host->json_finish(writer, &out);
    return out;
}

tlc_slice tr_domain(tlc_call *c, const char *field, tlc_slice raw)
{
    return TLC_JOIN(c, TLC_TEXT("[["), tr_quote(c, tlc_z(field)), TLC_TEXT(",\"=\","), raw, TLC_TEXT("]]"));
}

tlc_slice tr_id(tlc_call *c, const char *pointer)
{
    tlc_slice id = tlc_arg(c, pointer);
    uint64_t i;

    for (i = 0; i < id.len; i++)
        if (id.ptr[i] < '0' || id.ptr[i] > '9')
            return TLC_TEXT("0");
    return id.len ? id : TLC_TEXT("0");
}

tlc_slice tr_digits(tlc_call *c, uint64_t n)
{
    char text[24], *at = text + sizeof text;

    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return tlc_keep(c->host, c->scope, tlc_text_n(at, (uint64_t)(text + sizeof text - at)));
}

/* ---- out ---- */

static int is_number(tlc_call *c, tlc_slice text)
{
    return text.len && (text.ptr[0] == '-' || (text.ptr[0] >= '0' && text.ptr[0] <= '9')) &&
           c->host->json_check(c->scope, text) == 1;
}

static tlc_slice number_field(tlc_call *c, const char *name, int64_t n)
{
    return TLC_JOIN(c, TLC_TEXT(",\""), tlc_z(name), TLC_TEXT("\":"), tr_digits(c, (uint64_t)n));
}

static int64_t number_at(tlc_slice text, uint64_t from, uint64_t count)
{
    int64_t n = 0;
    uint64_t i;

    for (i = from; i < from + count && i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        n = n * 10 + (text.ptr[i] - '0');
    }
    return i == from + count ? n : -1;
}

/* The day of a text that begins with one: a time's day is the one it is written with. */
static tlc_slice date_out(tlc_call *c, tlc_slice text)
{
    int64_t year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);

    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || text.ptr[4] != '-' || text.ptr[7] != '-')
        return tlc_text_n(0, 0);
    return TLC_JOIN(c, TLC_TEXT("{\"__class__\":\"date\""), number_field(c, "year", year),
                    number_field(c, "month", month), number_field(c, "day", day), TLC_TEXT("}"));
}

tlc_slice tr_value_time(tlc_call *c, int64_t us)
{
    char text[TLC_TIME_SIZE];
    tlc_slice t = tlc_time_print(us / 1000, text);

    return TLC_JOIN(c, TLC_TEXT("{\"__class__\":\"datetime\""), number_field(c, "year", number_at(t, 0, 4)),
                    number_field(c, "month", number_at(t, 5, 2)), number_field(c, "day", number_at(t, 8, 2)),
                    number_field(c, "hour", number_at(t, 11, 2)), number_field(c, "minute", number_at(t, 14, 2)),
                    number_field(c, "second", number_at(t, 17, 2)),
                    number_field(c, "microsecond", us > 0 ? us % 1000000 : 0), TLC_TEXT("}"));
}

static tlc_slice datetime_out(tlc_call *c, tlc_slice text)
{
    int64_t ms;

    return tlc_time_read(text, &ms) ? tr_value_time(c, ms * 1000) : tlc_text_n(0, 0);
}

/* "hh:mm" or "hh:mm:ss" */
static tlc_slice time_out(tlc_call *c, tlc_slice text)
{
    int64_t hour = number_at(text, 0, 2), minute = number_at(text, 3, 2);
    int64_t second = text.len > 5 ? number_at(text, 6, 2) : 0;

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || text.ptr[2] != ':')
        return tlc_text_n(0, 0);
    return TLC_JOIN(c, TLC_TEXT("{\"__class__\":\"time\""), number_field(c, "hour", hour),
                    number_field(c, "minute", minute), number_field(c, "second", second),
                    TLC_TEXT(",\"microsecond\":0}"));
}

tlc_slice tr_value_out(tlc_call *c, tlc_slice type, tlc_slice raw)
{
    tlc_slice text, none = {0, 0};
    int has_text = c->host->json_text(c->scope, raw, &text) == 1;

    if (tlc_is(raw, "null") || (raw.len && raw.ptr[0] == '{'))
        return raw; /* an object is a tagged value already, or a dictionary */
    if (tlc_is(type, "numeric"))
        return has_text && is_number(c, text)
                   ? TLC_JOIN(c, TLC_TEXT("{\"__class__\":\"Decimal\",\"decimal\":\""), text, TLC_TEXT("\"}"))
                   : none;
    if (tlc_is(type, "float") || tlc_is(type, "integer") || tlc_is(type, "bigint") || tlc_is(type, "many2one"))
        return has_text && is_number(c, text) ? text : none;
    if (tlc_is(type, "date"))
        return has_text ? date_out(c, text) : none;
    if (tlc_is(type, "datetime") || tlc_is(type, "timestamp"))
        return has_text ? datetime_out(c, text) : none;
    if (tlc_is(type, "time"))
        return has_text ? time_out(c, text) : none;
    if (tlc_is(type, "timedelta"))
        return has_text && is_number(c, text)
                   ? TLC_JOIN(c, TLC_TEXT("{\"__class__\":\"timedelta\",\"seconds\":"), text, TLC_TEXT("}"))
                   : none;
    if (tlc_is(type, "binary"))
        return TLC_JOIN(c, TLC_TEXT("{\"__class__\":\"bytes\",\"base64\":"), raw, TLC_TEXT("}"));
    return raw;
}

/* ---- in ---- */

static tlc_slice padded(tlc_call *c, tlc_slice raw, const char *pointer, uint64_t width)
{
    tlc_slice digits = tlc_json_text(c->host, c->scope, raw, pointer);
    static const char zeros[] = "000000";

    if (!digits.len)
        digits = TLC_TEXT("0");
    return digits.len >= width ? digits : TLC_JOIN(c, tlc_text_n(zeros, width - digits.len), digits);
}

static tlc_slice day_in(tlc_call *c, tlc_slice raw)
{
    return TLC_JOIN(c, padded(c, raw, "/year", 4), TLC_TEXT("-"), padded(c, raw, "/month", 2), TLC_TEXT("-"),
                    padded(c, raw, "/day", 2));
}

static tlc_slice clock_in(tlc_call *c, tlc_slice raw)
{
    return TLC_JOIN(c, padded(c, raw, "/hour", 2), TLC_TEXT(":"), padded(c, raw, "/minute", 2), TLC_TEXT(":"),
                    padded(c, raw, "/second", 2));
}

/* Always with six places, so that texts compare as times do. */
static tlc_slice datetime_in(tlc_call *c, tlc_slice raw)
{
    return TLC_JOIN(c, TLC_TEXT("\""), day_in(c, raw), TLC_TEXT("T"), clock_in(c, raw), TLC_TEXT("."),
                    padded(c, raw, "/microsecond", 6), TLC_TEXT("Z\""));
}

/* Absent: no tag that is known. */
static tlc_slice tagged_in(tlc_call *c, tlc_slice raw)
{
    tlc_slice tag = tlc_json_text(c->host, c->scope, raw, "/__class__"), text;

    if (tlc_is(tag, "Decimal")) {
        text = tlc_json_text(c->host, c->scope, raw, "/decimal");
        return is_number(c, text) ? text : tr_quote(c, text); /* NaN, Infinity */
    }
    if (tlc_is(tag, "date"))
        return TLC_JOIN(c, TLC_TEXT("\""), day_in(c, raw), TLC_TEXT("\""));
    if (tlc_is(tag, "datetime"))
        return datetime_in(c, raw);
    if (tlc_is(tag, "time"))
        return TLC_JOIN(c, TLC_TEXT("\""), clock_in(c, raw), TLC_TEXT("\""));
    if (tlc_is(tag, "timedelta"))
        return tlc_json_raw(c->host, c->scope, raw, "/seconds");
    if (tlc_is(tag, "bytes"))
        return tlc_json_raw(c->host, c->scope, raw, "/base64");
    return tlc_text_n(0, 0);
}

static void put_value(tlc_call *c, tlc_writer *writer, tlc_slice raw);

/* "party." (what "party.code" asked for) takes the place of "party" where there is a party. */
static int is_folded(tlc_call *c, tlc_slice object, tlc_slice name)
{
    tlc_slice more = tlc_json_raw(c->host, c->scope, object, tlc_pointer_to(c, TLC_JOIN(c, name, TLC_TEXT("."))));

    return more.len && !tlc_is(more, "null");
}

static void put_members(tlc_call *c, tlc_writer *writer, tlc_slice object)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_OBJECT);
    while (c->host->json_next(c->scope, object, &at, &name, &raw) == 1) {
        int dotted = name.len > 1 && name.ptr[name.len - 1] == '.';
        if (dotted ? tlc_is(raw, "null") : is_folded(c, object, name))
            continue;
        c->host->json_put(writer, TLC_JSON_KEY, dotted ? tlc_text_n(name.ptr, name.len - 1) : name);
        put_value(c, writer, raw);
    }
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

static void put_items(tlc_call *c, tlc_writer *writer, tlc_slice list)
{
    tlc_slice name, raw;
    uint64_t at = 0;

    tlc_json_mark(c->host, writer, TLC_JSON_ARRAY);
    while (c->host->json_next(c->scope, list, &at, &name, &raw) == 1)
        put_value(c, writer, raw);
    tlc_json_mark(c->host, writer, TLC_JSON_END);
}

static void put_value(tlc_call *c, tlc_writer *writer, tlc_slice raw)
{
    tlc_slice tagged;

    if (raw.len && raw.ptr[0] == '[') {
        put_items(c, writer, raw);
    } else if (raw.len && raw.ptr[0] == '{') {
        tagged = tagged_in(c, raw);
        if (tagged.len)
            c->host->json_put(writer, TLC_JSON_RAW, tagged);
        else
            put_members(c, writer, raw);
    } else {
        c->host->json_put(writer, TLC_JSON_RAW, raw);
    }
}

tlc_slice tr_value_in(tlc_call *c, tlc_slice raw)
{
    tlc_writer *writer = c->host->json_writer(c->scope);
    tlc_slice out = TLC_TEXT("null");

    put_value(c, writer, raw);
    c->host->json_finish(writer, &out);
    return out;
}
