/* A connector that is its manifest: the host interprets everything, this file only carries it. */
#include <tidelock/manifest.h>

TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)

static const tlc_connector table = {sizeof table, TLC_ABI, tlc_manifest, 0, 0, 0, 0, 0};

const tlc_connector *tidelock_connector(uint32_t host_abi)
{
    return host_abi >> 16 == TLC_ABI_MAJOR ? &table : 0;
}
