#include "trial/repl.h"
#include "base/alloc.h"
#include "base/nearest.h"
#include "codec/json.h"
#include "codec/json_writer.h"
#include "script/lines.h"
#include "script/tester.h"
#include "server/integration.h"
#include "world.h"
#include <string.h>

#define TEXT_MAX ((size_t)64 << 20)
#define CPU_MS 5000 /* of one answer */

/* What is renewed when files have changed. */
struct loaded {
    struct tl_integration *integration;
    struct tl_lines *lines; /* states that note are told where values come from */
    struct tl_world world;
    bool has_world;
    struct tl_tester *tester;
};

struct tl_repl {
    const struct tl_repl_options *options; /* borrow */
    struct loaded *loaded;                 /* own */
    char *title;                           /* own; in use, NULL: none */
    struct tl_buf document;
    size_t depth; /* of its brackets */
    bool quoted, escaped;
    bool ended;
};

/* ---- loading ---- */

static void unload(struct loaded *loaded)
{
    tl_tester_free(loaded->tester);
    if (loaded->has_world)
        tl_world_deinit(&loaded->world);
    tl_lines_free(loaded->lines);
    tl_integration_free(loaded->integration);
    tl_free(loaded);
}

static tl_code refuse_errors(const struct tl_bundle *bundle, struct tl_error *err)
{
    size_t count, errors = tl_bundle_errors(bundle);
    const struct tl_finding *f = tl_bundle_findings(bundle, &count);
    for (size_t i = 0; errors > 0 && i < count; i++) {
        if (f[i].severity == TL_FINDING_ERROR)
            return tl_fail(err, TL_EINPUT, "%s:%d: %s (%zu errors; tidelock check lists them)", f[i].place.file,
                           f[i].place.line, f[i].text, errors);
    }
    return TL_OK;
}

/* A world that no test touches: what the words ask of the integration. */
static tl_code make_tester(struct loaded *loaded, const struct tl_repl_options *options, struct tl_error *err)
{
    struct tl_bundle *bundle = tl_integration_bundle(loaded->integration);
    struct tl_tester_host host = {tl_world_call, &loaded->world};
    loaded->lines = tl_lines_new(bundle);
    loaded->has_world = true;
    tl_code code = tl_world_init(&loaded->world, loaded->integration, NULL, err);
    loaded->world.folder = options->dir;
    if (code == TL_OK)
        code = tl_tester_new(bundle, options->words, loaded->lines, &host, &loaded->tester, err);
    loaded->world.tester = loaded->tester;
    return code;
}

static tl_code load(const struct tl_repl_options *options, struct loaded **out, struct tl_error *err)
{
    struct loaded *loaded = TL_NEW(struct loaded);
    tl_code code = tl_integration_load(options->dir, options->library, options->plugins, &loaded->integration, err);
    if (code == TL_OK)
        code = refuse_errors(tl_integration_bundle(loaded->integration), err);
    if (code == TL_OK)
        code = make_tester(loaded, options, err);
    if (code == TL_OK)
        *out = loaded;
    else
        unload(loaded);
    return code;
}

static tl_code use(struct tl_repl *repl, tl_str title, struct tl_buf *out);

/* Files that have errors leave the old ones in use. */
static bool reload(struct tl_repl *repl, struct tl_buf *out)
{
    struct loaded *fresh;
    struct tl_error err;
    if (load(repl->options, &fresh, &err) != TL_OK) {
        tl_buf_addf(out, "error: %s\nthe files as they were before stay in use\n", err.text);
        return false;
    }
    unload(repl->loaded);
    repl->loaded = fresh;
    tl_buf_addf(out, "%s was read again\n", repl->options->dir);
    return repl->title == NULL || use(repl, tl_str_z(repl->title), out) == TL_OK;
}

/* ---- asking the words (scripts/trial/repl.lua) ---- */

/* Appends the text of the answer. TL_EDIFFERS: it says that something is wrong. */
static tl_code ask(struct tl_repl *repl, const char *word, tl_str arg, struct tl_buf *out)
{
    struct tl_buf json;
    struct tl_json_doc *doc = NULL;
    struct tl_error err;
    tl_buf_init(&json, TEXT_MAX);
    tl_code code = tl_tester_call(repl->loaded->tester, word, arg, CPU_MS, &json, &err);
    if (code == TL_OK)
        code = tl_json_parse_borrowed(tl_buf_str(&json), NULL, &doc, &err);
    if (code == TL_OK) {
        tl_str text = tl_json_get_text(tl_json_root(doc), "text");
        tl_buf_add_str(out, text);
        if (text.len > 0)
            tl_buf_add_char(out, '\n');
        code = tl_json_get_bool(tl_json_root(doc), "failed", false) ? TL_EDIFFERS : TL_OK;
    } else {
        tl_buf_addf(out, "error: %s\n", err.text);
    }
    tl_json_free(doc);
    tl_buf_free(&json);
    return code;
}

