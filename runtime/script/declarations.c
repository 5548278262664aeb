/* The rows that forms are checked against. A key that is read (collect_*.c) stands here, with a sentence for people.
 * Thread: any. */
#include "script/declarations.h"
#include "base/attr.h"
#include "inspect.h"
#include <string.h>

#define TEXT TL_FORM_TEXT
#define INTEGER TL_FORM_INTEGER
#define BOOLEAN TL_FORM_BOOLEAN
#define TABLE TL_FORM_TABLE
#define FUNCTION TL_FORM_FUNCTION
#define REQUIRED TL_FORM_REQUIRED

static const char *const conflicts[] = {"queue", "owner", "latest", NULL};
static const char *const deletes[] = {"archive", "delete", "ignore", "ask", NULL};
static const char *const after_failure[] = {"hold", "supersede", "pass", NULL};
static const char *const on_failure[] = {"park", "compensate", NULL};
static const char *const priorities[] = {"urgent", "normal", "bulk", NULL};
static const char *const again[] = {"ignore", "deliver", "restart", NULL};

static const char *const missed[] = {"once", "all", "skip", NULL};

static const struct tl_form_key integration_keys[] = {
    {"steward", TEXT | REQUIRED, "who answers for what nothing else names a steward for", NULL, NULL},
};

static const struct tl_form_key steward_keys[] = {
    {"mail", TEXT, "where they are told that something is overdue", NULL, NULL},
    {"due", TEXT, "how long an exception or decision may wait: \"4h\"", NULL, NULL},
    {"escalate", TEXT, "the steward who is told when that time has passed", NULL, NULL},
};

static const struct tl_form_key system_keys[] = {
    {"connector", TEXT | REQUIRED, "the installed connector and its major version: \"salesforce@1\"", NULL, NULL},
    {"kind", TEXT, "what flows call it beside its name: several systems may be of one kind (default: the name)", NULL,
     NULL},
    {"url", TEXT | TABLE, "the address: text or a setting", NULL, NULL},
    {"auth", TABLE, "how it is signed in to; the connector says which kinds it knows", NULL, NULL},
    {"operations", TEXT, "a JSON file with operations beside the connector's own: \"systems/erp.json\"", NULL, NULL},
    {"timeout", TEXT, "the longest time one call may take: \"30s\"", NULL, NULL},
    {"redelivers_for", TEXT, "how long the platform may deliver a message again (default \"7d\")", NULL, NULL},
    {"limits", TABLE, "what the platform allows", NULL, NULL},
    {"retry", TABLE, "how a failed call is tried again", NULL, NULL},
    {"breaker", TABLE, "when the system is left alone after failures", NULL, NULL},
    {"maintenance", TEXT | TABLE, "windows without calls: { \"Sun 02:00-06:00 Europe/Berlin\" }", NULL, NULL},
    {"changes", TABLE, "objects whose changes are captured: { Opportunity = { poll = \"30s\" } }", NULL, NULL},
    {"batch", BOOLEAN, "true: writes of one object that wait go out in one call, where the connector can", NULL, NULL},
    {"isolation", TEXT, "where the connector's code runs", NULL, "the scenarios package (contained connectors)"},
};

static const struct tl_form_key limit_keys[] = {
    {"concurrent", INTEGER, "calls at the same time", NULL, NULL},
    {"per_second", INTEGER, "calls in a second", NULL, NULL},
    {"per_day", INTEGER, "calls in a day", NULL, NULL},
    {"keep_for_live", TEXT, "the share of the day's calls that bulk work leaves alone: \"30%\"", NULL, NULL},
};

static const struct tl_form_key retry_keys[] = {
    {"first", TEXT, "the first wait: \"500ms\"; each further one is longer", NULL, NULL},
    {"cap", TEXT, "the longest wait", NULL, NULL},
    {"attempts", INTEGER, "after so many failures of the record it is parked; failures of the endpoint do not count",
     NULL, NULL},
};

