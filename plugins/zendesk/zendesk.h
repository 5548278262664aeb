/* The Zendesk connector: what its files share. Everything lives in the scope of its call or instance. */
#ifndef ZENDESK_H
#define ZENDESK_H

#include "kinds.h"
#include <tidelock/call.h>
#include <tidelock/seen.h>

struct tlc_instance {
    const tlc_host *host;
    tlc_scope *scope;
    tlc_slice url; /* of the account */
    tlc_seen seen;
};

void zd_put(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_put_many(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_create(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_update(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_delete(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_get(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_show_many(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_list(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_message(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_message_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_changes(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_webhook(tlc_call *c, const tlc_input *in, tlc_action *out);

/* ---- writing (write.c) ---- */

/* {"ticket": {…}}: the record in its wrapper, with one more member where `name` is given and the record has
 * none. */
tlc_slice zd_wrap(tlc_call *c, tlc_slice record, tlc_slice name, tlc_slice raw);
/* id, version, url, created and the record itself out of {"ticket": {…}}. */
void zd_take_record(tlc_call *c, const tlc_input *in);
/* "tickets?external_id=…", "organizations/search?external_id=…": the one list that does not lag. */
tlc_slice zd_find_url(tlc_call *c, tlc_slice external_id);
/* The list in {"tickets": […]}; absent when the answer has none, which is not to say that nothing was found. */
#define ZD_NO_ROWS TLC_TEXT("the answer has no list of records")
tlc_slice zd_rows(tlc_call *c, tlc_slice body);

/* The next page by its link: what stands behind "/api/v2/" (list.c). */
const tlc_transfer *zd_ask_next(tlc_call *c, tlc_slice link);

#define ZD_NEED_KIND(c)                                                                                                \
    if (!(c)->kind)                                                                                                    \
    TL_FAIL(TLC_DATA, TLC_TEXT("object must be tickets, users, organizations, groups, views or "                       \
                               "user_fields"))

#endif
