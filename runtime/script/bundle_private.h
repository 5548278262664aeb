/* A bundle as the files of this room see it. Thread: as script/bundle.h says. */
#pragma once
#include "base/alloc.h"
#include "base/arena.h"
#include "findings.h"
#include "lexer.h"
#include "script/bundle.h"

enum tl_source_role {
    TL_SOURCE_SKIPPED,  /* no Lua, or not loaded (tests/) */
    TL_SOURCE_MAIN,     /* runs when the bundle loads, in the order of the list */
    TL_SOURCE_LIB,      /* the integration's lib/ */
    TL_SOURCE_STANDARD, /* scripts/lib */
    TL_SOURCE_SAMPLE    /* samples/: for trying lenses; no part of the revision */
};

struct tl_source {
    const char *path; /* relative; of the standard library: its file name */
    tl_str text;
    enum tl_source_role role;
    int rank;    /* order among TL_SOURCE_MAIN */
    bool broken; /* did not load to its end, while it was checked */
};

/* Rows of a lookup table, held by the host and shared by all states: key → JSON. */
struct tl_lookup {
    struct tl_lookup *next;
    const char *name;    /* "regions" of lookups/regions.csv */
    struct tl_map *rows; /* own; values are tl_str in the arena */
};

/* A contract that declarations name, compiled once. */
struct tl_contract {
    struct tl_contract *next;
    const char *path;
    struct tl_schema *schema; /* own; NULL: it has findings */
};

#define TL_LIST_OF(type)                                                                                               \
    struct {                                                                                                           \
        type *items; /* own */                                                                                         \
        size_t count;                                                                                                  \
    }

struct tl_bundle {
    struct tl_arena arena; /* every text and small array */
    struct tl_bundle_options options;
    struct tl_findings findings;
    TL_LIST_OF(struct tl_source) sources;
    struct tl_lookup *lookups;
    struct tl_contract *contracts;
    struct tl_map *assigned; /* own; names of fields that some file assigns to; NULL until they are asked for */
    const char *integration, *steward;
    struct tl_place integration_place;
    char hash[65];
    TL_LIST_OF(struct tl_steward) stewards;
    TL_LIST_OF(struct tl_need) needs;
    TL_LIST_OF(struct tl_system_decl) systems;
    TL_LIST_OF(struct tl_route) routes;
    TL_LIST_OF(struct tl_entity) entities;
    TL_LIST_OF(struct tl_event_type) events;
    TL_LIST_OF(struct tl_flow) flows;
    TL_LIST_OF(struct tl_every) everys;
    TL_LIST_OF(struct tl_expectation) expectations;
};

/* Adds a zeroed item to one of the lists; the address holds until the next add. */
#define TL_LIST_ADD(list)                                                                                              \
    ((list).items = tl_realloc((list).items, ((list).count + 1) * sizeof(*(list).items)),                              \
     memset(&(list).items[(list).count], 0, sizeof(*(list).items)), &(list).items[(list).count++])

/* Class of an operation of a system or of any system of a kind. READ without a callback. */
enum tl_effect_class tl_bundle_effect(const struct tl_bundle *bundle, tl_str target, tl_str operation,
                                      const char **nearest);
const char *tl_bundle_nearest_event(const struct tl_bundle *bundle, tl_str name);
const char *tl_bundle_nearest_target(const struct tl_bundle *bundle, tl_str name);
const struct tl_source *tl_bundle_source(const struct tl_bundle *bundle, const char *path, bool standard);
/* Did every file load? If not, what others refer to may stand in one that did not. */
bool tl_bundle_is_whole(const struct tl_bundle *bundle);
/* Is it the name of a declared flow? */
bool tl_bundle_is_flow(const struct tl_bundle *bundle, tl_str name);
const char *tl_bundle_nearest_flow(const struct tl_bundle *bundle, tl_str name);
/* Is it the name of a system or kind? */
bool tl_bundle_is_target(const struct tl_bundle *bundle, tl_str name);

/* sources.c: reads the folder and the standard library, sorts, hashes. */
/* Some editors write a byte order mark before Lua; it is no part of the text. */
tl_str tl_source_without_mark(const char *path, tl_str text);
tl_code tl_sources_read(struct tl_bundle *bundle, const char *dir, struct tl_error *err);
tl_code tl_sources_take(struct tl_bundle *bundle, const struct tl_bundle_file *files, size_t count,
                        struct tl_error *err);
/* lookup.c: reads lookups/ into tables; findings for bad files. */
void tl_lookups_read(struct tl_bundle *bundle);
/* NULL when absent. */
const tl_str *tl_lookup_row(const struct tl_bundle *bundle, const char *table, tl_str key, bool *known_table);
void tl_lookups_drop(struct tl_bundle *bundle);
/* contracts.c: the compiled contract of that path; NULL and findings at its line when it is not one. */
const struct tl_schema *tl_contract_need(struct tl_bundle *bundle, const char *path);
void tl_contracts_drop(struct tl_bundle *bundle);
