/* Fakes for personal values: each word by another of the same shape, the same word always by the same one, whatever its
 * case and wherever it stands. So "Anna Schmidt", "SCHMIDT" and "anna.schmidt@acme.de" still belong together. Which
 * word stands for which depends on a key that is drawn anew for each recording and never leaves the process. Thread:
 * one. */
#pragma once
#include "base/buf.h"
#include "base/map.h"

struct tl_fakes {
    uint8_t key[32];
    struct tl_map words; /* folded word → its fake in lower case, own */
    struct tl_map taken; /* fakes that stand for a word */
};

void tl_fakes_init(struct tl_fakes *fakes);
void tl_fakes_free(struct tl_fakes *fakes);

/* Letters become letters of the same case (ASCII), digits digits; everything else stays. */
void tl_fake_text(struct tl_fakes *fakes, tl_str text, struct tl_buf *out);
/* A domain as one below .example. */
void tl_fake_domain(struct tl_fakes *fakes, tl_str domain, struct tl_buf *out);
/* The name part as tl_fake_text, the domain as above. */
void tl_fake_mail(struct tl_fakes *fakes, tl_str mail, struct tl_buf *out);
/* The two letters of the country stay: IBANs, VAT numbers. */
void tl_fake_numbered(struct tl_fakes *fakes, tl_str text, struct tl_buf *out);
/* Another date, of a grown-up, where the text begins with one; else as tl_fake_text. */
void tl_fake_birth(struct tl_fakes *fakes, tl_str text, struct tl_buf *out);

/* The word at the start of the text: letters and digits, one after another; empty when none stands there. */
tl_str tl_fake_word(tl_str text);
/* Bytes of that word, or of the character that stands there instead; the text is not empty. */
size_t tl_fake_step(tl_str text);
/* The word as words are told apart by: in lower case. `out` is emptied first. */
void tl_fake_fold(tl_str word, struct tl_buf *out);
