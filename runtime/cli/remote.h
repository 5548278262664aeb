/* Asking the server whose data folder was named, over its Unix socket. */
#pragma once
#include "base/error.h"
#include "codec/json.h"
#include "command.h"

struct tl_remote {
    const char *method; /* NULL: GET, or POST with a body */
    const char *path;   /* percent-encoded, "/v1/status" */
    tl_str body;        /* JSON or empty */
    int64_t total_ms;   /* 0: 30 s */
    /* NULL, or gets the document of a problem answer too, whose code is given all the same; tl_json_free. */
    struct tl_json_doc **problem;
};

/* Sends it and parses the answer; *doc is released with tl_json_free. A problem answer becomes its sentence: 404
 * TL_ENOTFOUND, 403 TL_EACCESS, 409 TL_EDIFFERS, 4xx TL_EINPUT, 5xx TL_EFAILED. TL_ENOSERVER says how to start one. */
TL_MUST_CHECK tl_code tl_remote_ask(const struct tl_args *args, const struct tl_remote *remote,
                                    struct tl_json_doc **doc, struct tl_error *err);
/* Prints an answer: indented JSON with --json, else by `print`. */
TL_MUST_CHECK tl_code tl_remote_show(const struct tl_args *args, const struct tl_json_value *answer,
                                     void (*print)(const struct tl_json_value *answer), struct tl_error *err);
/* The same as tl_remote_ask, and prints the answer: indented JSON with --json, else by `print`. */
TL_MUST_CHECK tl_code tl_remote_print(const struct tl_args *args, const struct tl_remote *remote,
                                      void (*print)(const struct tl_json_value *answer), struct tl_error *err);
/* A list of the server, narrowed by those of the options `filters` ("--flow", …) that are given: each is a query
 * parameter of the same name. */
TL_MUST_CHECK tl_code tl_remote_list(const struct tl_args *args, const char *path, const char *const *filters,
                                     size_t count, void (*print)(const struct tl_json_value *answer),
                                     struct tl_error *err);
/* Percent-encodes one segment or query value onto `path`. */
struct tl_buf;
void tl_remote_path_add(struct tl_buf *path, tl_str text);
/* Appends "&name=value"; nothing when value is NULL. */
void tl_remote_query_add(struct tl_buf *path, const char *name, const char *value);
