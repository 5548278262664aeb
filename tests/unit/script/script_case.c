#include "script_case.h"
#include <stdio.h>
#include <string.h>

static const struct tl_bundle_file base_files[] = {
    {"integration.lua",
     TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" { mail = \"s@t.example\" }\n"
            "system \"crm\" { connector = \"salesforce@1\" } system \"erp\" { connector = \"odata@1\" }\n")},
    {"entities.lua",
     TL_STR("entity \"order@1\" { contract = \"contracts/o.json\", steward = \"s\", key = \"no\", owner "
            "= \"crm\" }\n")},
    {"contracts/o.json", TL_STR("{}")},
    {"maps/m.lua", TL_STR("return map \"erp.Orders <- order@1\" { No = \"no\", Total = \"total\" }\n")},
    {"events.lua", TL_STR("event \"in@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }\n"
                          "event \"out@1\" { contract = \"contracts/o.json\", key = \"no\", steward = \"s\" }\n")},
};

static enum tl_effect_class effect_of(void *ctx, const struct tl_system_decl *system, tl_str operation,
                                      const char **nearest)
{
    (void)ctx;
    if (tl_str_is(operation, "ship") && strcmp(system->name, "us") == 0)
        return TL_EFFECT_IDEMPOTENT;
    if (tl_str_is(operation, "credit_status"))
        return TL_EFFECT_READ;
    if (tl_str_is(operation, "set_status"))
        return TL_EFFECT_IDEMPOTENT;
    if (tl_str_is(operation, "book"))
        return TL_EFFECT_UNSAFE;
    if (tl_str_is(operation, "pay"))
        return TL_EFFECT_KEYED;
    *nearest = "credit_status";
    return TL_EFFECT_UNKNOWN;
}

static const char *beside_path = "", *beside_text;

static struct tl_bundle *load(const char *path, const char *text)
{
    struct tl_bundle_file files[16];
    size_t count = 0;
    for (size_t i = 0; i < TL_COUNT_OF(base_files); i++)
        if (strcmp(base_files[i].path, path) != 0 && strcmp(base_files[i].path, beside_path) != 0)
            files[count++] = base_files[i];
    if (beside_path[0] != 0)
        files[count++] = (struct tl_bundle_file){beside_path, tl_str_z(beside_text)};
    files[count++] = (struct tl_bundle_file){path, tl_str_z(text)};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib", .effect_class = effect_of};
    struct tl_bundle *bundle = NULL;
    struct tl_error err;
    if (tl_bundle_load_files(files, count, &options, &bundle, &err) != TL_OK)
        fail_msg("%s", err.text);
    return bundle;
}

static const char *list(const char *path, const char *text, bool warnings)
{
    static char out[16384];
    struct tl_bundle *bundle = load(path, text);
    size_t count, len = 0;
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    out[0] = '\0';
    for (size_t i = 0; i < count && len < sizeof out - 1200; i++)
        if (warnings || findings[i].severity == TL_FINDING_ERROR)
            len += (size_t)snprintf(out + len, sizeof out - len, "%s:%d %s\n", findings[i].place.file,
                                    findings[i].place.line, findings[i].text);
    tl_bundle_free(bundle);
    return out;
}

const char *case_errors(const char *path, const char *text)
{
    return list(path, text, false);
}

const char *case_errors_beside(const char *other, const char *other_text, const char *path, const char *text)
{
    beside_path = other;
    beside_text = other_text;
    const char *errors = case_errors(path, text);
    beside_path = "";
    return errors;
}

const char *case_warnings(const char *path, const char *text)
{
    return list(path, text, true);
}

void case_refuses(const char *path, const char *text, int line, const char *part)
{
    const char *errors = case_errors(path, text);
    char place[300];
    snprintf(place, sizeof place, "%s:%d ", path, line);
    const char *end = strchr(errors, '\n');
    if (strncmp(errors, place, strlen(place)) != 0 || !strstr(errors, part) || !end || end[1])
        fail_msg("expected one error %s… %s, got:\n%s", place, part, errors);
}

void case_accepts(const char *path, const char *text)
{
    assert_string_equal(case_errors(path, text), "");
}

static void start(struct case_run *c, const char *head, const char *body, const char *payload, const char *state,
                  const struct tl_script_limits *limits)
{
    static char text[65536];
    snprintf(text, sizeof text,
             "%s flow \"f\" { on = \"in@1\", steward = \"s\", run = function(ctx, e, state) %s end }", head, body);
    c->bundle = load("flows/f.lua", text);
    if (tl_bundle_errors(c->bundle)) {
        tl_bundle_free(c->bundle);
        fail_msg("%s", case_errors("flows/f.lua", text));
    }
    struct tl_error err;
    if (tl_script_new(c->bundle, limits, &c->script, &err) != TL_OK)
        fail_msg("%s", err.text);
    struct tl_run_event event = {.id = TL_STR("1-0"),
                                 .type = TL_STR("in@1"),
                                 .key = TL_STR("K"),
                                 .source = TL_STR("crm"),
                                 .payload = tl_str_z(payload),
                                 .state = tl_str_z(state),
                                 .time_ms = 1700000000123,
                                 .unit = 42};
    c->outcome = tl_run_start(c->script, 0, &event, &c->run);
}

