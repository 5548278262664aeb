/* One function a kind of declaration: reads the form into the bundle's list. Thread: one at a time. */
#pragma once
#include "form.h"

void tl_collect_integration(struct tl_form *form);
void tl_collect_steward(struct tl_form *form);
void tl_collect_system(struct tl_form *form);
void tl_collect_route(struct tl_form *form);
void tl_collect_entity(struct tl_form *form);
void tl_collect_event(struct tl_form *form);
void tl_collect_flow(struct tl_form *form);
/* After all: what refers to what, internal flows, captures. */
void tl_collect_links(struct tl_bundle *bundle, struct tl_script *script);
/* A map whose title and object the state holds; its references are checked. */
void tl_check_map(struct tl_form *form);
/* Calls on ctx of each flow. */
void tl_check_flow_code(struct tl_form *form, struct tl_flow *flow);
/* Every ctx.<target>:put("entity", …) in the text of the files has a map, every ctx:await its events, every ctx:start
 * its flow. */
void tl_check_calls(struct tl_bundle *bundle, struct tl_script *script);
