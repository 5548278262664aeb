/* What looks personal or secret: by the name of a field, and by the form of a value. The rules are a table in
 * personal.c. Pure. Thread: any. */
#pragma once
#include "base/attr.h"
#include "base/str.h"

enum tl_personal {
    TL_NOT_PERSONAL,
    TL_PERSONAL_NAME,    /* of people and companies */
    TL_PERSONAL_ADDRESS, /* streets, cities, postal codes */
    TL_PERSONAL_TEXT,    /* what people wrote */
    TL_PERSONAL_MAIL,    /* from here on also where the integration names the value */
    TL_PERSONAL_PHONE,
    TL_PERSONAL_NUMBERED, /* IBAN, VAT and other numbers of a person or company */
    TL_PERSONAL_BIRTH,
    TL_PERSONAL_SECRET
};

/* By the member's name, "Account.BillingStreet" by its last part. */
enum tl_personal tl_personal_field(tl_str name);
/* "name", "mail" …: how people read it. */
const char *tl_personal_word(enum tl_personal kind);
/* A mail address, phone number, IBAN, VAT number or token at the start of the text, by its form alone: its length, and
 * what it is. 0: none begins here. */
size_t tl_personal_at(tl_str text, enum tl_personal *kind);
/* A named value at the start of the text, as URLs have them: "?email=ann&…". The length of the value, which begins at
 * *at; *kind is what its name says. 0: none begins here, or its name says nothing. */
size_t tl_personal_param(tl_str text, size_t *at, enum tl_personal *kind);
