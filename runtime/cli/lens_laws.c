/* Failures of laws as text and as JSON. */
#include "lens_laws.h"
#include "stream.h"

static void add_failure(struct tl_buf *out, const struct tl_lens_failure *f)
{
    tl_buf_addf(out, "%s:%d: law %s: lens \"%s\"%s%s: %s\n", f->place.file, f->place.line, f->law, f->lens,
                f->field[0] ? ", " : "", f->field, f->text);
    tl_str rest = tl_str_z(f->shown), line;
    while (rest.len != 0 && tl_str_cut(&rest, '\n', &line)) {
        tl_buf_addf(out, "    %.*s\n", TL_STR_ARGS(line));
    }
    if (f->sample[0])
        tl_buf_addf(out, "    sample %s\n", f->sample);
}

tl_code tl_laws_print(const struct tl_lens_report *report, bool summary, struct tl_error *err)
{
    struct tl_buf out;
    tl_buf_init(&out, 64 << 20);
    for (size_t i = 0; i < report->count; i++)
        add_failure(&out, &report->items[i]);
    if (summary)
        tl_buf_addf(&out, "%zu lenses, %zu made values, %zu samples, %zu laws broken%s\n", report->lenses,
                    report->values, report->samples, report->count,
                    report->cut ? "; not all values were tried, the time for it was over" : "");
    tl_code code = tl_stream_print(tl_buf_str(&out), err);
    tl_buf_free(&out);
    return code;
}

void tl_laws_put_json(struct tl_json_writer *w, const struct tl_lens_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct tl_lens_failure *f = &report->items[i];
        tl_json_begin_object(w);
        tl_json_put_z(w, "lens", f->lens);
        tl_json_put_z(w, "file", f->place.file);
        tl_json_put_int(w, "line", f->place.line);
        tl_json_put_z(w, "field", f->field);
        tl_json_put_z(w, "law", f->law);
        tl_json_put_z(w, "text", f->text);
        tl_json_put_z(w, "shown", f->shown);
        tl_json_put_z(w, "sample", f->sample);
        tl_json_put_int(w, "number", f->number);
        tl_json_end_object(w);
    }
}

tl_code tl_laws_print_json(const struct tl_lens_report *report, struct tl_error *err)
{
    struct tl_buf out;
    struct tl_json_writer w;
    tl_buf_init(&out, 64 << 20);
    tl_json_writer_init_pretty(&w, &out, 2);
    tl_json_begin_object(&w);
    tl_json_put_int(&w, "lenses", (int64_t)report->lenses);
    tl_json_put_int(&w, "values", (int64_t)report->values);
    tl_json_put_int(&w, "samples", (int64_t)report->samples);
    tl_json_put_bool(&w, "cut", report->cut);
    tl_json_key(&w, "broken");
    tl_json_begin_array(&w);
    tl_laws_put_json(&w, report);
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    return tl_stream_print_json(&w, &out, err);
}
