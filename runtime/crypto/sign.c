/* Signatures over OpenSSL's EVP: see crypto/sign.h. ES256 signatures are DER inside OpenSSL and r||s outside.
 * Thread: any. */
#include "crypto/sign.h"

#include "base/alloc.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

struct tl_sign_key {
    EVP_PKEY *pkey; /* own */
    enum tl_sign_alg alg;
    bool is_private;
};

const char *tl_sign_alg_name(enum tl_sign_alg alg)
{
    switch (alg) {
    case TL_SIGN_RS256:
        return "RS256";
    case TL_SIGN_ES256:
        return "ES256";
    case TL_SIGN_EDDSA:
        return "EdDSA";
    }
    return "?";
}

/* ---- reading keys ---- */

/* An encrypted key would make OpenSSL ask on the terminal; this answers "no passphrase". */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1;
}

static EVP_PKEY *read_private(tl_str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

    BIO_free(bio);
    return pkey;
}

static EVP_PKEY *read_public(tl_str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) : NULL;

    BIO_free(bio);
    return pkey;
}

static EVP_PKEY *read_certificate(tl_str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
    EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;

    X509_free(certificate);
    BIO_free(bio);
    return pkey;
}

static tl_code find_alg(const EVP_PKEY *pkey, enum tl_sign_alg *alg, struct tl_error *err)
{
    char curve[64] = "";
    size_t curve_len = 0;

    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        if (EVP_PKEY_get_bits(pkey) < 2048 || EVP_PKEY_get_bits(pkey) > TL_SIGNATURE_MAX * 8)
            return tl_fail(err, TL_EINPUT, "the RSA key has %d bits; use one of 2048 to 8192", EVP_PKEY_get_bits(pkey));
        *alg = TL_SIGN_RS256;
        return TL_OK;
    case EVP_PKEY_EC:
        if (!EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), &curve_len) || strcmp(curve, "prime256v1") != 0)
            return tl_fail(err, TL_EINPUT, "the EC key is on curve %s; only P-256 (prime256v1) is supported",
                           curve[0] ? curve : "unknown");
        *alg = TL_SIGN_ES256;
        return TL_OK;
    case EVP_PKEY_ED25519:
        *alg = TL_SIGN_EDDSA;
        return TL_OK;
    default:
        return tl_fail(err, TL_EINPUT, "the key is of kind %s; use RSA, EC P-256 or Ed25519",
                       EVP_PKEY_get0_type_name(pkey) ? EVP_PKEY_get0_type_name(pkey) : "unknown");
    }
}

static tl_code wrap(EVP_PKEY *pkey, bool is_private, struct tl_sign_key **out, struct tl_error *err)
{
    enum tl_sign_alg alg = TL_SIGN_RS256;
    tl_code code = find_alg(pkey, &alg, err);

    if (code != TL_OK) {
        EVP_PKEY_free(pkey);
        return code;
    }
    struct tl_sign_key *key = TL_NEW(struct tl_sign_key);
    *key = (struct tl_sign_key){pkey, alg, is_private};
    *out = key;
    return TL_OK;
}

tl_code tl_sign_key_parse(tl_str pem, struct tl_sign_key **out, struct tl_error *err)
{
    *out = NULL;
    if (pem.len == 0 || pem.len > 65536)
        return tl_fail(err, TL_EINPUT, "the key is %s; expected PEM text (-----BEGIN PRIVATE KEY-----)",
                       pem.len ? "longer than 64 KB" : "empty");
    bool is_private = true;
    EVP_PKEY *pkey = read_private(pem);
    if (!pkey) {
        is_private = false;
        pkey = read_public(pem);
    }
    if (!pkey)
        pkey = read_certificate(pem);
    ERR_clear_error();
    if (!pkey)
        return tl_fail(err, TL_EINPUT,
                       "the key cannot be read; expected PEM text of an unencrypted private key "
                       "(-----BEGIN PRIVATE KEY-----), a public key or a certificate, with its line breaks");
    return wrap(pkey, is_private, out, err);
}

