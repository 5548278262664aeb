/* `tidelock dev`: serves a folder in a child process and deploys it there on every save, with its laws and tests. What
 * is refused leaves the version before in place, and says why. */
#include "base/alloc.h"
#include "base/hash.h"
#include "command.h"
#include "place.h"
#include "remote.h"
#include "server/parcel.h"
#include "settings_file.h"
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

static bool is_watched(const char *path)
{
    return tl_parcel_takes(path) || strcmp(path, "settings.json") == 0 || strcmp(path, "secrets.json") == 0;
}

/* A number that changes when a file does that is deployed, or a setting. `prefix`: "" or the path from the folder, with
 * a '/' at its end. */
static uint64_t fingerprint(const char *dir, const char *prefix, int depth)
{
    static const struct tl_hash_key key = {1, 2};
    char *whole = tl_printf("%s/%s", dir, prefix);
    DIR *folder = opendir(whole);
    uint64_t sum = 0;
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct stat info;
        if (entry->d_name[0] == '.')
            continue;
        char *path = tl_printf("%s%s", prefix, entry->d_name), *full = tl_printf("%s/%s", dir, path);
        bool there = lstat(full, &info) == 0;
        if (there && S_ISDIR(info.st_mode) && depth < DEPTH_MAX && tl_parcel_enters(path)) {
            char *below = tl_printf("%s/", path);
            sum += fingerprint(dir, below, depth + 1);
            tl_free(below);
        } else if (there && S_ISREG(info.st_mode) && is_watched(path)) {
            char *text = tl_printf("%s %lld %ld %lld", path, (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                                   (long long)info.st_size);
            sum += tl_hash(&key, text, strlen(text)); /* a sum: folders list in any order */
            tl_free(text);
        }
        tl_free(path);
        tl_free(full);
    }
    if (folder != NULL)
        closedir(folder);
    tl_free(whole);
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

static int run(const char *const *words)
{
    int status = 0;
    pid_t child = spawn((char *const *)(uintptr_t)words, NULL);
    bool ended = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status);
    return ended ? WEXITSTATUS(status) : -1;
}

/* Editors see what was just saved, also what does not check; a folder that they were never told about is left alone. */
static void tell_editors(const char *program, const char *dir)
{
    char *folder = tl_printf("%s/.editor", dir);
    const char *const words[] = {program, "editor", dir, "--quiet", NULL};
    if (access(folder, W_OK) == 0)
        run(words);
    tl_free(folder);
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

/* program serve DIR --data … ; NULL-terminated, each tl_free. */
static void serve_words(const struct tl_args *args, const char *program, char **words)
{
    size_t count = 0;
    char *settings = own_file(args, "--settings", "settings.json"),
         *secrets = own_file(args, "--secrets", "secrets.json");
    words[count++] = tl_copy_z(program);
    words[count++] = tl_copy_z("serve");
    words[count++] = tl_copy_z(args->words[0]);
    words[count++] = tl_copy_z("--park-removed");
    words[count++] = tl_copy_z("--alone");
    add(words, &count, "--data", tl_arg(args, "--data"));
    add(words, &count, "--settings", settings);
    add(words, &count, "--secrets", secrets);
    add(words, &count, "--listen", tl_arg(args, "--listen"));
    add(words, &count, "--ops", tl_arg(args, "--ops"));
    words[count] = NULL;
    tl_free(settings);
    tl_free(secrets);
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* ---- watching ---- */

struct watch {
    const struct tl_args *args; /* with --data */
    const char *program, *dir;
    char **words;      /* of serve */
    pid_t child;       /* 0: none */
    uint64_t seen;     /* the folder, when it was last taken over or refused */
    uint64_t files[2]; /* settings, secrets: as they were last given to the server */
};

static uint64_t file_mark(const struct watch *watch, bool secret)
{
    struct stat info;
    char *path = own_file(watch->args, secret ? "--secrets" : "--settings", secret ? "secrets.json" : "settings.json");
    bool there = path != NULL && stat(path, &info) == 0;
    tl_free(path);
    return there ? (uint64_t)info.st_mtim.tv_sec * 1000000000u + (uint64_t)info.st_mtim.tv_nsec : 0;
}

static bool answers(const struct watch *watch)
{
    struct tl_json_doc *doc = NULL;
    bool yes = tl_remote_ask(watch->args, &(struct tl_remote){.path = "/v1/status"}, &doc, NULL) == TL_OK;
    tl_json_free(doc);
    return yes;
}

/* Before the deploy: what is saved may need a setting that was saved with it. */
static void give_settings(struct watch *watch)
{
    for (int secret = 0; secret < 2; secret++) {
        uint64_t mark = file_mark(watch, secret);
        if (mark == watch->files[secret] || mark == 0)
            continue;
        char *path =
            own_file(watch->args, secret ? "--secrets" : "--settings", secret ? "secrets.json" : "settings.json");
        struct tl_error err;
        if (tl_settings_file_apply(watch->args, path, secret, &err) != TL_OK)
            fprintf(stderr, "tidelock: %s\n", err.text);
        watch->files[secret] = mark;
        tl_free(path);
    }
}

static void start(struct watch *watch)
{
    const char *const check[] = {watch->program, "check", watch->dir, NULL};
    if (run(check) != 0)
        return;
    for (int secret = 0; secret < 2; secret++)
        watch->files[secret] = file_mark(watch, secret);
    watch->child = spawn(watch->words, NULL);
}

static void deploy(struct watch *watch)
{
    const char *skip = tl_flag(watch->args, "--skip-tests") ? "--skip-tests" : NULL;
    const char *const words[] = {
        watch->program, "deploy", watch->dir, "--data", tl_arg(watch->args, "--data"), "--park-removed", "--yes",
        "--reason",     "saved",  skip,       NULL};
    give_settings(watch);
    if (run(words) != 0)
        fprintf(stderr, "tidelock: the version that ran before goes on; save again when it is repaired\n");
}

static void look(struct watch *watch)
{
    uint64_t now = fingerprint(watch->dir, "", 0);
    if (now == watch->seen)
        return;
    if (watch->child <= 0)
        start(watch);
    else if (answers(watch)) /* else it is starting: the next look finds it */
        deploy(watch);
    else
        return;
    tell_editors(watch->program, watch->dir);
    watch->seen = now;
}

static void watch_folder(struct watch *watch)
{
    while (!stop_asked) {
        look(watch);
        if (watch->child > 0 && waitpid(watch->child, NULL, WNOHANG) == watch->child) {
            fprintf(stderr, "tidelock: the server ended; it is started again on the next save\n");
            watch->child = 0;
        }
        pause_ms(LOOK_EVERY_MS);
    }
    end_child(watch->child);
}

static struct tl_args with_data(const struct tl_args *args, const char *data)
{
    struct tl_args all = *args;
    if (tl_arg(args, "--data") == NULL) { /* it has fewer options than there is room */
        all.given[all.given_count].name = "--data";
        all.given[all.given_count++].value = data;
    }
    return all;
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
    char *words[WORDS_MAX] = {0}, *program = tl_place_program(), *data = tl_printf("%s/.tidelock", args->words[0]);
    struct tl_args all = with_data(args, data);
    serve_words(&all, program, words);
    struct watch watch = {.args = &all, .program = program, .dir = args->words[0], .words = words};
    watch_folder(&watch);
    for (size_t i = 0; words[i] != NULL; i++)
        tl_free(words[i]);
    tl_free(program);
    tl_free(data);
    return TL_OK;
}
