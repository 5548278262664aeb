/* The Tidelock connector ABI, version 1.0. C99; needs nothing but <stdint.h>.
 *
 * A connector is a shared object for one platform. It does no I/O, starts no threads and never sleeps: the host asks
 * it "what next?" with an input, it answers with an action, and the host does it and comes back with what happened.
 * So a connector is tested from recordings and runs unchanged in the host's process or in a contained child.
 *
 * The shared object carries its manifest (JSON, docs/manifest.md) in the ELF section ".tidelock_manifest" and exports
 * exactly one function, tidelock_connector(). A connector whose manifest says everything needs no further code.
 *
 *     describe                       the manifest, the same bytes as in the section
 *     open(config) -> instance       no I/O
 *       begin(instance, request) -> call
 *         step(call, input) -> action      START first (RESUME after a crash), until DONE or FAIL
 *       end(call)                    always, exactly once for each begin that succeeded, whether it ended or not
 *     close(instance)                after every call of it has ended
 *
 * Threads: an instance and its calls are entered by one thread at a time, not always the same one. A process holds as
 * many instances as the host likes; static variables must be constant. What calls share is the host's (session_*).
 *
 * Memory: nothing is allocated on one side and freed on the other. Each pointer says how long it lives:
 *   [step]  until step returns                  (inputs)
 *   [next]  until the next step of the call or its end (actions: keep them in the call or in host memory)
 *   [call]  until end(call) · [instance] until close(instance) · [static] for ever
 * host->alloc(scope, n) gives zeroed memory that dies with its scope, so most connectors free nothing.
 *
 * Growing: every struct starts with `size`, set by the side that fills it to sizeof as it knows the struct. Released
 * structs only grow at the end; what lies beyond the other side's size is absent and means zero. Kinds, roles and
 * classes only gain values; an unknown input is answered with TLC_MORE, an unknown action ends the call as a bug.
 * ABI numbers are major << 16 | minor: another major is refused, a higher minor is not. */
#ifndef TIDELOCK_CONNECTOR_H
#define TIDELOCK_CONNECTOR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TLC_ABI_MAJOR 1u
#define TLC_ABI_MINOR 0u
#define TLC_ABI ((TLC_ABI_MAJOR << 16) | TLC_ABI_MINOR)
#define TLC_ENTRY_NAME "tidelock_connector"
#define TLC_MANIFEST_SECTION ".tidelock_manifest"

#if defined(__GNUC__)
#define TLC_EXPORT __attribute__((visibility("default")))
#else
#define TLC_EXPORT
#endif

/* ---- plain types ---- */

/* Bytes, not NUL-terminated. Text is UTF-8. An absent value has ptr NULL and len 0. */
typedef struct tlc_slice {
    const char *ptr;
    uint64_t len;
} tlc_slice;

/* One header or trailer field; names compare without case. */
typedef struct tlc_header {
    tlc_slice name;
    tlc_slice value;
} tlc_header;

typedef struct tlc_scope tlc_scope;       /* the host's side of an instance or a call; made by the host */
typedef struct tlc_instance tlc_instance; /* made by the connector's open */
typedef struct tlc_call tlc_call;         /* made by the connector's begin */
typedef struct tlc_writer tlc_writer;     /* a JSON text being written; lives as long as its scope */
typedef uint64_t tlc_blob;                /* bytes spooled by the host; 0 is none */

/* ---- what a call is for ---- */

enum {
    TLC_ROLE_CALL = 1,            /* one operation */
    TLC_ROLE_CHANGES = 2,         /* capture: read what changed since a cursor, EMIT it */
    TLC_ROLE_WEBHOOK = 3,         /* a message that came in: verify, split, answer */
    TLC_ROLE_LOGIN = 4,           /* make a session; run single-flight over all lanes */
    TLC_ROLE_WRITE_MANY = 5,      /* a batch with an outcome per row: ROWS in, OUTCOMES out */
    TLC_ROLE_LOOKUP = 6,          /* settle an unknown outcome: is it there? (request.marker, request.key) */
    TLC_ROLE_DESCRIBE_REMOTE = 7, /* the platform's own objects and fields, for `record` and checks */
    TLC_ROLE_PROBE = 8            /* one cheap authenticated read, for doctor and half-open breakers */
};

/* Effect class of an operation (manifest: "effect"). */
enum {
    TLC_EFFECT_READ = 1,       /* changes nothing */
    TLC_EFFECT_IDEMPOTENT = 2, /* again does no harm: upsert, PUT */
    TLC_EFFECT_KEYED = 3,      /* takes our idempotency key, which the platform keeps for key_ttl */
    TLC_EFFECT_UNSAFE = 4      /* must come with a lookup by natural key */
};

