/* The character sets of HTTP (RFC 9110 section 5.6, RFC 3986), as bit sets. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef uint64_t tl_char_set[4];

static const tl_char_set TL_TOKEN_CHARS = {0x03ff6cfa00000000u, 0x57ffffffc7fffffeu, 0, 0};
/* tab, space, visible ASCII and every byte above it */
static const tl_char_set TL_VALUE_CHARS = {0xffffffff00000200u, 0x7fffffffffffffffu, UINT64_MAX, UINT64_MAX};
/* visible ASCII but " # < > \ ^ ` { | } */
static const tl_char_set TL_TARGET_CHARS = {0xaffffff200000000u, 0x47fffffeafffffffu, 0, 0};
/* letters, digits and - . _ ~ % ! $ & ' ( ) * + , ; = */
static const tl_char_set TL_HOST_CHARS = {0x2bff7ff200000000u, 0x47fffffe87fffffeu, 0, 0};

static inline bool tl_char_in(const tl_char_set set, char c)
{
    return (set[(unsigned char)c >> 6] >> ((unsigned char)c & 63)) & 1;
}

/* Every byte of a non-empty text. */
static inline bool tl_chars_all_in(const tl_char_set set, const char *ptr, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++)
        if (!tl_char_in(set, ptr[i]))
            return false;
    return len > 0;
}
