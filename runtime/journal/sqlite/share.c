#include "share.h"
#include "base/alloc.h"
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

#define SLOTS SQLITE_SHM_NLOCK

struct share {
    struct share *next;
    char *path; /* own */
    unsigned users;
    unsigned readers;       /* users with a lock on the file */
    unsigned shared[SLOTS]; /* users that hold the slot with others */
    bool locked[SLOTS];
    void **regions; /* own, as each of them */
    int region_count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below: it is held for moments */
static struct share *shares;

void tl_share_join(struct share_user *user, const char *path)
{
    pthread_mutex_lock(&lock);
    struct share *share = shares;
    while (share != NULL && strcmp(share->path, path) != 0)
        share = share->next;
    if (share == NULL) {
        share = TL_NEW(struct share);
        share->path = tl_copy_z(path);
        share->next = shares;
        shares = share;
    }
    share->users++;
    user->share = share;
    pthread_mutex_unlock(&lock);
}

static void free_share(struct share *share)
{
    struct share **at = &shares;
    while (*at != share)
        at = &(*at)->next;
    *at = share->next;
    for (int i = 0; i < share->region_count; i++)
        tl_free(share->regions[i]);
    tl_free(share->regions);
    tl_free(share->path);
    tl_free(share);
}

static void unlock_slots(struct share_user *user, uint16_t shared, uint16_t locked)
{
    for (int i = 0; i < SLOTS; i++) {
        if (user->shared & shared & (1u << i))
            user->share->shared[i]--;
        if (user->locked & locked & (1u << i))
            user->share->locked[i] = false;
    }
    user->shared &= (uint16_t)~shared;
    user->locked &= (uint16_t)~locked;
}

void tl_share_leave(struct share_user *user)
{
    if (user->share == NULL)
        return;
    tl_share_unlock(user, SQLITE_LOCK_NONE);
    pthread_mutex_lock(&lock);
    unlock_slots(user, UINT16_MAX, UINT16_MAX);
    if (--user->share->users == 0)
        free_share(user->share);
    user->share = NULL;
    pthread_mutex_unlock(&lock);
}

/* ---- the file: readers, or one that is alone (it closes the database, or makes it a WAL's) ---- */

bool tl_share_lock(struct share_user *user, int level)
{
    if (user->share == NULL || level <= user->level)
        return true;
    pthread_mutex_lock(&lock);
    bool free = level < SQLITE_LOCK_EXCLUSIVE || user->share->readers == (user->level > SQLITE_LOCK_NONE ? 1u : 0u);
    if (free && user->level == SQLITE_LOCK_NONE)
        user->share->readers++;
    if (free)
        user->level = level;
    pthread_mutex_unlock(&lock);
    return free;
}

void tl_share_unlock(struct share_user *user, int level)
{
    if (user->share == NULL || level >= user->level)
        return;
    pthread_mutex_lock(&lock);
    if (level == SQLITE_LOCK_NONE)
        user->share->readers--;
    user->level = level;
    pthread_mutex_unlock(&lock);
}

/* ---- the WAL's index ---- */

static uint16_t slots(int first, int count)
{
    return (uint16_t)(((1u << count) - 1) << first);
}

bool tl_share_index_lock(struct share_user *user, int first, int count, bool exclusive)
{
    bool free = true;
    pthread_mutex_lock(&lock);
    for (int i = first; i < first + count; i++) {
        bool mine = (user->shared & (1u << i)) != 0;
        free &= !user->share->locked[i] && (!exclusive || user->share->shared[i] == (mine ? 1u : 0u));
    }
    for (int i = first; free && i < first + count; i++) {
        if (exclusive)
            user->share->locked[i] = true;
        else if ((user->shared & (1u << i)) == 0)
            user->share->shared[i]++;
    }
    if (free && exclusive)
        user->locked |= slots(first, count);
    else if (free)
        user->shared |= slots(first, count);
    pthread_mutex_unlock(&lock);
    return free;
}

void tl_share_index_unlock(struct share_user *user, int first, int count, bool exclusive)
{
    uint16_t which = slots(first, count);
    pthread_mutex_lock(&lock);
    unlock_slots(user, exclusive ? 0 : which, exclusive ? which : 0);
    pthread_mutex_unlock(&lock);
}

void *tl_share_region(struct share_user *user, int region, size_t size, bool extend)
{
    struct share *share = user->share;
    void *found = NULL;
    pthread_mutex_lock(&lock);
    if (region >= share->region_count && extend) {
        share->regions = tl_realloc(share->regions, ((size_t)region + 1) * sizeof *share->regions);
        while (share->region_count <= region)
            share->regions[share->region_count++] = tl_zalloc(1, size);
    }
    if (region < share->region_count)
        found = share->regions[region];
    pthread_mutex_unlock(&lock);
    return found;
}
