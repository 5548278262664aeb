/* `tidelock` on a disk that keeps unsynced writes in memory: SIGKILL drops them, as a power cut would.
 *
 * TIDELOCK_CRASH_AT=N[:PERCENT[:SEED]] kills the process in the middle of the N-th write, sync, truncation or rename;
 * each page not yet synced has reached the disk before that with a chance of PERCENT, in no order (default 0). */
#include "cli/main.h"
#include "lossy_disk.h"
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *at = getenv("TIDELOCK_CRASH_AT");
    tl_disk_set(lossy_disk());
    if (at != NULL) {
        char *end;
        unsigned long n = strtoul(at, &end, 10);
        unsigned long percent = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
        unsigned long seed = *end == ':' ? strtoul(end + 1, &end, 10) : 1;
        lossy_disk_kill_at(n, (unsigned)percent, (unsigned)seed);
    }
    return tl_main(argc, argv);
}
