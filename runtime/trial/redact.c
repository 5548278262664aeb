#include "redact.h"
#include "base/alloc.h"
#include "codec/timestamp.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 4096
#define TEXT_MAX ((size_t)64 << 20)
#define WORD_LEAST 4   /* a shorter word of a name says nothing elsewhere */
#define WHOLE_LEAST 4  /* nor does a shorter value */
#define NUMBER_LEAST 4 /* digits of a number in a field that is personal for sure */

void tl_redaction_init(struct tl_redaction *r, const struct tl_bundle *bundle, const char *const *keep,
                       const char *const *redact)
{
    *r = (struct tl_redaction){.bundle = bundle, .keep = keep, .redact = redact};
    tl_fakes_init(&r->fakes);
    tl_map_init(&r->known);
    tl_buf_init(&r->path, PATH_MAX_BYTES);
}

void tl_redaction_free(struct tl_redaction *r)
{
    for (size_t i = 0; i < r->whole_count; i++)
        tl_free((char *)(uintptr_t)r->wholes[i].text.ptr);
    for (size_t i = 0; i < r->field_count; i++)
        tl_free(r->fields[i].field);
    tl_free(r->wholes);
    tl_free(r->fields);
    tl_map_free(&r->known);
    tl_fakes_free(&r->fakes);
    tl_buf_free(&r->path);
}

/* ---- which fields ---- */

/* A member as the walk meets it. */
struct member {
    tl_str name;             /* of the member, or of the list that the element is in */
    enum tl_personal kind;   /* by its name */
    enum tl_personal within; /* of the objects around it: what is in a secret is secret */
    bool kept;               /* --keep names it, or something around it */
};

/* "customer.email" or "email", in any case. */
static bool is_named(const char *const *list, tl_str path, tl_str name)
{
    for (; list != NULL && *list != NULL; list++) {
        tl_str wanted = tl_str_z(*list);
        bool ends = path.len > wanted.len && strchr(". ", path.ptr[path.len - wanted.len - 1]) != NULL &&
                    tl_str_ieq(tl_str_from(path, path.len - wanted.len), wanted);
        if (ends || tl_str_ieq(name, wanted))
            return true;
    }
    return false;
}

static struct member member_of(const struct tl_redaction *r, const struct member *around, tl_str name)
{
    struct member m = {.name = name, .kind = tl_personal_field(name), .within = around->within, .kept = around->kept};
    tl_str path = tl_buf_str(&r->path);
    if (is_named(r->redact, path, name))
        m.kind = TL_PERSONAL_SECRET;
    else if (is_named(r->keep, path, name))
        m.kept = true;
    if (m.kind == TL_PERSONAL_SECRET)
        m.within = TL_PERSONAL_SECRET;
    else if (m.kind == TL_PERSONAL_NAME && tl_str_ends(name, TL_STR("ame"))) /* { "name": { "first": … } } */
        m.within = TL_PERSONAL_NAME;
    if (m.kind == TL_NOT_PERSONAL || m.within == TL_PERSONAL_SECRET)
        m.kind = m.within;
    return m;
}

static bool is_date(tl_str text)
{
    struct tl_timestamp at;
    struct tl_civil civil;
    return tl_timestamp_parse(text, TL_TIME_ANY, &at, NULL) == TL_OK || tl_civil_parse(text, &civil, NULL) == TL_OK;
}

/* Roles (customer, owner) hold names or ids: "C-100" and "0057Q00A" are ids. */
static bool is_id(tl_str name, tl_str text)
{
    bool digit = false, blank = false;
    if (tl_str_ends(name, TL_STR("ame")) || tl_str_ends(name, TL_STR("ames")))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        digit |= isdigit((unsigned char)text.ptr[i]) != 0;
        blank |= text.ptr[i] == ' ';
    }
    return digit && !blank;
}

/* What is done to a text whose name says `kind`. */
static enum tl_personal named_kind(const struct tl_redaction *r, enum tl_personal kind, tl_str name, tl_str text)
{
    if (text.len == 0 || kind == TL_NOT_PERSONAL)
        return TL_NOT_PERSONAL;
    if (kind >= TL_PERSONAL_MAIL)
        return kind == TL_PERSONAL_MAIL && tl_str_find(text, '@') < 0 ? TL_PERSONAL_NAME : kind;
    if (is_date(text) || tl_bundle_names(r->bundle, text) || (kind == TL_PERSONAL_NAME && is_id(name, text)))
        return TL_NOT_PERSONAL;
    return kind;
}

/* … to a text of this field. */
static enum tl_personal kind_of(const struct tl_redaction *r, const struct member *m, tl_str text)
{
    return m->kept ? TL_NOT_PERSONAL : named_kind(r, m->kind, m->name, text);
}

