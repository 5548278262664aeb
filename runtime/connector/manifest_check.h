/* A checker for JSON objects by tables of keys: what may stand where, of which form. Used by manifest.c with the tables
 * of manifest_keys.c. */
#pragma once
#include "base/buf.h"
#include "base/error.h"
#include "codec/json.h"

enum tl_key_form {
    TL_KEY_ANY,
    TL_KEY_TEXT,
    TL_KEY_BOOL,
    TL_KEY_COUNT, /* a whole number, not negative */
    TL_KEY_DURATION,
    TL_KEY_POINTER,  /* RFC 6901 */
    TL_KEY_TEMPLATE, /* plain */
    TL_KEY_PATH,     /* RFC 6570 */
    TL_KEY_PLACE,
    TL_KEY_TEXTS,     /* a list of texts */
    TL_KEY_OBJECT,    /* `of`: a table */
    TL_KEY_LIST,      /* of objects by `of` */
    TL_KEY_MAP,       /* any names to objects by `of` */
    TL_KEY_TEMPLATES, /* any names to plain templates */
    TL_KEY_PLACES,    /* any names to places */
    TL_KEY_BODY,      /* JSON with templates */
    TL_KEY_CHECK      /* `check` decides */
};

/* Which names templates may use besides config., request. and the like. */
enum tl_names {
    TL_NAMES_ANY,
    TL_NAMES_ARGS,   /* `named`: the properties of args, and no others exist */
    TL_NAMES_CAPTURE /* `named`: the capture's settings, as option.x; no arguments */
};

struct tl_manifest_check {
    const struct tl_json_value *config; /* the declared config fields, for {config.x}; NULL: none */
    bool in_auth;                       /* {auth.x} is allowed here */
    enum tl_names names;
    const struct tl_json_value *named;
    char near[64];       /* what a name that does not exist was meant to be, or "" */
    struct tl_buf place; /* "/operations/upsert": RFC 6901 */
};

struct tl_key {
    const char *name; /* NULL ends the table */
    enum tl_key_form form;
    bool required;
    const struct tl_key *of;
    tl_code (*check)(struct tl_manifest_check *check, const struct tl_json_value *value, struct tl_error *err);
};

/* TL_ECONFIG with the place. */
TL_MUST_CHECK tl_code tl_manifest_check_object(struct tl_manifest_check *check, const struct tl_json_value *value,
                                               const struct tl_key *keys, struct tl_error *err);
/* One value by one key's form. */
TL_MUST_CHECK tl_code tl_manifest_check_value(struct tl_manifest_check *check, const struct tl_key *key,
                                              const struct tl_json_value *value, struct tl_error *err);
/* "/operations/upsert: " before a sentence. */
tl_code tl_manifest_refuse(struct tl_manifest_check *check, struct tl_error *err, const char *fmt, ...) TL_PRINTF(3, 4);
/* Steps into a member, and out again: what enter gave goes back to leave. */
size_t tl_manifest_enter(struct tl_manifest_check *check, tl_str step);
void tl_manifest_leave(struct tl_manifest_check *check, size_t was);

/* A whole object by a table of keys. */
TL_MUST_CHECK tl_code tl_manifest_check_keys(const struct tl_json_value *root, const struct tl_key *keys,
                                             const struct tl_json_value *config, struct tl_error *err);
/* What holds between the parts: operations, fields and pointers that others name. `of`: where operations may be named
 * too; NULL. */
TL_MUST_CHECK tl_code tl_manifest_check_sense(const struct tl_json_value *root, const struct tl_json_value *of,
                                              struct tl_error *err);
/* The member of some objects whose name is nearest to `word`, into `out`; false: none is near. */
bool tl_manifest_nearest(tl_str word, const struct tl_json_value *const *objects, size_t count, char *out, size_t size);

extern const struct tl_key tl_manifest_keys[];
extern const struct tl_key tl_manifest_file_keys[];
extern const struct tl_key tl_manifest_extra_keys[];
