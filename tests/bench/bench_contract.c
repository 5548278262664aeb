/* One document against its contract: parsed only (the baseline), and parsed and validated; rounds take turns. One JSON
 * line.
 *
 *     bench_contract CONTRACT DOCUMENT [milliseconds a round] [rounds] */
#include "base/buf.h"
#include "base/clock.h"
#include "contract/schema.h"
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS_MOST = 99 };

static void read_file(const char *path, struct tl_buf *out)
{
    FILE *file = fopen(path, "rb");
    char *room = tl_buf_reserve(out, 1 << 20);
    if (!file || !room) {
        fprintf(stderr, "bench_contract: cannot read %s\n", path);
        exit(1);
    }
    out->len += fread(room, 1, 1 << 20, file);
    fclose(file);
}

/* Documents a second. */
static double rate(const struct tl_schema *schema, tl_str text, int64_t ms)
{
    int64_t from = tl_mono_ns(), until = from + ms * 1000000, now = from;
    size_t count = 0;
    for (; now < until; now = tl_mono_ns())
        for (size_t i = 0; i < 200; i++, count++) {
            struct tl_json_doc *doc;
            tl_must(tl_json_parse_borrowed(text, NULL, &doc, NULL) == TL_OK);
            tl_must(!schema || tl_schema_validate(schema, tl_json_root(doc), NULL));
            tl_json_free(doc);
        }
    return (double)count * 1e9 / (double)(now - from);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct tl_buf contract, document;
    struct tl_schema *schema;
    struct tl_error err;
    double plain[ROUNDS_MOST], checked[ROUNDS_MOST];
    int64_t ms = argc > 3 ? atoll(argv[3]) : 200;
    int rounds = argc > 4 ? atoi(argv[4]) : 9;
    if (argc < 3 || rounds < 1 || rounds > ROUNDS_MOST)
        return fprintf(stderr, "usage: bench_contract CONTRACT DOCUMENT [milliseconds] [rounds]\n"), 64;
    tl_buf_init(&contract, 1 << 21);
    tl_buf_init(&document, 1 << 21);
    read_file(argv[1], &contract);
    read_file(argv[2], &document);
    struct tl_schema_source source = {.text = tl_buf_str(&contract), .name = tl_str_z(argv[1])};
    if (tl_schema_compile(&source, &schema, NULL, &err) != TL_OK ||
        tl_schema_validate_text(schema, tl_buf_str(&document), NULL, &err) != TL_OK)
        return fprintf(stderr, "bench_contract: %s\n", err.text), 1;
    rate(schema, tl_buf_str(&document), ms);
    for (int i = 0; i < rounds; i++) {
        plain[i] = rate(NULL, tl_buf_str(&document), ms);
        checked[i] = rate(schema, tl_buf_str(&document), ms);
    }
    qsort(plain, (size_t)rounds, sizeof(*plain), ascending);
    qsort(checked, (size_t)rounds, sizeof(*checked), ascending);
    double a = checked[rounds / 2], b = plain[rounds / 2];
    printf(
        "{\"name\":\"contract_validate\",\"unit\":\"documents/s\",\"value\":%.0f,\"baseline\":%.0f,\"ratio\":%.2f}\n",
        a, b, a / b);
    tl_schema_free(schema);
    tl_buf_free(&contract);
    tl_buf_free(&document);
    return 0;
}