/* Failure classes. Any of them may carry a wait. The host decides what to do; connectors never retry. */
enum {
    TLC_RETRY = 1,       /* the endpoint cannot now: overload, timeout, 5xx, connection lost */
    TLC_AUTH = 2,        /* credentials refused (the host has re-authenticated once already) */
    TLC_QUOTA = 3,       /* an allowance is used up */
    TLC_DATA = 4,        /* this record is refused: a person or a mapping must change it */
    TLC_MISSING = 5,     /* the record is not there */
    TLC_CONFLICT = 6,    /* the record changed meanwhile, is locked, or exists already */
    TLC_GAP = 7,         /* the cursor is no longer valid: what came between is unknown, and nothing can be read any
                            more. A capture that can go on emits a gap (tlc_event.gap) instead */
    TLC_CONFIG = 8,      /* address, version or permission is wrong for every call */
    TLC_UNSUPPORTED = 9, /* the platform cannot do this */
    TLC_BUG = 10         /* the connector or its manifest is wrong */
};

/* [call] What is asked. Absent slices have ptr NULL. */
typedef struct tlc_request {
    uint32_t size;
    uint32_t role;             /* TLC_ROLE_* */
    tlc_slice operation;       /* CALL, WRITE_MANY, LOOKUP: name from the manifest */
    tlc_slice args;            /* CALL, LOOKUP: JSON object, already checked against the operation's schema */
    tlc_slice key;             /* the record's id on the platform, where known */
    tlc_slice version;         /* write only if the record still has this version (ETag, modstamp) */
    tlc_slice once_key;        /* business name of a non-idempotent effect ("invoice:SO-1") */
    tlc_slice idempotency_key; /* keyed effects: send this */
    tlc_slice marker;          /* write it into the record where the platform has a field; LOOKUP searches it */
    int64_t deadline_ms;       /* milliseconds left when the request was made; the host ends the call when it passes */
    /* CHANGES */
    tlc_slice object;  /* the platform's object ("Account"); also WRITE_MANY, DESCRIBE_REMOTE */
    tlc_slice cursor;  /* as last stored by EMIT; absent at the very first start */
    tlc_slice options; /* JSON object: the capture's settings, checked against changes.<object>.config */
    /* WEBHOOK; signature schemes named in the manifest are already verified */
    tlc_slice method, target, body;
    const tlc_header *headers;
    uint32_t header_count;
    uint32_t verified; /* 1: the manifest's scheme has verified it; 0: the connector must (host->verify) */
} tlc_request;

/* ---- inputs ---- */

enum {
    TLC_START = 1,    /* request */
    TLC_RESUME = 2,   /* request and `saved`: the call had answered SAVE before a crash */
    TLC_HEAD = 3,     /* status and headers; body slices follow when asked for with MORE (transfer.stream = 1) */
    TLC_BODY = 4,     /* at most 64 KB of the body; `last` with the final one */
    TLC_RESPONSE = 5, /* status, headers and whole body (transfer.stream = 0) */
    TLC_ROWS = 6,     /* WRITE_MANY: JSON lines, at most 1 MB; `last` */
    TLC_WOKE = 7,     /* the WAIT is over */
    TLC_STORED = 8,   /* the SAVE or EMIT is durable */
    TLC_CANCEL = 9    /* end soon: one more transfer is allowed, 5 s in all */
};

/* What became of a transfer that gave no status. */
enum {
    TLC_SENT = 0,         /* there is a status */
    TLC_NOT_SENT = 1,     /* the request did not leave: nothing can have happened */
    TLC_SENT_UNKNOWN = 2, /* it left, no answer came: it may have happened */
    TLC_TOO_LARGE = 3     /* the answer passed max_body; status and headers are valid */
};

/* [step] */
typedef struct tlc_input {
    uint32_t size;
    uint32_t kind;              /* TLC_START … TLC_CANCEL */
    const tlc_request *request; /* START, RESUME [call] */
    tlc_slice saved;            /* RESUME */
    int32_t status;             /* HEAD, RESPONSE: HTTP status, 0 when none came */
    uint32_t outcome;           /* HEAD, RESPONSE: TLC_SENT …; others than SENT only with transfer.any_status */
    const tlc_header *headers;
    uint32_t header_count;
    uint32_t last;  /* BODY, ROWS */
    tlc_slice body; /* BODY, RESPONSE */
    tlc_slice rows; /* ROWS */
    tlc_blob blob;  /* HEAD, RESPONSE: the body, when transfer.to_blob was set */
} tlc_input;

