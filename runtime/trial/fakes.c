#include "fakes.h"
#include "base/alloc.h"
#include "base/random.h"
#include "codec/timestamp.h"
#include "codec/utf8.h"
#include "crypto/digest.h"
#include <stdio.h>
#include <string.h>

#define WORD_MAX 4096 /* bytes; a longer word is faked in pieces */
#define TRIES 50      /* for a fake that no other word has */

void tl_fakes_init(struct tl_fakes *fakes)
{
    *fakes = (struct tl_fakes){.key = {0}};
    tl_random_bytes(fakes->key, sizeof fakes->key);
    tl_map_init(&fakes->words);
    tl_map_init(&fakes->taken);
}

void tl_fakes_free(struct tl_fakes *fakes)
{
    size_t i = 0;
    tl_str word;
    void *fake;
    while (tl_map_next(&fakes->words, &i, &word, &fake))
        tl_free(fake);
    tl_map_free(&fakes->words);
    tl_map_free(&fakes->taken);
    memset(fakes->key, 0, sizeof fakes->key);
}

/* ---- words ---- */

static bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static bool is_letter(uint32_t code)
{
    if (code < 0x80)
        return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
    return code >= 0xc0 && code != 0xfffd && (code < 0x2000 || code > 0x206f) && code != 0xd7 && code != 0xf7;
}

tl_str tl_fake_word(tl_str text)
{
    size_t at = 0, end = 0;
    uint32_t code;
    while (end < WORD_MAX && tl_utf8_next(text, &at, &code) && (is_digit(code) || is_letter(code)))
        end = at;
    return tl_str_n(text.ptr, end);
}

size_t tl_fake_step(tl_str text)
{
    size_t at = 0;
    uint32_t code;
    tl_str word = tl_fake_word(text);
    (void)tl_utf8_next(text, &at, &code);
    return word.len > 0 ? word.len : at;
}

void tl_fake_fold(tl_str word, struct tl_buf *out)
{
    tl_buf_clear(out);
    (void)tl_utf8_lower(out, word);
}

/* Bytes that follow from the key, the word and the try alone. */
struct stream {
    const struct tl_fakes *fakes;
    tl_str word;
    unsigned number;
    uint32_t block;
    uint8_t bytes[TL_SHA256_SIZE];
    size_t used;
};

static uint8_t next_byte(struct stream *s)
{
    if (s->used == sizeof s->bytes) {
        char tag[40];
        snprintf(tag, sizeof tag, "%u/%u/", s->number, s->block++);
        tl_str parts[] = {tl_str_z(tag), s->word};
        tl_hmac_sha256(tl_str_n(s->fakes->key, sizeof s->fakes->key), parts, TL_COUNT_OF(parts), s->bytes);
        s->used = 0;
    }
    return s->bytes[s->used++];
}

/* One letter or digit for each of the word. No leading zero is made or lost, so that a number stays one. */
static void make(const struct tl_fakes *fakes, tl_str folded, unsigned number, struct tl_buf *out)
{
    static const char sounds[2][17] = {"bdfgklmnprstvwzh", "aeiouaeiouaeioua"};
    struct stream s = {.fakes = fakes, .word = folded, .number = number, .used = TL_SHA256_SIZE};
    size_t at = 0, i = 0;
    uint32_t code;
    tl_buf_clear(out);
    for (; tl_utf8_next(folded, &at, &code); i++) {
        uint8_t byte = next_byte(&s);
        if (!is_digit(code))
            tl_buf_add_char(out, sounds[i % 2][byte % 16]);
        else if (i == 0)
            tl_buf_add_char(out, code == '0' ? '0' : (char)('1' + byte % 9));
        else
            tl_buf_add_char(out, (char)('0' + byte % 10));
    }
}

/* Short words run out of fakes; then two share one. */
static const char *fake_of(struct tl_fakes *fakes, tl_str folded)
{
    char *known = tl_map_get(&fakes->words, folded);
    struct tl_buf fake;
    if (known != NULL)
        return known;
    tl_buf_init(&fake, WORD_MAX * 2);
    for (unsigned number = 0; number < TRIES; number++) {
        make(fakes, folded, number, &fake);
        if (!tl_str_eq(tl_buf_str(&fake), folded) && tl_map_get(&fakes->taken, tl_buf_str(&fake)) == NULL)
            break;
    }
    tl_map_put(&fakes->taken, tl_buf_str(&fake), fakes);
    known = tl_buf_take(&fake, NULL);
    tl_map_put(&fakes->words, folded, known);
    return known;
}

static void add_word(struct tl_fakes *fakes, tl_str word, struct tl_buf *out)
{
    struct tl_buf folded;
    tl_buf_init(&folded, WORD_MAX * 2);
    tl_fake_fold(word, &folded);
    const char *fake = fake_of(fakes, tl_buf_str(&folded));
    size_t at = 0;
    uint32_t code;
    for (size_t i = 0; fake[i] != '\0' && tl_utf8_next(word, &at, &code); i++) {
        bool upper = tl_utf8_code_lower(code) != code && fake[i] >= 'a';
        tl_buf_add_char(out, upper ? (char)(fake[i] - 'a' + 'A') : fake[i]);
    }
    tl_buf_free(&folded);
}

void tl_fake_text(struct tl_fakes *fakes, tl_str text, struct tl_buf *out)
{
    while (text.len > 0) {
        tl_str word = tl_fake_word(text);
        if (word.len > 0)
            add_word(fakes, word, out);
        else
            tl_buf_add(out, text.ptr, tl_fake_step(text));
        text = tl_str_from(text, tl_fake_step(text));
    }
}

/* ---- values with a form of their own ---- */

/* The top level goes, "example" stands for it. */
void tl_fake_domain(struct tl_fakes *fakes, tl_str domain, struct tl_buf *out)
{
    tl_str label;
    while (tl_str_cut(&domain, '.', &label) && domain.len > 0) {
        tl_fake_text(fakes, label, out);
        tl_buf_add_char(out, '.');
    }
    tl_buf_add_z(out, "example");
}

void tl_fake_mail(struct tl_fakes *fakes, tl_str mail, struct tl_buf *out)
{
    tl_str domain = mail, name;
    (void)tl_str_cut(&domain, '@', &name);
    tl_fake_text(fakes, name, out);
    if (domain.len == 0)
        return;
    tl_buf_add_char(out, '@');
    tl_fake_domain(fakes, domain, out);
}

void tl_fake_numbered(struct tl_fakes *fakes, tl_str text, struct tl_buf *out)
{
    bool country = text.len > 2 && is_letter((uint8_t)text.ptr[0]) && is_letter((uint8_t)text.ptr[1]);
    if (country)
        tl_buf_add(out, text.ptr, 2);
    tl_fake_text(fakes, tl_str_from(text, country ? 2 : 0), out);
}

void tl_fake_birth(struct tl_fakes *fakes, tl_str text, struct tl_buf *out)
{
    struct tl_date date;
    tl_str day = tl_str_n(text.ptr, text.len < 10 ? text.len : 10);
    if (tl_date_parse(day, &date, NULL) != TL_OK) {
        tl_fake_text(fakes, text, out);
        return;
    }
    struct stream s = {.fakes = fakes, .word = day, .used = TL_SHA256_SIZE};
    unsigned year = 1940 + next_byte(&s) % 60u, month = 1 + next_byte(&s) % 12u, of_month = 1 + next_byte(&s) % 28u;
    tl_buf_addf(out, "%04u-%02u-%02u", year, month, of_month);
    tl_buf_add_str(out, tl_str_from(text, 10));
}
