/* Encodings and digests for connectors. SHA-256 is what there is: other algorithms answer -1. */
#include "host_crypto.h"
#include "base/buf.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/uri.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

#define CODED_MAX (64u << 20)

static int32_t keep(tlc_scope *scope, struct tl_buf *buf, bool good, tlc_slice *out)
{
    if (good) {
        tl_str copy = tl_arena_str(&scope->arena, tl_buf_str(buf));
        *out = (tlc_slice){copy.ptr ? copy.ptr : "", copy.len};
    }
    tl_buf_free(buf);
    return good ? 1 : -1;
}

int32_t tl_host_encode(tlc_scope *scope, int32_t form, tlc_slice in, tlc_slice *out)
{
    struct tl_buf buf;
    tl_str bytes = tl_str_of(in);
    tl_buf_init(&buf, CODED_MAX);
    bool good = form == TLC_BASE64      ? tl_base64_encode(&buf, bytes)
                : form == TLC_BASE64URL ? tl_base64url_encode(&buf, bytes)
                : form == TLC_HEX       ? tl_hex_encode(&buf, bytes)
                : form == TLC_PERCENT   ? tl_uri_encode(&buf, bytes, TL_URI_UNRESERVED)
                                        : false;
    return keep(scope, &buf, good, out);
}

int32_t tl_host_decode(tlc_scope *scope, int32_t form, tlc_slice in, tlc_slice *out)
{
    struct tl_buf buf;
    tl_str text = tl_str_of(in);
    tl_buf_init(&buf, CODED_MAX);
    tl_code code = form == TLC_BASE64      ? tl_base64_decode(&buf, text, NULL)
                   : form == TLC_BASE64URL ? tl_base64url_decode(&buf, text, NULL)
                   : form == TLC_HEX       ? tl_hex_decode(&buf, text, NULL)
                   : form == TLC_PERCENT   ? tl_uri_decode(&buf, text, false, NULL)
                                           : TL_EINPUT;
    return keep(scope, &buf, code == TL_OK, out);
}

static int32_t keep_digest(tlc_scope *scope, const uint8_t *digest, size_t len, tlc_slice *out)
{
    *out = tl_slice_of(tl_arena_str(&scope->arena, tl_str_n(digest, len)));
    return 1;
}

int32_t tl_host_hash(tlc_scope *scope, int32_t algorithm, tlc_slice in, tlc_slice *digest)
{
    uint8_t out[TL_SHA256_SIZE];
    if (algorithm != TLC_SHA256)
        return -1;
    tl_sha256(tl_str_of(in), out);
    return keep_digest(scope, out, sizeof out, digest);
}

int32_t tl_host_hmac(tlc_scope *scope, int32_t algorithm, tlc_slice key, tlc_slice in, tlc_slice *digest)
{
    uint8_t out[TL_SHA256_SIZE];
    tl_str part = tl_str_of(in);
    if (algorithm != TLC_SHA256)
        return -1;
    tl_hmac_sha256(tl_str_of(key), &part, 1, out);
    return keep_digest(scope, out, sizeof out, digest);
}

/* ---- named secrets ---- */

static bool key_fits(int32_t scheme, const struct tl_sign_key *key)
{
    enum tl_sign_alg alg = tl_sign_key_alg(key);
    return (scheme == TLC_SIGN_RS256 && alg == TL_SIGN_RS256) || (scheme == TLC_SIGN_ES256 && alg == TL_SIGN_ES256) ||
           (scheme == TLC_SIGN_ED25519 && alg == TL_SIGN_EDDSA);
}

int32_t tl_host_sign(tlc_scope *scope, int32_t scheme, tlc_slice secret, tlc_slice in, tlc_slice *signature)
{
    tl_str value, part = tl_str_of(in);
    uint8_t out[TL_SIGNATURE_MAX];
    size_t len = 0;
    if (!tl_system_secret(scope->system, tl_str_of(secret), 0, &value))
        return 0;
    if (scheme == TLC_SIGN_HMAC_SHA256) {
        tl_hmac_sha256(value, &part, 1, out);
        return keep_digest(scope, out, TL_SHA256_SIZE, signature);
    }
    struct tl_sign_key *key = NULL;
    bool good = tl_sign_key_parse(value, &key, NULL) == TL_OK && key_fits(scheme, key) &&
                tl_sign(key, part, out, &len, NULL) == TL_OK;
    tl_sign_key_free(key);
    return good ? keep_digest(scope, out, len, signature) : -1;
}

static bool verify_one(int32_t scheme, tl_str value, tl_str message, tl_str signature)
{
    if (scheme == TLC_SIGN_HMAC_SHA256) {
        uint8_t mac[TL_SHA256_SIZE];
        tl_hmac_sha256(value, &message, 1, mac);
        return tl_secret_equal(tl_str_n(mac, sizeof mac), signature);
    }
    struct tl_sign_key *key = NULL;
    bool good = tl_sign_key_parse(value, &key, NULL) == TL_OK && key_fits(scheme, key) &&
                tl_sign_verify(key, message, signature, NULL) == TL_OK;
    tl_sign_key_free(key);
    return good;
}

int32_t tl_host_verify(tlc_scope *scope, int32_t scheme, tlc_slice secret, tlc_slice in, tlc_slice signature)
{
    tl_str value;
    size_t i = 0;
    for (; tl_system_secret(scope->system, tl_str_of(secret), i, &value); i++)
        if (verify_one(scheme, value, tl_str_of(in), tl_str_of(signature)))
            return 1;
    return i ? 0 : -1;
}

int32_t tl_host_secret_equals(tlc_scope *scope, tlc_slice secret, tlc_slice candidate)
{
    tl_str value;
    size_t i = 0;
    for (; tl_system_secret(scope->system, tl_str_of(secret), i, &value); i++)
        if (tl_secret_equal(value, tl_str_of(candidate)))
            return 1;
    return i ? 0 : -1;
}

int32_t tl_host_secret_read(tlc_scope *scope, tlc_slice secret, tlc_slice *value)
{
    tl_str found;
    if (!scope->may_read_secrets || !tl_system_secret(scope->system, tl_str_of(secret), 0, &found))
        return 0;
    *value = tl_slice_of(found);
    return 1;
}
