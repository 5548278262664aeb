/* One worker thread: its loop, its HTTP client, its Lua state, its attachments to the systems. What stands here is for
 * rooms that do work of their own on a lane (gateway, server). All functions: [loop] of the lane, unless said
 * otherwise. */
#pragma once
#include "base/error.h"
#include "flow/engine.h"
#include "loop/loop.h"

struct tl_http_client;
struct tl_system_lane;
struct tl_script;

/* [any] From 0. */
unsigned tl_lane_index(const struct tl_lane *lane);
/* [any] */
struct tl_engine *tl_lane_engine(const struct tl_lane *lane);
/* [any] Lives from tl_engine_new to tl_engine_free. */
struct tl_loop *tl_lane_loop(const struct tl_lane *lane);
/* NULL with a call port of one's own. */
struct tl_http_client *tl_lane_client(const struct tl_lane *lane);
/* The lane's attachment; NULL when there is no such system, or with a call port of one's own. */
struct tl_system_lane *tl_lane_system(const struct tl_lane *lane, tl_str system);
/* Of a revision that is live; NULL when it is not, or with a run port of one's own. Not while a run of it is entered:
 * call it from a callback of one's own only. */
struct tl_script *tl_lane_script(const struct tl_lane *lane, const char *revision);
/* [any] The owner's part of `lane_stop` is done: nothing of his uses the lane's attachments any more. */
void tl_lane_released(struct tl_lane *lane);
