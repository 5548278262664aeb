/* Asking the lenses of a bundle, in a state of its own. Thread: any one. */
#include "script/lens.h"
#include "base/alloc.h"
#include "base/nearest.h"
#include "codec/json_writer.h"
#include "collect.h"
#include "load.h"
#include "script/state.h"
#include "value.h"
#include <string.h>
#include <time.h>

#define BATCH 20      /* values tried in one protected call */
#define BATCH_MS 4000 /* CPU time of one */
#define COUNT_DEFAULT 100
#define CPU_DEFAULT 20000
#define LENSES_MAX 500

struct lens_decl {
    const char *title, *base; /* "account" of lenses/account.lua */
    struct tl_place place;
};

/* One question to all lenses. Texts are in `arena`. */
struct asking {
    const struct tl_bundle *bundle;
    struct tl_script *script;
    struct tl_arena *arena;
    struct lens_decl *lenses; /* those that are asked */
    size_t count;
    const char *wanted; /* NULL: all */
    const char *nearest;
};

static const char *base_name(struct tl_arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    return tl_arena_copy(arena, tl_str_n(name, strcspn(name, ".")));
}

/* Fills the list from the declarations of the state. */
static int list_lenses(lua_State *L)
{
    struct asking *asking = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tl_script_of(L)->declarations);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 2);
    const char *names[LENSES_MAX];
    size_t known = 0;
    asking->lenses = tl_arena_alloc(asking->arena, LENSES_MAX * sizeof(*asking->lenses));
    for (lua_Integer i = 1; i <= count && known < LENSES_MAX; i++) {
        lua_settop(L, 2);
        lua_rawgeti(L, 2, i);
        lua_getfield(L, 3, "kind");
        if (strcmp(lua_tostring(L, -1), "lens") != 0)
            continue;
        lua_getfield(L, 3, "name");
        lua_getfield(L, 3, "file");
        lua_getfield(L, 3, "line");
        struct lens_decl lens = {.title = tl_arena_copy(asking->arena, tl_str_z(lua_tostring(L, 5)))};
        lens.place =
            (struct tl_place){tl_arena_copy(asking->arena, tl_str_z(lua_tostring(L, 6))), (int)lua_tointeger(L, 7)};
        lens.base = base_name(asking->arena, lens.place.file);
        names[known++] = lens.title;
        if (!asking->wanted || strcmp(asking->wanted, lens.title) == 0 || strcmp(asking->wanted, lens.base) == 0)
            asking->lenses[asking->count++] = lens;
    }
    asking->nearest = asking->wanted ? tl_nearest(tl_str_z(asking->wanted), names, known) : NULL;
    return 0;
}

static tl_code asking_open(struct asking *asking, const struct tl_bundle *bundle, const char *wanted,
                           struct tl_arena *arena, struct tl_error *err)
{
    *asking = (struct asking){.bundle = bundle, .arena = arena, .wanted = wanted};
    tl_code code = tl_script_new(bundle, NULL, &asking->script, err);
    if (code == TL_OK)
        code = tl_script_protected(asking->script, list_lenses, asking, BATCH_MS, err);
    if (code == TL_OK && wanted && asking->count == 0)
        return tl_fail(err, TL_ENOTFOUND, "there is no lens \"%s\"%s%s%s", wanted,
                       asking->nearest ? "; did you mean \"" : "", asking->nearest ? asking->nearest : "",
                       asking->nearest ? "\"?" : ": give its title or the name of its file");
    return code;
}

/* ---- laws ---- */

struct trial {
    struct asking *asking;
    const struct lens_decl *lens;
    struct tl_lens_report *report;
    int64_t seed, first, last;
    int64_t batch_ms;               /* CPU time of one protected call */
    int64_t until;                  /* CPU clock of this thread at which this lens has had its share */
    const struct tl_source *sample; /* NULL: made values first to last */
};

static const char *text_field(lua_State *L, int table, const char *name, struct tl_arena *arena)
{
    size_t len;
    lua_getfield(L, table, name);
    const char *text = lua_tolstring(L, -1, &len);
    const char *copy = tl_arena_copy(arena, text ? tl_str_n(text, len) : TL_STR(""));
    lua_pop(L, 1);
    return copy;
}

