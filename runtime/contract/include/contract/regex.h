/* Regular expressions of ECMA-262 as JSON Schema uses them: Unicode code points, no flags, found anywhere in the text
 * unless anchored. Matching takes time in proportion to text times pattern, whatever the pattern: all ways through it
 * are followed at once (Thompson, 1968), none is tried and taken back.
 *
 * Supported: literals, . ^ $ \b \B, classes with ranges and negation, \d \D \w \W \s \S (ASCII, blanks of Unicode),
 * \p{…} and \P{…} with general categories, ( ) (?: ) (?<name> ), |, * + ? {n} {n,} {n,m} and their lazy forms, \t \n \v
 * \f \r \0 \cX \xHH \uHHHH \u{H…}. Refused when compiled, with the place: backreferences, lookaround, scripts and other
 * properties, unescaped { } ], escapes of letters that mean nothing. Thread: any; a compiled expression is immutable.
 */
#pragma once
#include "base/error.h"
#include "base/str.h"

#define TL_REGEX_BYTES 10000 /* longest pattern */
#define TL_REGEX_STEPS 10000 /* largest compiled pattern: (a{100}){100} is refused */

struct tl_regex;

/* *out is released with tl_regex_free. TL_EINPUT: what is wrong and at which character (from 1). */
TL_MUST_CHECK tl_code tl_regex_compile(tl_str pattern, struct tl_regex **out, struct tl_error *err);
void tl_regex_free(struct tl_regex *regex); /* NULL is fine */
/* Is the pattern found in `text` (UTF-8)? Takes what it did off *work (about one a character and live way); with *work
 * used up it stops and says no. */
bool tl_regex_search(const struct tl_regex *regex, tl_str text, uint64_t *work);
