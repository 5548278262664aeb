/* The sealed box for secrets: format in crypto/box.h. The key file is the only file this room touches; it is
 * written once, before anything else runs, so it does not go through the journal's disk seam. Thread: any. */
#include "crypto/box.h"

#include "base/alloc.h"
#include "base/random.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION 1
#define KEY_SIZE 32
#define MARK_SIZE 4
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define HEAD_SIZE (1 + MARK_SIZE + NONCE_SIZE)
#define KEY_WORD "tidelock-key-1 "
#define KEY_LINE (sizeof(KEY_WORD) - 1 + 2 * KEY_SIZE + 1)

struct tl_box {
    uint8_t key[KEY_SIZE];
    uint8_t mark[MARK_SIZE];
};

/* ---- key file ---- */

static tl_code sync_folder(const char *path, struct tl_error *err)
{
    char *copy = tl_copy_z(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int why = errno;

    if (fd >= 0)
        close(fd);
    tl_free(copy);
    return ok ? TL_OK
              : tl_fail(err, TL_EIO, "%s: the folder of the key file cannot be synced: %s", path, strerror(why));
}

static tl_code create_key_file(const char *path, struct tl_error *err)
{
    uint8_t key[KEY_SIZE];
    char line[KEY_LINE + 1], hex[65];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 && errno == EEXIST)
        return TL_OK; /* somebody was faster: read theirs */
    if (fd < 0)
        return tl_fail(err, TL_EIO, "%s: the key file cannot be made: %s", path, strerror(errno));
    tl_random_bytes(key, sizeof(key));
    tl_sha256_hex(key, hex); /* prints any 32 bytes */
    memcpy(line, KEY_WORD, sizeof(KEY_WORD) - 1);
    memcpy(line + sizeof(KEY_WORD) - 1, hex, 64);
    line[KEY_LINE - 1] = '\n';
    bool ok = fchmod(fd, 0600) == 0 && write(fd, line, KEY_LINE) == (ssize_t)KEY_LINE && fsync(fd) == 0;
    int why = errno;
    ok = close(fd) == 0 && ok;
    tl_secret_wipe(key, sizeof(key));
    tl_secret_wipe(line, sizeof(line));
    tl_secret_wipe(hex, sizeof(hex));
    if (!ok) {
        unlink(path);
        return tl_fail(err, TL_EIO, "%s: the key file cannot be written: %s", path, strerror(why));
    }
    return sync_folder(path, err);
}

