/* How urgent work is. Lanes take turns between the three; a share of a system's day budget is kept from bulk. */
#pragma once

enum tl_priority { TL_URGENT, TL_NORMAL, TL_BULK, TL_PRIORITY_COUNT };
