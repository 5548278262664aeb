/* `tidelock check`: loads an integration with the installed connectors and prints everything that is wrong. */
#include "base/alloc.h"
#include "base/log.h"
#include "codec/json_writer.h"
#include "command.h"
#include "lens_laws.h"
#include "place.h"
#include "server/integration.h"
#include "stream.h"
#include <stdio.h>

static size_t declared_flows(const struct tl_bundle *bundle)
{
    size_t count, declared = 0;
    const struct tl_flow *flows = tl_bundle_flows(bundle, &count);
    while (declared < count && !flows[declared].internal)
        declared++;
    return declared;
}

static void print_count(size_t count, const char *noun, const char *then)
{
    printf(" %zu %s%s%s", count, noun, count == 1 ? "" : "s", then);
}

static void print_text(const struct tl_bundle *bundle, size_t broken)
{
    size_t count;
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; i < count; i++) {
        const struct tl_finding *f = &findings[i];
        printf("%s:%d: %s: %s\n", f->place.file, f->place.line, f->severity == TL_FINDING_ERROR ? "error" : "warning",
               f->text);
        tl_str rest = tl_str_z(f->chain), line;
        while (rest.len != 0 && tl_str_cut(&rest, '\n', &line))
            printf("    %.*s\n", TL_STR_ARGS(line));
    }
    size_t systems, events, errors = tl_bundle_errors(bundle);
    tl_bundle_systems(bundle, &systems);
    tl_bundle_events(bundle, &events);
    printf("%s:", tl_bundle_integration(bundle));
    print_count(systems, "system", ",");
    print_count(events, "event", ",");
    print_count(declared_flows(bundle), "flow", ",");
    print_count(errors + broken, "error", ",");
    print_count(count - errors, "warning", "\n");
}

/* The laws of lenses on a few values, in bounded time; nothing while there are errors. */
static tl_code try_laws(const struct tl_bundle *bundle, struct tl_lens_report *laws, struct tl_error *err)
{
    const struct tl_lens_trial trial = {.count = 60, .seed = 1, .cpu_ms = 5000};
    return tl_bundle_errors(bundle) ? TL_OK : tl_lens_laws(bundle, &trial, laws, err);
}

static tl_code print_json(const struct tl_bundle *bundle, const struct tl_lens_report *laws, struct tl_error *err)
{
    struct tl_buf out;
    struct tl_json_writer w;
    size_t count;
    const struct tl_finding *findings = tl_bundle_findings(bundle, &count);
    tl_buf_init(&out, 64 << 20);
    tl_json_writer_init_pretty(&w, &out, 2);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "integration", tl_bundle_integration(bundle));
    tl_json_put_z(&w, "revision", tl_bundle_hash(bundle));
    tl_json_key(&w, "findings");
    tl_json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        tl_json_begin_object(&w);
        tl_json_put_z(&w, "severity", findings[i].severity == TL_FINDING_ERROR ? "error" : "warning");
        tl_json_put_z(&w, "file", findings[i].place.file);
        tl_json_put_int(&w, "line", findings[i].place.line);
        tl_json_put_z(&w, "text", findings[i].text);
        tl_json_put_z(&w, "chain", findings[i].chain);
        tl_json_end_object(&w);
    }
    tl_json_end_array(&w);
    tl_json_key(&w, "laws");
    tl_json_begin_array(&w);
    tl_laws_put_json(&w, laws);
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    return tl_stream_print_json(&w, &out, err);
}

/* Adds what the contracts of the folder in use have to say. */
static tl_code check_against(const char *dir, const char *library, const char *plugins, struct tl_bundle *bundle,
                             struct tl_error *err)
{
    struct tl_integration *in_use = NULL;
    tl_code code = tl_integration_load(dir, library, plugins, &in_use, err);
    if (code == TL_OK)
        tl_bundle_check_against(bundle, tl_integration_bundle(in_use));
    tl_integration_free(in_use);
    return code;
}

/* Adds what it shares with, and does to the same records as, each of the folders that are to run beside it. */
static tl_code check_with(const struct tl_args *args, const char *library, const char *plugins,
                          struct tl_bundle *bundle, struct tl_error *err)
{
    tl_code code = TL_OK;
    size_t at = 0;
    for (const char *dir; code == TL_OK && (dir = tl_arg_next(args, "--with", &at)) != NULL;) {
        struct tl_integration *other = NULL;
        code = tl_integration_load(dir, library, plugins, &other, err);
        if (code == TL_OK)
            tl_bundle_check_beside(bundle, tl_integration_bundle(other));
        tl_integration_free(other);
    }
    return code;
}

tl_code tl_cmd_check(const struct tl_args *args, struct tl_error *err)
{
    char *library = tl_place_library(args), *plugins = tl_place_plugins(args);
    struct tl_integration *integration = NULL;
    tl_log_setup(TL_WARN, TL_LOG_TEXT); /* the findings are what is asked for */
    tl_code code = tl_integration_load(args->words[0], library, plugins, &integration, err);
    if (code == TL_OK && tl_flag(args, "--against"))
        code = check_against(tl_arg(args, "--against"), library, plugins, tl_integration_bundle(integration), err);
    if (code == TL_OK) {
        tl_bundle_check_unread(tl_integration_bundle(integration), args->words[0]);
        tl_bundle_check_overlaps(tl_integration_bundle(integration), NULL);
    }
    if (code == TL_OK)
        code = check_with(args, library, plugins, tl_integration_bundle(integration), err);
    if (code == TL_OK) {
        const struct tl_bundle *bundle = tl_integration_bundle(integration);
        struct tl_lens_report laws = {0};
        code = try_laws(bundle, &laws, err);
        if (code == TL_OK && tl_flag(args, "--json"))
            code = print_json(bundle, &laws, err);
        else if (code == TL_OK && (code = tl_laws_print(&laws, false, err)) == TL_OK)
            print_text(bundle, laws.count);
        size_t broken = laws.count;
        tl_lens_report_free(&laws);
        if (code == TL_OK && (tl_bundle_errors(bundle) != 0 || broken)) {
            code = TL_EINPUT;
            err->text[0] = '\0'; /* everything is said already */
        }
    }
    tl_integration_free(integration);
    tl_free(library);
    tl_free(plugins);
    return code;
}
