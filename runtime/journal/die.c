/* The end of the process when the disk refused a write that others may rely on. Thread: any. */
#include "base/log.h"
#include "journal_int.h"
#include <string.h>
#include <unistd.h>

_Noreturn void tl_journal_die(const char *what, const char *path, int code)
{
    tl_log(TL_ERROR, "journal.die",
           "the process ends before anything is acknowledged; the next start reads back what is on disk",
           TL_FSTR("what", what), TL_FSTR("file", path), TL_FSTR("error", strerror(-code)));
    _exit(tl_code_exit(TL_EIO));
}
