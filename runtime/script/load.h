/* Running an integration's files in a state: once to check a bundle, once for every state. Thread: that of
 * the state. */
#pragma once
#include "bundle_private.h"
#include "script_state.h"

/* While files load. */
struct tl_loading {
    const struct tl_bundle *bundle;
    struct tl_findings *findings; /* NULL: the bundle was checked before */
};

/* Makes the libraries, runs every file, freezes. With `checking` (the same bundle) errors become its
 * findings, loading goes on after them, and the declarations are collected into it; without, TL_ECONFIG at
 * the first. */
tl_code tl_load_files(struct tl_script *script, const struct tl_bundle *bundle, struct tl_bundle *checking,
                      struct tl_error *err);
/* A state with the libraries only. */
tl_code tl_load_libraries(struct tl_script *script, struct tl_error *err);
/* module.c: reports an error of Lua: a finding while checking, else `err`. */
void tl_load_report(struct tl_loading *loading, const struct tl_source *source, const char *message, const char *chain,
                    struct tl_error *err);
/* Leaves the module's value; false: it failed and was reported. Raises when it is already being loaded. */
bool tl_load_module(lua_State *L, const struct tl_source *source, struct tl_error *err);
/* require("name"). */
int tl_require(lua_State *L);
/* Pushes the compiled source (environment set), or nothing: a finding or `err` says why. */
bool tl_load_source(lua_State *L, const struct tl_source *source, struct tl_error *err);
/* Pushes a module of the standard library ("trials.lua") in a state that has loaded its files, and loads it when none
 * of them did. Raises. */
void tl_load_standard(lua_State *L, const char *path);
/* A state that has not loaded anything yet. */
struct tl_script *tl_state_new(const struct tl_script_limits *limits);

/* declare.c: adds integration, system, … to the globals on the top. */
void tl_declare_open(lua_State *L);
/* declare_map.c: the body (1) of a map or lens; pushes its object. Raises what is wrong with it. */
int tl_declare_map(lua_State *L, int record);
int tl_declare_lens(lua_State *L, int record);
/* collect.c: reads the declarations of the state into the bundle's lists and checks them. */
void tl_collect(struct tl_bundle *bundle, struct tl_script *script);