/* A named value of a URL that is personal, or one of a personal form, begins here: its length, behind *before bytes
 * that stay; 0: neither. */
static size_t form_at(const struct tl_redaction *r, tl_str text, size_t *before, enum tl_personal *kind)
{
    size_t len = tl_personal_param(text, before, kind);
    if (len > 0)
        *kind = named_kind(r, *kind, tl_str_n(text.ptr + 1, *before - 2), tl_str_n(text.ptr + *before, len));
    if (len > 0 && *kind != TL_NOT_PERSONAL)
        return len;
    *before = 0;
    return tl_personal_at(text, kind);
}

/* ---- what is replaced ---- */

static void fake(struct tl_redaction *r, enum tl_personal kind, tl_str text, struct tl_buf *out)
{
    if (kind == TL_PERSONAL_MAIL && tl_str_find(text, '@') < 0)
        tl_fake_domain(&r->fakes, text, out);
    else if (kind == TL_PERSONAL_MAIL)
        tl_fake_mail(&r->fakes, text, out);
    else if (kind == TL_PERSONAL_NUMBERED)
        tl_fake_numbered(&r->fakes, text, out);
    else if (kind == TL_PERSONAL_BIRTH)
        tl_fake_birth(&r->fakes, text, out);
    else
        tl_fake_text(&r->fakes, text, out);
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* A personal value inside another text, as it stands; NULL: none begins here. */
static const struct tl_whole *whole_at(const struct tl_redaction *r, tl_str text)
{
    size_t first = text.len > 0 ? (uint8_t)text.ptr[0] : 0;
    for (size_t i = r->from[first]; text.len > 0 && i < r->from[first + 1]; i++) {
        tl_str whole = r->wholes[i].text;
        if (tl_str_starts(text, whole) && (text.len == whole.len || !is_word(text.ptr[whole.len])))
            return &r->wholes[i];
    }
    return NULL;
}

static bool is_known_word(const struct tl_redaction *r, tl_str word)
{
    struct tl_buf folded;
    tl_buf_init(&folded, TEXT_MAX);
    tl_fake_fold(word, &folded);
    bool known = tl_map_get(&r->known, tl_buf_str(&folded)) != NULL && !tl_bundle_names(r->bundle, word);
    tl_buf_free(&folded);
    return known;
}

/* What begins here: how long it is, behind *before bytes that stay, and how it is replaced; 0: nothing personal. */
static size_t personal_at(const struct tl_redaction *r, tl_str text, size_t *before, enum tl_personal *kind)
{
    size_t len = form_at(r, text, before, kind);
    if (len > 0)
        return len;
    const struct tl_whole *whole = whole_at(r, text);
    *kind = whole != NULL ? whole->kind : TL_PERSONAL_NAME;
    if (whole != NULL)
        return whole->text.len;
    tl_str word = tl_fake_word(text);
    return is_known_word(r, word) ? word.len : 0;
}

/* A text that is not personal as a whole. True: something of it was replaced; *kind says what it was. */
static bool clean(struct tl_redaction *r, tl_str text, enum tl_personal *kind, struct tl_buf *out)
{
    bool changed = false;
    while (text.len > 0) {
        enum tl_personal here;
        size_t before, len = personal_at(r, text, &before, &here);
        if (len > 0) {
            tl_buf_add(out, text.ptr, before);
            fake(r, here, tl_str_n(text.ptr + before, len), out);
            len += before;
            *kind = here;
            changed = true;
        } else {
            len = tl_fake_step(text);
            tl_buf_add(out, text.ptr, len);
        }
        text = tl_str_from(text, len);
    }
    return changed;
}

static void note(struct tl_redaction *r, enum tl_personal kind)
{
    tl_str path = tl_buf_str(&r->path);
    for (size_t i = 0; i < r->field_count; i++) {
        if (tl_str_is(path, r->fields[i].field) && r->fields[i].kind == kind) {
            r->fields[i].values++;
            return;
        }
    }
    if ((r->field_count & (r->field_count + 1)) == 0)
        r->fields = tl_realloc(r->fields, (r->field_count + 1) * 2 * sizeof *r->fields);
    r->fields[r->field_count++] = (struct tl_redacted){tl_str_dup(path), kind, 1};
}

/* ---- collecting ---- */

static void know_words(struct tl_redaction *r, tl_str text)
{
    struct tl_buf folded;
    tl_buf_init(&folded, TEXT_MAX);
    while (text.len > 0) {
        tl_str word = tl_fake_word(text);
        tl_fake_fold(word, &folded);
        if (word.len >= WORD_LEAST && strspn(folded.ptr, "0123456789") < folded.len)
            tl_map_put(&r->known, tl_buf_str(&folded), r);
        text = tl_str_from(text, tl_fake_step(text));
    }
    tl_buf_free(&folded);
}

static void know_whole(struct tl_redaction *r, enum tl_personal kind, tl_str text)
{
    if (text.len < WHOLE_LEAST)
        return;
    if ((r->whole_count & (r->whole_count + 1)) == 0)
        r->wholes = tl_realloc(r->wholes, (r->whole_count + 1) * 2 * sizeof *r->wholes);
    r->wholes[r->whole_count++] = (struct tl_whole){tl_str_n(tl_str_dup(text), text.len), kind};
}

/* A mail address is known by its name part and its domain as well, which may be a company's. */
static void know(struct tl_redaction *r, enum tl_personal kind, tl_str text)
{
    tl_str domain = text, name = text;
    if (kind == TL_PERSONAL_MAIL && tl_str_cut(&domain, '@', &name))
        know_whole(r, kind, domain);
    if (kind == TL_PERSONAL_NAME || kind == TL_PERSONAL_MAIL)
        know_words(r, name);
    if (kind != TL_PERSONAL_TEXT)
        know_whole(r, kind, text);
}

/* Mails, phones, named values and the like that stand inside other texts. */
static void know_forms(struct tl_redaction *r, tl_str text)
{
    while (text.len > 0) {
        enum tl_personal kind;
        size_t before, len = form_at(r, text, &before, &kind);
        if (len > 0)
            know(r, kind, tl_str_n(text.ptr + before, len));
        len = len > 0 ? before + len : tl_fake_step(text);
        text = tl_str_from(text, len);
    }
}

static void collect_value(struct tl_redaction *r, const struct member *m, const struct tl_json_value *value);

static void collect_members(struct tl_redaction *r, const struct member *m, const struct tl_json_value *value)
{
    bool list = tl_json_type(value) == TL_JSON_IS_ARRAY;
    struct tl_json_iter i = tl_json_iter(value);
    size_t before = r->path.len;
    while (tl_json_next(&i)) {
        struct member inner = *m;
        tl_buf_addf(&r->path, "%s%.*s", list ? "[]" : r->path.ptr[before - 1] != ' ' ? "." : "", TL_STR_ARGS(i.key));
        if (!list)
            inner = member_of(r, m, i.key);
        collect_value(r, &inner, i.value);
        r->path.len = before;
    }
}

static void collect_value(struct tl_redaction *r, const struct member *m, const struct tl_json_value *value)
{
    if (!tl_json_is_string(value)) {
        collect_members(r, m, value);
        return;
    }
    tl_str text = tl_json_text(value);
    enum tl_personal kind = kind_of(r, m, text);
    if (kind != TL_NOT_PERSONAL)
        know(r, kind, text);
    if (!m->kept)
        know_forms(r, text);
}

static void begin(struct tl_redaction *r, const char *root)
{
    tl_buf_clear(&r->path);
    tl_buf_addf(&r->path, "%s ", root);
}

void tl_redact_collect(struct tl_redaction *r, const char *root, const struct tl_json_value *document)
{
    begin(r, root);
    collect_value(r, &(struct member){.name = TL_STR("")}, document);
    r->sorted = false;
}

/* ---- writing ---- */

static int by_place(const void *a, const void *b)
{
    const struct tl_whole *x = a, *y = b;
    uint8_t p = (uint8_t)x->text.ptr[0], q = (uint8_t)y->text.ptr[0];
    if (p != q)
        return p < q ? -1 : 1;
    return x->text.len != y->text.len ? (x->text.len < y->text.len ? 1 : -1) : tl_str_cmp(x->text, y->text);
}

static void drop_doubles(struct tl_redaction *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->whole_count; i++) {
        if (kept > 0 && tl_str_eq(r->wholes[i].text, r->wholes[kept - 1].text))
            tl_free((char *)(uintptr_t)r->wholes[i].text.ptr);
        else
            r->wholes[kept++] = r->wholes[i];
    }
    r->whole_count = kept;
}

