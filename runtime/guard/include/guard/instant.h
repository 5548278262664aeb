/* A moment on both clocks. Guard asks no clock; callers pass {tl_wall_ms(), tl_mono_ms()}. */
#pragma once
#include <stdint.h>

#define TL_NEVER INT64_MAX

struct tl_instant {
    int64_t wall_ms; /* Unix time: maintenance windows */
    int64_t mono_ms; /* never goes back: everything short */
};
