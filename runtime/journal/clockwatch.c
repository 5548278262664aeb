/* Watching the wall clock against the monotonic one. */
#include "clockwatch.h"
#include "base/clock.h"
#include "base/log.h"

#define AHEAD_MS 60000
#define SETTLE_MS 600000

void tl_clockwatch_init(struct clockwatch *watch)
{
    pthread_mutex_init(&watch->lock, NULL);
    watch->offset_ms = tl_wall_ms() - tl_mono_ms();
    watch->trusted = true;
}

static void trust(struct clockwatch *watch, int64_t offset)
{
    watch->trusted = true;
    watch->offset_ms = offset;
}

static void look(struct clockwatch *watch, int64_t wall, int64_t mono)
{
    int64_t offset = wall - mono;
    int64_t ahead = offset - watch->offset_ms;
    if (watch->trusted && ahead <= AHEAD_MS) {
        watch->offset_ms = offset; /* small steps and steps back are followed */
        return;
    }
    if (watch->trusted) {
        watch->trusted = false;
        watch->frozen_ms = mono + watch->offset_ms;
        watch->jumped_ms = offset;
        watch->agreed_ms = mono;
        tl_log(TL_WARN, "journal.clock", "the wall clock jumped ahead; dedupe keys do not expire until it is trusted",
               TL_FINT("ahead_ms", ahead));
        return;
    }
    if (ahead <= AHEAD_MS) {
        trust(watch, offset); /* it came back */
        return;
    }
    int64_t drift = offset - watch->jumped_ms;
    if (drift > AHEAD_MS || drift < -AHEAD_MS) {
        watch->jumped_ms = offset;
        watch->agreed_ms = mono;
    } else if (mono - watch->agreed_ms >= SETTLE_MS) {
        trust(watch, offset);
    }
}

int64_t tl_clockwatch_now(struct clockwatch *watch)
{
    int64_t wall = tl_wall_ms();
    pthread_mutex_lock(&watch->lock);
    look(watch, wall, tl_mono_ms());
    int64_t now = watch->trusted ? wall : watch->frozen_ms;
    pthread_mutex_unlock(&watch->lock);
    return now;
}

bool tl_clockwatch_trusted(struct clockwatch *watch)
{
    (void)tl_clockwatch_now(watch);
    pthread_mutex_lock(&watch->lock);
    bool trusted = watch->trusted;
    pthread_mutex_unlock(&watch->lock);
    return trusted;
}

void tl_clockwatch_confirm(struct clockwatch *watch)
{
    pthread_mutex_lock(&watch->lock);
    trust(watch, tl_wall_ms() - tl_mono_ms());
    pthread_mutex_unlock(&watch->lock);
}
