/* What the connections of this process to one database share: who has locked it, and the WAL's index, in plain memory.
 * Thread: any, one at a time for each user. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct share;

/* One connection's part; zero-initialised for files that are no database. */
struct share_user {
    struct share *share;
    int level;       /* of its lock on the file, as SQLite counts */
    uint16_t shared; /* slots of the index it has locked with others */
    uint16_t locked; /* and alone */
};

/* `path` names the database. */
void tl_share_join(struct share_user *user, const char *path);
/* Gives up everything. Fine for one that never joined. */
void tl_share_leave(struct share_user *user);

/* False: another connection stands against it. */
bool tl_share_lock(struct share_user *user, int level);
void tl_share_unlock(struct share_user *user, int level);
bool tl_share_index_lock(struct share_user *user, int first, int count, bool exclusive);
void tl_share_index_unlock(struct share_user *user, int first, int count, bool exclusive);
/* A region of the index, zeroed when it is new; NULL: it does not exist and `extend` is false. Lives as long as one
 * connection does. */
void *tl_share_region(struct share_user *user, int region, size_t size, bool extend);
