/* The words of what a run can wait for, as rows and people read them. Thread: any. */
#pragma once
#include "base/str.h"
#include "script/run.h"

/* "call", "sleep", "await", "decide", "start", "park" */
const char *tl_ask_kind_name(enum tl_ask_kind kind);
/* TL_ASK_CALL for an unknown word. */
enum tl_ask_kind tl_ask_kind_of(tl_str word);
