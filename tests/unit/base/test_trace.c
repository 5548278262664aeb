/* base/trace.h against the cases of the W3C trace-context test suite. */
#include "../cmocka_room.h"
#include "base/trace.h"

#include <stdlib.h>

struct vector {
    char header[16], value[1200], parser[64];
    bool valid;
};

static FILE *open_vectors(void)
{
    const char *cases = getenv("TIDELOCK_CASES");
    char path[4096];

    snprintf(path, sizeof(path), "%s/trace-context/vectors.json", cases ? cases : TIDELOCK_ROOT "/../shared/cases");
    return fopen(path, "r");
}

/* The value of `  "name": "value",` with \t undone. The file is one member a line, and base has no JSON
 * reader. */
static bool read_member(const char *line, const char *name, char *out, size_t size)
{
    char head[64];
    size_t len = 0;

    snprintf(head, sizeof(head), "\"%s\": \"", name);
    const char *at = strstr(line, head);
    if (!at)
        return false;
    for (at += strlen(head); *at && *at != '"' && len + 1 < size; at++) {
        if (*at == '\\') {
            at++;
            assert_int_equal(*at, 't');
            out[len++] = '\t';
        } else {
            out[len++] = *at;
        }
    }
    out[len] = '\0';
    return true;
}

static bool next_vector(FILE *file, struct vector *out)
{
    char line[2048];

    memset(out, 0, sizeof(*out));
    while (fgets(line, sizeof(line), file)) {
        read_member(line, "header", out->header, sizeof(out->header));
        read_member(line, "value", out->value, sizeof(out->value));
        read_member(line, "parser", out->parser, sizeof(out->parser));
        if (strstr(line, "\"valid\": true"))
            out->valid = true;
        if (strchr(line, '}'))
            return true;
    }
    return false;
}

/* What the case expects of us. One of the suite's two parsers lets ids of zeros pass, the other knows version
 * 00 only; the specification, and we, refuse zeros and read later versions. */
static bool expected(const struct vector *vector)
{
    bool zeros =
        strstr(vector->value, "-00000000000000000000000000000000-") || strstr(vector->value, "-0000000000000000-");

    if (strncmp(vector->parser, "version-00", 10) == 0)
        return vector->valid || (strncmp(vector->value, "00", 2) != 0 && strncmp(vector->value, "ff", 2) != 0);
    return vector->valid && !zeros;
}

static void passes_every_published_case(void **state)
{
    FILE *file = open_vectors();
    struct vector vector;
    int parents = 0, states = 0;

    (void)state;
    if (!file) {
        print_message("skipped: the cases of trace-context are absent (TIDELOCK_CASES)\n");
        skip();
    }
    while (next_vector(file, &vector)) {
        struct tl_trace trace = {0};
        if (strcmp(vector.header, "traceparent") == 0) {
            parents++;
            if ((tl_trace_parse(tl_str_z(vector.value), &trace, NULL) == TL_OK) != expected(&vector))
                fail_msg("traceparent %s (%s): not as expected", vector.value, vector.parser);
        } else {
            states++;
            if ((tl_trace_add_state(&trace, tl_str_z(vector.value), NULL) == TL_OK) != vector.valid)
                fail_msg("tracestate %s: not as expected", vector.value);
        }
    }
    fclose(file);
    assert_int_equal(parents, 37);
    assert_int_equal(states, 14);
}

static void keeps_what_it_read(void **state)
{
    struct tl_trace trace;
    char text[56];

    (void)state;
    assert_int_equal(tl_trace_parse(TL_STR("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), &trace, NULL),
                     TL_OK);
    assert_int_equal(trace.trace_id[0], 0x4b);
    assert_int_equal(trace.span_id[7], 0xb7);
    assert_int_equal(trace.flags, 1);
    tl_trace_print(&trace, text);
    assert_string_equal(text, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

static void reads_later_versions_and_refuses_the_rest(void **state)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
        "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-not-be-like",
        "00-1234567890123456789012345678901A-1234567890123456-01",
        "00_12345678901234567890123456789012-1234567890123456-01",
        "00-12345678901234567890123456789012-1234567890123456-0x"};
    struct tl_trace trace;

    (void)state;
    assert_int_equal(
        tl_trace_parse(TL_STR("cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like"),
                       &trace, NULL),
        TL_OK);
    for (size_t i = 0; i < TL_COUNT_OF(bad); i++) {
        struct tl_error err = {0};
        assert_int_equal(tl_trace_parse(tl_str_z(bad[i]), &trace, &err), TL_EINPUT);
        assert_true(err.text[0] != '\0');
        assert_false(tl_trace_is_set(&trace));
    }
}

static void combines_states_in_order_and_drops_a_bad_one_whole(void **state)
{
    struct tl_trace trace = {0};
    char many[512] = "";

    (void)state;
    assert_int_equal(tl_trace_add_state(&trace, TL_STR("foo=1 , ,bar=2"), NULL), TL_OK);
    assert_int_equal(tl_trace_add_state(&trace, TL_STR("rojo=00f067"), NULL), TL_OK);
    assert_string_equal(trace.state, "foo=1,bar=2,rojo=00f067");
    assert_int_equal(tl_trace_add_state(&trace, TL_STR("Foo=1"), NULL), TL_EINPUT);
    assert_string_equal(trace.state, "");
    for (int i = 0; i < 32; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sk%d=1", i ? "," : "", i);
    assert_int_equal(tl_trace_add_state(&trace, tl_str_z(many), NULL), TL_OK);
    assert_int_equal(tl_trace_add_state(&trace, TL_STR("one=toomuch"), NULL), TL_EINPUT);
}

static void a_child_has_the_same_trace_and_a_new_span(void **state)
{
    struct tl_trace parent, child;

    (void)state;
    tl_trace_start(&parent);
    assert_true(tl_trace_is_set(&parent));
    assert_int_equal(parent.flags & 1, 1);
    assert_int_equal(tl_trace_add_state(&parent, TL_STR("a=b"), NULL), TL_OK);
    tl_trace_child(&parent, &child);
    assert_memory_equal(parent.trace_id, child.trace_id, 16);
    assert_memory_not_equal(parent.span_id, child.span_id, 8);
    assert_string_equal(child.state, "a=b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_every_published_case),
        cmocka_unit_test(keeps_what_it_read),
        cmocka_unit_test(reads_later_versions_and_refuses_the_rest),
        cmocka_unit_test(combines_states_in_order_and_drops_a_bad_one_whole),
        cmocka_unit_test(a_child_has_the_same_trace_and_a_new_span),
    };
    return cmocka_run_group_tests_name("base/trace", tests, NULL, NULL);
}
