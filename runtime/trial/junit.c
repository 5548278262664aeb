/* The JUnit file: what build servers read. One testsuite a file of tests. */
#include "base/alloc.h"
#include "report.h"
#include "world.h"
#include <string.h>

#define FILE_MAX_BYTES ((size_t)256 << 20)

/* Characters that XML 1.0 has no way to write become "?". */
static void add_text(struct tl_buf *out, const char *text)
{
    for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '&')
            tl_buf_add_z(out, "&amp;");
        else if (byte == '<')
            tl_buf_add_z(out, "&lt;");
        else if (byte == '>')
            tl_buf_add_z(out, "&gt;");
        else if (byte == '"')
            tl_buf_add_z(out, "&quot;");
        else if (byte == '\n')
            tl_buf_add_z(out, "&#10;");
        else
            tl_buf_add_char(out, byte < 0x20 && byte != '\t' ? '?' : *c);
    }
}

static void add_attribute(struct tl_buf *out, const char *name, const char *value)
{
    tl_buf_addf(out, " %s=\"", name);
    add_text(out, value);
    tl_buf_add_char(out, '"');
}

static void add_case(struct tl_buf *out, const struct tl_case *one)
{
    tl_buf_add_z(out, "    <testcase");
    add_attribute(out, "classname", one->suite);
    add_attribute(out, "name", one->name);
    tl_buf_addf(out, " time=\"%.6f\"", one->seconds);
    if (one->verdict == TL_PASSED) {
        tl_buf_add_z(out, "/>\n");
        return;
    }
    tl_buf_add_z(out, one->verdict == TL_PENDING ? ">\n      <skipped" : ">\n      <failure");
    if (one->message != NULL)
        add_attribute(out, "message", one->message);
    if (one->verdict == TL_PENDING) {
        tl_buf_add_z(out, "/>\n    </testcase>\n");
        return;
    }
    tl_buf_add_z(out, ">");
    add_text(out, one->place);
    tl_buf_add_z(out, "&#10;");
    add_text(out, one->message);
    if (one->detail != NULL)
        tl_buf_add_z(out, "&#10;");
    add_text(out, one->detail);
    tl_buf_add_z(out, "</failure>\n    </testcase>\n");
}

/* The cases of one suite stand together. */
static size_t add_suite(struct tl_buf *out, const struct tl_report *report, size_t from)
{
    size_t end = from, failures = 0, skipped = 0;
    double seconds = 0;
    for (; end < report->count && strcmp(report->cases[end].suite, report->cases[from].suite) == 0; end++) {
        failures += report->cases[end].verdict == TL_FAILED_TEST;
        skipped += report->cases[end].verdict == TL_PENDING;
        seconds += report->cases[end].seconds;
    }
    tl_buf_add_z(out, "  <testsuite");
    add_attribute(out, "name", report->cases[from].suite);
    tl_buf_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\">\n", end - from,
                failures, skipped, seconds);
    for (size_t i = from; i < end; i++)
        add_case(out, &report->cases[i]);
    tl_buf_add_z(out, "  </testsuite>\n");
    return end;
}

tl_code tl_junit_write(const struct tl_report *report, const char *integration, const char *path, struct tl_error *err)
{
    struct tl_buf out;
    tl_buf_init(&out, FILE_MAX_BYTES);
    tl_buf_add_z(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(&out, "name", integration);
    tl_buf_addf(&out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%.6f\">\n", report->count,
                report->failed, report->pending, tl_report_now() - report->begun);
    for (size_t i = 0; i < report->count;)
        i = add_suite(&out, report, i);
    tl_buf_add_z(&out, "</testsuites>\n");
    tl_code code = tl_folder_write(path, tl_buf_str(&out), err);
    tl_buf_free(&out);
    return code;
}
