/* TLS for the server: OpenSSL between two memory buffers, so that the sockets stay with the loop. Thread: a context may
 * be shared by connections of one loop; everything: [loop]. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

struct tl_tls_context;
struct tl_tls;

/* TLS 1.2 or later, ALPN http/1.1. TL_ECONFIG names the file that cannot be used. */
TL_MUST_CHECK tl_code tl_tls_context_new(const char *cert_file, const char *key_file, struct tl_tls_context **out,
                                         struct tl_error *err);
void tl_tls_context_free(struct tl_tls_context *context);

/* One connection, at its server's end; the context must outlive it. */
struct tl_tls *tl_tls_new(struct tl_tls_context *context);
void tl_tls_free(struct tl_tls *tls);

enum tl_tls_got { TL_TLS_BYTES, TL_TLS_MORE, TL_TLS_END, TL_TLS_BROKEN };

/* Bytes from the socket. */
void tl_tls_feed(struct tl_tls *tls, const char *ptr, size_t len);
/* Decrypts up to `len` bytes (len > 0); also advances the handshake. */
enum tl_tls_got tl_tls_read(struct tl_tls *tls, char *to, size_t len, size_t *got);
/* Encrypts; false when the connection cannot carry it (broken, or no handshake yet). */
bool tl_tls_write(struct tl_tls *tls, const char *ptr, size_t len);
/* Says goodbye (close_notify). */
void tl_tls_end(struct tl_tls *tls);
/* Moves what must be sent to the end of `out`. */
void tl_tls_take(struct tl_tls *tls, struct tl_buf *out);
