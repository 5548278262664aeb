/* `tidelock lens laws|doc|lineage`: do the lenses of an integration keep their laws, and what do they say of
 * themselves? */
#include "base/alloc.h"
#include "base/log.h"
#include "codec/json_writer.h"
#include "command.h"
#include "lens_laws.h"
#include "limits.h"
#include "place.h"
#include "server/integration.h"
#include "stream.h"
#include <stdio.h>
#include <stdlib.h>

/* Loads the folder of the command; what is wrong with it is for `check` to say. */
static tl_code load(const struct tl_args *args, struct tl_integration **integration, struct tl_error *err)
{
    char *library = tl_place_library(args), *plugins = tl_place_plugins(args);
    tl_log_setup(TL_WARN, TL_LOG_TEXT);
    tl_code code = tl_integration_load(args->words[0], library, plugins, integration, err);
    tl_free(library);
    tl_free(plugins);
    if (code != TL_OK)
        return code;
    size_t count, errors = tl_bundle_errors(tl_integration_bundle(*integration));
    const struct tl_finding *f = tl_bundle_findings(tl_integration_bundle(*integration), &count);
    for (size_t i = 0; errors && i < count; i++)
        if (f[i].severity == TL_FINDING_ERROR)
            return tl_fail(err, TL_EINPUT, "%s:%d: %s (%zu errors; tidelock check lists them)", f[i].place.file,
                           f[i].place.line, f[i].text, errors);
    return TL_OK;
}

static tl_code number(const struct tl_args *args, const char *option, int64_t least, int64_t most, int64_t otherwise,
                      int64_t *out, struct tl_error *err)
{
    const char *text = tl_arg(args, option);
    char *end;
    *out = otherwise;
    if (!text)
        return TL_OK;
    *out = strtoll(text, &end, 10);
    if (end == text || *end || *out < least || *out > most)
        return tl_fail(err, TL_EUSAGE, "%s takes a number from %lld to %lld, not \"%s\"", option, (long long)least,
                       (long long)most, text);
    return TL_OK;
}

tl_code tl_cmd_lens_laws(const struct tl_args *args, struct tl_error *err)
{
    struct tl_lens_trial trial = {.lens = tl_arg(args, "--lens")};
    struct tl_integration *integration = NULL;
    struct tl_lens_report report = {0};
    tl_code code = number(args, "--count", 1, 100000, 200, &trial.count, err);
    if (code == TL_OK)
        code = number(args, "--seed", 0, INT64_MAX / 2, 1, &trial.seed, err);
    trial.cpu_ms = 60000;
    if (code == TL_OK)
        code = tl_limits_apply(args, err);
    if (code == TL_OK)
        code = load(args, &integration, err);
    if (code == TL_OK) {
        code = tl_lens_laws(tl_integration_bundle(integration), &trial, &report, err);
        if (code == TL_OK)
            code = tl_flag(args, "--json") ? tl_laws_print_json(&report, err) : tl_laws_print(&report, true, err);
        if (code == TL_OK && report.count) {
            code = TL_EDIFFERS;
            err->text[0] = '\0'; /* everything is said already */
        }
        tl_lens_report_free(&report);
    }
    tl_integration_free(integration);
    return code;
}

typedef tl_code saying(const struct tl_bundle *bundle, const char *lens, struct tl_buf *out, struct tl_error *err);

static tl_code print(const struct tl_args *args, saying *say, struct tl_error *err)
{
    struct tl_integration *integration = NULL;
    struct tl_buf out;
    tl_buf_init(&out, 64 << 20);
    tl_code code = load(args, &integration, err);
    if (code == TL_OK)
        code = say(tl_integration_bundle(integration), tl_arg(args, "--lens"), &out, err);
    if (code == TL_OK)
        code = tl_stream_print(tl_buf_str(&out), err);
    tl_buf_free(&out);
    tl_integration_free(integration);
    return code;
}

tl_code tl_cmd_lens_doc(const struct tl_args *args, struct tl_error *err)
{
    return print(args, tl_lens_pages, err);
}

static tl_code lineage_lines(const struct tl_bundle *bundle, const char *lens, struct tl_buf *out, struct tl_error *err)
{
    tl_code code = tl_lens_lineage(bundle, lens, out, err);
    tl_buf_add_char(out, '\n');
    return code;
}

tl_code tl_cmd_lens_lineage(const struct tl_args *args, struct tl_error *err)
{
    return print(args, lineage_lines, err);
}
