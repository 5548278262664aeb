/* library.c, section.c: what is a connector and what is not. */
#include "rig.h"
#include "section.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void loads_by_name_and_major(void **state)
{
    (void)state;
    struct tl_library *library = tl_library_new(RIG_CONNECTORS);
    const struct tl_connector *a = NULL, *b = NULL;
    struct tl_error err = {0};
    assert_int_equal(tl_library_get(library, TL_STR("rest_t@1"), &a, &err), TL_OK);
    assert_int_equal(tl_library_get(library, TL_STR("rest_t@1"), &b, &err), TL_OK);
    assert_ptr_equal(a, b);
    assert_true(tl_str_is(tl_connector_id(a), "rest_t"));
    assert_true(tl_str_is(tl_connector_version(a), "1.4.0"));
    assert_int_equal(tl_library_get(library, TL_STR("coded@2"), &a, &err), TL_OK);
    assert_int_equal(tl_library_get(library, TL_STR("acme@1"), &a, &err), TL_OK); /* sdk/template */
    tl_library_free(library);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
        tl_code code;
    } rows[] = {
        {"rest_t", "like \"salesforce@1\"", TL_ECONFIG},
        {"rest_t@x", "like \"salesforce@1\"", TL_ECONFIG},
        {"../x@1", "is no connector's name", TL_ECONFIG},
        {"rest_t@2", "is rest_t 1.4.0", TL_ENOTFOUND},
        {"rest_y@1", "did you mean \"rest_t\"", TL_ENOTFOUND},
        {"nosymbol@1", "does not export tidelock_connector", TL_ECONFIG},
        {"abi2@1", "ABI 2.0", TL_EVERSION},
        {"newer@1", "refuses ABI 1.0", TL_EVERSION},
        {"lies@1", "differ", TL_ECONFIG},
        {"nocode@1", "\"code\": true", TL_ECONFIG},
        {"badjson@1", "manifest: line", TL_ECONFIG},
    };
    struct tl_library *library = tl_library_new(RIG_CONNECTORS);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tl_connector *connector = NULL;
        struct tl_error err = {0};
        tl_code code = tl_library_get(library, tl_str_z(rows[i].name), &connector, &err);
        if (code != rows[i].code || !strstr(err.text, rows[i].says))
            fail_msg("%s gives %s: %s", rows[i].name, tl_code_name(code), err.text);
    }
    tl_library_free(library);
}

static void refuses_files_from_elsewhere(void **state)
{
    (void)state;
    struct tl_library *library = tl_library_new(TIDELOCK_BUILD "/tests");
    const struct tl_connector *connector;
    struct tl_error err = {0};
    char *manifest = NULL;
    assert_int_equal(tl_library_get_file(library, RIG_CONNECTORS "/coded.so", &connector, &err), TL_OK);
    tl_library_free(library);
    library = tl_library_new(RIG_SHIPPED);
    assert_int_equal(tl_library_get_file(library, RIG_CONNECTORS "/coded.so", &connector, &err), TL_EACCESS);
    assert_non_null(strstr(err.text, "contained"));
    assert_int_equal(tl_library_get_file(library, "/nowhere/x.so", &connector, &err), TL_ENOTFOUND);
    tl_library_free(library);
    assert_int_equal(tl_library_show(RIG_CONNECTORS "/coded.so", &manifest, &err), TL_OK);
    assert_non_null(strstr(manifest, "\"id\": \"coded\""));
    tl_free(manifest);
}

static tl_str slurp(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &info) == 0);
    char *bytes = tl_alloc((size_t)info.st_size);
    assert_int_equal(read(fd, bytes, (size_t)info.st_size), info.st_size);
    close(fd);
    return (tl_str){bytes, (size_t)info.st_size};
}

static void reads_no_section_when_the_file_is_no_connector(void **state)
{
    (void)state;
    struct tl_error err = {0};
    tl_str file = slurp(RIG_CONNECTORS "/coded.so"), section;
    char *bytes = (char *)(uintptr_t)file.ptr;
    assert_int_equal(tl_elf_section(file, ".tidelock_manifest", &section, &err), TL_OK);
    assert_int_equal(tl_elf_section(file, ".tidelock_other", &section, &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "no section"));
    assert_int_equal(tl_elf_section(TL_STR("#!/bin/sh\n"), "x", &section, &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "no ELF"));
    bytes[18] ^= 1; /* e_machine */
    assert_int_equal(tl_elf_section(file, ".tidelock_manifest", &section, &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "another machine"));
    bytes[18] ^= 1;
    bytes[16] = 2; /* e_type: executable */
    assert_int_equal(tl_elf_section(file, ".tidelock_manifest", &section, &err), TL_ECONFIG);
    assert_non_null(strstr(err.text, "not a shared object"));
    bytes[16] = 3;
    for (size_t len = 0; len < file.len; len += 97) /* cut anywhere: refused, nothing read outside */
        assert_int_not_equal(tl_elf_section((tl_str){bytes, len}, ".tidelock_manifest", &section, NULL), TL_OK);
    tl_free(bytes);
}

static void count_each(void *ctx, const char *path, tl_str id, tl_str version, const char *problem)
{
    (void)version;
    int *counts = ctx;
    counts[problem ? 1 : 0]++;
    if (problem)
        assert_non_null(strstr(path, "badjson"));
    else
        assert_true(id.len > 0);
}

static void lists_without_running_code(void **state)
{
    (void)state;
    struct tl_library *library = tl_library_new(RIG_CONNECTORS);
    int counts[2] = {0};
    assert_int_equal(tl_library_list(library, count_each, counts), 9);
    assert_int_equal(counts[0], 8);
    assert_int_equal(counts[1], 1);
    tl_library_free(library);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_by_name_and_major),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(refuses_files_from_elsewhere),
        cmocka_unit_test(reads_no_section_when_the_file_is_no_connector),
        cmocka_unit_test(lists_without_running_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
