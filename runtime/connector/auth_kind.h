/* Kinds of authentication: "basic", "oauth2_jwt" … Private to the room. Thread: any. */
#pragma once
#include "base/str.h"

bool tl_auth_kind_known(tl_str kind);
/* The usual fields of a kind that a manifest need not repeat; NULL past the end. */
const char *tl_auth_field(tl_str kind, size_t i, bool *required);
