/* describe() says something else than the section. */
#include <tidelock/manifest.h>
TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)
static tlc_slice describe(void)
{
    tlc_slice s = tlc_manifest();
    s.len--;
    return s;
}
static const tlc_connector table = {sizeof table, TLC_ABI, describe, 0, 0, 0, 0, 0};
const tlc_connector *tidelock_connector(uint32_t host_abi)
{
    (void)host_abi;
    return &table;
}
