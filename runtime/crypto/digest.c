/* SHA-256 and HMAC over OpenSSL. The algorithm is fetched once; each thread keeps one context for one-shot
 * digests, because fetching and allocating cost more than hashing a kilobyte. Thread: any. */
#include "crypto/digest.h"

#include "base/error.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

static EVP_MD *sha256;
static pthread_key_t thread_context;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    tl_must(sha256 != NULL);
    tl_must(pthread_key_create(&thread_context, free_context) == 0);
}

static EVP_MD_CTX *context_of_thread(void)
{
    static _Thread_local EVP_MD_CTX *mine;

    pthread_once(&once, fetch);
    if (!mine) {
        mine = EVP_MD_CTX_new();
        tl_must(mine != NULL);
        tl_must(pthread_setspecific(thread_context, mine) == 0); /* released when the thread ends */
    }
    return mine;
}

void tl_sha256(tl_str bytes, uint8_t out[TL_SHA256_SIZE])
{
    EVP_MD_CTX *context = context_of_thread();

    tl_must(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    tl_must(EVP_DigestUpdate(context, bytes.ptr, bytes.len) == 1);
    tl_must(EVP_DigestFinal_ex(context, out, NULL) == 1);
}

void tl_sha256_short(tl_str bytes, uint8_t out[16])
{
    uint8_t digest[TL_SHA256_SIZE];

    tl_sha256(bytes, digest);
    memcpy(out, digest, 16);
}

void tl_sha256_hex(const uint8_t digest[TL_SHA256_SIZE], char out[65])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < TL_SHA256_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[64] = '\0';
}

void tl_sha256_init(struct tl_sha256 *sha)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    pthread_once(&once, fetch);
    tl_must(context != NULL);
    tl_must(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    sha->state = context;
}

void tl_sha256_add(struct tl_sha256 *sha, tl_str bytes)
{
    tl_must(sha->state != NULL);
    tl_must(EVP_DigestUpdate(sha->state, bytes.ptr, bytes.len) == 1);
}

void tl_sha256_end(struct tl_sha256 *sha, uint8_t out[TL_SHA256_SIZE])
{
    tl_must(sha->state != NULL);
    tl_must(EVP_DigestFinal_ex(sha->state, out, NULL) == 1);
    tl_sha256_drop(sha);
}

void tl_sha256_drop(struct tl_sha256 *sha)
{
    EVP_MD_CTX_free(sha->state);
    sha->state = NULL;
}

void tl_hmac_sha256(tl_str key, const tl_str *parts, size_t count, uint8_t out[TL_SHA256_SIZE])
{
    EVP_MD_CTX *context = context_of_thread();
    uint8_t block[64] = {0}, pad[64], inner[TL_SHA256_SIZE];

    /* RFC 2104 in six lines: the one-shot HMAC() of OpenSSL takes one part and fetches the algorithm each
     * time. */
    if (key.len > sizeof(block))
        tl_sha256(key, block);
    else if (key.len)
        memcpy(block, key.ptr, key.len);
    for (size_t i = 0; i < sizeof(block); i++)
        pad[i] = block[i] ^ 0x36;
    tl_must(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    tl_must(EVP_DigestUpdate(context, pad, sizeof(pad)) == 1);
    for (size_t i = 0; i < count; i++)
        tl_must(EVP_DigestUpdate(context, parts[i].ptr, parts[i].len) == 1);
    tl_must(EVP_DigestFinal_ex(context, inner, NULL) == 1);
    for (size_t i = 0; i < sizeof(block); i++)
        pad[i] = block[i] ^ 0x5c;
    tl_must(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    tl_must(EVP_DigestUpdate(context, pad, sizeof(pad)) == 1);
    tl_must(EVP_DigestUpdate(context, inner, sizeof(inner)) == 1);
    tl_must(EVP_DigestFinal_ex(context, out, NULL) == 1);
    OPENSSL_cleanse(block, sizeof(block));
    OPENSSL_cleanse(pad, sizeof(pad));
}

bool tl_secret_equal(tl_str a, tl_str b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void tl_secret_wipe(void *ptr, size_t len)
{
    if (len)
        OPENSSL_cleanse(ptr, len);
}
