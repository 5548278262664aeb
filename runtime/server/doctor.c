/* `tidelock doctor`: every system is asked one cheap authenticated question on a lane; the clock and the settings are
 * looked at. Nothing is written anywhere. */
#include "base/alloc.h"
#include "base/clock.h"
#include "connector/probe.h"
#include "control.h"
#include "flow/lane.h"
#include <stdatomic.h>

enum { PROBE_MS = 15000 };

struct finding {
    struct doctor *doctor;
    struct tl_mail mail; /* to the lane, then back to the main loop */
    struct tl_lane *lane;
    char *system; /* own; the declaration may be gone when the answer comes */
    bool ok;
    int status;
    int64_t duration_ms;
    char *text; /* own */
};

struct doctor {
    struct tl_control_request *request;
    struct finding *findings; /* own */
    size_t count, open;
};

static void put_finding(struct tl_json_writer *w, const char *what, const char *name, bool ok, const char *text)
{
    tl_json_begin_object(w);
    tl_json_put_z(w, "what", what);
    tl_json_put_z(w, "name", name);
    tl_json_put_bool(w, "ok", ok);
    tl_json_put_z(w, "text", text);
    tl_json_end_object(w);
}

static void answer(struct doctor *doctor)
{
    struct tl_server *server = doctor->request->server;
    bool clock_ok = tl_journal_clock_trusted(server->journal), all = clock_ok;
    struct tl_buf out;
    struct tl_json_writer w;
    tl_buf_init(&out, TL_CONTROL_ANSWER_MAX);
    tl_json_writer_init(&w, &out);
    tl_json_begin_object(&w);
    tl_json_key(&w, "findings");
    tl_json_begin_array(&w);
    put_finding(&w, "clock", "wall clock", clock_ok,
                clock_ok ? "agrees with the monotonic clock" : "ran ahead of the monotonic clock: expiry stands still");
    if (server->state == TL_SERVER_WAITING) {
        put_finding(&w, "settings", "missing", false, server->systems.missing.ptr);
        all = false;
    }
    for (size_t i = 0; i < doctor->count; i++) {
        struct finding *f = &doctor->findings[i];
        put_finding(&w, "system", f->system, f->ok, f->text);
        all = all && f->ok;
        tl_free(f->system);
        tl_free(f->text);
    }
    tl_json_end_array(&w);
    tl_json_put_bool(&w, "ok", all);
    tl_json_end_object(&w);
    tl_control_answer(doctor->request, &out);
    tl_buf_free(&out);
    tl_free(doctor->findings);
    tl_free(doctor);
}

static void back_on_main(struct tl_mail *mail)
{
    struct doctor *doctor = TL_CONTAINER_OF(mail, struct finding, mail)->doctor;
    if (--doctor->open == 0)
        answer(doctor);
}

static void settle(struct finding *f, bool ok, char *text)
{
    f->ok = ok;
    f->text = text;
    tl_mail_init(&f->mail, back_on_main);
    tl_loop_post(f->doctor->request->server->loop, &f->mail);
}

static void on_probed(void *ctx, const struct tl_call_result *result)
{
    bool ok = result->failure == TL_FAIL_NONE;
    settle(ctx, ok,
           ok ? tl_printf("answers and accepts the credentials (%lld ms)", (long long)result->duration_ms)
              : tl_printf("%s%s%.*s", tl_failure_name(result->failure), result->message.len != 0 ? ": " : "",
                          TL_STR_ARGS(result->message)));
}

static void on_lane(struct tl_mail *mail)
{
    struct finding *f = TL_CONTAINER_OF(mail, struct finding, mail);
    struct tl_system_lane *system = tl_lane_system(f->lane, tl_str_z(f->system));
    if (system != NULL)
        tl_probe_start(system, PROBE_MS, on_probed, f);
    else
        settle(f, false, tl_printf("it is gone since the question was asked"));
}

/* A webhook source: no address and no credentials that could be tried. */
static bool only_takes_messages(const struct tl_system_decl *decl)
{
    return decl->url.kind == TL_REF_NONE && decl->auth[0] == 0;
}

static void ask(struct finding *f, const char *name, const struct tl_system_decl *decl)
{
    f->system = tl_copy_z(name);
    if (only_takes_messages(decl)) {
        settle(f, true, tl_printf("only takes messages: there is no address to ask"));
        return;
    }
    tl_mail_init(&f->mail, on_lane);
    tl_loop_post(tl_lane_loop(f->lane), &f->mail);
}

void tl_control_doctor(struct tl_control_request *request)
{
    struct tl_server *server = request->server;
    struct doctor *doctor = TL_NEW(struct doctor);
    doctor->request = request;
    doctor->count = server->state == TL_SERVER_RUNNING ? server->systems.count : 0;
    doctor->open = doctor->count;
    doctor->findings = tl_zalloc(doctor->count + 1, sizeof *doctor->findings);
    for (size_t i = 0; i < doctor->count; i++) {
        struct finding *f = &doctor->findings[i];
        f->doctor = doctor;
        f->lane = tl_engine_lane(server->engine, 0);
        ask(f, server->systems.names[i], server->systems.list[i].decl);
    }
    if (doctor->count == 0)
        answer(doctor);
}