tl_code tl_sign_key_ed25519(tl_str public_key, struct tl_sign_key **out, struct tl_error *err)
{
    *out = NULL;
    EVP_PKEY *pkey = public_key.len == 32
                         ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const uint8_t *)public_key.ptr, 32)
                         : NULL;
    ERR_clear_error();
    if (!pkey)
        return tl_fail(err, TL_EINPUT, "an Ed25519 public key has 32 bytes, this one %zu", public_key.len);
    return wrap(pkey, false, out, err);
}

void tl_sign_key_free(struct tl_sign_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    tl_free(key);
}

enum tl_sign_alg tl_sign_key_alg(const struct tl_sign_key *key)
{
    return key->alg;
}

bool tl_sign_key_is_private(const struct tl_sign_key *key)
{
    return key->is_private;
}

/* ---- ES256: DER and r||s ---- */

static bool der_to_pair(const uint8_t *der, size_t len, uint8_t out[64])
{
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) == 32;

    ECDSA_SIG_free(sig);
    return ok;
}

/* `der` has room for 80 bytes; 0 when it cannot be. */
static size_t pair_to_der(const uint8_t pair[64], uint8_t *der)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair, 32, NULL), *s = BN_bin2bn(pair + 32, 32, NULL);
    int len = 0;

    tl_must(sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1); /* r and s are now the signature's */
    len = i2d_ECDSA_SIG(sig, NULL);
    if (len > 0 && len <= 80)
        len = i2d_ECDSA_SIG(sig, &der);
    else
        len = 0;
    ECDSA_SIG_free(sig);
    return len > 0 ? (size_t)len : 0;
}

/* ---- sign and verify ---- */

static const char *digest_name(enum tl_sign_alg alg)
{
    return alg == TL_SIGN_EDDSA ? NULL : "SHA2-256"; /* Ed25519 hashes by itself */
}

tl_code tl_sign(const struct tl_sign_key *key, tl_str message, uint8_t out[TL_SIGNATURE_MAX], size_t *len,
                struct tl_error *err)
{
    EVP_MD_CTX *context;
    uint8_t der[TL_SIGNATURE_MAX];
    size_t der_len = sizeof(der);

    if (!key->is_private)
        return tl_fail(err, TL_EACCESS, "a public key cannot sign: configure the private key");
    context = EVP_MD_CTX_new();
    tl_must(context != NULL);
    bool ok = EVP_DigestSignInit_ex(context, NULL, digest_name(key->alg), NULL, NULL, key->pkey, NULL) == 1 &&
              EVP_DigestSign(context, der, &der_len, (const uint8_t *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (ok && key->alg == TL_SIGN_ES256) {
        ok = der_to_pair(der, der_len, out);
        *len = 64;
    } else if (ok) {
        memcpy(out, der, der_len);
        *len = der_len;
    }
    return ok ? TL_OK
              : tl_fail(err, TL_EFAILED, "signing with %s failed: the key is damaged", tl_sign_alg_name(key->alg));
}

tl_code tl_sign_verify(const struct tl_sign_key *key, tl_str message, tl_str signature, struct tl_error *err)
{
    const uint8_t *bytes = (const uint8_t *)signature.ptr;
    size_t len = signature.len;
    uint8_t der[80];

    if (key->alg == TL_SIGN_ES256) {
        len = signature.len == 64 ? pair_to_der(bytes, der) : 0;
        bytes = der;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    tl_must(context != NULL);
    bool ok = len > 0 &&
              EVP_DigestVerifyInit_ex(context, NULL, digest_name(key->alg), NULL, NULL, key->pkey, NULL) == 1 &&
              EVP_DigestVerify(context, bytes, len, (const uint8_t *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return ok ? TL_OK : tl_fail(err, TL_EACCESS, "the %s signature does not match", tl_sign_alg_name(key->alg));
}