static tl_code check_owner(const char *path, int fd, struct tl_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return tl_fail(err, TL_EIO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return tl_fail(err, TL_EACCESS, "%s: the key file is not a regular file", path);
    if (st.st_uid != geteuid())
        return tl_fail(err, TL_EACCESS,
                       "%s: the key file belongs to user %u, and this program runs as user %u: run it as "
                       "that user, or give the file to this one (chown)",
                       path, (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & 07777) != 0600)
        return tl_fail(err, TL_EACCESS, "%s: the key file has mode %04o, others could read or change it: chmod 600 %s",
                       path, (unsigned)(st.st_mode & 07777), path);
    return TL_OK;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_line(const char *line, ssize_t len, uint8_t key[KEY_SIZE])
{
    const char *hex = line + sizeof(KEY_WORD) - 1;

    if (len != (ssize_t)KEY_LINE || memcmp(line, KEY_WORD, sizeof(KEY_WORD) - 1) != 0 || line[KEY_LINE - 1] != '\n')
        return false;
    for (size_t i = 0; i < KEY_SIZE; i++) {
        int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static tl_code read_key_file(const char *path, struct tl_box *box, struct tl_error *err)
{
    char line[KEY_LINE + 2] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return tl_fail(err,
                       errno == ENOENT   ? TL_ENOTFOUND
                       : errno == EACCES ? TL_EACCESS
                                         : TL_EIO,
                       "%s: the key file cannot be opened: %s", path, strerror(errno));
    tl_code code = check_owner(path, fd, err);
    if (code == TL_OK) {
        ssize_t len = read(fd, line, sizeof(line) - 1);
        if (!read_line(line, len, box->key))
            code = tl_fail(err, TL_ECORRUPT,
                           "%s: not a key file of this version (one line, \"tidelock-key-1\" and 64 hex "
                           "digits): restore it from a backup; without it no secret can be read",
                           path);
        tl_secret_wipe(line, sizeof(line));
    }
    close(fd);
    return code;
}

tl_code tl_box_open(const char *key_path, bool create, struct tl_box **out, struct tl_error *err)
{
    struct tl_box *box = TL_NEW(struct tl_box);
    uint8_t digest[TL_SHA256_SIZE];
    tl_code code = TL_OK;

    *out = NULL;
    if (create && access(key_path, F_OK) != 0)
        code = create_key_file(key_path, err);
    if (code == TL_OK)
        code = read_key_file(key_path, box, err);
    if (code != TL_OK) {
        tl_box_free(box);
        return code;
    }
    tl_sha256(tl_str_n(box->key, KEY_SIZE), digest);
    memcpy(box->mark, digest, MARK_SIZE);
    *out = box;
    return TL_OK;
}

void tl_box_free(struct tl_box *box)
{
    if (!box)
        return;
    tl_secret_wipe(box, sizeof(*box));
    tl_free(box);
}

/* ---- sealing ---- */

/* One pass of AES-256-GCM; with `seal` the tag is written, otherwise checked. False: the tag is wrong. */
static bool run_gcm(const struct tl_box *box, bool seal, const uint8_t *head, tl_str context, const uint8_t *in,
                    size_t len, uint8_t *out, uint8_t *tag)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int n = 0;

    tl_must(cipher != NULL && len <= INT32_MAX && context.len <= INT32_MAX);
    tl_must(EVP_CipherInit_ex2(cipher, EVP_aes_256_gcm(), box->key, head + 1 + MARK_SIZE, seal, NULL) == 1);
    tl_must(EVP_CipherUpdate(cipher, NULL, &n, head, 1 + MARK_SIZE) == 1);
    tl_must(EVP_CipherUpdate(cipher, NULL, &n, (const uint8_t *)context.ptr, (int)context.len) == 1);
    if (len)
        tl_must(EVP_CipherUpdate(cipher, out, &n, in, (int)len) == 1);
    if (!seal)
        tl_must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1);
    bool ok = EVP_CipherFinal_ex(cipher, out + n, &n) == 1;
    if (seal)
        tl_must(ok && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) == 1);
    EVP_CIPHER_CTX_free(cipher);
    ERR_clear_error();
    return ok;
}

tl_code tl_box_seal(const struct tl_box *box, tl_str secret, tl_str context, struct tl_buf *out, struct tl_error *err)
{
    uint8_t *at = (uint8_t *)tl_buf_reserve(out, secret.len + TL_BOX_OVERHEAD);

    if (!at)
        return tl_fail(err, TL_EFULL, "no room for a sealed secret of %zu bytes", secret.len + TL_BOX_OVERHEAD);
    at[0] = VERSION;
    memcpy(at + 1, box->mark, MARK_SIZE);
    tl_random_bytes(at + 1 + MARK_SIZE, NONCE_SIZE);
    run_gcm(box, true, at, context, (const uint8_t *)secret.ptr, secret.len, at + HEAD_SIZE,
            at + HEAD_SIZE + secret.len);
    out->len += secret.len + TL_BOX_OVERHEAD;
    out->ptr[out->len] = '\0';
    return TL_OK;
}

tl_code tl_box_unseal(const struct tl_box *box, tl_str sealed, tl_str context, struct tl_buf *out, struct tl_error *err)
{
    const uint8_t *bytes = (const uint8_t *)sealed.ptr;
    uint8_t tag[TAG_SIZE];

    if (sealed.len > 0 && bytes[0] != VERSION)
        return tl_fail(err, TL_EVERSION,
                       "a secret is sealed in format %u, this program reads format %d: use the newer "
                       "program",
                       bytes[0], VERSION);
    if (sealed.len < TL_BOX_OVERHEAD)
        return tl_fail(err, TL_ECORRUPT, "a sealed secret is cut short: set it again");
    if (memcmp(bytes + 1, box->mark, MARK_SIZE) != 0)
        return tl_fail(err, TL_EACCESS,
                       "a secret was sealed with another key file: give the one it was made with, or set the "
                       "secret again");
    size_t len = sealed.len - TL_BOX_OVERHEAD;
    uint8_t *at = (uint8_t *)tl_buf_reserve(out, len);
    if (!at)
        return tl_fail(err, TL_EFULL, "no room for a secret of %zu bytes", len);
    memcpy(tag, bytes + sealed.len - TAG_SIZE, TAG_SIZE);
    if (!run_gcm(box, false, bytes, context, bytes + HEAD_SIZE, len, at, tag)) {
        tl_secret_wipe(at, len);
        return tl_fail(err, TL_ECORRUPT, "a sealed secret was changed, or belongs to another name: set it again");
    }
    out->len += len;
    out->ptr[out->len] = '\0';
    return TL_OK;
}