/* ---- actions ---- */

enum {
    TLC_TRANSFER = 1,  /* transfer: one request to the platform */
    TLC_MORE = 2,      /* the next piece of the body; nothing is read until asked for */
    TLC_WANT_ROWS = 3, /* WRITE_MANY: the next rows */
    TLC_WAIT = 4,      /* wait_ms, then WOKE */
    TLC_SAVE = 5,      /* state becomes durable, then STORED */
    TLC_EMIT = 6,      /* events and cursor become durable together, then STORED */
    TLC_OUTCOMES = 7,  /* outcomes of some rows; then the next ROWS or STORED */
    TLC_DONE = 8,      /* done: the call has ended */
    TLC_FAIL = 9       /* fail: the call has ended */
};

enum { TLC_BODY_NONE = 0, TLC_BODY_BYTES = 1, TLC_BODY_STREAM = 2, TLC_BODY_BLOB = 3 };

/* [next] One request to the platform. The host adds authentication, CSRF tokens, trace headers and the manifest's
 * standing headers; follows no redirects; sends credentials to declared hosts only; and re-authenticates and re-sends
 * once when the answer matches the manifest's "expired".
 *
 * smtp, smtps: a letter. The method means nothing; the headers are the envelope: `from`, a `to` for each receiver, and
 * `tls` (required, the default; offered; never: but credentials go over an encrypted connection or nowhere). The body
 * is the letter (RFC 5322, CRLF); without one nothing is sent, but connection and credentials are tried. `status` is
 * the server's last code (250: it has taken the letter for all receivers; 4xx, 5xx: for none), the body what it said.
 * The manifest's auth: basic is user and password; token and the OAuth kinds are a token of `user` (XOAUTH2). */
typedef struct tlc_transfer {
    uint32_t size;
    uint32_t any_status; /* 0: an answer other than 2xx or 304, or none, ends the call by the manifest's error rules;
                            1: it comes as HEAD or RESPONSE like any other */
    tlc_slice method;    /* "GET" */
    tlc_slice url;       /* absolute (http, https, sftp, ftps, smtp, file) or relative to the manifest's base */
    /* Without an Accept of its own it accepts JSON. A 2xx is as if no answer came: with what is no JSON, where JSON
     * alone is accepted; with a page of HTML, unless Accept lets it in. */
    const tlc_header *headers;
    uint32_t header_count;
    uint32_t body_kind; /* TLC_BODY_* */
    tlc_slice body;     /* BYTES */
    tlc_blob blob;      /* BLOB */
    uint64_t max_body;  /* largest answer to be given whole; 0: the host's limit */
    int64_t timeout_ms; /* 0: the call's deadline */
    uint32_t stream;    /* 1: HEAD and BODY instead of RESPONSE */
    uint32_t to_blob;   /* 1: the body is spooled into a blob */
    uint32_t plain;     /* 1: no authentication (login requests) */
    uint32_t cookies;   /* 1: send and keep the session's cookies */
} tlc_transfer;

/* [next] Something that happened on the platform. */
typedef struct tlc_event {
    uint32_t size;
    uint32_t hint;     /* 1: "look there": no version, no payload; the host reads the record and emits what it reads */
    tlc_slice object;  /* "Account": the event's type is <system>.<object> */
    tlc_slice key;     /* record id */
    tlc_slice version; /* comparable version of the record (SystemModstamp, ETag, sequence), or absent */
    tlc_slice dedupe;  /* absent: key and version make it, the same for changes and webhook */
    tlc_slice payload; /* the record as JSON */
    uint32_t deleted;  /* 1: the record is gone; payload may be absent */
    uint32_t gap; /* captures. 1: no record: what changed in the object in an interval is not known (an expired link,
                     a log that does not reach back). Payload {"from", "to" (RFC 3339, where known), "deletions" (gap.h;
                     absent: unknown), "why"} */
    int64_t changed_ms; /* when it changed, Unix milliseconds; 0 unknown */
} tlc_event;

enum { TLC_ROW_DONE = 0, TLC_ROW_FAILED = 1, TLC_ROW_NOT_SENT = 2, TLC_ROW_UNKNOWN = 3 };

/* [next] */
typedef struct tlc_row_outcome {
    uint32_t size;
    uint32_t state; /* TLC_ROW_* */
    uint64_t row;   /* counted from 0 over the whole batch */
    int32_t fail_class;
    int32_t created; /* as in tlc_done */
    int64_t wait_ms;
    tlc_slice id, version, code, message;
} tlc_row_outcome;

