/* Compiler attributes used in every room. */
#pragma once

#define TL_MUST_CHECK __attribute__((warn_unused_result))
#define TL_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define TL_NORETURN __attribute__((noreturn))
#define TL_CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define TL_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
