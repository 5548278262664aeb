/* Making a session: OAuth token requests, the connector's login role, CSRF tokens. Started by session.c only, so that
 * one runs at a time; ends with tl_session_renewed or tl_session_not_renewed. [loop] */
#pragma once
#include "system_state.h"

/* What the session's `csrf` holds for a server that gives no token. */
#define TL_CSRF_NONE "none"

void tl_login_start(struct tl_system_lane *lane, enum tl_need need);
