/* Signatures: RS256 (RSASSA-PKCS1-v1_5 with SHA-256), ES256 (ECDSA P-256, r and s of 32 bytes as in RFC
 * 7518), EdDSA (Ed25519). A key is immutable after parsing. Thread: any. */
#pragma once
#include "base/error.h"
#include "base/str.h"

enum tl_sign_alg { TL_SIGN_RS256, TL_SIGN_ES256, TL_SIGN_EDDSA };
#define TL_SIGNATURE_MAX 1024 /* RSA of 8192 bits */

struct tl_sign_key;

/* From PEM: a private key (PKCS#8, PKCS#1, SEC1; not encrypted), a public key or a certificate. RSA from 2048
 * bits, EC P-256 and Ed25519; anything else is TL_EINPUT with what was found. The text is not kept. */
TL_MUST_CHECK tl_code tl_sign_key_parse(tl_str pem, struct tl_sign_key **out, struct tl_error *err);
/* A raw Ed25519 public key of 32 bytes, as Standard Webhooks hands them out. */
TL_MUST_CHECK tl_code tl_sign_key_ed25519(tl_str public_key, struct tl_sign_key **out, struct tl_error *err);
/* NULL is allowed. */
void tl_sign_key_free(struct tl_sign_key *key);
/* The one algorithm the key is for. */
enum tl_sign_alg tl_sign_key_alg(const struct tl_sign_key *key);
bool tl_sign_key_is_private(const struct tl_sign_key *key);

/* TL_EACCESS when the key is public. */
TL_MUST_CHECK tl_code tl_sign(const struct tl_sign_key *key, tl_str message, uint8_t out[TL_SIGNATURE_MAX], size_t *len,
                              struct tl_error *err);
/* TL_OK when the signature is the key's; TL_EACCESS when not, whatever is wrong with it. */
TL_MUST_CHECK tl_code tl_sign_verify(const struct tl_sign_key *key, tl_str message, tl_str signature,
                                     struct tl_error *err);

/* "RS256", "ES256", "EdDSA". */
const char *tl_sign_alg_name(enum tl_sign_alg alg);
