/* Any bytes as a shared object: nothing outside them is read. */
#include "section.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tl_str section;
    static volatile char sum;
    if (tl_elf_section(tl_str_n(data, size), ".tidelock_manifest", &section, NULL) != TL_OK)
        return 0;
    for (size_t i = 0; i < section.len; i++)
        sum = (char)(sum ^ section.ptr[i]);
    return 0;
}