static void sort(struct tl_redaction *r)
{
    if (r->sorted)
        return;
    if (r->whole_count > 0)
        qsort(r->wholes, r->whole_count, sizeof *r->wholes, by_place);
    drop_doubles(r);
    for (size_t first = 0, i = 0; first < TL_COUNT_OF(r->from); first++) {
        while (i < r->whole_count && (uint8_t)r->wholes[i].text.ptr[0] < first)
            i++;
        r->from[first] = i;
    }
    r->sorted = true;
}

static void write_value(struct tl_redaction *r, const struct member *m, const struct tl_json_value *value,
                        struct tl_json_writer *w);

/* Words that somebody wrote, and whose name nothing is known of, can only be looked at. */
static bool is_written(tl_str text)
{
    for (size_t i = 1; i + 1 < text.len; i++)
        if (text.ptr[i] == ' ' && is_word(text.ptr[i - 1]) && isalpha((unsigned char)text.ptr[i + 1]))
            return true;
    return false;
}

static void write_text(struct tl_redaction *r, const struct member *m, tl_str text, struct tl_json_writer *w)
{
    struct tl_buf out;
    enum tl_personal kind = kind_of(r, m, text), inside;
    tl_buf_init(&out, TEXT_MAX);
    if (kind != TL_NOT_PERSONAL) {
        fake(r, kind, text, &out);
        note(r, kind);
    } else if (m->kept || tl_bundle_names(r->bundle, text) || is_date(text)) {
        tl_buf_add_str(&out, text);
    } else if (clean(r, text, &inside, &out)) {
        note(r, inside);
    } else if (is_written(text)) {
        note(r, TL_NOT_PERSONAL);
    }
    tl_json_string(w, tl_buf_str(&out));
    tl_buf_free(&out);
}

