#include "deploy_say.h"
#include "table.h"
#include <inttypes.h>
#include <stdio.h>

enum { HASH_SHOWN = 12 };

static tl_str text_of(const struct tl_json_value *object, const char *path)
{
    return tl_table_text(object, path);
}

static void print_hash(const char *before, tl_str hash)
{
    printf("%s%.*s", before, (int)(hash.len < HASH_SHOWN ? hash.len : HASH_SHOWN), hash.len != 0 ? hash.ptr : "");
}

/* Several lines, each further in. */
static void print_lines(tl_str text)
{
    tl_str line;
    while (text.len != 0 && tl_str_cut(&text, '\n', &line))
        printf("    %.*s\n", TL_STR_ARGS(line));
}

/* ---- trouble ---- */

static void say_findings(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "findings"));
    while (tl_json_next(&i)) {
        printf("%.*s:%.*s: %.*s: %.*s\n", TL_STR_ARGS(text_of(i.value, "file")), TL_STR_ARGS(text_of(i.value, "line")),
               TL_STR_ARGS(text_of(i.value, "severity")), TL_STR_ARGS(text_of(i.value, "text")));
        print_lines(tl_table_lines(i.value, "chain"));
    }
}

static void say_laws(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_table_member(answer, "laws.broken"));
    while (tl_json_next(&i)) {
        tl_str field = text_of(i.value, "field");
        printf("%.*s:%.*s: law %.*s: lens \"%.*s\"%s%.*s: %.*s\n", TL_STR_ARGS(text_of(i.value, "file")),
               TL_STR_ARGS(text_of(i.value, "line")), TL_STR_ARGS(text_of(i.value, "law")),
               TL_STR_ARGS(text_of(i.value, "lens")), field.len != 0 ? ", " : "", TL_STR_ARGS(field),
               TL_STR_ARGS(text_of(i.value, "text")));
        print_lines(tl_table_lines(i.value, "shown"));
    }
}

void tl_deploy_say_trouble(const struct tl_json_value *answer)
{
    const struct tl_json_value *tests = tl_json_get(answer, "tests");
    say_findings(answer);
    say_laws(answer);
    if (tl_json_is(tl_json_get(answer, "stage"), "tests"))
        printf("%.*s", TL_STR_ARGS(tl_table_lines(tests, "output")));
}

/* ---- a plan ---- */

static void say_changes(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "changes"));
    while (tl_json_next(&i)) {
        tl_str change = text_of(i.value, "change"), text = text_of(i.value, "text");
        printf("%s %.*s %.*s%s%.*s\n",
               tl_str_is(change, "new")    ? "+"
               : tl_str_is(change, "gone") ? "-"
                                           : "~",
               TL_STR_ARGS(text_of(i.value, "kind")), TL_STR_ARGS(text_of(i.value, "name")), text.len != 0 ? ": " : "",
               TL_STR_ARGS(text));
    }
}

static void say_missing(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "missing"));
    while (tl_json_next(&i))
        printf("! %.*s %.*s has no value (%.*s): %.*s\n", TL_STR_ARGS(text_of(i.value, "kind")),
               TL_STR_ARGS(text_of(i.value, "name")), TL_STR_ARGS(text_of(i.value, "used")),
               TL_STR_ARGS(text_of(i.value, "do")));
}

static void say_connectors(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "connectors"));
    while (tl_json_next(&i))
        printf("! connector %.*s: %.*s is loaded, %.*s is installed and taken when the server starts the next time\n",
               TL_STR_ARGS(text_of(i.value, "connector")), TL_STR_ARGS(text_of(i.value, "loaded")),
               TL_STR_ARGS(text_of(i.value, "installed")));
}

