/* Settings and secrets: listing what is declared and set, and setting one. A value that an integration uses is durable
 * at once, and in use when its turn in the line of deploys has come. */
#include "base/alloc.h"
#include "codec/timestamp.h"
#include "control.h"
#include "deploy.h"
#include <string.h>

struct listing {
    struct tl_control_request *request;
    struct tl_json_writer w;
    bool secret;
};

static void put_place(struct tl_json_writer *w, const struct tl_need *need)
{
    struct tl_buf text;
    tl_buf_init(&text, 4096);
    if (need != NULL)
        tl_buf_addf(&text, "%s:%d", need->place.file, need->place.line);
    tl_json_put_string(w, "used", tl_buf_str(&text));
    tl_buf_free(&text);
}

static void list_set(void *ctx, tl_str name, tl_str value, tl_str by, int64_t time_ms)
{
    struct listing *list = ctx;
    struct tl_json_writer *w = &list->w;
    char when[TL_TIMESTAMP_SIZE];
    struct tl_timestamp at = tl_timestamp_from_ms(time_ms);
    tl_json_begin_object(w);
    tl_json_put_string(w, "name", name);
    if (list->secret)
        tl_json_put_z(w, "state", "set");
    else
        tl_json_put_string(w, "value", value);
    tl_json_put_string(w, "by", by);
    tl_json_put_string(w, "time", tl_timestamp_print(&at, TL_TIME_RFC3339, when));
    put_place(w, tl_live_need(&list->request->server->live, list->secret, name));
    tl_json_end_object(w);
}

static void put_missing(struct listing *list, const char *name, const struct tl_need *need)
{
    tl_json_begin_object(&list->w);
    tl_json_put_z(&list->w, "name", name);
    tl_json_put_z(&list->w, "state", "missing");
    tl_json_put_z(&list->w, "by", "MISSING: set it");
    put_place(&list->w, need);
    tl_json_end_object(&list->w);
}

static void list_missing(struct listing *list, size_t which)
{
    struct tl_server *server = list->request->server;
    const char *owner = tl_live_owner_at(&server->live, which);
    struct tl_arena arena;
    size_t count;
    const struct tl_need *needs = tl_bundle_needs(tl_live_bundle(&server->live, which), &count);
    tl_arena_init(&arena);
    for (size_t i = 0; i < count; i++) {
        tl_str value;
        if (needs[i].secret != list->secret ||
            tl_settings_of(server->settings, owner, list->secret, tl_str_z(needs[i].name), &arena, &value))
            continue;
        char *name = tl_live_whole(owner, needs[i].name);
        put_missing(list, name, &needs[i]);
        tl_free(name);
    }
    tl_arena_free(&arena);
}

static void list_all(struct tl_control_request *request, bool secret)
{
    struct tl_buf out;
    struct listing list = {.request = request, .secret = secret};
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_json_writer_init(&list.w, &out);
    tl_json_begin_object(&list.w);
    tl_json_key(&list.w, secret ? "secrets" : "settings");
    tl_json_begin_array(&list.w);
    for (size_t i = 0; i < request->server->live.count; i++)
        list_missing(&list, i);
    tl_settings_each(request->server->settings, secret, list_set, &list);
    tl_json_end_array(&list.w);
    tl_json_end_object(&list.w);
    tl_control_answer(request, &out);
    tl_buf_free(&out);
}

/* A value that is set, and waits until it is in use. */
struct setting {
    struct tl_control_request *request;
    bool secret, had_value;
    char *name;           /* own */
    struct tl_buf before; /* own; the value before */
};

static void setting_free(struct setting *setting)
{
    if (setting->before.ptr != NULL)
        explicit_bzero(setting->before.ptr, setting->before.cap);
    tl_buf_free(&setting->before);
    tl_free(setting->name);
    tl_free(setting);
}

/* No system can be made with the value: it would stop the next start. True: the one before is back. */
static bool take_back(struct setting *setting, const char *why)
{
    bool changed;
    char *reason = tl_printf("refused: %s", why);
    struct tl_act act = {.who = setting->request->who, .reason = reason};
    struct tl_error err;
    tl_code code = setting->had_value
                       ? tl_settings_set(setting->request->server->settings, setting->secret, tl_str_z(setting->name),
                                         tl_buf_str(&setting->before), &act, &changed, &err)
                       : TL_ENOTFOUND;
    tl_free(reason);
    return code == TL_OK;
}

