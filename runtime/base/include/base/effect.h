/* What an operation does to the world (design: effect class). The numbers are those of the connector ABI. */
#pragma once

enum tl_effect_class {
    TL_EFFECT_UNKNOWN,    /* there is no such operation */
    TL_EFFECT_READ,       /* changes nothing */
    TL_EFFECT_IDEMPOTENT, /* again does no harm: upsert, PUT */
    TL_EFFECT_KEYED,      /* takes our idempotency key */
    TL_EFFECT_UNSAFE      /* comes with a lookup by natural key */
};
