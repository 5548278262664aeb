/* The `tidelock` program. */
#pragma once

/* Runs the command that argv names and returns its exit status: 0 done, 1 failed, 2 differences or findings, 64 usage,
 * 65 bad input, 69 no server, 77 not allowed. Called once, on the main thread. */
int tl_main(int argc, char **argv);
