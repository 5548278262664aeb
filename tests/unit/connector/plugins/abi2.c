/* Says that it was built for another major version of the ABI. */
#include <tidelock/manifest.h>
TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)
static const tlc_connector table = {sizeof table, 2u << 16, tlc_manifest, 0, 0, 0, 0, 0};
const tlc_connector *tidelock_connector(uint32_t host_abi)
{
    (void)host_abi;
    return &table;
}