static const struct tl_form_key breaker_keys[] = {
    {"failures", INTEGER, "so many failures of the endpoint …", NULL, NULL},
    {"within", TEXT, "… within this time open the breaker: no more calls", NULL, NULL},
    {"probe_after", TEXT, "after this time one call asks whether it works again", NULL, NULL},
};

static const struct tl_form_key route_keys[] = {
    {"by", TEXT | REQUIRED, "the field, or JSON pointer, of the event's payload that decides", NULL, NULL},
    {"to", TABLE | REQUIRED, "which value means which system: { [\"1000\"] = \"erp_de\" }", NULL, NULL},
    {"otherwise", TEXT | REQUIRED, "for other values: \"park\" or a system", NULL, NULL},
};

static const struct tl_form_key entity_keys[] = {
    {"contract", TEXT | REQUIRED, "its JSON Schema: \"contracts/order.v1.json\"", NULL, NULL},
    {"key", TEXT | TABLE | REQUIRED, "what people search it by: a field or a list of fields", NULL, NULL},
    {"owner", TEXT | REQUIRED, "the system or kind that may change every field not named in owners", NULL, NULL},
    {"steward", TEXT | REQUIRED, "who answers for it", NULL, NULL},
    {"owners", TABLE, "other owners of fields: { credit_limit = \"erp\" }, or a function of the record", NULL, NULL},
    {"copies", TABLE, "which systems beside the owner may hold a field: { credit_limit = { \"salesforce\" } }", NULL,
     NULL},
    {"refs", TABLE, "how platforms name a record: { salesforce = { id = function(key), key = function(id) } }", NULL,
     NULL},
    {"on_conflict", TEXT, "when two systems changed one field (default \"queue\")", conflicts, NULL},
    {"on_delete", TEXT, "when the owner deletes a record (default \"archive\")", deletes, NULL},
};

static const struct tl_form_key event_keys[] = {
    {"contract", TEXT | REQUIRED, "the JSON Schema of its data", NULL, NULL},
    {"key", TEXT | FUNCTION | REQUIRED, "its business key: a field, a JSON pointer or function(data)", NULL, NULL},
    {"steward", TEXT | REQUIRED, "who answers for it", NULL, NULL},
    {"from", TEXT, "the object whose changes become this event: \"salesforce.Opportunity\"; without it flows emit it",
     NULL, NULL},
    {"when", FUNCTION, "function(record): which changes count", NULL, NULL},
    {"map", TEXT, "the title of the map or lens that makes the data of the record", NULL, NULL},
};

static const struct tl_form_key flow_keys[] = {
    {"on", TEXT | TABLE | REQUIRED, "the event, or a list of events", NULL, NULL},
    {"run", FUNCTION | REQUIRED, "what happens: function(ctx, e, state)", NULL, NULL},
    {"steward", TEXT | REQUIRED, "who repairs what fails", NULL, NULL},
    {"order", TABLE,
     "in whose line events stand: { \"order\", \"/order_no\" }, a scope and a JSON pointer or function(e) "
     "(default: the flow and the event's key)",
     NULL, NULL},
    {"one_per", TEXT, "there is one open run for each value of this field; it is the order's key too", NULL, NULL},
    {"again", TEXT, "with one_per: what a second event does to the open run (default \"ignore\")", again, NULL},
    {"after_failure", TEXT, "what happens to the events behind one that is parked (default \"hold\")", after_failure,
     NULL},
    {"on_failure", TEXT, "what a failure for good does: wait for a person, or undo (default \"park\")", on_failure,
     NULL},
    {"deadline", TEXT, "how long a run may wait for systems that do not answer", NULL, NULL},
    {"priority", TEXT, "who goes first when there is a queue (default \"normal\")", priorities, NULL},
    {"latest", BOOLEAN, "true: units older than the record's last applied version are skipped", NULL, NULL},
};

