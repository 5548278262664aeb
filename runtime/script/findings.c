/* The list of findings. Thread: one at a time. */
#include "findings.h"
#include "base/alloc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS_MAX 1000

void tl_findings_init(struct tl_findings *findings, struct tl_arena *arena)
{
    *findings = (struct tl_findings){.arena = arena};
}

void tl_findings_free(struct tl_findings *findings)
{
    tl_free(findings->items);
    findings->items = NULL;
}

static bool known(const struct tl_findings *findings, struct tl_place place, const char *text)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct tl_finding *f = &findings->items[i];
        if (f->place.line == place.line && strcmp(f->place.file, place.file) == 0 && strcmp(f->text, text) == 0)
            return true;
    }
    return false;
}

void tl_findings_add(struct tl_findings *findings, enum tl_severity severity, struct tl_place place, const char *fmt,
                     ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!place.file)
        place.file = "";
    if (place.line < 1) /* of the file as a whole: editors count from 1 */
        place.line = 1;
    if (known(findings, place, text))
        return;
    if (severity == TL_FINDING_ERROR)
        findings->errors++;
    if (findings->count >= FINDINGS_MAX)
        return;
    if (findings->count == findings->cap) {
        findings->cap = findings->cap ? findings->cap * 2 : 16;
        findings->items = tl_realloc(findings->items, findings->cap * sizeof(*findings->items));
    }
    place.file = tl_arena_copy(findings->arena, tl_str_z(place.file));
    findings->items[findings->count++] =
        (struct tl_finding){severity, place, tl_arena_copy(findings->arena, tl_str_z(text)), ""};
}

void tl_findings_chain(struct tl_findings *findings, const char *chain)
{
    if (findings->count)
        findings->items[findings->count - 1].chain = tl_arena_copy(findings->arena, tl_str_z(chain));
}

static int by_place(const void *left, const void *right)
{
    const struct tl_finding *a = left, *b = right;
    int order = strcmp(a->place.file, b->place.file);
    if (order)
        return order;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    if (a->severity != b->severity)
        return a->severity < b->severity ? -1 : 1;
    return strcmp(a->text, b->text);
}

void tl_findings_sort(struct tl_findings *findings)
{
    if (findings->count)
        qsort(findings->items, findings->count, sizeof(*findings->items), by_place);
}
