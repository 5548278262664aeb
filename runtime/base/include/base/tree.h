/* A folder and what is in it, made durable or removed as a whole. Through the seam for the disk; functions return 0 or
 * -errno. Thread: one at a time for one folder. */
#pragma once

/* Makes every folder of the path's part after `root`, up to its last '/'. */
int tl_tree_make(const char *root, const char *path);
/* Syncs the names in the folder and in every folder below it. */
int tl_tree_sync(const char *path);
/* A file or a folder with everything below it; links are not followed. 0 when there is none. */
int tl_tree_remove(const char *path);
