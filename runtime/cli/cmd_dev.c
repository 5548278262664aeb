/* `tidelock dev`: serves a folder in a child process and, on every save, checks it and starts it anew. A folder that
 * does not check leaves the running one in place. */
#include "base/alloc.h"
#include "base/hash.h"
#include "command.h"
#include "place.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 250, DEPTH_MAX = 8, WORDS_MAX = 24 };

static volatile sig_atomic_t stop_asked;

static void on_signal(int number)
{
    (void)number;
    stop_asked = 1;
}

/* A number that changes when any file below `dir` does. */
static uint64_t fingerprint(const char *dir, int depth)
{
    static const struct tl_hash_key key = {1, 2};
    DIR *folder = opendir(dir);
    uint64_t sum = 0;
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct stat info;
        if (entry->d_name[0] == '.')
            continue;
        char *path = tl_printf("%s/%s", dir, entry->d_name);
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode) && depth < DEPTH_MAX) {
            sum += fingerprint(path, depth + 1);
        } else if (stat(path, &info) == 0) {
            char *text = tl_printf("%s %lld %ld %lld", path, (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                                   (long long)info.st_size);
            sum += tl_hash(&key, text, strlen(text)); /* a sum: folders list in any order */
            tl_free(text);
        }
        tl_free(path);
    }
    if (folder != NULL)
        closedir(folder);
    return sum;
}

static pid_t spawn(char *const words[], struct tl_error *err)
{
    pid_t child = fork();
    if (child == 0) {
        execv(words[0], words);
        _exit(127);
    }
    if (child < 0)
        tl_fail(err, TL_EIO, "cannot start a process: %s", strerror(errno));
    return child;
}

static bool checks(const char *program, const char *dir)
{
    char *const words[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "check", (char *)(uintptr_t)dir, NULL};
    int status = 1;
    pid_t child = spawn(words, NULL);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void end_child(pid_t child)
{
    if (child <= 0)
        return;
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
}

/* A file of the folder, when it is there and the option was not given. tl_free. */
static char *own_file(const struct tl_args *args, const char *option, const char *name)
{
    const char *given = tl_arg(args, option);
    if (given != NULL)
        return tl_copy_z(given);
    char *path = tl_printf("%s/%s", args->words[0], name);
    if (access(path, R_OK) == 0)
        return path;
    tl_free(path);
    return NULL;
}

static void add(char **words, size_t *count, const char *option, const char *value)
{
    if (value == NULL)
        return;
    words[(*count)++] = tl_copy_z(option);
    words[(*count)++] = tl_copy_z(value);
}

/* program serve DIR --data … ; NULL-terminated, freed with free_words. */
static void serve_words(const struct tl_args *args, const char *program, char **words)
{
    size_t count = 0;
    char *data = tl_arg(args, "--data") ? tl_copy_z(tl_arg(args, "--data")) : tl_printf("%s/.tidelock", args->words[0]);
    char *settings = own_file(args, "--settings", "settings.json"),
         *secrets = own_file(args, "--secrets", "secrets.json");
    words[count++] = tl_copy_z(program);
    words[count++] = tl_copy_z("serve");
    words[count++] = tl_copy_z(args->words[0]);
    words[count++] = tl_copy_z("--park-removed");
    add(words, &count, "--data", data);
    add(words, &count, "--settings", settings);
    add(words, &count, "--secrets", secrets);
    add(words, &count, "--listen", tl_arg(args, "--listen"));
    add(words, &count, "--ops", tl_arg(args, "--ops"));
    words[count] = NULL;
    tl_free(data);
    tl_free(settings);
    tl_free(secrets);
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static void watch(const char *program, const char *dir, char **words)
{
    uint64_t seen = 0;
    pid_t child = 0;
    while (!stop_asked) {
        uint64_t now = fingerprint(dir, 0);
        if (now != seen) {
            seen = now;
            if (checks(program, dir)) {
                end_child(child);
                child = spawn(words, NULL);
            } else if (child > 0) {
                fprintf(stderr, "tidelock: the version that ran before goes on; save again when it is repaired\n");
            }
        }
        if (child > 0 && waitpid(child, NULL, WNOHANG) == child) {
            fprintf(stderr, "tidelock: the server ended; it is started again on the next save\n");
            child = 0;
        }
        pause_ms(LOOK_EVERY_MS);
    }
    end_child(child);
}

tl_code tl_cmd_dev(const struct tl_args *args, struct tl_error *err)
{
    struct stat info;
    if (stat(args->words[0], &info) != 0 || !S_ISDIR(info.st_mode))
        return tl_fail(err, TL_EINPUT, "%s is not a folder: 'tidelock new %s' makes one", args->words[0],
                       args->words[0]);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    char *words[WORDS_MAX] = {0}, *program = tl_place_program();
    serve_words(args, program, words);
    watch(program, args->words[0], words);
    for (size_t i = 0; words[i] != NULL; i++)
        tl_free(words[i]);
    tl_free(program);
    return TL_OK;
}
