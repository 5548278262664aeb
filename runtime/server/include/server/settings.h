/* Settings and secrets of one server: values that an integration names and a person sets, without a deploy. They live
 * in the journal's state (tables "setting" and "secret"; secrets sealed with the key file) and every change is a record
 * in "audit". Reads are answered from memory. Thread: any. */
#pragma once
#include "base/arena.h"
#include "codec/json.h"
#include "crypto/box.h"
#include "journal/journal.h"

struct tl_settings;

/* Who changes something, and why. */
struct tl_act {
    const char *who;    /* "alice (uid 1000)" */
    const char *reason; /* NULL: none given */
};

/* Whose a name is: "" for the first integration, whose names stand as they are; another one's are stored as
 * "<name>@<integration>". */
#define TL_SETTING_NAME_MAX 128
#define TL_SETTING_VALUE_MAX (64 * 1024)

/* Reads what is stored. TL_EACCESS: the key file is not the one that sealed a secret. `journal` and `box` are borrowed.
 */
TL_MUST_CHECK tl_code tl_settings_open(struct tl_journal *journal, const struct tl_box *box, struct tl_settings **out,
                                       struct tl_error *err);
void tl_settings_free(struct tl_settings *settings);

/* The value, copied into the arena (NUL-terminated); false when it is not set. */
bool tl_settings_get(struct tl_settings *settings, bool secret, tl_str name, struct tl_arena *arena, tl_str *value);
/* The same for a name as the integration `owner` writes it. */
bool tl_settings_of(struct tl_settings *settings, const char *owner, bool secret, tl_str name, struct tl_arena *arena,
                    tl_str *value);
/* Durable when it returns; waits for the journal, so never on a lane. Setting the same value again changes nothing and
 * is not recorded. TL_EINPUT: name or value cannot be. */
TL_MUST_CHECK tl_code tl_settings_set(struct tl_settings *settings, bool secret, tl_str name, tl_str value,
                                      const struct tl_act *act, bool *changed, struct tl_error *err);
/* Sets every member of a JSON object {"name": "value" or number or true/false}. */
TL_MUST_CHECK tl_code tl_settings_import(struct tl_settings *settings, bool secret, tl_str json, const char *file,
                                         const struct tl_act *act, struct tl_error *err);
/* Calls `each` for every one that is set, sorted by name. Secrets come with an empty value. */
void tl_settings_each(struct tl_settings *settings, bool secret,
                      void (*each)(void *ctx, tl_str name, tl_str value, tl_str by, int64_t time_ms), void *ctx);

/* A JSON text with every {"$setting":"n"} and {"$secret":"n"} replaced by its value as a JSON string; the names are
 * those of the integration `owner`. A missing one becomes null and the whole name of the first is put into `missing`
 * (empty when there is none). `settings` NULL: none has a value. */
TL_MUST_CHECK tl_code tl_settings_resolve(struct tl_settings *settings, const char *owner, tl_str json,
                                          struct tl_buf *out, struct tl_arena *arena, tl_str *missing,
                                          struct tl_error *err);