static const struct tl_form_key every_keys[] = {
    {"name", TEXT | REQUIRED, "what people and tests call it", NULL, NULL},
    {"run", FUNCTION | REQUIRED, "what happens: function(ctx, e)", NULL, NULL},
    {"steward", TEXT | REQUIRED, "who repairs what fails", NULL, NULL},
    {"missed", TEXT, "ticks that passed while nothing ran (default \"once\")", missed, NULL},
    {"max_late", TEXT, "a tick that is later than this when its turn comes is skipped: \"2h\"", NULL, NULL},
    {"order", TABLE, "as for flow", NULL, NULL},
    {"after_failure", TEXT, "as for flow (default \"pass\")", after_failure, NULL},
    {"on_failure", TEXT, "as for flow (default \"park\")", on_failure, NULL},
    {"deadline", TEXT, "as for flow", NULL, NULL},
    {"priority", TEXT, "as for flow (default \"normal\")", priorities, NULL},
};

static const struct tl_form_key expect_keys[] = {
    {"after", TEXT | REQUIRED, "the event that something has to follow", NULL, NULL},
    {"event", TEXT | TABLE | REQUIRED, "what has to follow: one of these events", NULL, NULL},
    {"within", TEXT | REQUIRED, "in this time: \"2d\"", NULL, NULL},
    {"steward", TEXT | REQUIRED, "who is told when it does not", NULL, NULL},
    {"key", TEXT | FUNCTION, "the key of what follows, of the event's data: a field, a JSON pointer or a function",
     NULL, NULL},
};

#define ROWS(keys) keys, TL_COUNT_OF(keys)
static const struct tl_declaration declarations[] = {
    {"integration", "", "The folder's name, once.", ROWS(integration_keys), NULL},
    {"steward", "", "A person or team that answers for something.", ROWS(steward_keys), NULL},
    {"system", "", "A platform: a connector with its address, credentials and limits.", ROWS(system_keys),
     "the connector's configuration; its manifest says which there are"},
    {"system", "limits", "What the platform allows.", ROWS(limit_keys), NULL},
    {"system", "retry", "How a failed call is tried again.", ROWS(retry_keys), NULL},
    {"system", "breaker", "When a system that fails is left alone.", ROWS(breaker_keys), NULL},
    {"route", "", "Which system of a kind is meant; the name is the kind.", ROWS(route_keys), NULL},
    {"entity", "", "A business object, \"order@1\": its contract, its key, and who owns its fields.", ROWS(entity_keys),
     NULL},
    {"event", "", "A fact, \"order.won@1\": where it comes from, which changes count, what it holds.", ROWS(event_keys),
     NULL},
    {"flow", "", "What happens when something has happened.", ROWS(flow_keys), NULL},
    {"every", "", "What happens at certain times; the name is the schedule, \"02:00 Europe/Berlin\".", ROWS(every_keys),
     NULL},
    {"expect", "", "What has to follow an event in time, or a person is told.", ROWS(expect_keys), NULL},
};

const struct tl_declaration *tl_declarations(size_t *count)
{
    *count = TL_COUNT_OF(declarations);
    return declarations;
}

const struct tl_declaration *tl_declaration(const char *kind, const char *part)
{
    for (size_t i = 0; i < TL_COUNT_OF(declarations); i++)
        if (strcmp(declarations[i].kind, kind) == 0 && strcmp(declarations[i].part, part) == 0)
            return &declarations[i];
    return NULL;
}

const struct tl_form_key *tl_declaration_key(const struct tl_declaration *declaration, const char *name)
{
    for (size_t i = 0; declaration != NULL && i < declaration->key_count; i++)
        if (strcmp(declaration->keys[i].name, name) == 0)
            return &declaration->keys[i];
    return NULL;
}

const char *const *tl_word_globals(size_t *count)
{
    *count = tl_global_count;
    return tl_global_names;
}

const char *const *tl_word_ctx(size_t *count)
{
    *count = tl_ctx_count;
    return tl_ctx_names;
}