enum { TLC_CREATED_UNKNOWN = 0, TLC_CREATED_YES = 1, TLC_CREATED_NO = 2 };

/* [next] The end of a call that worked. */
typedef struct tlc_done {
    uint32_t size;
    int32_t created;    /* TLC_CREATED_* */
    tlc_slice id;       /* the record's id on the platform */
    tlc_slice version;  /* its version after this call */
    tlc_slice url;      /* where a person sees it */
    tlc_slice document; /* JSON, or absent */
    /* LOOKUP: how many records match; 1 settles it, 0 may settle it (manifest: settle), more do not */
    uint32_t matches;
    /* WEBHOOK: events, and what to answer. reply_status 0: the host answers 202 once the events are durable */
    uint32_t reply_status;
    const tlc_event *events;
    uint32_t event_count;
    uint32_t reply_header_count;
    const tlc_header *reply_headers;
    tlc_slice reply_body;
    /* LOGIN: the session value every later request may use ({session} in templates), and its life; 0: until refused */
    tlc_slice session;
    int64_t session_ttl_ms;
    /* CHANGES: when to begin again; 0: the capture's poll interval */
    int64_t again_ms;
} tlc_done;

/* [next] The end of a call that did not. */
typedef struct tlc_fail {
    uint32_t size;
    int32_t fail_class;  /* TLC_RETRY …; 0: the host classes the last response by the manifest's error rules */
    int64_t wait_ms;     /* not before; 0: the host's own back-off */
    tlc_slice code;      /* the platform's word ("INVALID_FIELD") */
    tlc_slice message;   /* for people: what the platform said, which record */
    uint32_t unknown;    /* 1: something was sent and its effect is not known */
    uint32_t http_reply; /* WEBHOOK: status to refuse with; 0: 401 for AUTH, 415 for UNSUPPORTED, 400 else */
} tlc_fail;

/* Zeroed by the host before each step, `size` set. */
typedef struct tlc_action {
    uint32_t size;
    uint32_t kind;                /* TLC_TRANSFER … TLC_FAIL */
    const tlc_transfer *transfer; /* [next] */
    int64_t wait_ms;
    tlc_slice state;         /* SAVE [next] */
    const tlc_event *events; /* EMIT [next] */
    uint32_t event_count;
    uint32_t outcome_count;
    tlc_slice cursor;                /* EMIT: where to start after a crash [next] */
    const tlc_row_outcome *outcomes; /* OUTCOMES [next] */
    const tlc_done *done;            /* [next] */
    const tlc_fail *fail;            /* [next] */
} tlc_action;

/* ---- the host ---- */

enum { TLC_LOG_DEBUG = 0, TLC_LOG_INFO = 1, TLC_LOG_WARN = 2, TLC_LOG_ERROR = 3 };
enum { TLC_SHA256 = 1, TLC_SHA1 = 2, TLC_SHA512 = 3, TLC_MD5 = 4 };
enum { TLC_BASE64 = 1, TLC_BASE64URL = 2, TLC_HEX = 3, TLC_PERCENT = 4 };
enum { TLC_SIGN_HMAC_SHA256 = 1, TLC_SIGN_RS256 = 2, TLC_SIGN_ES256 = 3, TLC_SIGN_ED25519 = 4 };
enum {
    TLC_JSON_OBJECT = 1, /* { */
    TLC_JSON_ARRAY = 2,  /* [ */
    TLC_JSON_END = 3,    /* } or ] */
    TLC_JSON_KEY = 4,    /* `text` is the plain key */
    TLC_JSON_STRING = 5, /* `text` is plain UTF-8 and is escaped */
    TLC_JSON_RAW = 6     /* `text` is JSON already (a number's digits, true, null, a whole value); it is checked */
};

/* Every function may be called from open, begin, step, end and close with the scope of that instance or call, on the
 * thread that entered. Results given as slices live as long as the scope. Functions returning int32_t give 1 for yes
 * or done, 0 for no, -1 for wrong input. A function the host does not have is NULL (or beyond `size`). */
