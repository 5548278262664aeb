/* The Zendesk connector: what its files share. Everything lives in the scope of its call or instance. */
#ifndef ZENDESK_H
#define ZENDESK_H

#include "kinds.h"
#include <tidelock/async.h>
#include <tidelock/connector.h>
#include <tidelock/seen.h>
#include <tidelock/text.h>

struct tlc_instance {
    const tlc_host *host;
    tlc_scope *scope;
    tlc_slice url; /* of the account */
    tlc_seen seen;
};

#define ZD_HEADERS 2

struct tlc_call {
    tl_async async; /* first */
    void (*step)(tlc_call *call, const tlc_input *in, tlc_action *out);
    tlc_instance *instance;
    const tlc_host *host;
    tlc_scope *scope;
    const tlc_request *request;
    const struct zd_kind *kind; /* NULL: no such object */
    tlc_transfer transfer;
    tlc_header headers[ZD_HEADERS];
    tlc_done done;
    void *state; /* of one kind of call, in the scope */
};

void zd_put(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_create(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_update(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_delete(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_get(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_show_many(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_find(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_list(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_changes(tlc_call *c, const tlc_input *in, tlc_action *out);
void zd_webhook(tlc_call *c, const tlc_input *in, tlc_action *out);

/* ---- requests (zendesk.c)
 * ------------------------------------------------------------------------------------------------------ */

/* The call's transfer, without body and headers. */
const tlc_transfer *zd_request(tlc_call *c, const char *method, tlc_slice url);
void zd_header(tlc_call *c, const char *name, tlc_slice value);
tlc_slice zd_percent(tlc_call *c, tlc_slice text);
/* Pieces joined; the list ends with an absent slice. */
tlc_slice zd_join(tlc_call *c, const tlc_slice *parts);
#define ZD_JOIN(c, ...) zd_join((c), (const tlc_slice[]){__VA_ARGS__, {0, 0}})
tlc_slice zd_arg(tlc_call *c, const char *pointer);

/* ---- writing (write.c)
 * -----------------------------------------------------------------------------------------------------------
 */

/* {"ticket": {…}}: the record in its wrapper, with one more member where `name` is given and the record has
 * none. */
tlc_slice zd_wrap(tlc_call *c, tlc_slice record, tlc_slice name, tlc_slice raw);
void zd_send_body(tlc_call *c, tlc_slice body);
/* id, version, url, created and the record itself out of {"ticket": {…}}. */
void zd_take_record(tlc_call *c, const tlc_input *in);
/* "tickets?external_id=…", "organizations/search?external_id=…": the one list that does not lag. */
tlc_slice zd_find_url(tlc_call *c, tlc_slice external_id);
/* The list in {"tickets": […]}; absent when there is none. */
tlc_slice zd_rows(tlc_call *c, tlc_slice body);

#define ZD_NEED_KIND(c)                                                                                                \
    if (!(c)->kind)                                                                                                    \
    TL_FAIL(TLC_DATA, TLC_TEXT("object must be tickets, users, organizations, groups, views or "                       \
                               "user_fields"))

#endif
