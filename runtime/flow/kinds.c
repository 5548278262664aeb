#include "kinds.h"
#include "base/attr.h"

static const char *const words[] = {[TL_ASK_CALL] = "call",     [TL_ASK_SLEEP] = "sleep", [TL_ASK_AWAIT] = "await",
                                    [TL_ASK_DECIDE] = "decide", [TL_ASK_CHILD] = "start", [TL_ASK_PARK] = "park"};

const char *tl_ask_kind_name(enum tl_ask_kind kind)
{
    return words[kind];
}

enum tl_ask_kind tl_ask_kind_of(tl_str word)
{
    for (size_t i = 0; i < TL_COUNT_OF(words); i++) {
        if (tl_str_is(word, words[i]))
            return (enum tl_ask_kind)i;
    }
    return TL_ASK_CALL;
}
