/* The host table, second half: encodings, digests, and what is done with named secrets. */
#pragma once
#include "host.h"

int32_t tl_host_encode(tlc_scope *scope, int32_t form, tlc_slice in, tlc_slice *out);
int32_t tl_host_decode(tlc_scope *scope, int32_t form, tlc_slice in, tlc_slice *out);
int32_t tl_host_hash(tlc_scope *scope, int32_t algorithm, tlc_slice in, tlc_slice *digest);
int32_t tl_host_hmac(tlc_scope *scope, int32_t algorithm, tlc_slice key, tlc_slice in, tlc_slice *digest);
int32_t tl_host_sign(tlc_scope *scope, int32_t scheme, tlc_slice secret, tlc_slice in, tlc_slice *signature);
int32_t tl_host_verify(tlc_scope *scope, int32_t scheme, tlc_slice secret, tlc_slice in, tlc_slice signature);
int32_t tl_host_secret_equals(tlc_scope *scope, tlc_slice secret, tlc_slice candidate);
int32_t tl_host_secret_read(tlc_scope *scope, tlc_slice secret, tlc_slice *value);
