/* TLS between memory buffers. */
#include "tls.h"
#include "base/alloc.h"
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

struct tl_tls_context {
    SSL_CTX *ssl; /* own */
};

struct tl_tls {
    SSL *ssl;      /* own; owns both buffers */
    BIO *incoming; /* borrow */
    BIO *outgoing; /* borrow */
};

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                           unsigned in_len, void *arg)
{
    (void)ssl;
    (void)arg;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static tl_code cannot_use(struct tl_error *err, const char *what, const char *file)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return tl_fail(err, TL_ECONFIG, "cannot use the %s in %s: %s; it must be PEM, readable, and fit the other one",
                   what, file, why != NULL ? why : "unknown reason");
}

tl_code tl_tls_context_new(const char *cert_file, const char *key_file, struct tl_tls_context **out,
                           struct tl_error *err)
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    tl_must(ssl != NULL);
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    tl_code code = TL_OK;
    if (SSL_CTX_use_certificate_chain_file(ssl, cert_file) != 1)
        code = cannot_use(err, "certificate", cert_file);
    else if (SSL_CTX_use_PrivateKey_file(ssl, key_file, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ssl) != 1)
        code = cannot_use(err, "private key", key_file);
    if (code != TL_OK) {
        SSL_CTX_free(ssl);
        return code;
    }
    *out = TL_NEW(struct tl_tls_context);
    (*out)->ssl = ssl;
    return TL_OK;
}

void tl_tls_context_free(struct tl_tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ssl);
    tl_free(context);
}

struct tl_tls *tl_tls_new(struct tl_tls_context *context)
{
    struct tl_tls *tls = TL_NEW(struct tl_tls);
    tls->ssl = SSL_new(context->ssl);
    tls->incoming = BIO_new(BIO_s_mem());
    tls->outgoing = BIO_new(BIO_s_mem());
    tl_must(tls->ssl != NULL && tls->incoming != NULL && tls->outgoing != NULL);
    BIO_set_mem_eof_return(tls->incoming, -1); /* empty means: more may come */
    SSL_set_bio(tls->ssl, tls->incoming, tls->outgoing);
    SSL_set_accept_state(tls->ssl);
    return tls;
}

void tl_tls_free(struct tl_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    tl_free(tls);
}

void tl_tls_feed(struct tl_tls *tls, const char *ptr, size_t len)
{
    size_t taken;
    tl_must(len == 0 || (BIO_write_ex(tls->incoming, ptr, len, &taken) == 1 && taken == len));
}

enum tl_tls_got tl_tls_read(struct tl_tls *tls, char *to, size_t len, size_t *got)
{
    ERR_clear_error();
    if (SSL_read_ex(tls->ssl, to, len, got) == 1)
        return TL_TLS_BYTES;
    switch (SSL_get_error(tls->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return TL_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return TL_TLS_END;
    default:
        ERR_clear_error();
        return TL_TLS_BROKEN;
    }
}

bool tl_tls_write(struct tl_tls *tls, const char *ptr, size_t len)
{
    size_t taken;
    ERR_clear_error();
    return len == 0 || (SSL_write_ex(tls->ssl, ptr, len, &taken) == 1 && taken == len);
}

void tl_tls_end(struct tl_tls *tls)
{
    ERR_clear_error();
    SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

void tl_tls_take(struct tl_tls *tls, struct tl_buf *out)
{
    char *ptr;
    long len = BIO_get_mem_data(tls->outgoing, &ptr);
    if (len <= 0)
        return;
    tl_buf_add(out, ptr, (size_t)len);
    (void)BIO_reset(tls->outgoing);
}