/* Amounts and counts stay; a phone number without its blanks does not. */
static void write_number(struct tl_redaction *r, const struct member *m, tl_str lexeme, struct tl_json_writer *w)
{
    struct tl_buf out;
    bool whole = tl_fake_word(lexeme).len == lexeme.len && strspn(lexeme.ptr, "0123456789") >= lexeme.len;
    if (m->kept || m->kind < TL_PERSONAL_MAIL || !whole || lexeme.len < NUMBER_LEAST) {
        tl_json_number(w, lexeme);
        return;
    }
    tl_buf_init(&out, TEXT_MAX);
    tl_fake_text(&r->fakes, lexeme, &out);
    note(r, m->kind);
    tl_json_number(w, tl_buf_str(&out));
    tl_buf_free(&out);
}

/* A member's name is part of the shape, unless it is a value itself: { "anna@acme.example": … }. */
static void write_key(struct tl_redaction *r, tl_str key, struct tl_json_writer *w)
{
    enum tl_personal kind;
    struct tl_buf out;
    const struct tl_whole *whole = whole_at(r, key);
    bool is_value = tl_personal_at(key, &kind) == key.len || (whole != NULL && whole->text.len == key.len);
    tl_buf_init(&out, TEXT_MAX);
    if (!is_value || tl_bundle_names(r->bundle, key) || !clean(r, key, &kind, &out))
        tl_buf_add_str(&out, key);
    tl_json_key_str(w, tl_buf_str(&out));
    tl_buf_free(&out);
}

static void write_members(struct tl_redaction *r, const struct member *m, const struct tl_json_value *value,
                          struct tl_json_writer *w)
{
    bool list = tl_json_type(value) == TL_JSON_IS_ARRAY;
    struct tl_json_iter i = tl_json_iter(value);
    size_t before = r->path.len;
    if (list)
        tl_json_begin_array(w);
    else
        tl_json_begin_object(w);
    while (tl_json_next(&i)) {
        struct member inner = *m;
        tl_buf_addf(&r->path, "%s%.*s", list ? "[]" : r->path.ptr[before - 1] != ' ' ? "." : "", TL_STR_ARGS(i.key));
        if (!list) {
            inner = member_of(r, m, i.key);
            write_key(r, i.key, w);
        }
        write_value(r, &inner, i.value, w);
        r->path.len = before;
    }
    if (list)
        tl_json_end_array(w);
    else
        tl_json_end_object(w);
}

static void write_value(struct tl_redaction *r, const struct member *m, const struct tl_json_value *value,
                        struct tl_json_writer *w)
{
    switch (tl_json_type(value)) {
    case TL_JSON_IS_STRING:
        write_text(r, m, tl_json_text(value), w);
        break;
    case TL_JSON_IS_NUMBER:
        write_number(r, m, tl_json_text(value), w);
        break;
    case TL_JSON_IS_ARRAY:
    case TL_JSON_IS_OBJECT:
        write_members(r, m, value, w);
        break;
    default:
        tl_json_value(w, value);
    }
}

void tl_redact_write(struct tl_redaction *r, const char *root, const struct tl_json_value *document,
                     struct tl_json_writer *w)
{
    sort(r);
    begin(r, root);
    write_value(r, &(struct member){.name = TL_STR("")}, document, w);
}

void tl_redact_text(struct tl_redaction *r, tl_str text, struct tl_buf *out)
{
    enum tl_personal kind;
    sort(r);
    (void)clean(r, text, &kind, out);
}
