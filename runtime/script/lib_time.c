/* Dates, times and zones for the standard library. A moment is { ms, offset (minutes), digits, ns } as four
 * values; dates and civil times are text. Zones are read once a state. Thread: that of the state. */
#include "base/alloc.h"
#include "codec/timestamp.h"
#include "codec/zone.h"
#include "libs.h"
#include <string.h>

struct tl_zones {
    struct tl_zones *next;
    struct tl_zone *zone; /* own */
};

static const struct tl_zone *zone_at(lua_State *L, int index)
{
    struct tl_script *script = tl_script_of(L);
    const char *name = luaL_checkstring(L, index);
    for (struct tl_zones *z = script->zones; z; z = z->next)
        if (strcmp(tl_zone_name(z->zone), name) == 0)
            return z->zone;
    struct tl_zone *zone;
    struct tl_error err;
    if (tl_zone_load(tl_str_z(name), &zone, &err) != TL_OK)
        luaL_error(L, "%s", err.text);
    struct tl_zones *link = TL_NEW(struct tl_zones);
    link->zone = zone;
    link->next = script->zones;
    script->zones = link;
    return zone;
}

void tl_zones_free(struct tl_script *script)
{
    while (script->zones) {
        struct tl_zones *link = script->zones;
        script->zones = link->next;
        tl_zone_free(link->zone);
        tl_free(link);
    }
}

static tl_str text_at(lua_State *L, int index)
{
    size_t len;
    const char *text = luaL_checklstring(L, index, &len);
    return tl_str_n(text, len);
}

/* time_parse(text) → ms, offset, digits, ns; or nil, why */
static int time_parse(lua_State *L)
{
    struct tl_timestamp t;
    struct tl_error err;
    if (tl_timestamp_parse(text_at(L, 1), TL_TIME_ANY, &t, &err) != TL_OK) {
        lua_pushnil(L);
        lua_pushstring(L, err.text);
        return 2;
    }
    lua_pushinteger(L, t.ms);
    lua_pushinteger(L, t.offset);
    lua_pushinteger(L, t.digits);
    lua_pushinteger(L, t.ns);
    return 4;
}

/* time_format(form, ms, offset, digits, ns) */
static int time_format(lua_State *L)
{
    static const char *const names[] = {"rfc3339", "salesforce", "odata", "odata2", "date", NULL};
    static const enum tl_time_form forms[] = {TL_TIME_RFC3339, TL_TIME_SALESFORCE, TL_TIME_ODATA, TL_TIME_ODATA2,
                                              TL_TIME_DATE};
    int form = luaL_checkoption(L, 1, "rfc3339", names);
    lua_Integer offset = luaL_optinteger(L, 3, 0), digits = luaL_optinteger(L, 4, 0), ns = luaL_optinteger(L, 5, 0);
    luaL_argcheck(L, offset > -1440 && offset < 1440, 3, "minutes of less than a day");
    luaL_argcheck(L, digits >= 0 && digits <= 9, 4, "0 to 9 digits");
    luaL_argcheck(L, ns >= 0 && ns < 1000000, 5, "0 to 999999");
    struct tl_timestamp t = {luaL_checkinteger(L, 2), (uint32_t)ns, (int16_t)offset, false, (uint8_t)digits};
    char text[TL_TIMESTAMP_SIZE];
    tl_str s = tl_timestamp_print(&t, forms[form], text);
    lua_pushlstring(L, s.ptr, s.len);
    return 1;
}

static void push_civil(lua_State *L, const struct tl_civil *c)
{
    lua_pushfstring(L, "%s", "");
    lua_pop(L, 1);
    char text[32];
    snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02u", c->date.year % 10000, c->date.month % 100u,
             c->date.day % 100u, c->hour % 100u, c->minute % 100u, c->second % 100u);
    lua_pushstring(L, text);
}

