/* `tidelock verify`: every checksum of a journal that no server has open. */
#include "base/alloc.h"
#include "command.h"
#include "journal/journal.h"
#include <stdio.h>

static void print_line(void *ctx, const char *line)
{
    (void)ctx;
    puts(line);
}

tl_code tl_cmd_verify(const struct tl_args *args, struct tl_error *err)
{
    const char *data = tl_arg(args, "--data");
    if (data == NULL)
        return tl_fail(err, TL_EUSAGE, "--data is required; see 'tidelock verify --help'");
    char *dir = tl_printf("%s/journal", data);
    struct tl_verify_result r = {0};
    bool json = tl_flag(args, "--json");
    tl_code code = tl_journal_verify(dir, json ? NULL : print_line, NULL, &r, err);
    unsigned long long segments = r.segments, commits = r.commits, events = r.events, torn = r.torn_bytes;
    if (json)
        printf("{\"sound\":%s,\"segments\":%llu,\"commits\":%llu,\"events\":%llu,\"torn_bytes\":%llu}\n",
               code == TL_OK ? "true" : "false", segments, commits, events, torn);
    else
        printf(
            "sound: %s, %llu segments, %llu commits, %llu events, %llu bytes of an unacknowledged commit at the end\n",
            code == TL_OK ? "yes" : "no", segments, commits, events, torn);
    tl_free(dir);
    return code;
}
