/* Documents without what is personal in them. What is written is JSON of the same shape, and no value that was found to
 * be personal stands in any of its texts. An input is a JSON document, or pieces of one, so that most get far. */
#include "redact.h"
#include <ctype.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 60, TOLD_LEAST = 8 /* bytes of a value that stands nowhere by chance */ };

static const char *const members[] = {"name",  "first_name", "email", "phone",  "vat_id",    "street", "note",
                                      "token", "owner",      "id",    "status", "birthdate", "x",      "Mail__c"};
static const char *const values[] = {"Greta Lindholm",
                                     "LINDHOLM, Greta",
                                     "greta.lindholm@harbour.example.com",
                                     "+46 70 765 43 21",
                                     "DE811907980",
                                     "DE89 3704 0044 0532 0130 00",
                                     "Kajgatan 12, near the harbour",
                                     "call greta at Kajgatan 12, near the harbour or +46 70 765 43 21",
                                     "sk_live_abcdef1234567890",
                                     "Bearer abcdefgh12345678",
                                     "1979-04-30",
                                     "S\\u00f6derstr\\u00f6m \\u2013 \\ud83d\\ude00",
                                     "Greta Lindholm (greta.lindholm@harbour.example.com)",
                                     "C-1000",
                                     "",
                                     "open"};

static void write_pieces(struct tl_buf *out, const uint8_t *data, size_t size)
{
    size_t n = size < PIECES_MAX * 2 ? size : PIECES_MAX * 2;
    tl_buf_add_z(out, "{\"list\":[");
    for (size_t i = 0; i + 1 < n; i += 2) {
        const char *member = members[data[i] % TL_COUNT_OF(members)],
                   *value = values[data[i + 1] % TL_COUNT_OF(values)];
        const char *comma = i > 0 ? "," : "";
        if (data[i] & 128)
            tl_buf_addf(out, "%s{\"%s\":{\"%s\":[\"%s\",%u]}}", comma, member, value, value, data[i + 1] * 99991u);
        else
            tl_buf_addf(out, "%s{\"%s\":\"%s\",\"n\":%u}", comma, member, value, data[i + 1] * 99991u);
    }
    tl_buf_add_z(out, "]}");
}

/* ---- what must hold ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool has_letters(tl_str text)
{
    size_t letters = 0;
    for (size_t i = 0; i < text.len; i++)
        letters += isalpha((unsigned char)text.ptr[i]) != 0;
    return letters >= 6;
}

static void holds_no(tl_str text, tl_str whole)
{
    for (size_t i = 0; i + whole.len <= text.len; i++) {
        bool begins = i == 0 || !is_word(text.ptr[i - 1]) || !is_word(whole.ptr[0]);
        bool ends = i + whole.len == text.len || !is_word(text.ptr[i + whole.len]);
        tl_must(!begins || !ends || !tl_str_starts(tl_str_from(text, i), whole));
    }
}

static void check_text(const struct tl_redaction *r, tl_str text)
{
    for (size_t i = 0; i < r->whole_count; i++) {
        if (r->wholes[i].text.len >= TOLD_LEAST && has_letters(r->wholes[i].text))
            holds_no(text, r->wholes[i].text);
    }
}

static void check(const struct tl_redaction *r, const struct tl_json_value *before, const struct tl_json_value *after)
{
    struct tl_json_iter i = tl_json_iter(before), k = tl_json_iter(after);
    tl_must(tl_json_type(before) == tl_json_type(after));
    if (tl_json_is_string(after))
        check_text(r, tl_json_text(after));
    while (tl_json_next(&i) && tl_json_next(&k))
        check(r, i.value, k.value);
}

static struct tl_bundle *bundle(void)
{
    static struct tl_bundle *made;
    static const struct tl_bundle_file files[] = {
        {"integration.lua", TL_STR("integration \"t\" { steward = \"s\" } steward \"s\" {}\n")}};
    struct tl_bundle_options options = {.library = TIDELOCK_ROOT "/scripts/lib"};
    if (!made)
        tl_must(tl_bundle_load_files(files, 1, &options, &made, NULL) == TL_OK);
    return made;
}

static void redact(tl_str text)
{
    struct tl_redaction r;
    struct tl_json_doc *before, *after;
    struct tl_buf out;
    struct tl_json_writer w;
    if (tl_json_parse_borrowed(text, NULL, &before, NULL) != TL_OK)
        return;
    tl_redaction_init(&r, bundle(), NULL, NULL);
    tl_buf_init(&out, 1 << 24);
    tl_json_writer_init(&w, &out);
    tl_redact_collect(&r, "t", tl_json_root(before));
    tl_redact_write(&r, "t", tl_json_root(before), &w);
    tl_must(tl_json_writer_done(&w, NULL) == TL_OK);
    tl_must(tl_json_parse_borrowed(tl_buf_str(&out), NULL, &after, NULL) == TL_OK);
    check(&r, tl_json_root(before), tl_json_root(after));
    tl_json_free(after);
    tl_json_free(before);
    tl_buf_free(&out);
    tl_redaction_free(&r);
}

/* The first byte: a document, or pieces. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tl_buf made;
    if (size < 2)
        return 0;
    tl_buf_init(&made, 1 << 20);
    if (data[0] & 1)
        tl_buf_add(&made, data + 1, size - 1);
    else
        write_pieces(&made, data + 1, size - 1);
    redact(tl_buf_str(&made));
    tl_buf_free(&made);
    return 0;
}