/* to_zone(ms, zone) → civil text, offset in minutes, abbreviation */
static int to_zone(lua_State *L)
{
    int64_t ms = luaL_checkinteger(L, 1);
    const struct tl_zone *zone = zone_at(L, 2);
    int64_t seconds = ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
    struct tl_civil civil = tl_zone_to_local(zone, seconds);
    struct tl_zone_offset offset;
    tl_zone_at(zone, seconds, &offset);
    push_civil(L, &civil);
    lua_pushinteger(L, offset.seconds / 60);
    lua_pushstring(L, offset.abbreviation);
    return 3;
}

/* from_zone(civil text, zone) → earlier ms, later ms, "one" | "overlap" | "gap"; or nil, why */
static int from_zone(lua_State *L)
{
    struct tl_civil civil;
    struct tl_error err;
    tl_str text = text_at(L, 1);
    tl_code code = tl_civil_parse(text, &civil, &err);
    if (code != TL_OK && tl_date_parse(text, &civil.date, &err) == TL_OK) {
        civil = (struct tl_civil){.date = civil.date};
        code = TL_OK;
    }
    if (code != TL_OK) {
        lua_pushnil(L);
        lua_pushstring(L, err.text);
        return 2;
    }
    static const char *const answers[] = {"one", "overlap", "gap"};
    int64_t earlier, later;
    enum tl_zone_answer answer = tl_zone_to_utc(zone_at(L, 2), &civil, &earlier, &later);
    int64_t fraction = civil.ns / 1000000;
    lua_pushinteger(L, earlier * 1000 + fraction);
    lua_pushinteger(L, later * 1000 + fraction);
    lua_pushstring(L, answers[answer]);
    return 3;
}

/* date_parse(text) → year, month, day; or nil, why */
static int date_parse(lua_State *L)
{
    struct tl_date date;
    struct tl_error err;
    if (tl_date_parse(text_at(L, 1), &date, &err) != TL_OK) {
        lua_pushnil(L);
        lua_pushstring(L, err.text);
        return 2;
    }
    lua_pushinteger(L, date.year);
    lua_pushinteger(L, date.month);
    lua_pushinteger(L, date.day);
    return 3;
}

static struct tl_date date_at(lua_State *L, int index)
{
    struct tl_date date = {0, 0, 0};
    struct tl_error err;
    if (tl_date_parse(text_at(L, index), &date, &err) != TL_OK)
        luaL_error(L, "%s", err.text);
    return date;
}

static int push_date(lua_State *L, struct tl_date date)
{
    char text[TL_TIMESTAMP_SIZE];
    if (date.year < 1 || date.year > 9999)
        return luaL_error(L, "a date outside the years 1 to 9999");
    tl_str s = tl_date_print(&date, text);
    lua_pushlstring(L, s.ptr, s.len);
    return 1;
}

/* date_add(text, days, months): months first. */
static int date_add(lua_State *L)
{
    struct tl_date date = date_at(L, 1);
    lua_Integer days = luaL_optinteger(L, 2, 0), months = luaL_optinteger(L, 3, 0);
    luaL_argcheck(L, days > -4000000 && days < 4000000, 2, "too many days");
    luaL_argcheck(L, months > -120000 && months < 120000, 3, "too many months");
    if (months)
        date = tl_date_add_months(date, (int32_t)months);
    return push_date(L, days ? tl_date_from_days(tl_date_to_days(date) + days) : date);
}

/* date_days(a, b): days from a to b. */
static int date_days(lua_State *L)
{
    lua_pushinteger(L, tl_date_to_days(date_at(L, 2)) - tl_date_to_days(date_at(L, 1)));
    return 1;
}

static int date_weekday(lua_State *L)
{
    lua_pushinteger(L, tl_date_weekday(date_at(L, 1)));
    return 1;
}

void tl_lib_host_time(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"time_parse", time_parse}, {"time_format", time_format},   {"to_zone", to_zone},
        {"from_zone", from_zone},   {"date_parse", date_parse},     {"date_add", date_add},
        {"date_days", date_days},   {"date_weekday", date_weekday}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
