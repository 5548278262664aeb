/* A pattern and a text, split at the first NUL: what compiles must answer within its work, and an anchored form of the
 * pattern finds no more than the pattern. */
#include "contract/regex.h"
#include "base/buf.h"
#include <stdint.h>

static bool found(tl_str pattern, tl_str text, bool *compiled, bool *done)
{
    struct tl_regex *regex;
    struct tl_error err;
    uint64_t work = 200000;
    *compiled = tl_regex_compile(pattern, &regex, &err) == TL_OK;
    if (!*compiled) {
        tl_must(err.code == TL_EINPUT && err.text[0]);
        return false;
    }
    bool yes = tl_regex_search(regex, text, &work);
    tl_must(!yes || work > 0);
    *done = work > 0;
    tl_regex_free(regex);
    return yes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tl_str rest = tl_str_n(data, size), pattern;
    if (!tl_str_cut(&rest, '\0', &pattern))
        return 0;
    bool compiled, done = false, whole_compiled, whole_done = false;
    bool anywhere = found(pattern, rest, &compiled, &done);
    struct tl_buf whole;
    tl_buf_init(&whole, TL_REGEX_BYTES * 2);
    tl_buf_addf(&whole, "^(?:%.*s)$", TL_STR_ARGS(pattern));
    bool all = found(tl_buf_str(&whole), rest, &whole_compiled, &whole_done);
    tl_must(!(compiled && all && whole_done && done) || anywhere);
    tl_buf_free(&whole);
    return 0;
}
