/* One timer a thread (timer_create with SIGEV_THREAD_ID), on the monotonic clock: one on a CPU clock rings with the
 * kernel's tick, which may be 4 ms apart. Invariants: the handler touches only its own thread's struct, flags of the
 * script, the CPU clock and lua_sethook, all of which are allowed in a signal handler. Thread: its own. */
#include "watchdog.h"
#include "base/error.h"
#include "script_state.h"
#include <pthread.h>
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define TICK_US 1000
#define IDLE_TICKS 20

struct watchdog {
    timer_t timer;
    bool made;
    volatile sig_atomic_t armed;
    volatile long idle;
    struct tl_script *volatile running;
    volatile long start, budget, entered, slice; /* of `running`: struct tl_watch */
    volatile long calm_until;                    /* monotonic: no hook is set again before */
};

static __thread struct watchdog own_watchdog;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;

static int signal_number(void)
{
    return SIGRTMIN + 5;
}

static long clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t); /* the machine's clock: a driven one stands still while a script computes */
    return t.tv_sec * 1000000L + t.tv_nsec / 1000 + 1;
}

static long cpu_us(void)
{
    return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

static long mono_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static void set_interval(struct watchdog *w, long us)
{
    struct itimerspec spec = {{0, us * 1000L}, {0, us * 1000L}};
    timer_settime(w->timer, 0, &spec, NULL);
}

/* A hook that the script took away again is set by the next tick. Lua walks over all calls under way for it, and where
 * they are many that takes as long as a tick: the script has three times as long to come to the hook. */
static void interrupt(struct watchdog *w, struct tl_script *script)
{
    long begin = mono_us();
    if (begin < w->calm_until)
        return;
    tl_script_interrupt(script);
    long end = mono_us();
    w->calm_until = end + 3 * (end - begin);
}

static void count(struct watchdog *w, struct tl_script *script)
{
    long now = cpu_us();
    if (w->start == 0)
        w->start = now;
    long used = now - w->start;
    if (used >= w->budget)
        script->expired = script->quota.over = 1;
    else if (w->slice > 0 && mono_us() - w->entered >= w->slice - TICK_US / 2)
        script->due = 1;
    else
        return;
    interrupt(w, script);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    struct watchdog *w = info->si_value.sival_ptr;
    if (info->si_code != SI_TIMER || !w)
        return;
    struct tl_script *script = w->running;
    int kept = errno; /* of whatever was interrupted */
    if (script) {
        count(w, script);
    } else if (++w->idle > IDLE_TICKS) {
        w->armed = 0;
        set_interval(w, 0);
    }
    errno = kept;
}

static void on_thread_exit(void *ptr)
{
    struct watchdog *w = ptr;
    if (w->made)
        timer_delete(w->timer);
    w->made = false;
}

static void install(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
    action.sa_sigaction = on_tick;
    sigemptyset(&action.sa_mask);
    tl_must(sigaction(signal_number(), &action, NULL) == 0);
    tl_must(pthread_key_create(&exit_key, on_thread_exit) == 0);
}

static void make(struct watchdog *w)
{
    tl_must(pthread_once(&install_once, install) == 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number());
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal_number()};
    event.sigev_value.sival_ptr = w;
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    tl_must(timer_create(CLOCK_MONOTONIC, &event, &w->timer) == 0);
    pthread_setspecific(exit_key, w);
    w->made = true;
}

/* `running` is cleared first and set last: a tick in between would hold one script to the other's budget. */
static void watch(struct watchdog *w, const struct tl_watch *watch)
{
    w->running = NULL;
    w->start = watch->start;
    w->budget = watch->budget;
    w->entered = watch->entered;
    w->slice = watch->slice;
    w->running = watch->script;
}

void tl_watchdog_enter(struct tl_script *script, long budget_us, long slice_us, bool exact)
{
    struct watchdog *w = &own_watchdog;
    if (!w->made)
        make(w);
    script->expired = script->due = 0;
    script->stack = (uintptr_t)__builtin_frame_address(0);
    script->outer = (struct tl_watch){w->running, w->start, w->budget, w->entered, w->slice};
    if (script->outer.script && script->outer.start == 0)
        script->outer.start = cpu_us();
    watch(w, &(struct tl_watch){script, exact ? cpu_us() : 0, budget_us, mono_us(), slice_us});
    w->idle = 0;
    if (!w->armed) {
        w->armed = 1;
        set_interval(w, TICK_US);
    }
}

long tl_watchdog_used(void)
{
    const struct watchdog *w = &own_watchdog;
    long start = w->start;
    return start == 0 ? 0 : cpu_us() - start;
}

void tl_watchdog_leave(struct tl_script *script)
{
    watch(&own_watchdog, &script->outer);
    script->quota.over = 0;
}
