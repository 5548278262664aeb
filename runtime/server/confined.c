#include "confined.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void tl_confined_init(struct tl_confined *confined)
{
    *confined = (struct tl_confined){0};
    tl_must(pthread_mutex_init(&confined->lock, NULL) == 0);
}

void tl_confined_deinit(struct tl_confined *confined)
{
    pthread_mutex_destroy(&confined->lock);
}

void tl_confined_cancel(struct tl_confined *confined)
{
    pthread_mutex_lock(&confined->lock);
    confined->cancelled = true;
    if (confined->child > 0)
        kill(-confined->child, SIGKILL);
    pthread_mutex_unlock(&confined->lock);
}

/* ---- its folder ---- */

/* For its temporary files and its output. In memory where the machine has such a place; short, because a test's own
 * folder goes into it. */
static tl_code make_folder(char dir[32], struct tl_error *err)
{
    static const char *const places[] = {"/dev/shm", "/tmp"};
    for (size_t i = 0; i < TL_COUNT_OF(places); i++) {
        snprintf(dir, 32, "%s/tidelock-XXXXXX", places[i]);
        if (mkdtemp(dir) != NULL)
            return TL_OK;
    }
    return tl_fail(err, TL_EIO, "no temporary folder can be made: %s", strerror(errno));
}

/* The end of a file, as far as it fits. */
static void take_end(const char *dir, const char *name, struct tl_buf *out)
{
    struct stat info;
    char *path = tl_printf("%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    tl_free(path);
    if (fd < 0)
        return;
    size_t most = out->max - out->len, size = fstat(fd, &info) == 0 ? (size_t)info.st_size : 0;
    if (size > most) {
        tl_buf_add_z(out, "…\n");
        most -= 8;
    }
    size_t len = size < most ? size : most;
    char *room = len != 0 ? tl_buf_reserve(out, len) : NULL;
    ssize_t got = room != NULL ? pread(fd, room, len, (off_t)(size - len)) : 0;
    if (got > 0)
        out->ptr[out->len += (size_t)got] = '\0';
    close(fd);
}

/* The server's environment, but for where temporary files go. The array is own, its texts are not but the first. */
static char **environment(const char *dir)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **all = tl_zalloc(count + 2, sizeof *all);
    size_t at = 0;
    all[at++] = tl_printf("TIDELOCK_TMP=%s", dir);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "TIDELOCK_TMP=", 13) != 0)
            all[at++] = environ[i];
    }
    return all;
}

/* ---- its life ---- */

/* posix_spawn and not fork: the pages of a big server are not copied, and its lanes do not stand still for that. */
static int spawn(const char *const *words, const char *dir, pid_t *child)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, usual;
    char *out = tl_printf("%s/out", dir), *errors = tl_printf("%s/errors", dir), **env = environment(dir);
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &usual);
    int failed = posix_spawn(child, words[0], &files, &attr, (char *const *)(uintptr_t)words, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    tl_free(env[0]);
    tl_free(env);
    tl_free(out);
    tl_free(errors);
    return failed;
}

/* True: it has ended. */
static bool wait_end(pid_t child, int64_t within_ms)
{
    int64_t until = tl_mono_ms() + within_ms, left = within_ms;
    int fd = pidfd_open(child, 0), ready = fd < 0 ? 1 : 0; /* without one its end is waited for without a limit */
    while (ready <= 0 && left > 0) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        ready = poll(&poll_fd, 1, (int)(left < 1000 ? left : 1000));
        left = until - tl_mono_ms();
    }
    if (fd >= 0)
        close(fd);
    return ready > 0;
}

static tl_code judge(int how, bool in_time, bool cancelled, int64_t within_ms, int *status, struct tl_error *err)
{
    if (cancelled)
        return tl_fail(err, TL_ECANCELLED, "it was stopped: the server ends");
    if (!in_time)
        return tl_fail(err, TL_ETIMEOUT, "it was killed after %lld s: that is all the time it has",
                       (long long)(within_ms + 999) / 1000);
    if (WIFEXITED(how)) {
        *status = WEXITSTATUS(how);
        return TL_OK;
    }
    int number = WTERMSIG(how);
    if (number == SIGXCPU)
        return tl_fail(err, TL_ETIMEOUT, "it was killed: it used more CPU time than it has");
    if (number == SIGXFSZ)
        return tl_fail(err, TL_EFULL, "it was killed: it wrote a file that is too big");
    return tl_fail(err, TL_EFAILED, "it was ended by signal %d (%s)", number, strsignal(number));
}

static tl_code run(struct tl_confined *confined, const char *const *words, const char *dir, int64_t within_ms,
                   int *status, struct tl_error *err)
{
    pid_t child = 0;
    pthread_mutex_lock(&confined->lock);
    bool cancelled = confined->cancelled;
    int failed = cancelled ? 0 : spawn(words, dir, &child);
    confined->child = failed == 0 ? child : 0;
    pthread_mutex_unlock(&confined->lock);
    if (failed != 0)
        return tl_fail(err, TL_EIO, "cannot start %s: %s", words[0], strerror(failed));
    if (cancelled)
        return judge(0, true, true, within_ms, status, err);

    bool in_time = wait_end(child, within_ms);
    int how = 0;
    pthread_mutex_lock(&confined->lock);
    kill(-child, SIGKILL); /* before it is reaped, while its group is certainly its own */
    waitpid(child, &how, 0);
    confined->child = 0;
    cancelled = confined->cancelled;
    pthread_mutex_unlock(&confined->lock);
    return judge(how, in_time, cancelled, within_ms, status, err);
}

tl_code tl_confined_run(struct tl_confined *confined, const char *const *words, int64_t within_ms, int *status,
                        struct tl_buf *out, struct tl_buf *errors, struct tl_error *err)
{
    char dir[32];
    tl_code code = make_folder(dir, err);
    if (code != TL_OK)
        return code;
    code = run(confined, words, dir, within_ms, status, err);
    take_end(dir, "out", out);
    take_end(dir, "errors", errors);
    (void)tl_tree_remove(dir);
    return code;
}
