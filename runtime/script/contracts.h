/* Contracts as a running script meets them. Thread: that of the state. */
#pragma once
#include "bundle_private.h"
#include "script_state.h"

/* Raises an error of class "data" and code "contract" that names pointer, rule and value when the JSON breaks the
 * contract of the event. */
void tl_event_contract_check(lua_State *L, const struct tl_event_type *type, tl_str json);
/* The same for a record of the entity; what is no declared entity has no contract. */
void tl_entity_contract_check(lua_State *L, const char *entity, tl_str json);
/* The contract of that path, or with that $id; false: there is none. */
bool tl_contract_text(const struct tl_bundle *bundle, tl_str uri, tl_str *text);
