/* Has a manifest and no entry. */
#include <tidelock/manifest.h>
TLC_EMBED_MANIFEST(TIDELOCK_MANIFEST_FILE)
TLC_EXPORT tlc_slice something_else(void);
tlc_slice something_else(void)
{
    return tlc_manifest();
}
