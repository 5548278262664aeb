/* The tags of an XML text, one after another: as much XML as $metadata and error bodies need. No entities, no
 * DTD. */
#ifndef ODATA_EDMX_H
#define ODATA_EDMX_H

#include <tidelock/connector.h>

struct od_tag {
    tlc_slice name;       /* without prefix */
    tlc_slice attributes; /* the text between name and end */
    tlc_slice inside;     /* the text up to the next tag */
    int closing;          /* </x> */
    int empty;            /* <x/> */
};

/* The next tag from *at on; 0 at the end. */
int od_tag_next(tlc_slice xml, uint64_t *at, struct od_tag *tag);
/* 1: the tag has that name, in any case of letters. */
int od_tag_is(const struct od_tag *tag, const char *name);
/* An attribute's value; absent when there is none. */
tlc_slice od_tag_attribute(const struct od_tag *tag, const char *name);

#endif
