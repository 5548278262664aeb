/* JSON Web Keys as PEM, so that published keys can be given to code that reads PEM only. */
#pragma once
#include "codec/json.h"

/* An RSA private key (PKCS#1). The caller frees the text with tl_free. */
char *pem_of_rsa_jwk(const struct tl_json_value *jwk);