static struct tl_lens_failure *add_failure(const struct trial *trial, const char *field)
{
    struct tl_lens_report *report = trial->report;
    report->items = tl_realloc(report->items, (report->count + 1) * sizeof(*report->items));
    struct tl_lens_failure *failure = &report->items[report->count++];
    struct tl_form form = {.bundle = (struct tl_bundle *)trial->asking->bundle, /* only read */
                           .kind = "lens",
                           .name = trial->lens->title,
                           .part = "",
                           .place = trial->lens->place};
    *failure = (struct tl_lens_failure){.lens = trial->lens->title,
                                        .place = tl_form_field_place(&form, field),
                                        .field = field,
                                        .law = "",
                                        .text = "",
                                        .shown = "",
                                        .sample = trial->sample ? trial->sample->path : ""};
    return failure;
}

/* The lines of the list "shown" of the failure at `table`. */
static const char *join_shown(lua_State *L, int table, struct tl_arena *arena)
{
    const char *text = "";
    lua_getfield(L, table, "shown");
    lua_Integer count = lua_istable(L, -1) ? luaL_len(L, -1) : 0;
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, -1, i);
        text = tl_arena_printf(arena, "%s%s%s", text, i > 1 ? "\n" : "", lua_tostring(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return text;
}

/* { made, failures } at `answer`. */
static void take_answer(lua_State *L, int answer, const struct trial *trial)
{
    struct tl_arena *arena = &trial->report->arena;
    lua_getfield(L, answer, "made");
    *(trial->sample ? &trial->report->samples : &trial->report->values) += (size_t)lua_tointeger(L, -1);
    lua_getfield(L, answer, "failures");
    int failures = lua_gettop(L);
    lua_Integer count = luaL_len(L, failures);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, failures, i);
        int at = lua_gettop(L);
        struct tl_lens_failure *failure = add_failure(trial, text_field(L, at, "field", arena));
        failure->law = text_field(L, at, "law", arena);
        failure->text = text_field(L, at, "text", arena);
        failure->shown = join_shown(L, at, arena);
        lua_getfield(L, at, "at");
        failure->number = (int64_t)lua_tointeger(L, -1);
        lua_settop(L, failures);
    }
}

static int try_lens(lua_State *L)
{
    struct trial *trial = lua_touserdata(L, 1);
    lua_settop(L, 0);
    tl_load_standard(L, "trials.lua");
    lua_getfield(L, 1, trial->sample ? "sample" : "batch");
    if (!tl_lens_push(L, trial->lens->title))
        return luaL_error(L, "the lens is not there");
    if (trial->sample) {
        lua_pushlstring(L, trial->sample->text.len ? trial->sample->text.ptr : "", trial->sample->text.len);
        lua_call(L, 2, 1);
    } else {
        lua_pushinteger(L, trial->seed);
        lua_pushinteger(L, trial->first);
        lua_pushinteger(L, trial->last);
        lua_call(L, 4, 1);
    }
    take_answer(L, lua_gettop(L), trial);
    return 0;
}

/* A batch or a sample. What ends it from outside is a failure as well. */
static void run_trial(struct trial *trial)
{
    struct tl_script *script = trial->asking->script;
    struct tl_error err;
    if (tl_script_protected(script, try_lens, trial, trial->batch_ms, &err) == TL_OK)
        return;
    struct tl_lens_failure *failure = add_failure(trial, "");
    bool endless = script->stop == TL_STOP_CPU;
    failure->law = endless ? "time" : "error";
    failure->number = trial->first;
    failure->text = endless ? "does not end: a function of it goes on after seconds of computing"
                            : tl_arena_printf(&trial->report->arena, "the trial ends with an error: %s", err.text);
}

/* A state that has reached its memory's end is of no use to the next lens. */
static tl_code renew(struct asking *asking, struct tl_error *err)
{
    if (!tl_script_spent(asking->script))
        return TL_OK;
    tl_script_free(asking->script);
    asking->script = NULL;
    return tl_script_new(asking->bundle, NULL, &asking->script, err);
}

static int64_t cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_over(const struct trial *trial)
{
    if (cpu_ms() < trial->until)
        return false;
    trial->report->cut = true;
    return true;
}

static tl_code try_samples(struct trial trial, struct tl_error *err)
{
    const struct tl_bundle *bundle = trial.asking->bundle;
    char prefix[300];
    tl_code code = TL_OK;
    snprintf(prefix, sizeof prefix, "samples/%s/", trial.lens->base);
    for (size_t i = 0; i < bundle->sources.count && code == TL_OK; i++)
        if (tl_str_starts(tl_str_z(bundle->sources.items[i].path), tl_str_z(prefix)) && !is_over(&trial)) {
            trial.sample = &bundle->sources.items[i];
            run_trial(&trial);
            code = renew(trial.asking, err);
        }
    return code;
}

