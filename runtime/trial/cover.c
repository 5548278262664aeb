#include "cover.h"
#include "codec/json_writer.h"
#include "world.h"
#include <stdio.h>
#include <string.h>

#define RANGES_MAX 12 /* of a file; more are counted */
#define NAMES_MAX 12  /* of a map */
#define JSON_MAX ((size_t)64 << 20)

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

static void print_lines(const struct tl_lines *lines)
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

/* ---- fields ---- */

/* The fields of one map or lens in one direction. They stand apart in the list: a lens makes each field known in both
 * directions at once. */
struct group {
    struct tl_lines_field first;
    size_t at;
    int count, passed;
};

static bool is_same_group(const struct tl_lines_field *a, const struct tl_lines_field *b)
{
    return strcmp(a->map, b->map) == 0 && strcmp(a->way, b->way) == 0;
}

/* The next group from `at` on whose first field stands there; false: there is none. */
static bool next_group(const struct tl_lines *lines, size_t at, struct group *out)
{
    struct tl_lines_field before, field;
    for (*out = (struct group){.at = at}; tl_lines_field(lines, out->at, &out->first); out->at++) {
        bool known = false;
        for (size_t i = 0; !known && i < out->at && tl_lines_field(lines, i, &before); i++)
            known = is_same_group(&before, &out->first);
        if (known)
            continue;
        for (size_t i = out->at; tl_lines_field(lines, i, &field); i++) {
            bool in = is_same_group(&field, &out->first);
            out->count += in;
            out->passed += in && field.passed;
        }
        return true;
    }
    return false;
}

static bool is_missed(const struct group *group, const struct tl_lines_field *field)
{
    return !field->passed && is_same_group(&group->first, field);
}

static void print_untouched(const struct tl_lines *lines, const struct group *group)
{
    struct tl_lines_field field;
    int names = 0;
    for (size_t i = group->at; tl_lines_field(lines, i, &field); i++) {
        if (is_missed(group, &field) && ++names <= NAMES_MAX)
            printf("%s%s", names == 1 ? "  no value: " : ", ", field.name);
    }
    if (names > NAMES_MAX)
        printf(" and %d more", names - NAMES_MAX);
}

static void print_fields(const struct tl_lines *lines)
{
    struct group group;
    int count = 0, passed = 0;
    for (size_t at = 0; next_group(lines, at, &group); at = group.at + 1) {
        char title[256];
        bool lens = strcmp(group.first.way, "map") != 0;
        if (count == 0)
            printf("coverage of fields (those that a value went through)\n");
        count += group.count;
        passed += group.passed;
        snprintf(title, sizeof title, "%s%s%s", group.first.map, lens ? ", " : "", lens ? group.first.way : "");
        printf("  %-48s %4d/%-4d %3d%%", title, group.passed, group.count, per_cent(group.passed, group.count));
        print_untouched(lines, &group);
        printf("\n");
    }
    if (count > 0)
        printf("  %-48s %4d/%-4d %3d%%\n", "all", passed, count, per_cent(passed, count));
}

void tl_cover_print(const struct tl_lines *lines)
{
    print_lines(lines);
    print_fields(lines);
}

/* ---- JSON ---- */

static void write_lines(const struct tl_lines *lines, struct tl_json_writer *w)
{
    struct tl_lines_file file;
    tl_json_key(w, "lines");
    tl_json_begin_array(w);
    for (size_t i = 0; tl_lines_file(lines, i, &file); i++) {
        tl_json_begin_object(w);
        tl_json_put_z(w, "file", file.path);
        tl_json_put_int(w, "lines", file.executable);
        tl_json_put_int(w, "ran", file.ran);
        tl_json_key(w, "not_run");
        tl_json_begin_array(w);
        for (int line = 0; line < file.count; line++) {
            if (file.state[line] == TL_LINE_MISSED)
                tl_json_int(w, line + 1);
        }
        tl_json_end_array(w);
        tl_json_end_object(w);
    }
    tl_json_end_array(w);
}

static void write_group(const struct tl_lines *lines, const struct group *group, struct tl_json_writer *w)
{
    struct tl_lines_field field;
    tl_json_begin_object(w);
    tl_json_put_z(w, "map", group->first.map);
    tl_json_put_z(w, "direction", group->first.way);
    tl_json_put_int(w, "fields", group->count);
    tl_json_put_int(w, "passed", group->passed);
    tl_json_key(w, "no_value");
    tl_json_begin_array(w);
    for (size_t i = group->at; tl_lines_field(lines, i, &field); i++) {
        if (is_missed(group, &field))
            tl_json_string_z(w, field.name);
    }
    tl_json_end_array(w);
    tl_json_end_object(w);
}

tl_code tl_cover_write(const struct tl_lines *lines, const char *path, struct tl_error *err)
{
    struct tl_buf out;
    struct tl_json_writer w;
    struct group group;
    tl_buf_init(&out, JSON_MAX);
    tl_json_writer_init_pretty(&w, &out, 2);
    tl_json_begin_object(&w);
    write_lines(lines, &w);
    tl_json_key(&w, "fields");
    tl_json_begin_array(&w);
    for (size_t at = 0; next_group(lines, at, &group); at = group.at + 1)
        write_group(lines, &group, &w);
    tl_json_end_array(&w);
    tl_json_end_object(&w);
    tl_code code = tl_json_writer_done(&w, err);
    tl_buf_add_char(&out, '\n');
    if (code == TL_OK)
        code = tl_folder_write(path, tl_buf_str(&out), err);
    tl_buf_free(&out);
    return code;
}