static void say_work(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "pending"));
    while (tl_json_next(&i))
        printf("! flow %.*s goes and has %.*s units pending: wait until they are done, or --park-removed parks them\n",
               TL_STR_ARGS(text_of(i.value, "flow")), TL_STR_ARGS(text_of(i.value, "units")));
    i = tl_json_iter(tl_json_get(answer, "awaited"));
    while (tl_json_next(&i))
        printf(
            "! %.*s open runs of flow %.*s wait for %.*s, which is not declared any more and cannot come: wait until "
            "they have ended, or --park-removed leaves them waiting\n",
            TL_STR_ARGS(text_of(i.value, "runs")), TL_STR_ARGS(text_of(i.value, "flow")),
            TL_STR_ARGS(text_of(i.value, "type")));
    i = tl_json_iter(tl_json_get(answer, "staying"));
    while (tl_json_next(&i)) {
        tl_str systems = text_of(i.value, "systems_gone");
        bool gone = tl_json_count(tl_json_get(i.value, "systems_gone")) != 0;
        printf("%s %.*s open runs of flow %.*s stay on the revision they began with%s%s%.*s\n", gone ? "!" : "=",
               TL_STR_ARGS(text_of(i.value, "runs")), TL_STR_ARGS(text_of(i.value, "flow")),
               tl_json_get_bool(i.value, "gone", false) ? ", which is gone" : "",
               gone ? "; systems they may use go: " : "", TL_STR_ARGS(gone ? systems : TL_STR_NONE));
    }
}

void tl_deploy_say_plan(const struct tl_json_value *answer)
{
    say_findings(answer);
    say_changes(answer);
    say_missing(answer);
    say_connectors(answer);
    say_work(answer);
    print_hash("live ", text_of(answer, "live"));
    if (text_of(answer, "revision").len == 0) { /* of a retirement */
        puts(" would not be live any more");
        return;
    }
    print_hash(", folder ", text_of(answer, "revision"));
    printf(": %" PRId64 " differences\n", tl_json_get_i64(answer, "differences", 0));
}

/* ---- live ---- */

static void say_tried(const struct tl_json_value *answer)
{
    tl_str lenses = text_of(answer, "laws.lenses");
    if (lenses.len != 0 && !tl_str_is(lenses, "0"))
        printf("; the laws of %.*s lenses hold", TL_STR_ARGS(lenses));
    if (tl_json_type(tl_json_get(answer, "tests")) == TL_JSON_IS_OBJECT)
        printf("; %.*s tests passed", TL_STR_ARGS(text_of(answer, "tests.passed")));
    else if (!tl_json_is_null(tl_json_get(answer, "laws")))
        printf("; no tests were run");
}

static void say_retired(const struct tl_json_value *answer)
{
    struct tl_json_iter i = tl_json_iter(tl_json_get(answer, "staying"));
    printf("%.*s ", TL_STR_ARGS(text_of(answer, "integration")));
    print_hash("", text_of(answer, "before"));
    puts(" is not live any more");
    while (tl_json_next(&i))
        printf("= %.*s open runs of flow %.*s go on with it\n", TL_STR_ARGS(text_of(i.value, "runs")),
               TL_STR_ARGS(text_of(i.value, "flow")));
}

void tl_deploy_say_live(const struct tl_json_value *answer)
{
    bool unchanged = tl_json_is(tl_json_get(answer, "outcome"), "unchanged");
    if (tl_json_is(tl_json_get(answer, "outcome"), "retired")) {
        say_retired(answer);
        return;
    }
    printf("%.*s ", TL_STR_ARGS(text_of(answer, "integration")));
    print_hash("", text_of(answer, "live"));
    if (unchanged) {
        puts(" is live already; nothing was done");
        return;
    }
    if (text_of(answer, "before").len != 0)
        print_hash(" is live, before it ", text_of(answer, "before"));
    else
        printf(" is live, the first of its integration");
    if (tl_json_get_i64(answer, "beside", 0) != 0)
        printf(", beside %" PRId64 " other%s", tl_json_get_i64(answer, "beside", 0),
               tl_json_get_i64(answer, "beside", 0) == 1 ? "" : "s");
    printf("; %zu changes", tl_json_count(tl_json_get(answer, "changes")));
    size_t warnings = tl_json_count(tl_json_get(answer, "findings"));
    if (warnings != 0)
        printf(", %zu warning%s ('tidelock check' and 'plan' have them)", warnings, warnings == 1 ? "" : "s");
    say_tried(answer);
    printf(" (%.*s ms; work stood still for %.4s ms)\n", TL_STR_ARGS(text_of(answer, "ms.all")),
           text_of(answer, "ms.pause").ptr);
}