typedef struct tlc_host {
    uint32_t size;
    uint32_t abi;
    const char *name; /* "tidelock 0.1.0" [static], NUL-terminated */

    void (*log)(tlc_scope *scope, int32_t level, tlc_slice id, tlc_slice message);
    int64_t (*wall_ms)(tlc_scope *scope); /* Unix milliseconds */
    int64_t (*mono_ms)(tlc_scope *scope); /* never goes back */
    void (*random)(tlc_scope *scope, void *out, uint64_t len);
    void *(*alloc)(tlc_scope *scope, uint64_t size); /* zeroed, aligned for any type, never NULL */

    /* JSON. Texts are looked into where they lie; nothing is built. Numbers keep their digits. */
    int32_t (*json_check)(tlc_scope *scope, tlc_slice text);                                 /* 1: one valid value */
    int32_t (*json_at)(tlc_scope *scope, tlc_slice text, tlc_slice pointer, tlc_slice *raw); /* RFC 6901; 0: absent */
    int32_t (*json_text)(tlc_scope *scope, tlc_slice raw, tlc_slice *text); /* a string's text, or a number's digits */
    /* Walks an object or array: start with *at = 0; 0 at the end. `key` is absent in arrays. */
    int32_t (*json_next)(tlc_scope *scope, tlc_slice raw, uint64_t *at, tlc_slice *key, tlc_slice *value);
    tlc_writer *(*json_writer)(tlc_scope *scope);
    void (*json_put)(tlc_writer *writer, int32_t what, tlc_slice text); /* a wrong order is remembered until finish */
    int32_t (*json_finish)(tlc_writer *writer, tlc_slice *text);        /* -1: the calls did not make one value */

    int32_t (*encode)(tlc_scope *scope, int32_t form, tlc_slice in, tlc_slice *out); /* TLC_BASE64 … */
    int32_t (*decode)(tlc_scope *scope, int32_t form, tlc_slice in, tlc_slice *out);
    /* Digests: raw bytes. */
    int32_t (*hash)(tlc_scope *scope, int32_t algorithm, tlc_slice in, tlc_slice *digest);
    int32_t (*hmac)(tlc_scope *scope, int32_t algorithm, tlc_slice key, tlc_slice in, tlc_slice *digest);
    /* With a secret named by its config field ("auth.key", "webhook.secret"); the connector does not see it. */
    int32_t (*sign)(tlc_scope *scope, int32_t scheme, tlc_slice secret, tlc_slice in, tlc_slice *signature);
    int32_t (*verify)(tlc_scope *scope, int32_t scheme, tlc_slice secret, tlc_slice in, tlc_slice signature);
    int32_t (*secret_equals)(tlc_scope *scope, tlc_slice secret, tlc_slice candidate); /* constant time */
    /* The secret itself: in the LOGIN role only; 0 elsewhere. */
    int32_t (*secret_read)(tlc_scope *scope, tlc_slice secret, tlc_slice *value);

    /* One value per system, shared by all calls of all lanes: a JSON text with a version. */
    int32_t (*session_get)(tlc_scope *scope, tlc_slice *value, uint64_t *version); /* 0: none yet, version 0 */
    int32_t (*session_swap)(tlc_scope *scope, uint64_t expected, tlc_slice value); /* 0: another was faster */

    /* Spooled bytes. read gives at most `len` bytes from `offset` and returns how many, -1 for no such blob. */
    int64_t (*blob_read)(tlc_scope *scope, tlc_blob blob, uint64_t offset, void *out, uint64_t len);
    tlc_blob (*blob_new)(tlc_scope *scope);
    int32_t (*blob_write)(tlc_scope *scope, tlc_blob blob, tlc_slice bytes); /* at the end */
} tlc_host;

/* ---- the connector ---- */

/* What the exported function returns [static]. A connector whose manifest says everything leaves all but describe
 * NULL. */
typedef struct tlc_connector {
    uint32_t size;
    uint32_t abi; /* TLC_ABI it was built with */
    /* The manifest, the same bytes as in the section [static]. */
    tlc_slice (*describe)(void);
    /* `config`: JSON object [instance] of the system's settings without secrets. 0 and *out, or a failure class. */
    int32_t (*open)(const tlc_host *host, tlc_scope *scope, tlc_slice config, tlc_instance **out);
    void (*close)(tlc_instance *instance);
    /* 0 and *out, or a failure class: then no step and no end follow. */
    int32_t (*begin)(tlc_instance *instance, tlc_scope *scope, const tlc_request *request, tlc_call **out);
    void (*step)(tlc_call *call, const tlc_input *input, tlc_action *action);
    void (*end)(tlc_call *call);
} tlc_connector;

/* The one exported function. `host_abi` is the host's TLC_ABI; NULL when the connector cannot work with it. It is
 * called after the manifest has been read and accepted, any number of times, from any thread. */
TLC_EXPORT const tlc_connector *tidelock_connector(uint32_t host_abi);
typedef const tlc_connector *(*tlc_entry)(uint32_t host_abi);

#ifdef __cplusplus
}
#endif
#endif
