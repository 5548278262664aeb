/* Kinds of records: see kinds.h. */
#include "kinds.h"

#include <tidelock/text.h>

static const tlc_kind kinds[] = {
    {"tickets", "Ticket", "ticket", 0, 1},
    {"users", "User", "user", 1, 1},
    {"organizations", "Organization", "organization", 1, 1},
    {"groups", "Group", "group", 0, 0},
    {"views", "View", "view", 0, 0},
    {"user_fields", "UserField", "user_field", 0, 0},
};

const tlc_kind *zd_kind_at(int i)
{
    return i >= 0 && i < (int)(sizeof kinds / sizeof kinds[0]) ? &kinds[i] : 0;
}

const tlc_kind *zd_kind_named(tlc_slice name)
{
    const tlc_kind *kind;
    int i;

    for (i = 0; (kind = zd_kind_at(i)); i++)
        if (tlc_is(name, kind->path) || tlc_is(name, kind->alias))
            return kind;
    return 0;
}

const tlc_kind *zd_kind_of_event(tlc_slice type)
{
    static const char prefix[] = "zen:event-type:";
    const tlc_kind *kind;
    tlc_slice word = type;
    uint64_t n = sizeof prefix - 1;
    int i;

    if (type.len <= n || memcmp(type.ptr, prefix, (size_t)n) != 0)
        return 0;
    word.ptr += n;
    for (word.len = 0; word.len < type.len - n && word.ptr[word.len] != '.'; word.len++)
        ;
    for (i = 0; (kind = zd_kind_at(i)); i++)
        if (tlc_is(word, kind->one))
            return kind;
    return 0;
}
