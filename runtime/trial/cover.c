#include "cover.h"
#include <stdio.h>

#define RANGES_MAX 12 /* of a file; more are counted */

static int per_cent(int ran, int executable)
{
    return executable > 0 ? ran * 100 / executable : 100;
}

/* "14-16, 20": lines without code between two missed ones do not part them. */
static void print_missed(const struct tl_lines_file *file)
{
    int ranges = 0;
    for (int i = 0; i < file->count; i++) {
        if (file->state[i] != TL_LINE_MISSED)
            continue;
        int first = i + 1, last = first;
        for (; i < file->count && file->state[i] != TL_LINE_RAN; i++)
            last = file->state[i] == TL_LINE_MISSED ? i + 1 : last;
        if (++ranges > RANGES_MAX)
            continue;
        printf("%s%d", ranges == 1 ? "  not run: " : ", ", first);
        if (last > first)
            printf("-%d", last);
    }
    if (ranges > RANGES_MAX)
        printf(" and %d more", ranges - RANGES_MAX);
}

void tl_cover_print(const struct tl_lines *lines)
{
    struct tl_lines_file file;
    int executable = 0, ran = 0;
    printf("coverage (lines that ran of those that can)\n");
    for (size_t i = 0; tl_lines_file(lines, i, &file); i++) {
        executable += file.executable;
        ran += file.ran;
        printf("  %-34s %4d/%-4d %3d%%", file.path, file.ran, file.executable, per_cent(file.ran, file.executable));
        print_missed(&file);
        printf("\n");
    }
    printf("  %-34s %4d/%-4d %3d%%\n", "all", ran, executable, per_cent(ran, executable));
}
