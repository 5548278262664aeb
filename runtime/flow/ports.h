/* The ports of a Tidelock that is not a test. */
#pragma once
#include "flow/engine.h"

/* `config` is borrowed. */
struct tl_run_port tl_run_port_script(const struct tl_engine_config *config);
extern const struct tl_call_port tl_call_port_connector;
