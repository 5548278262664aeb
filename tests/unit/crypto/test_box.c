/* crypto/box.h: secrets come out as they went in, and nothing else comes out. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "crypto/box.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char folder[64], path[96];
};

static int make_place(void **state)
{
    struct place *place = TL_NEW(struct place);

    strcpy(place->folder, "/tmp/tl_box_XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/key", place->folder);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;

    unlink(place->path);
    rmdir(place->folder);
    tl_free(place);
    return 0;
}

static void makes_a_key_file_for_its_owner_only(void **state)
{
    struct place *place = *state;
    struct tl_box *box = NULL;
    struct tl_error err = {0};
    struct stat st;

    assert_int_equal(tl_box_open(place->path, false, &box, &err), TL_ENOTFOUND);
    umask(0);
    assert_int_equal(tl_box_open(place->path, true, &box, &err), TL_OK);
    tl_box_free(box);
    assert_int_equal(stat(place->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 15 + 64 + 1);
}

static void refuses_a_key_file_that_others_can_read(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0644, 0700, 0400};
    struct place *place = *state;
    struct tl_box *box = NULL;
    struct tl_error err = {0};

    assert_int_equal(tl_box_open(place->path, true, &box, &err), TL_OK);
    tl_box_free(box);
    for (size_t i = 0; i < TL_COUNT_OF(modes); i++) {
        assert_int_equal(chmod(place->path, modes[i]), 0);
        assert_int_equal(tl_box_open(place->path, true, &box, &err), TL_EACCESS);
        assert_null(box);
        assert_non_null(strstr(err.text, "chmod 600"));
    }
}

static void refuses_a_file_that_is_no_key_file(void **state)
{
    static const char *const texts[] = {"", "tidelock-key-1 00\n",
                                        "something else altogether, though of the very same length as a key file is\n"};
    struct place *place = *state;
    struct tl_box *box = NULL;

    for (size_t i = 0; i < TL_COUNT_OF(texts); i++) {
        FILE *file = fopen(place->path, "w");
        fputs(texts[i], file);
        fclose(file);
        chmod(place->path, 0600);
        assert_int_equal(tl_box_open(place->path, true, &box, NULL), TL_ECORRUPT);
    }
    unlink(place->path);
    assert_int_equal(symlink("/etc/passwd", place->path), 0);
    assert_int_not_equal(tl_box_open(place->path, true, &box, NULL), TL_OK);
}

static void opens_what_it_sealed(void **state)
{
    struct place *place = *state;
    struct tl_box *box = NULL, *again = NULL;
    struct tl_buf sealed, sealed_too, opened;

    tl_buf_init(&sealed, 4096);
    tl_buf_init(&sealed_too, 4096);
    tl_buf_init(&opened, 6); /* exactly the secret */
    assert_int_equal(tl_box_open(place->path, true, &box, NULL), TL_OK);
    assert_int_equal(tl_box_seal(box, TL_STR("s3\0ret"), TL_STR("erp.password"), &sealed, NULL), TL_OK);
    assert_int_equal(tl_box_seal(box, TL_STR("s3\0ret"), TL_STR("erp.password"), &sealed_too, NULL), TL_OK);
    assert_int_equal(sealed.len, 6 + TL_BOX_OVERHEAD);
    assert_memory_not_equal(sealed.ptr, sealed_too.ptr, sealed.len); /* another nonce each time */
    tl_box_free(box);
    assert_int_equal(tl_box_open(place->path, false, &again, NULL), TL_OK);
    assert_int_equal(tl_box_unseal(again, tl_buf_str(&sealed), TL_STR("erp.password"), &opened, NULL), TL_OK);
    assert_true(tl_str_eq(tl_buf_str(&opened), TL_STR("s3\0ret")));
    tl_buf_clear(&sealed);
    tl_buf_clear(&opened);
    assert_int_equal(tl_box_seal(again, TL_STR_NONE, TL_STR_NONE, &sealed, NULL), TL_OK);
    assert_int_equal(tl_box_unseal(again, tl_buf_str(&sealed), TL_STR_NONE, &opened, NULL), TL_OK);
    assert_int_equal(opened.len, 0);
    tl_box_free(again);
    tl_buf_free(&sealed);
    tl_buf_free(&sealed_too);
    tl_buf_free(&opened);
}

static void refuses_changed_bytes_and_another_name(void **state)
{
    struct place *place = *state;
    struct tl_box *box = NULL;
    struct tl_buf sealed, opened;

    tl_buf_init(&sealed, 4096);
    tl_buf_init(&opened, 4096);
    assert_int_equal(tl_box_open(place->path, true, &box, NULL), TL_OK);
    assert_int_equal(tl_box_seal(box, TL_STR("secret"), TL_STR("name"), &sealed, NULL), TL_OK);
    assert_int_equal(tl_box_unseal(box, tl_buf_str(&sealed), TL_STR("other"), &opened, NULL), TL_ECORRUPT);
    for (size_t i = 0; i < sealed.len; i++) {
        tl_code expected = i == 0 ? TL_EVERSION : i < 5 ? TL_EACCESS : TL_ECORRUPT;
        sealed.ptr[i] ^= 1;
        assert_int_equal(tl_box_unseal(box, tl_buf_str(&sealed), TL_STR("name"), &opened, NULL), expected);
        sealed.ptr[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(tl_box_unseal(box, tl_str_n(sealed.ptr, len), TL_STR("name"), &opened, NULL), TL_ECORRUPT);
    assert_int_equal(opened.len, 0);
    tl_box_free(box);
    tl_buf_free(&sealed);
    tl_buf_free(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_key_file_for_its_owner_only, make_place, remove_place),
        cmocka_unit_test_setup_teardown(refuses_a_key_file_that_others_can_read, make_place, remove_place),
        cmocka_unit_test_setup_teardown(refuses_a_file_that_is_no_key_file, make_place, remove_place),
        cmocka_unit_test_setup_teardown(opens_what_it_sealed, make_place, remove_place),
        cmocka_unit_test_setup_teardown(refuses_changed_bytes_and_another_name, make_place, remove_place),
    };
    return cmocka_run_group_tests_name("crypto/box", tests, NULL, NULL);
}