static tl_code ask_text(struct tl_repl *repl, const char *word, tl_str text, struct tl_buf *out)
{
    struct tl_buf arg;
    tl_buf_init(&arg, TEXT_MAX);
    tl_code code = tl_json_quote(&arg, text) ? ask(repl, word, tl_buf_str(&arg), out) : TL_EINPUT;
    if (code == TL_EINPUT)
        tl_buf_add_z(out, "error: the line is not UTF-8\n");
    tl_buf_free(&arg);
    return code;
}

static tl_code use(struct tl_repl *repl, tl_str title, struct tl_buf *out)
{
    tl_code code = ask_text(repl, "repl_use", title, out);
    if (code == TL_OK) {
        char *now = tl_str_dup(title);
        tl_free(repl->title);
        repl->title = now;
    }
    return code;
}

static bool map(struct tl_repl *repl, tl_str text, struct tl_buf *out)
{
    struct tl_json_doc *doc = NULL;
    struct tl_error err;
    if (tl_json_parse_borrowed(text, NULL, &doc, &err) != TL_OK) {
        tl_buf_addf(out, "error: the document is no JSON: %s\n", err.text);
        return false;
    }
    tl_json_free(doc);
    return ask(repl, "repl_map", text, out) == TL_OK;
}

static bool load_file(struct tl_repl *repl, tl_str name, struct tl_buf *out)
{
    struct tl_buf text;
    struct tl_error err;
    char *path = tl_str_dup(name);
    tl_buf_init(&text, TEXT_MAX);
    bool fine = tl_folder_read(path, &text, &err) == TL_OK;
    if (!fine)
        tl_buf_addf(out, "error: %s\n", err.text);
    fine = fine && map(repl, tl_buf_str(&text), out);
    tl_buf_free(&text);
    tl_free(path);
    return fine;
}

/* Runs as a file of tests of one line does: it sees the integration's modules and can change nothing that stays. */
static bool evaluate(struct tl_repl *repl, tl_str line, struct tl_buf *out)
{
    struct tl_buf text;
    struct tl_error err;
    tl_buf_init(&text, TEXT_MAX);
    tl_buf_addf(&text, "show(%.*s\n)", TL_STR_ARGS(line));
    tl_code code = tl_tester_load(repl->loaded->tester, "line", tl_buf_str(&text), &err);
    tl_buf_free(&text);
    if (code == TL_OK)
        return ask(repl, "repl_said", TL_STR_NONE, out) == TL_OK;
    tl_buf_addf(out, "error: %s\n", err.text);
    if (tl_str_starts(tl_str_z(err.text), TL_STR("line:1: ")))
        tl_buf_add_z(out, "(a line is a command, :help lists them; a JSON document; or an expression of Lua)\n");
    return false;
}

/* ---- commands ---- */

static const char help[] =
    ":list                  the maps and lenses\n"
    ":use \"TITLE\"           try this one: order@1 <- crm.Deal; of a lens one direction or the whole title\n"
    ":get, :put             the direction of a lens: from the platform's record, to it\n"
    "{ … }                  a JSON document, over as many lines as it has: what becomes of it, and where each value\n"
    "                       came from\n"
    ":load FILE             a document from a file\n"
    ":reload                read the integration's files again\n"
    ":quit\n"
    "Anything else is an expression of Lua: require(\"lenses.account\").get(doc). 'doc' is the last document, "
    "'result'\n"
    "what became of it.\n";

/* Without the quotes that people put around titles. */
static tl_str unquoted(tl_str text)
{
    text = tl_str_trim(text);
    bool quotes = text.len >= 2 && text.ptr[0] == text.ptr[text.len - 1] && strchr("\"'", text.ptr[0]) != NULL;
    return quotes ? tl_str_n(text.ptr + 1, text.len - 2) : text;
}

