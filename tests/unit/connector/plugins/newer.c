/* Knows only hosts that do not exist yet. */
#include <tidelock/manifest.h>
TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)
TLC_EXPORT tlc_slice keep_manifest(void);
tlc_slice keep_manifest(void)
{
    return tlc_manifest();
}
const tlc_connector *tidelock_connector(uint32_t host_abi)
{
    (void)host_abi;
    return 0;
}
