/* A transfer of scheme smtp or smtps: a letter instead of an HTTP request. [loop] */
#pragma once
#include "exchange.h"

bool tl_url_is_mail(tl_str url);
/* Sends what the exchange's request says: the headers `from`, `to` (one each receiver) and `tls` are the envelope, the
 * body is the letter; without a body a NOOP. `done` as of tl_smtp_send. NULL: credentials or the envelope cannot be
 * made out, and nothing follows. */
struct tl_transfer *tl_exchange_letter(struct tl_exchange *x, tl_str url, int64_t left_ms, tl_transfer_done *done,
                                       struct tl_error *err);
