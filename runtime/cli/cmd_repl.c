/* `tidelock repl`: documents pasted into maps and lenses. On a terminal with a prompt; on a pipe every line is carried
 * out, and the exit status says whether all went well. */
#include "base/alloc.h"
#include "base/log.h"
#include "command.h"
#include "place.h"
#include "stream.h"
#include "trial/repl.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

enum { ANSWER_MAX = 256 << 20 };

static tl_code answer(struct tl_repl *repl, tl_str line, size_t *failed, struct tl_error *err)
{
    struct tl_buf out;
    tl_buf_init(&out, ANSWER_MAX);
    *failed += !tl_repl_line(repl, line, &out);
    tl_code code = tl_stream_print(tl_buf_str(&out), err);
    tl_buf_free(&out);
    return code;
}

static void prompt(const struct tl_repl *repl)
{
    printf("%s", tl_repl_waits(repl) ? "... " : "> ");
    fflush(stdout);
}

static tl_code read_lines(struct tl_repl *repl, bool terminal, size_t *failed, struct tl_error *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    tl_code code = TL_OK;
    while (code == TL_OK && !tl_repl_ended(repl)) {
        if (terminal)
            prompt(repl);
        len = getline(&line, &room, stdin);
        if (len < 0)
            break;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        code = answer(repl, tl_str_n(line, (size_t)len), failed, err);
    }
    free(line); /* getline's */
    if (terminal && len < 0)
        puts("");
    if (code == TL_OK && tl_repl_waits(repl))
        code = tl_fail(err, TL_EINPUT, "the input ended inside of a document: a bracket is not closed");
    return code;
}

tl_code tl_cmd_repl(const struct tl_args *args, struct tl_error *err)
{
    char *library = tl_place_library(args), *plugins = tl_place_plugins(args);
    char *words = tl_place_beside("share/tidelock/trial");
    struct tl_repl_options options = {.dir = args->words[0], .library = library, .plugins = plugins, .words = words};
    struct tl_repl *repl = NULL;
    bool terminal = isatty(STDIN_FILENO) != 0;
    size_t failed = 0;
    tl_log_setup(TL_WARN, TL_LOG_TEXT);
    tl_code code = tl_repl_open(&options, &repl, err);
    if (code == TL_OK && terminal)
        puts("Paste a JSON document, or :list, :use \"order@1 <- crm.Deal\", :help, :quit");
    if (code == TL_OK)
        code = read_lines(repl, terminal, &failed, err);
    if (code == TL_OK && failed > 0 && !terminal) {
        code = TL_EFAILED;
        err->text[0] = '\0'; /* everything is said already */
    }
    tl_repl_close(repl);
    tl_free(library);
    tl_free(plugins);
    tl_free(words);
    return code;
}
