/* One timer a thread (timer_create with SIGEV_THREAD_ID). Invariants: the handler touches only its own
 * thread's struct, the flag `expired` and lua_sethook, which Lua allows in a signal handler; kernel ticks may
 * be late by 4 ms, never early. Thread: its own. */
#include "watchdog.h"
#include "base/error.h"
#include "script_state.h"
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define TICK_MS 1
#define IDLE_TICKS 100

struct watchdog {
    timer_t timer;
    bool made;
    volatile sig_atomic_t armed;
    volatile long ticks; /* of TICK_MS of this thread's CPU time, while armed */
    volatile long deadline;
    volatile long idle;
    struct tl_script *volatile running;
};

static __thread struct watchdog own_watchdog;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;

static int signal_number(void)
{
    return SIGRTMIN + 5;
}

static void set_interval(struct watchdog *w, long ms)
{
    struct itimerspec spec = {{0, ms * 1000000L}, {0, ms * 1000000L}};
    timer_settime(w->timer, 0, &spec, NULL);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    struct watchdog *w = info->si_value.sival_ptr;
    if (info->si_code != SI_TIMER || !w)
        return;
    w->ticks += 1 + info->si_overrun;
    struct tl_script *script = w->running;
    if (!script) {
        if (++w->idle > IDLE_TICKS) {
            w->armed = 0;
            set_interval(w, 0);
        }
        return;
    }
    if (w->ticks >= w->deadline) {
        script->expired = 1;
        tl_script_interrupt(script);
    }
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
    tl_must(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &w->timer) == 0);
    pthread_setspecific(exit_key, w);
    w->made = true;
}

void tl_watchdog_enter(struct tl_script *script, int64_t cpu_ms)
{
    struct watchdog *w = &own_watchdog;
    if (!w->made)
        make(w);
    script->expired = 0;
    script->outer = w->running;
    script->outer_deadline = w->deadline;
    w->running = NULL; /* a tick between the two lines would hold one script to the other's deadline */
    w->deadline = w->ticks + (long)(cpu_ms / TICK_MS) + 1;
    w->idle = 0;
    w->running = script;
    if (!w->armed) {
        w->armed = 1;
        set_interval(w, TICK_MS);
    }
}

void tl_watchdog_leave(struct tl_script *script)
{
    struct watchdog *w = &own_watchdog;
    w->running = NULL;
    w->deadline = script->outer_deadline;
    w->running = script->outer;
}