/* Until a batch finds something, all were tried, or the time is over. */
static tl_code try_values(struct trial trial, int64_t count, struct tl_error *err)
{
    size_t before = trial.report->count;
    tl_code code = TL_OK;
    for (int64_t first = 1; first <= count && code == TL_OK && trial.report->count == before; first += BATCH) {
        if (is_over(&trial))
            break;
        trial.first = first;
        trial.last = first + BATCH - 1 < count ? first + BATCH - 1 : count;
        run_trial(&trial);
        code = renew(trial.asking, err);
    }
    return code;
}

tl_code tl_lens_laws(const struct tl_bundle *bundle, const struct tl_lens_trial *how, struct tl_lens_report *out,
                     struct tl_error *err)
{
    struct asking asking;
    memset(out, 0, sizeof *out);
    tl_arena_init(&out->arena);
    int64_t start = cpu_ms(), budget = how->cpu_ms ? how->cpu_ms : CPU_DEFAULT;
    tl_code code = asking_open(&asking, bundle, how->lens, &out->arena, err);
    for (size_t i = 0; code == TL_OK && i < asking.count; i++) {
        struct trial trial = {.asking = &asking, .lens = &asking.lenses[i], .report = out, .seed = how->seed};
        trial.batch_ms = budget < BATCH_MS ? budget : BATCH_MS;
        trial.until = start + budget * (int64_t)(i + 1) / (int64_t)asking.count;
        out->lenses++;
        code = try_samples(trial, err);
        if (code == TL_OK)
            code = try_values(trial, how->count ? how->count : COUNT_DEFAULT, err);
    }
    tl_script_free(asking.script);
    return code;
}

void tl_lens_report_free(struct tl_lens_report *report)
{
    tl_free(report->items);
    tl_arena_free(&report->arena);
    memset(report, 0, sizeof *report);
}

/* ---- pages ---- */

struct saying {
    struct asking asking;
    struct tl_buf *out;
};

/* Pushes what the lens' function of that name gives. */
static void push_said(lua_State *L, const char *title, const char *function)
{
    if (!tl_lens_push(L, title))
        luaL_error(L, "the lens is not there");
    lua_getfield(L, -1, function);
    lua_remove(L, -2);
    lua_call(L, 0, 1);
}

static int say_pages(lua_State *L)
{
    struct saying *saying = lua_touserdata(L, 1);
    for (size_t i = 0; i < saying->asking.count; i++) {
        push_said(L, saying->asking.lenses[i].title, "doc");
        if (i)
            tl_buf_add_char(saying->out, '\n');
        tl_buf_add_str(saying->out, tl_str_z(lua_tostring(L, -1)));
        lua_settop(L, 1);
    }
    return 0;
}

static int say_lineage(lua_State *L)
{
    struct saying *saying = lua_touserdata(L, 1);
    lua_newtable(L);
    tl_array_mark(L, 2);
    for (size_t i = 0; i < saying->asking.count; i++) {
        const struct lens_decl *lens = &saying->asking.lenses[i];
        push_said(L, lens->title, "lineage");
        push_said(L, lens->title, "fields");
        lua_setfield(L, 3, "fields");
        lua_pushstring(L, lens->title);
        lua_setfield(L, 3, "lens");
        lua_pushstring(L, lens->place.file);
        lua_setfield(L, 3, "file");
        lua_pushinteger(L, lens->place.line);
        lua_setfield(L, 3, "line");
        lua_settop(L, 3);
        lua_rawseti(L, 2, (lua_Integer)i + 1);
    }
    tl_value_encode_floats(L, 2, saying->out);
    return 0;
}

static tl_code say(const struct tl_bundle *bundle, const char *lens, lua_CFunction function, struct tl_buf *out,
                   struct tl_error *err)
{
    struct saying saying = {.out = out};
    struct tl_arena arena;
    tl_arena_init(&arena);
    tl_code code = asking_open(&saying.asking, bundle, lens, &arena, err);
    if (code == TL_OK)
        code = tl_script_protected(saying.asking.script, function, &saying, BATCH_MS, err);
    tl_script_free(saying.asking.script);
    tl_arena_free(&arena);
    return code;
}

tl_code tl_lens_pages(const struct tl_bundle *bundle, const char *lens, struct tl_buf *out, struct tl_error *err)
{
    return say(bundle, lens, say_pages, out, err);
}

tl_code tl_lens_lineage(const struct tl_bundle *bundle, const char *lens, struct tl_buf *out, struct tl_error *err)
{
    return say(bundle, lens, say_lineage, out, err);
}
