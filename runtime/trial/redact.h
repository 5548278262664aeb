/* Documents without what is personal or secret in them. First every document is collected, then each is written: what
 * one of them shows as personal is replaced in all, also inside other texts. Numbers, dates and words of the
 * integration (enums, constants) stay. Thread: one. */
#pragma once
#include "codec/json.h"
#include "codec/json_writer.h"
#include "fakes.h"
#include "personal.h"
#include "script/bundle.h"

/* A field whose values were replaced. */
struct tl_redacted {
    char *field; /* own; "salesforce.Opportunity Account.Name" */
    enum tl_personal kind;
    size_t values;
};

/* A personal value as it stands. */
struct tl_whole {
    tl_str text; /* own */
    enum tl_personal kind;
};

struct tl_redaction {
    const struct tl_bundle *bundle;          /* borrow */
    const char *const *keep, *const *redact; /* borrow; names or paths of fields, as people say them; end with NULL */
    struct tl_fakes fakes;
    struct tl_map known;     /* folded word of a name or mail → 1 */
    struct tl_whole *wholes; /* own */
    size_t whole_count;
    bool sorted;                /* by first byte, then the longest first; each once */
    size_t from[257];           /* where the wholes of a first byte begin */
    struct tl_redacted *fields; /* own */
    size_t field_count;
    struct tl_buf path; /* of the value that is looked at */
};

void tl_redaction_init(struct tl_redaction *r, const struct tl_bundle *bundle, const char *const *keep,
                       const char *const *redact);
void tl_redaction_free(struct tl_redaction *r);
/* `root` names the kind of document in the list of fields: the event's type. */
void tl_redact_collect(struct tl_redaction *r, const char *root, const struct tl_json_value *document);
/* Writes the document; the list of fields grows. */
void tl_redact_write(struct tl_redaction *r, const char *root, const struct tl_json_value *document,
                     struct tl_json_writer *w);
/* A text that belongs to no field: a key. Appends. */
void tl_redact_text(struct tl_redaction *r, tl_str text, struct tl_buf *out);
