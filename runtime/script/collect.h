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
void tl_collect_every(struct tl_form *form);
void tl_collect_expect(struct tl_form *form);
/* After all: what refers to what, internal flows, captures. */
void tl_collect_links(struct tl_bundle *bundle, struct tl_script *script);
void tl_check_routes(struct tl_bundle *bundle);
/* An error: something names what is not there; `nearest` or NULL. */
void tl_complain(struct tl_bundle *bundle, struct tl_place place, const char *what, const char *name,
                 const char *nearest);
/* Errors unless they are there; "" needs nothing. */
void tl_need_steward(struct tl_bundle *bundle, struct tl_place place, const char *name);
void tl_need_target(struct tl_bundle *bundle, struct tl_place place, const char *name);
/* "order@1 <- salesforce.Opportunity" or "… <-> …" → both sides; false when it is not of that form. */
bool tl_map_sides(const char *title, tl_str *left, tl_str *right);
/* A map whose title and object the state holds; its references are checked. */
void tl_check_map(struct tl_form *form);
/* The same for a lens, and what its compilation complained of, at its fields. */
void tl_check_lens(struct tl_form *form);
/* Pushes the lens of that title, or nothing. */
bool tl_lens_push(lua_State *L, const char *title);
/* Schedules and expectations against events and flows. */
void tl_check_everys(struct tl_bundle *bundle);
void tl_check_expectations(struct tl_bundle *bundle);
/* What declarations of work have in common: after_failure, on_failure, priority, deadline, order. */
void tl_flow_policies(struct tl_form *form, struct tl_flow *flow, enum tl_after_failure after);
/* "order_no" and "/order_no" as a pointer; a finding when it is none. */
const char *tl_form_pointer(struct tl_form *form, const char *key, const char *text);
/* Calls on ctx of each flow. */
void tl_check_flow_code(struct tl_form *form, struct tl_flow *flow);
/* Warnings about fields that contracts do not have: read by the functions of a flow or event, and by a map (its sides
 * "order@1" and "erp.SalesOrders"; a lens: the entity's side). */
void tl_check_flow_fields(struct tl_form *form, const struct tl_flow *flow);
void tl_check_event_fields(struct tl_form *form, const struct tl_event_type *event);
void tl_check_map_fields(struct tl_form *form, tl_str left, tl_str right);
/* Forgets what these have noted about the files. */
void tl_assigned_drop(struct tl_bundle *bundle);
/* Every ctx.<target>:put("entity", …) in the text of the files has a map, every ctx:await its events, every ctx:start
 * its flow. */
void tl_check_calls(struct tl_bundle *bundle, struct tl_script *script);
/* Keys, durations and names that stand in the text of calls on ctx; numbers that decimals are compared with. */
void tl_check_words(struct tl_bundle *bundle, const struct tl_source *source, const struct tl_tokens *tokens);
