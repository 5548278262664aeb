/* Names: types, sources, flows, systems … that come from integrations. Each text exists once and lives as long as the
 * journal; records carry an id that a segment gives it on first use. */
#pragma once
#include "base/map.h"
#include "format.h"
#include <pthread.h>

struct tl_name {
    tl_str text;      /* own */
    uint64_t segment; /* the writer's: the segment in which `id` holds */
    uint32_t id;      /* the writer's */
};

struct tl_names {
    pthread_mutex_t lock;
    struct tl_map map; /* text → struct tl_name, own */
};

void tl_names_init(struct tl_names *names);
void tl_names_free(struct tl_names *names);
/* The one name with that text. Thread: any. */
struct tl_name *tl_names_get(struct tl_names *names, tl_str text);
