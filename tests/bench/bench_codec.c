/* The codec of scripts beside lua-cjson, and a mapping of the order document beside the same one in plain Lua, all in
 * one process; rounds take turns. JSON lines.
 *
 *     bench_codec ORDER PLAIN_LUA LIBRARY [milliseconds a round] [rounds] */
#include "libs.h"
#include "run_private.h"
#include <lua-cjson.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MOST = 99, BATCH = 50 };

static const struct tl_bundle_file files[] = {
    {"integration.lua",
     TL_STR("integration \"bench\" { steward = \"s\" } steward \"s\" {}\n"
            "system \"erp\" { connector = \"odata@1\" } system \"shop\" { connector = \"webhook@1\" }")},
    {"entities.lua",
     TL_STR("entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"number\", owner = "
            "\"shop\" }")},
    {"contracts/o.json", TL_STR("{}")},
    {"maps/m.lua",
     TL_STR("return map \"erp.SalesOrders <- order@1\" {\n"
            "OrderNo = as.key(\"number\"), Created = \"created_at\", Currency = \"currency\", Channel = \"channel\",\n"
            "Customer = { Id = \"customer.id\", Mail = \"customer.email\", Name = \"customer.last_name\", VatId = "
            "\"customer.vat_id\" },\n"
            "ShipTo = { Street = \"shipping.line1\", City = \"shipping.city\", Zip = \"shipping.zip\",\n"
            "  Country = as.enum(\"shipping.country\", { SE = \"SE\", DE = \"DE\", NO = \"NO\" }) },\n"
            "Net = \"totals.net\", Tax = \"totals.tax\", Total = \"totals.grand\", Note = \"note\",\n"
            "Lines = as.list(\"lines\", { No = \"line\", Sku = \"sku\", Text = \"title\", Quantity = \"qty\", Price = "
            "\"unit_price\", Discount = \"discount\" }) }")},
};

/* Functions of one side, and what they are given: at these places of its stack. */
enum { DECODE = 1, ENCODE, MAP, TEXT, VALUE };

struct side {
    lua_State *L;
    struct tl_script *script; /* NULL: plain */
    double decode[ROUNDS_MOST], encode[ROUNDS_MOST], map[ROUNDS_MOST];
    size_t round;
    int64_t ms;
};

static void call(lua_State *L, int function)
{
    lua_pushvalue(L, function);
    lua_insert(L, -2);
    lua_call(L, 1, 1);
}

static void one(lua_State *L, int what)
{
    lua_pushvalue(L, what == ENCODE ? VALUE : TEXT);
    call(L, what == MAP ? DECODE : what);
    if (what == MAP) {
        call(L, MAP);
        call(L, ENCODE);
    }
    lua_pop(L, 1);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Documents a second of CPU time, so that a busy machine does not count. */
static double rate(lua_State *L, int what, int64_t ms)
{
    int64_t from = cpu_ns(), until = from + ms * 1000000, now = from;
    size_t count = 0;
    for (; now < until; now = cpu_ns(), count += BATCH)
        for (int i = 0; i < BATCH; i++)
            one(L, what);
    return (double)count * 1e9 / (double)(now - from);
}

static void play(struct side *side)
{
    lua_State *L = side->L;
    lua_settop(L, TEXT);
    lua_pushvalue(L, TEXT);
    call(L, DECODE);
    side->decode[side->round] = rate(L, DECODE, side->ms);
    side->encode[side->round] = rate(L, ENCODE, side->ms);
    side->map[side->round] = rate(L, MAP, side->ms);
}

static int round_of(lua_State *L)
{
    struct side *side = lua_touserdata(L, 1);
    lua_settop(L, 0);
    for (int i = DECODE; i <= TEXT; i++)
        lua_rawgetp(L, LUA_REGISTRYINDEX, (char *)side + i);
    play(side);
    return 0;
}

static int ours(lua_State *L)
{
    struct side *side = lua_touserdata(L, 1);
    lua_pushcfunction(L, tl_json_decode_lua);
    lua_pushcfunction(L, tl_json_encode_lua);
    lua_rawgeti(L, LUA_REGISTRYINDEX, side->script->maps);
    lua_getfield(L, -1, "erp.SalesOrders <- order@1");
    lua_getfield(L, -1, "apply");
    for (int i = MAP; i >= DECODE; i--) {
        if (i == ENCODE)
            lua_settop(L, 3);
        lua_rawsetp(L, LUA_REGISTRYINDEX, (char *)side + i);
    }
    return 0;
}

static void give_text(lua_State *L, struct side *side, const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "bench_codec: cannot read %s\n", path);
        exit(1);
    }
    lua_pushlstring(L, text, fread(text, 1, sizeof text, file));
    fclose(file);
    lua_rawsetp(L, LUA_REGISTRYINDEX, (char *)side + TEXT);
}

