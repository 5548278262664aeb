/* The head file (struct head_file): identity, epoch and the keys of the hashes. Replaced by rename, never changed in
 * place. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/disk.h"
#include "base/random.h"
#include "journal_int.h"
#include <fcntl.h>
#include <string.h>

#define HEAD_MAGIC "TLJHEAD\n"

static tl_code check(const char *path, ssize_t n, const struct head_file *head, struct tl_error *err)
{
    if (n >= 12 && memcmp(head->magic, HEAD_MAGIC, 8) == 0 && head->version != FORMAT_VERSION)
        return tl_fail(err, TL_EVERSION, "%s has format %u; this Tidelock (%s) reads format %u. Start a newer one",
                       path, head->version, TIDELOCK_VERSION, FORMAT_VERSION);
    if (n != (ssize_t)sizeof *head || memcmp(head->magic, HEAD_MAGIC, 8) != 0 ||
        head->crc != tl_crc32c(0, (const uint8_t *)head + 16, sizeof *head - 16) || head->partition_kind != 1)
        return tl_fail(
            err, TL_ECORRUPT,
            "%s is damaged; it holds the keys of all hashes in the journal. Copy it from the last backup, or run "
            "`tidelock restore`",
            path);
    return TL_OK;
}

tl_code tl_head_read(const char *dir, struct head_file *out, struct tl_error *err)
{
    char *path = tl_printf("%s/head", dir);
    tl_code code = TL_OK;
    int file = tl_disk_open(path, O_RDONLY);
    if (file == -ENOENT) {
        code = tl_fail(err, TL_ENOTFOUND, "there is no journal in %s", dir);
    } else if (file < 0) {
        code = tl_fail(err, TL_EIO, "%s: %s", path, strerror(-file));
    } else {
        ssize_t n = tl_disk_pread(file, out, sizeof *out, 0);
        tl_disk_close(file);
        code = n < 0 ? tl_fail(err, TL_EIO, "%s: %s", path, strerror((int)-n)) : check(path, n, out, err);
    }
    tl_free(path);
    return code;
}

tl_code tl_head_write(struct tl_journal *journal, struct tl_error *err)
{
    struct head_file *head = &journal->head;
    head->crc = tl_crc32c(0, (const uint8_t *)head + 16, sizeof *head - 16);
    char *path = tl_printf("%s/head", journal->dir);
    char *tmp = tl_printf("%s/head.tmp", journal->dir);
    int file = tl_disk_open(tmp, O_RDWR | O_CREAT | O_TRUNC);
    int failed = file < 0 ? file : tl_disk_pwrite(file, head, sizeof *head, 0);
    if (!failed)
        failed = tl_disk_sync(file);
    if (file >= 0)
        tl_disk_close(file);
    if (!failed)
        failed = tl_disk_rename(tmp, path);
    if (!failed)
        failed = tl_disk_sync_dir(journal->dir);
    tl_code code = TL_OK;
    if (failed)
        code = tl_fail(err, tl_disk_is_full(failed) ? TL_EFULL : TL_EIO, "%s cannot be written: %s", path,
                       strerror(-failed));
    tl_free(path);
    tl_free(tmp);
    return code;
}

tl_code tl_head_open(struct tl_journal *journal, struct tl_error *err)
{
    struct head_file *head = &journal->head;
    tl_code code = tl_head_read(journal->dir, head, err);
    if (code != TL_ENOTFOUND)
        return code;
    memset(head, 0, sizeof *head);
    memcpy(head->magic, HEAD_MAGIC, 8);
    head->version = FORMAT_VERSION;
    tl_random_bytes(head->instance, sizeof head->instance);
    tl_random_bytes(&head->hash_key, sizeof head->hash_key);
    tl_random_bytes(&head->partition_key, sizeof head->partition_key);
    head->epoch = 1;
    head->created_ms = tl_wall_ms();
    head->partition_kind = 1;
    return tl_head_write(journal, err);
}
