#include "personal.h"
#include "base/buf.h"
#include <ctype.h>
#include <string.h>

#define NAME_MAX_BYTES 400

/* ---- fields ---- */

/* A field's name is taken apart into words: "BillingPostalCode", "billing_postal_code" and "Billing-Postal-Code__c" are
 * " billing postal code ". The first rule that fits counts. */

enum place { ANYWHERE, LAST };

static const struct {
    enum tl_personal kind;
    enum place place;
    const char *words; /* separated by commas */
} rules[] = {
    {TL_PERSONAL_SECRET, ANYWHERE,
     "token,tokens,secret,secrets,password,passwd,pwd,passphrase,api key,apikey,access key,private key,authorization,"
     "signature,cookie,cookies,session id,session,credential,credentials,cvv,cvc,otp,jwt"},
    {TL_PERSONAL_SECRET, LAST, "pin"},
    {TL_PERSONAL_MAIL, ANYWHERE, "mail,mails,email,emails,e mail"},
    {TL_PERSONAL_NUMBERED, ANYWHERE,
     "iban,bic,swift,bank account,card number,credit card,ssn,social security,passport,tax id,tax no,tax number,taxid,"
     "vat id,vat no,vat number,vatid,vatno,ustid,national id,driver license,driver licence,driving licence"},
    {TL_PERSONAL_NUMBERED, LAST, "vat,ip,ip address"},
    {TL_PERSONAL_PHONE, ANYWHERE, "phone,phones,telephone,mobile,cell,cellphone,fax,tel,msisdn,whatsapp"},
    {TL_PERSONAL_BIRTH, ANYWHERE, "birth,birthday,birthdate,dob"},
    {TL_NOT_PERSONAL, LAST,
     "stage name,file name,event name,type name,field name,object name,state name,status name,product name,item name,"
     "table name,column name,record name,class name,method name,plan name,flow name,system name,queue name,role name,"
     "host name,domain name,priority name,currency name,country name,unit name,tag name,category name,language name,"
     "payment name,template name,attribute name,property name,code name,path name,stagename,filename,hostname"},
    {TL_PERSONAL_NAME, LAST,
     "name,names,firstname,lastname,surname,forename,fullname,nickname,username,displayname,companyname,login,holder,"
     "contact,customer,buyer,requester,assignee,author,owner,recipient,sender,driver,attn,attention,person,employee,"
     "agent,user,client,company,organization,organisation,supplier,vendor,manager,supervisor,member,patient,guest,"
     "passenger,beneficiary,payee,payer,created by,modified by,updated by,changed by,by"},
    {TL_PERSONAL_ADDRESS, ANYWHERE,
     "street,address,addresses,addr,city,town,zip,zipcode,postal code,postalcode,postcode,post code,plz,house no,"
     "house number,line 1,line 2,line 3"},
    {TL_PERSONAL_TEXT, LAST,
     "note,notes,summary,details,content,feedback,comment,comments,description,message,body,text,subject,remark,"
     "remarks,memo,next step,reason,user "
     "agent"},
};

static const char *const words_of_kinds[] = {[TL_NOT_PERSONAL] = "nothing",
                                             [TL_PERSONAL_NAME] = "name",
                                             [TL_PERSONAL_ADDRESS] = "address",
                                             [TL_PERSONAL_TEXT] = "text",
                                             [TL_PERSONAL_MAIL] = "mail",
                                             [TL_PERSONAL_PHONE] = "phone",
                                             [TL_PERSONAL_NUMBERED] = "number of a person",
                                             [TL_PERSONAL_BIRTH] = "date of birth",
                                             [TL_PERSONAL_SECRET] = "secret"};

const char *tl_personal_word(enum tl_personal kind)
{
    return words_of_kinds[kind];
}

static bool starts_word(tl_str name, size_t i)
{
    unsigned char c = (unsigned char)name.ptr[i], before = (unsigned char)name.ptr[i - 1];
    unsigned char after = i + 1 < name.len ? (unsigned char)name.ptr[i + 1] : 0;
    if (isdigit(c) != isdigit(before))
        return true;
    return isupper(c) && (islower(before) || (isupper(before) && islower(after)));
}

/* " billing postal code ": each word once between blanks. */
static void take_apart(tl_str name, char out[NAME_MAX_BYTES])
{
    size_t n = 0;
    if (tl_str_ends(name, TL_STR("__c")) || tl_str_ends(name, TL_STR("__r"))) /* Salesforce's mark of an own field */
        name.len -= 3;
    out[n++] = ' ';
    for (size_t i = 0; i < name.len && n + 3 < NAME_MAX_BYTES; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool part = isalnum(c) || c >= 0x80;
        if (out[n - 1] != ' ' && (!part || starts_word(name, i)))
            out[n++] = ' ';
        if (part)
            out[n++] = (char)tolower(c);
    }
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    out[n] = '\0';
}

/* "phone 2" ends with "phone" as well. */
static bool is_last(const char *after)
{
    return after[strspn(after, " 0123456789")] == '\0';
}

