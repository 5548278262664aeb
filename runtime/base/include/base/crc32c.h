/* CRC-32C (Castagnoli), as iSCSI and most storage formats use it; by the processor's instruction where there is one.
 * Thread: any. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Continue with the result of the call before; start with 0. "123456789" gives 0xe3069283. */
uint32_t tl_crc32c(uint32_t crc, const void *ptr, size_t len);