static bool unknown(tl_str word, struct tl_buf *out)
{
    static const char *const words[] = {":list", ":use", ":get", ":put", ":load", ":reload", ":quit", ":help"};
    const char *near = tl_nearest(word, words, TL_COUNT_OF(words));
    tl_buf_addf(out, "error: there is no %.*s%s%s%s; :help lists what there is\n", TL_STR_ARGS(word),
                near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
    return false;
}

static bool needs(tl_str arg, const char *text, struct tl_buf *out)
{
    if (arg.len == 0)
        tl_buf_addf(out, "error: %s\n", text);
    return arg.len > 0;
}

static bool command(struct tl_repl *repl, tl_str line, struct tl_buf *out)
{
    tl_str arg = line, word;
    (void)tl_str_cut(&arg, ' ', &word);
    arg = unquoted(arg);
    if (tl_str_is(word, ":help"))
        return tl_buf_add_z(out, help);
    if (tl_str_is(word, ":quit"))
        return repl->ended = true;
    if (tl_str_is(word, ":reload"))
        return reload(repl, out);
    if (tl_str_is(word, ":list"))
        return ask(repl, "repl_list", TL_STR_NONE, out) == TL_OK;
    if (tl_str_is(word, ":use"))
        return needs(arg, "say which: :use \"order@1 <- crm.Deal\"; :list lists them", out) &&
               use(repl, arg, out) == TL_OK;
    if (tl_str_is(word, ":get") || tl_str_is(word, ":put"))
        return ask_text(repl, "repl_way", tl_str_from(word, 1), out) == TL_OK;
    if (tl_str_is(word, ":load"))
        return needs(arg, "say which file: :load deal.json", out) && load_file(repl, arg, out);
    return unknown(word, out);
}

/* ---- documents over several lines ---- */

/* Counts brackets outside of texts; what is wrong with the rest the reader says. */
static void count_brackets(struct tl_repl *repl, tl_str line)
{
    for (size_t i = 0; i < line.len; i++) {
        char c = line.ptr[i];
        if (repl->escaped)
            repl->escaped = false;
        else if (repl->quoted && c == '\\')
            repl->escaped = true;
        else if (c == '"')
            repl->quoted = !repl->quoted;
        else if (!repl->quoted && (c == '{' || c == '['))
            repl->depth++;
        else if (!repl->quoted && (c == '}' || c == ']') && repl->depth > 0)
            repl->depth--;
    }
    repl->quoted = repl->escaped = false; /* a text of JSON does not go over lines */
}

static bool document(struct tl_repl *repl, tl_str line, struct tl_buf *out)
{
    tl_buf_add_str(&repl->document, line);
    if (!tl_buf_add_char(&repl->document, '\n')) {
        tl_buf_addf(out, "error: the document is larger than %zu bytes\n", TEXT_MAX);
        tl_buf_free(&repl->document);
        repl->depth = 0;
        return false;
    }
    count_brackets(repl, line);
    if (repl->depth > 0)
        return true;
    bool fine = map(repl, tl_buf_str(&repl->document), out);
    tl_buf_clear(&repl->document);
    return fine;
}

/* A table of Lua in an expression is behind something, so a line that begins with a bracket is a document. */
bool tl_repl_line(struct tl_repl *repl, tl_str line, struct tl_buf *out)
{
    tl_str text = tl_str_trim(line);
    if (repl->depth > 0)
        return document(repl, line, out);
    if (text.len == 0)
        return true;
    if (text.ptr[0] == '{' || text.ptr[0] == '[')
        return document(repl, line, out);
    return text.ptr[0] == ':' ? command(repl, text, out) : evaluate(repl, text, out);
}

bool tl_repl_waits(const struct tl_repl *repl)
{
    return repl->depth > 0;
}

bool tl_repl_ended(const struct tl_repl *repl)
{
    return repl->ended;
}

/* ---- life ---- */

tl_code tl_repl_open(const struct tl_repl_options *options, struct tl_repl **out, struct tl_error *err)
{
    struct loaded *loaded;
    tl_code code = load(options, &loaded, err);
    if (code != TL_OK)
        return code;
    struct tl_repl *repl = TL_NEW(struct tl_repl);
    *repl = (struct tl_repl){.options = options, .loaded = loaded};
    tl_buf_init(&repl->document, TEXT_MAX);
    *out = repl;
    return TL_OK;
}

void tl_repl_close(struct tl_repl *repl)
{
    if (repl == NULL)
        return;
    unload(repl->loaded);
    tl_free(repl->title);
    tl_buf_free(&repl->document);
    tl_free(repl);
}
