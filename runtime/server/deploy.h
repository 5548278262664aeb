/* Private to the room: deploys, rollbacks and plans, one at a time in the order they came, and changed settings between
 * them. What takes long happens on a loader's thread beside a server that works on; the switch itself, and the answer,
 * on the main loop. Thread: the main one. */
#pragma once
#include "control.h"

struct tl_deploys *tl_deploys_new(struct tl_server *server);
/* Stops what is under way (a test's process is killed) and answers everybody who waits, and from now on at once. */
void tl_deploys_stop(struct tl_deploys *deploys);
/* Stopped. NULL is fine. */
void tl_deploys_free(struct tl_deploys *deploys);

/* Each takes the request over and answers it when its turn has come and all is done. What it asks is in its body, which
 * is read on the loader's thread. */
void tl_deploys_deploy(struct tl_control_request *request);
void tl_deploys_plan(struct tl_control_request *request);
void tl_deploys_rollback(struct tl_control_request *request);
void tl_deploys_retire(struct tl_control_request *request);
/* Systems with the values that settings have when its turn comes; it waits for a switch, not for the tests of a deploy.
 * `done` is called once, in a later callback. */
void tl_deploys_renew(struct tl_server *server, void (*done)(void *ctx, tl_code code, const char *text), void *ctx);
/* "deploy", "rollback", "plan", "retire" or "settings" while one is on its way; NULL: nothing is. */
const char *tl_deploys_doing(const struct tl_deploys *deploys);
/* How many stand in line behind it. */
size_t tl_deploys_waiting(const struct tl_deploys *deploys);