static void renewed(void *ctx, tl_code code, const char *text)
{
    struct setting *setting = ctx;
    struct tl_control_request *request = setting->request;
    struct tl_server *server = request->server;
    struct tl_error err;
    if (code == TL_ECANCELLED) {
        tl_fail(&err, code, "%s is set, and used from the next start on: the server is stopping", setting->name);
        tl_control_fail(request, &err);
    } else if (code != TL_OK) {
        bool back = take_back(setting, text);
        tl_fail(&err, code, "%s: %s; %s", setting->name, text,
                back ? "the value before stays" : "set it again, or the server will not start with it");
        tl_control_fail(request, &err);
    } else if (server->state == TL_SERVER_WAITING) {
        tl_control_say(request, "%s is set; still missing: %s", setting->name, server->systems.missing.ptr);
    } else {
        tl_control_say(request, "%s is set and in use", setting->name);
    }
    setting_free(setting);
}

/* Before it is set. */
static struct setting *note_setting(struct tl_control_request *request, bool secret, tl_str name)
{
    struct setting *setting = TL_NEW(struct setting);
    struct tl_arena arena;
    tl_str before = TL_STR_NONE;
    *setting = (struct setting){.request = request, .secret = secret, .name = tl_str_dup(name)};
    tl_buf_init(&setting->before, TL_SETTING_VALUE_MAX + 1);
    tl_arena_init(&arena);
    setting->had_value = tl_settings_get(request->server->settings, secret, name, &arena, &before);
    tl_buf_add_str(&setting->before, before);
    if (before.len != 0)
        explicit_bzero((void *)(uintptr_t)before.ptr, before.len);
    tl_arena_free(&arena);
    return setting;
}

/* As it is stored; a whole name stays one. An integration that is not live yet may have values first; then it is not
 * the first. */
static char *whole_name(struct tl_control_request *request)
{
    char *name = tl_json_dup(tl_json_get(request->root, "name"));
    char *of = tl_json_dup(tl_json_get(request->root, "integration"));
    const char *owner = of != NULL ? tl_live_owner(&request->server->live, of) : "";
    bool is_whole = name == NULL || strchr(name, '@') != NULL;
    char *whole = tl_live_whole(is_whole ? "" : owner, name != NULL ? name : "");
    tl_free(name);
    tl_free(of);
    return whole;
}

static void set(struct tl_control_request *request, bool secret)
{
    struct tl_server *server = request->server;
    char *whole = whole_name(request);
    tl_str name = tl_str_z(whole), value = tl_json_get_text(request->root, "value");
    char *reason = tl_json_dup(tl_json_get(request->root, "reason"));
    struct tl_act act = {.who = request->who, .reason = reason};
    struct tl_error err;
    bool changed = false, used = tl_live_need(&server->live, secret, name) != NULL;
    struct setting *setting = note_setting(request, secret, name);
    tl_code code = tl_notify_check(secret, name, value, &err);
    if (code == TL_OK)
        code = tl_settings_set(server->settings, secret, name, value, &act, &changed, &err);
    tl_free(reason);
    if (code != TL_OK)
        tl_control_fail(request, &err);
    else if (!changed)
        tl_control_say(request, "%.*s had that value already", TL_STR_ARGS(name));
    else if (used)
        tl_deploys_renew(server, renewed, setting);
    else if (!tl_notify_uses(secret, name))
        tl_control_say(request, "%.*s is set; nothing that is live uses it", TL_STR_ARGS(name));
    else
        tl_control_say(request, "%.*s is set and in use", TL_STR_ARGS(name));
    if (code != TL_OK || !changed || !used)
        setting_free(setting);
    tl_free(whole);
}

void tl_control_settings(struct tl_control_request *request)
{
    list_all(request, false);
}

void tl_control_secrets(struct tl_control_request *request)
{
    list_all(request, true);
}

void tl_control_settings_set(struct tl_control_request *request)
{
    set(request, false);
}

void tl_control_secrets_set(struct tl_control_request *request)
{
    set(request, true);
}
