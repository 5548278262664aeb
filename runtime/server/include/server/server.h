/* One running Tidelock. */
#pragma once
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

struct tl_server_config { /* everything borrowed until tl_server_run returns */
    const char *dir;      /* the integration; NULL: the revision that was live last */
    const char *data;     /* journal, key, sockets; made when absent */
    const char *library;  /* scripts/lib */
    const char *plugins;  /* installed connectors */
    const char *program;  /* this one, to run laws and tests of what is deployed */
    const char *listen;   /* "HOST:PORT" for webhooks */
    const char *ops;      /* "HOST:PORT" for probes */
    const char *tls_cert; /* NULL: no TLS */
    const char *tls_key;
    const char *key_file;      /* NULL: DATA/secrets.key */
    const char *settings_file; /* NULL: none */
    const char *secrets_file;  /* NULL: none; must be mode 0600 */
    unsigned lanes;            /* 0: one per core */
    int64_t retain_ms;
    int64_t trial_ms; /* longest time that the laws, and that the tests, of what is deployed may take */
    bool park_removed;
    bool alone; /* only the integration of `dir` is live, none beside it */
};

/* Runs until SIGTERM or SIGINT on the calling (main) thread. TL_ECONFIG: the integration has errors (they are printed
 * to standard error); others as the rooms say. */
TL_MUST_CHECK tl_code tl_server_run(const struct tl_server_config *config, struct tl_error *err);