static void open_plain(struct side *side, const char *mapping)
{
    lua_State *L = side->L = luaL_newstate();
    luaL_openlibs(L);
    luaL_requiref(L, "cjson", luaopen_cjson, 0);
    lua_getfield(L, 1, "encode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, (char *)side + ENCODE);
    lua_getfield(L, 1, "decode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, (char *)side + DECODE);
    if (luaL_dofile(L, mapping) != LUA_OK) {
        fprintf(stderr, "bench_codec: %s\n", lua_tostring(L, -1));
        exit(1);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, (char *)side + MAP);
}

static struct tl_bundle *open_ours(struct side *side, const char *library)
{
    struct tl_bundle_options options = {.library = library};
    struct tl_bundle *bundle;
    struct tl_error err;
    if (tl_bundle_load_files(files, TL_COUNT_OF(files), &options, &bundle, &err) != TL_OK ||
        tl_script_new(bundle, NULL, &side->script, &err) != TL_OK ||
        tl_script_protected(side->script, ours, side, 60000, &err) != TL_OK) {
        fprintf(stderr, "bench_codec: %s\n", err.text);
        exit(1);
    }
    side->L = side->script->L;
    return bundle;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *name, double *values, double *baselines, int rounds)
{
    qsort(values, (size_t)rounds, sizeof(*values), ascending);
    qsort(baselines, (size_t)rounds, sizeof(*baselines), ascending);
    double a = values[rounds / 2], b = baselines[rounds / 2];
    printf("{\"name\":\"%s\",\"unit\":\"documents/s\",\"value\":%.0f,\"baseline\":%.0f,\"ratio\":%.2f}\n", name, a, b,
           a / b);
}

int main(int argc, char **argv)
{
    static struct side plain, own;
    struct tl_error err;
    int64_t ms = argc > 4 ? atoll(argv[4]) : 100;
    int rounds = argc > 5 ? atoi(argv[5]) : 9;
    if (argc < 4 || rounds < 1 || rounds > ROUNDS_MOST)
        return fprintf(stderr, "usage: bench_codec ORDER PLAIN_LUA LIBRARY [milliseconds] [rounds]\n"), 64;
    open_plain(&plain, argv[2]);
    struct tl_bundle *bundle = open_ours(&own, argv[3]);
    give_text(plain.L, &plain, argv[1]);
    give_text(own.L, &own, argv[1]);
    for (int i = -1; i < rounds; i++) { /* the first warms up */
        plain.round = own.round = i < 0 ? 0 : (size_t)i;
        plain.ms = own.ms = ms;
        lua_pushcfunction(plain.L, round_of);
        lua_pushlightuserdata(plain.L, &plain);
        lua_call(plain.L, 1, 0);
        if (tl_script_protected(own.script, round_of, &own, 3600000, &err) != TL_OK)
            return fprintf(stderr, "bench_codec: %s\n", err.text), 1;
    }
    print("codec_decode", own.decode, plain.decode, rounds);
    print("codec_encode", own.encode, plain.encode, rounds);
    print("mapping_order", own.map, plain.map, rounds);
    tl_script_free(own.script);
    tl_bundle_free(bundle);
    lua_close(plain.L);
    return 0;
}
