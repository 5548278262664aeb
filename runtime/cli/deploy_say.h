/* What a server answers to deploy, rollback and plan, for people. */
#pragma once
#include "codec/json.h"

/* Findings, broken laws and what failing tests printed; nothing when all was well. */
void tl_deploy_say_trouble(const struct tl_json_value *answer);
/* Changes, what is missing, what waits and what stays on the live revision. */
void tl_deploy_say_plan(const struct tl_json_value *answer);
/* One line: what is live now, and what was done for it. */
void tl_deploy_say_live(const struct tl_json_value *answer);
