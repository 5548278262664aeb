/* Secrets at rest: AES-256-GCM with one key from a key file.
 *
 * Key file, text, mode 0600, one line:   tidelock-key-1 <64 lower-case hex digits>\n
 * Sealed bytes, version 1:
 *    0   1  version = 1
 *    1   4  key mark: the first four bytes of SHA-256 of the key, to say "another key" instead of "damaged"
 *    5  12  nonce, random
 *   17   n  ciphertext, as long as the secret
 *  17+n 16  tag over version, key mark, context and ciphertext
 * The context (for example the secret's name) is not stored: a box opened under another name is refused.
 * Thread: any; a box is immutable. */
#pragma once
#include "base/buf.h"
#include "base/error.h"

#define TL_BOX_OVERHEAD 33

struct tl_box;

/* Reads the key file; with `create`, one that is absent is made first (0600, synced). A file that others may
 * read or write, that is no regular file, or that belongs to another user is refused: TL_EACCESS says what to
 * change. */
TL_MUST_CHECK tl_code tl_box_open(const char *key_path, bool create, struct tl_box **out, struct tl_error *err);
/* Wipes the key. NULL is allowed. */
void tl_box_free(struct tl_box *box);
/* Appends sealed bytes. Fails only when `out` is full. */
TL_MUST_CHECK tl_code tl_box_seal(const struct tl_box *box, tl_str secret, tl_str context, struct tl_buf *out,
                                  struct tl_error *err);
/* Appends the secret. TL_EVERSION for a newer format, TL_EACCESS for another key, TL_ECORRUPT for changed
 * bytes or another context. */
TL_MUST_CHECK tl_code tl_box_unseal(const struct tl_box *box, tl_str sealed, tl_str context, struct tl_buf *out,
                                    struct tl_error *err);
