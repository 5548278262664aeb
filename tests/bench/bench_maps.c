/* One map called over and over with one record, without files, golden outputs or reports: what `tidelock test` is
 * measured against. Prints one JSON line.
 *
 *     bench_maps INTEGRATION LIBRARY PLUGINS WORDS TITLE RECORD [milliseconds] */
#include "base/clock.h"
#include "codec/json_writer.h"
#include "script/tester.h"
#include "server/integration.h"
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 20, CASE_CPU_MS = 1000 };

static tl_code answer(void *ctx, tl_str name, tl_str args, struct tl_buf *result, struct tl_error *err)
{
    (void)ctx, (void)args, (void)err;
    if (tl_str_is(name, "entities") || tl_str_is(name, "systems"))
        tl_buf_add_z(result, "[]");
    return TL_OK;
}

static void read_file(const char *path, struct tl_buf *out)
{
    FILE *file = fopen(path, "rb");
    char *room = tl_buf_reserve(out, FILE_MAX);
    if (!file || !room) {
        fprintf(stderr, "bench_maps: cannot read %s\n", path);
        exit(1);
    }
    out->len += fread(room, 1, FILE_MAX, file);
    fclose(file);
}

static void write_case(const char *title, const char *path, struct tl_buf *out)
{
    struct tl_buf record;
    struct tl_json_writer w;
    tl_buf_init(&record, FILE_MAX);
    read_file(path, &record);
    tl_json_writer_init(&w, out);
    tl_json_begin_object(&w);
    tl_json_put_z(&w, "title", title);
    tl_json_put_raw(&w, "input", tl_str_trim(tl_buf_str(&record)));
    tl_json_end_object(&w);
    tl_buf_free(&record);
}

/* Cases a second. */
static tl_code rate(struct tl_tester *tester, tl_str one, int64_t ms, double *out, struct tl_error *err)
{
    struct tl_buf got;
    int64_t from = tl_mono_ns(), until = from + ms * 1000000, now = from;
    size_t count = 0;
    tl_code code = TL_OK;
    tl_buf_init(&got, FILE_MAX);
    for (; code == TL_OK && now < until; now = tl_mono_ns()) {
        for (int i = 0; code == TL_OK && i < 100; i++, count++) {
            tl_buf_clear(&got);
            code = tl_tester_call(tester, "map", one, CASE_CPU_MS, &got, err);
        }
    }
    tl_buf_free(&got);
    *out = (double)count * 1e9 / (double)(now - from);
    return code;
}

int main(int argc, char **argv)
{
    struct tl_integration *integration = NULL;
    struct tl_tester *tester = NULL;
    struct tl_tester_host host = {answer, NULL};
    struct tl_error err;
    struct tl_buf one;
    double warm, value = 0;
    if (argc < 7)
        return fprintf(stderr, "usage: bench_maps INTEGRATION LIBRARY PLUGINS WORDS TITLE RECORD [milliseconds]\n"), 64;
    int64_t ms = argc > 7 ? atoll(argv[7]) : 500;
    tl_buf_init(&one, FILE_MAX);
    write_case(argv[5], argv[6], &one);
    tl_code code = tl_integration_load(argv[1], argv[2], argv[3], &integration, &err);
    if (code == TL_OK)
        code = tl_tester_new(tl_integration_bundle(integration), argv[4], NULL, &host, &tester, &err);
    if (code == TL_OK)
        code = rate(tester, tl_buf_str(&one), ms / 5, &warm, &err);
    if (code == TL_OK)
        code = rate(tester, tl_buf_str(&one), ms, &value, &err);
    if (code == TL_OK)
        printf("{\"name\":\"bare_map\",\"unit\":\"cases/s\",\"value\":%.0f}\n", value);
    else
        fprintf(stderr, "bench_maps: %s\n", err.text);
    tl_tester_free(tester);
    tl_integration_free(integration);
    tl_buf_free(&one);
    return code == TL_OK ? 0 : 1;
}
