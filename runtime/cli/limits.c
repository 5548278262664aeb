#include "limits.h"
#include "base/duration.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if !defined(__has_feature)
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||               \
    __has_feature(thread_sanitizer)
#define ADDRESS_BYTES RLIM_INFINITY
#else
#define ADDRESS_BYTES ((rlim_t)2 << 30)
#endif
#define FILE_BYTES ((rlim_t)256 << 20)

tl_code tl_limits_apply(const struct tl_args *args, struct tl_error *err)
{
    const char *text = tl_arg(args, "--limits");
    int64_t cpu_ms;
    if (text == NULL)
        return TL_OK;
    tl_code code = tl_duration_parse(tl_str_z(text), &cpu_ms, err);
    if (code != TL_OK)
        return code;
    rlim_t cpu_s = (rlim_t)(cpu_ms / 1000) + 1;
    const struct {
        __rlimit_resource_t what;
        struct rlimit limit;
    } limits[] = {{RLIMIT_CPU, {cpu_s, cpu_s + 1}},
                  {RLIMIT_AS, {ADDRESS_BYTES, ADDRESS_BYTES}},
                  {RLIMIT_FSIZE, {FILE_BYTES, FILE_BYTES}},
                  {RLIMIT_CORE, {0, 0}}};
    for (size_t i = 0; i < TL_COUNT_OF(limits); i++) {
        if (setrlimit(limits[i].what, &limits[i].limit) != 0)
            return tl_fail(err, TL_EIO, "the limits cannot be set: %s", strerror(errno));
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody waits for the answer any more */
    return TL_OK;
}