void case_start_limited(struct case_run *c, const char *head, const char *body, const char *payload,
                        const struct tl_script_limits *limits)
{
    start(c, head, body, payload, "", limits);
}

void case_start_state(struct case_run *c, const char *body, const char *state)
{
    start(c, "", body, "{}", state, NULL);
}

void case_start(struct case_run *c, const char *head, const char *body, const char *payload)
{
    case_start_limited(c, head, body, payload, NULL);
}

void case_end(struct case_run *c)
{
    tl_run_free(c->run);
    tl_script_free(c->script);
    tl_bundle_free(c->bundle);
}

static const char *join(size_t count, char separator, tl_str (*item)(const void *ctx, size_t i), const void *ctx)
{
    static char out[4][8192];
    static int next;
    char *text = out[next++ % 4];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        tl_str s = item(ctx, i);
        if (i)
            text[len++] = separator;
        len += (size_t)snprintf(text + len, 8192 - len, "%.*s", TL_STR_ARGS(s));
        assert_true(len < 8000);
    }
    return text;
}

static tl_str ask_id(const void *outcome, size_t i)
{
    return ((const struct tl_run_outcome *)outcome)->asks[i]->id;
}

static tl_str withdrawn_id(const void *outcome, size_t i)
{
    return ((const struct tl_run_outcome *)outcome)->withdrawn[i];
}

static tl_str log_text(const void *outcome, size_t i)
{
    return ((const struct tl_run_outcome *)outcome)->logs[i].message;
}

const char *case_asks(const struct case_run *c)
{
    return join(c->outcome->ask_count, ' ', ask_id, c->outcome);
}

const char *case_withdrawn(const struct case_run *c)
{
    return join(c->outcome->withdrawn_count, ' ', withdrawn_id, c->outcome);
}

const char *case_logs(const struct case_run *c)
{
    return join(c->outcome->log_count, '|', log_text, c->outcome);
}

const struct tl_run_ask *case_ask(const struct case_run *c, const char *id)
{
    for (size_t i = 0; i < c->outcome->ask_count; i++)
        if (tl_str_is(c->outcome->asks[i]->id, id))
            return c->outcome->asks[i];
    fail_msg("no ask %s among: %s", id, case_asks(c));
    return NULL;
}

static void give(struct case_run *c, const struct tl_run_result *result)
{
    if (!tl_run_asks(c->run, result->id))
        fail_msg("%.*s is not outstanding (ending %d)", TL_STR_ARGS(result->id), (int)c->outcome->ending);
    c->outcome = tl_run_resume(c->run, result);
}

void case_answer(struct case_run *c, const char *id, const char *document)
{
    give(c, &(struct tl_run_result){.id = tl_str_z(id), .ok = true, .document = tl_str_z(document)});
}

void case_refuse(struct case_run *c, const char *id, const char *cls)
{
    give(c, &(struct tl_run_result){.id = tl_str_z(id), .cls = tl_str_z(cls), .message = TL_STR("no")});
}

void case_is(const struct case_run *c, enum tl_run_ending ending, const char *file, int line)
{
    const struct tl_run_outcome *o = c->outcome;
    if (o->ending == ending)
        return;
    print_error("ending %d instead of %d: %.*s: %.*s\n", (int)o->ending, (int)ending, TL_STR_ARGS(o->error.cls),
                TL_STR_ARGS(o->error.message));
    _fail(file, line);
}

const char *case_says_with(const char *head, const char *body, const char *payload)
{
    static char out[8192];
    struct case_run c;
    case_start(&c, head, body, payload);
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < c.outcome->log_count; i++)
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%.*s", i ? "|" : "",
                                TL_STR_ARGS(c.outcome->logs[i].message));
    if (c.outcome->ending == TL_RUN_ERROR)
        snprintf(out + len, sizeof out - len, "%serror: %.*s: %.*s", len ? "|" : "", TL_STR_ARGS(c.outcome->error.cls),
                 TL_STR_ARGS(c.outcome->error.message));
    else if (c.outcome->ending != TL_RUN_DONE)
        snprintf(out + len, sizeof out - len, "%sending %d", len ? "|" : "", (int)c.outcome->ending);
    case_end(&c);
    return out;
}

const char *case_says(const char *body, const char *payload)
{
    return case_says_with("", body, payload);
}