static bool fits(const char *name, tl_str words, enum place place)
{
    char wanted[64];
    tl_str word;
    while (tl_str_cut(&words, ',', &word)) {
        memcpy(wanted + 1, word.ptr, word.len);
        wanted[0] = wanted[word.len + 1] = ' ';
        wanted[word.len + 2] = '\0';
        for (const char *at = strstr(name, wanted); at != NULL; at = strstr(at + 1, wanted)) {
            if (place == ANYWHERE || is_last(at + word.len + 1))
                return true;
        }
    }
    return false;
}

enum tl_personal tl_personal_field(tl_str name)
{
    char words[NAME_MAX_BYTES];
    take_apart(name, words);
    for (size_t i = 0; i < TL_COUNT_OF(rules); i++) {
        if (fits(words, tl_str_z(rules[i].words), rules[i].place))
            return rules[i].kind;
    }
    return TL_NOT_PERSONAL;
}

/* ---- values ---- */

static size_t span(tl_str text, size_t from, const char *others)
{
    size_t i = from;
    while (i < text.len && (isalnum((unsigned char)text.ptr[i]) || (unsigned char)text.ptr[i] >= 0x80 ||
                            (text.ptr[i] != '\0' && strchr(others, text.ptr[i]) != NULL)))
        i++;
    return i;
}

static size_t mail_at(tl_str text)
{
    size_t at = span(text, 0, "._%+-'");
    if (at == 0 || at >= text.len || text.ptr[at] != '@')
        return 0;
    size_t end = span(text, at + 1, ".-");
    while (end > at + 1 && !isalnum((unsigned char)text.ptr[end - 1]))
        end--;
    return memchr(text.ptr + at, '.', end - at) != NULL ? end : 0;
}

static size_t phone_at(tl_str text)
{
    size_t i = 1, digits = 0, end = 0;
    if (text.len == 0 || text.ptr[0] != '+')
        return 0;
    for (; i < text.len && text.ptr[i] != '\0' && strchr("0123456789 ()-./", text.ptr[i]) != NULL; i++) {
        if (isdigit((unsigned char)text.ptr[i])) {
            digits++;
            end = i + 1;
        }
    }
    return digits >= 7 ? end : 0;
}

/* IBAN: DE89370400440532013000, also in groups of four. VAT: two letters and 8 to 12 more, most of them digits. */
static size_t numbered_at(tl_str text)
{
    size_t end = span(text, 0, ""), digits = 0;
    if (text.len < 4 || !isupper((unsigned char)text.ptr[0]) || !isupper((unsigned char)text.ptr[1]))
        return 0;
    bool groups = end == 4 && isdigit((unsigned char)text.ptr[2]) && isdigit((unsigned char)text.ptr[3]);
    while (groups && end < text.len && text.ptr[end] == ' ' && span(text, end + 1, "") > end + 1 &&
           span(text, end + 1, "") <= end + 5 && isdigit((unsigned char)text.ptr[end + 1]))
        end = span(text, end + 1, "");
    for (size_t i = 2; i < end; i++)
        digits += isdigit((unsigned char)text.ptr[i]) != 0;
    return digits >= 8 && end >= 10 && end <= 42 ? end : 0;
}

static size_t secret_at(tl_str text)
{
    static const char *const heads[] = {"eyJ", "sk_", "pk_", "rk_", "ghp_", "gho_", "xoxb-", "xoxp-", "whsec_", "AKIA"};
    static const char *const schemes[] = {"Bearer ", "Basic "};
    if (tl_str_starts(text, TL_STR("-----BEGIN ")))
        return text.len;
    for (size_t i = 0; i < TL_COUNT_OF(schemes); i++) {
        size_t from = strlen(schemes[i]),
               to = tl_str_starts(text, tl_str_z(schemes[i])) ? span(text, from, "._-+/=") : 0;
        if (to >= from + 12)
            return to;
    }
    size_t end = span(text, 0, "._-+/=");
    for (size_t i = 0; end >= 16 && i < TL_COUNT_OF(heads); i++) {
        if (tl_str_starts(text, tl_str_z(heads[i])))
            return end;
    }
    return 0;
}

size_t tl_personal_at(tl_str text, enum tl_personal *kind)
{
    static const struct {
        enum tl_personal kind;
        size_t (*at)(tl_str text);
    } forms[] = {{TL_PERSONAL_SECRET, secret_at},
                 {TL_PERSONAL_MAIL, mail_at},
                 {TL_PERSONAL_PHONE, phone_at},
                 {TL_PERSONAL_NUMBERED, numbered_at}};
    for (size_t i = 0; i < TL_COUNT_OF(forms); i++) {
        size_t len = forms[i].at(text);
        if (len > 0) {
            *kind = forms[i].kind;
            return len;
        }
    }
    return 0;
}

size_t tl_personal_param(tl_str text, size_t *at, enum tl_personal *kind)
{
    if (text.len == 0 || (text.ptr[0] != '?' && text.ptr[0] != '&'))
        return 0;
    size_t equals = span(text, 1, "._-[]");
    if (equals == 1 || equals >= text.len || text.ptr[equals] != '=')
        return 0;
    *kind = tl_personal_field(tl_str_n(text.ptr + 1, equals - 1));
    *at = equals + 1;
    size_t end = *at;
    while (end < text.len && !isspace((unsigned char)text.ptr[end]) && strchr("&#<>\"'", text.ptr[end]) == NULL)
        end++;
    return *kind == TL_NOT_PERSONAL ? 0 : end - *at;
}
