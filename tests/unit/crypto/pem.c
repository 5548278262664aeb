#include "pem.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "codec/base64.h"

static void add_tlv(struct tl_buf *out, char tag, tl_str value)
{
    tl_buf_add_char(out, tag);
    if (value.len < 128) {
        tl_buf_add_char(out, (char)value.len);
    } else {
        tl_buf_add_char(out, (char)0x82);
        tl_buf_add_char(out, (char)(value.len >> 8));
        tl_buf_add_char(out, (char)(value.len & 255));
    }
    tl_buf_add_str(out, value);
}

static void add_integer(struct tl_buf *out, tl_str base64url)
{
    struct tl_buf bytes;

    tl_buf_init(&bytes, 4096);
    tl_buf_add_char(&bytes, '\0'); /* positive */
    tl_must(tl_base64url_decode(&bytes, base64url, NULL) == TL_OK);
    add_tlv(out, 2, (unsigned char)bytes.ptr[1] & 0x80 ? tl_buf_str(&bytes) : tl_str_from(tl_buf_str(&bytes), 1));
    tl_buf_free(&bytes);
}

char *pem_of_rsa_jwk(const struct tl_json_value *jwk)
{
    static const char *const names[] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"};
    struct tl_buf integers, der, pem;

    tl_buf_init(&integers, 8192);
    tl_buf_init(&der, 8192);
    tl_buf_init(&pem, 16384);
    add_tlv(&integers, 2, TL_STR("\0"));
    for (size_t i = 0; i < TL_COUNT_OF(names); i++)
        add_integer(&integers, tl_json_get_text(jwk, names[i]));
    add_tlv(&der, 0x30, tl_buf_str(&integers));
    tl_buf_add_z(&pem, "-----BEGIN RSA PRIVATE KEY-----\n");
    for (size_t at = 0; at < der.len; at += 48) {
        tl_base64_encode(&pem, tl_str_n(der.ptr + at, der.len - at < 48 ? der.len - at : 48));
        tl_buf_add_char(&pem, '\n');
    }
    tl_buf_add_z(&pem, "-----END RSA PRIVATE KEY-----\n");
    tl_buf_free(&integers);
    tl_buf_free(&der);
    return tl_buf_take(&pem, NULL);
}
