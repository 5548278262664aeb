/* Every command, in the order and groups of `tidelock --help`. */
#include "command.h"

#define DATA                                                                                                           \
    {                                                                                                                  \
        "--data", "DIR", "data folder of the server (default: $TIDELOCK_DATA, else .tidelock)", false                  \
    }
#define JSON                                                                                                           \
    {                                                                                                                  \
        "--json", NULL, "the answer as JSON", false                                                                    \
    }
#define REASON                                                                                                         \
    {                                                                                                                  \
        "--reason", "TEXT", "why; kept in the audit record", false                                                     \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        NULL, NULL, NULL, false                                                                                        \
    }

#define TARGET                                                                                                         \
    {                                                                                                                  \
        "--target", "DIR", "another word for --data; also the path of its control.sock", false                         \
    }
#define LIMITS                                                                                                         \
    {                                                                                                                  \
        "--limits", "DURATION", "end when it takes more CPU time than this, 2 GB of memory, or writes 256 MB a file",  \
            false                                                                                                      \
    }

static const struct tl_option serve_options[] = {
    {"--data", "DIR", "where the journal lives; made when absent. Required", false},
    {"--listen", "HOST:PORT", "webhooks come in here (default 127.0.0.1:8480; port 0: any free one)", false},
    {"--ops", "HOST:PORT", "/healthz /readyz /metrics (default 127.0.0.1:8481)", false},
    {"--tls-cert", "FILE", "PEM chain: --listen speaks TLS", false},
    {"--tls-key", "FILE", "PEM key of --tls-cert", false},
    {"--lanes", "N", "worker threads (default: the number of cores, at most 64)", false},
    {"--settings", "FILE", "JSON object of settings to set at start", false},
    {"--secrets", "FILE", "JSON object of secrets to set at start; mode 0600", false},
    {"--key-file", "FILE", "key that secrets are encrypted with, mode 0600 (default DIR/secrets.key, made when absent)",
     false},
    {"--lib", "DIR", "standard library (default: beside the program)", false},
    {"--plugins", "DIR", "installed connectors (default: beside the program)", false},
    {"--retain", "DURATION", "how long events are kept (default 30d)", false},
    {"--park-removed", NULL, "park the waiting work of flows that the integration no longer has", false},
    {"--alone", NULL, "only the integration of DIR is live, and none joins it; needs DIR", false},
    {"--trial", "DURATION", "longest time the laws, and the tests, of what is deployed may take (default 2m)", false},
    {"--log", "FORMAT", "text or json (default text)", false},
    {"--verbose", NULL, "also log every event", false},
    END};

static const struct tl_option dev_options[] = {
    {"--data", "DIR", "data folder (default DIR/.tidelock)", false},
    {"--listen", "HOST:PORT", "as for serve", false},
    {"--ops", "HOST:PORT", "as for serve", false},
    {"--settings", "FILE", "JSON object of settings (default DIR/settings.json, when there)", false},
    {"--secrets", "FILE", "JSON object of secrets (default DIR/secrets.json, when there); mode 0600", false},
    {"--skip-tests", NULL, "do not run the integration's tests at each save", false},
    END};

static const struct tl_option check_options[] = {
    {"--lib", "DIR", "standard library", false},
    {"--plugins", "DIR", "installed connectors", false},
    {"--against", "OLD_DIR", "the folder in use: a breaking change of a contract under the same version is an error",
     false},
    {"--with", "OTHER_DIR", "an integration that is to run beside it: what both share and write; may be repeated",
     true},
    JSON,
    END};
static const struct tl_option editor_options[] = {{"--lib", "DIR", "standard library", false},
                                                  {"--plugins", "DIR", "installed connectors", false},
                                                  {"--quiet", NULL, "say nothing when it went well", false},
                                                  END};
static const struct tl_option reference_options[] = {
    {"--out", "DIR", "write each page to DIR/PAGE.md instead of printing it", false}, END};
static const struct tl_option test_options[] = {
    {"--filter", "TEXT", "only tests whose name holds this text", false},
    {"--accept", NULL, "golden outputs that differ or are missing are written", false},
    {"--junit", "FILE", "also write a JUnit file for a build server", false},
    {"--coverage", NULL, "also print which lines ran, and which fields of maps and lenses a value went through", false},
    {"--coverage-json", "FILE", "write the coverage as JSON", false},
    {"--lib", "DIR", "standard library", false},
    {"--plugins", "DIR", "installed connectors", false},
    LIMITS,
    END};
static const struct tl_option record_options[] = {
    DATA,
    JSON,
    {"--key", "KEY", "only this business key", false},
    {"--event", "TYPE", "only events of this type: order.won@1, salesforce.Opportunity", false},
    {"--system", "NAME", "only what came from this system", false},
    {"--since", "TIME", "accepted from then on: 2026-03-01T08:00:00Z, or how long ago, 2h", false},
    {"--limit", "N", "at most this many events, the oldest first (default 100, at most 10000)", false},
    {"--name", "NAME", "of the recording (default: recorded-<time>)", false},
    {"--keep", "FIELD", "its values stay: its name, or its path (Account.Name)", true},
    {"--redact", "FIELD", "its values are replaced, and all that is in it", true},
    {"--lib", "DIR", "standard library", false},
    {"--plugins", "DIR", "installed connectors", false},
    END};
static const struct tl_option repl_options[] = {
    {"--lib", "DIR", "standard library", false}, {"--plugins", "DIR", "installed connectors", false}, END};
static const struct tl_option laws_options[] = {
    {"--lib", "DIR", "standard library", false},
    {"--plugins", "DIR", "installed connectors", false},
    {"--lens", "LENS", "only this one: its title, or the name of its file", false},
    {"--count", "N", "values to make for each lens (default 200)", false},
    {"--seed", "S", "other values for another number (default 1)", false},
    LIMITS,
    JSON,
    END};
static const struct tl_option lens_options[] = {
    {"--lib", "DIR", "standard library", false},
    {"--plugins", "DIR", "installed connectors", false},
    {"--lens", "LENS", "only this one: its title, or the name of its file", false},
    END};
static const struct tl_option lineage_options[] = {
    {"--lib", "DIR", "standard library", false},
    {"--plugins", "DIR", "installed connectors", false},
    {"--lens", "LENS", "only this one: its title, or the name of its file", false},
    JSON,
    END};
static const struct tl_option contract_options[] = {JSON, END};
static const struct tl_option read_options[] = {DATA, JSON, END};
static const struct tl_option exceptions_options[] = {
    DATA,
    JSON,
    REASON,
    {"--groups", NULL, "list: counted by cause", false},
    {"--cause", "CAUSE", "list: of this cause; retry, discard: all of this cause", false},
    {"--flow", "NAME", "of this flow", false},
    {"--steward", "NAME", "of this steward", false},
    {"--key", "KEY", "list: of this business key", false},
    {"--limit", "N", "at most this many (list: 50; retry, discard --cause: 10000)", false},
    {"--payload", "FILE", "edit, retry: the new payload, JSON ('-': standard input)", false},
    {"--set", "/PLACE=JSON", "edit, retry: change one place of the payload; a text keeps its quotes", true},
    {"--to", "STEWARD", "assign: to this steward", false},
    {"--yes", NULL, "retry although a later event of the key was applied; with --cause: do it", false},
    {"--although-later", NULL, "retry --cause: also those whose key had a later event applied", false},
    {"--dry-run", NULL, "say what would happen and do nothing", false},
    END};
static const struct tl_option runs_options[] = {
    DATA,
    JSON,
    REASON,
    {"--flow", "NAME", "list: of this flow", false},
    {"--state", "STATE", "list: active, waiting or parked", false},
    {"--key", "KEY", "list: of this business key", false},
    {"--revision", "HASH", "list: of this revision", false},
    {"--limit", "N", "list: at most this many (default 50)", false},
    {"--from", "STEP", "retry: keep the results before this step (default: none)", false},
    {"--step", "STEP", "skip: this one", false},
    {"--result", "JSON", "skip: the value the step gives (default: no value)", false},
    {"--yes", NULL, "retry, move: do it", false},
    {"--dry-run", NULL, "say what would happen and do nothing", false},
    END};
static const struct tl_option decisions_options[] = {
    DATA,
    JSON,
    REASON,
    {"--flow", "NAME", "list: of this flow", false},
    {"--steward", "NAME", "list: of this steward", false},
    {"--key", "KEY", "list: of this business key", false},
    {"--limit", "N", "list: at most this many (default 50)", false},
    {"--dry-run", NULL, "answer: say what would happen and do nothing", false},
    END};
static const struct tl_option replay_options[] = {
    DATA,
    JSON,
    REASON,
    {"--since", "TIME", "accepted from then on: 2026-03-01T08:00:00Z, or how long ago, 2h", false},
    {"--until", "TIME", "accepted before (default: now)", false},
    {"--flow", "NAME", "only this flow", false},
    {"--key", "KEY", "only this business key", false},
    {"--type", "TYPE", "only events of this type", false},
    {"--to-latest", NULL, "and, per key, all later events up to now", false},
    {"--force-effects", NULL, "send idempotent effects although nothing differs, or something is newer", false},
    {"--limit", "N", "at most this many units (default 10000, at most 65536)", false},
    {"--after", "ID", "go on after this event, where a replay with a limit stopped", false},
    {"--id", "NAME", "name of the replay: the same again adds nothing (default: a new one)", false},
    {"--yes", NULL, "do it", false},
    {"--dry-run", NULL, "say what would happen and do nothing (so without --yes)", false},
    END};
static const struct tl_option act_options[] = {
    DATA, JSON, REASON, {"--dry-run", NULL, "say what would happen and do nothing", false}, END};
#define INTEGRATION                                                                                                    \
    {                                                                                                                  \
        "--integration", "NAME", "the integration that is meant (default: the first of the server)", false             \
    }
static const struct tl_option settings_options[] = {DATA, JSON, REASON, INTEGRATION, END};
static const struct tl_option secrets_options[] = {
    DATA, JSON, REASON, INTEGRATION, {"--file", "FILE", "read the value from here instead of standard input", false},
    END};
#define PARK                                                                                                           \
    {                                                                                                                  \
        "--park-removed", NULL,                                                                                        \
            "park the waiting work of flows and systems that go, leave runs waiting for events that go; needs --yes",  \
            false                                                                                                      \
    }
static const struct tl_option deploy_options[] = {
    DATA,
    TARGET,
    JSON,
    REASON,
    PARK,
    {"--skip-tests", NULL, "do not run the integration's tests; laws and checks are", false},
    {"--dry-run", NULL, "say what would change and do nothing: 'plan'", false},
    {"--yes", NULL, "also when something is parked", false},
    END};
static const struct tl_option plan_options[] = {DATA, TARGET, JSON, END};
static const struct tl_option rollback_options[] = {
    DATA,
    TARGET,
    JSON,
    REASON,
    PARK,
    {"--integration", "NAME", "the integration that goes back; needed when several are live", false},
    {"--to", "REVISION", "this one, or its first letters (default: what was live before the live one)", false},
    {"--dry-run", NULL, "say what would change and do nothing", false},
    {"--yes", NULL, "also when something is parked", false},
    END};
static const struct tl_option retire_options[] = {DATA,
                                                  TARGET,
                                                  JSON,
                                                  REASON,
                                                  PARK,
                                                  {"--dry-run", NULL, "say what would be left and do nothing", false},
                                                  {"--yes", NULL, "also when something is parked", false},
                                                  END};
static const struct tl_option revisions_options[] = {
    DATA,
    TARGET,
    JSON,
    {"--integration", "NAME", "only those of this integration", false},
    {"--limit", "N", "at most this many (default 50, at most 1000)", false},
    END};
static const struct tl_option new_options[] = {
    {"--from", "NAME", "a whole integration instead of the starter: order-to-cash, onboarding, renewals …", false},
    END};
static const struct tl_option verify_options[] = {
    {"--data", "DIR", "data folder; no server may be using it. Required", false}, JSON, END};
static const struct tl_option tool_json_options[] = {{"--lib", "DIR", "standard library", false}, END};
static const struct tl_option calendar_options[] = {
    {"--at", "TIME", "looked at from then on: 2026-03-28T12:00:00Z (default: now)", false},
    {"--next", "N", "how many are shown, at most 1000 (default 5)", false},
    {"--zone", "ZONE", "of an expression that names none", false},
    JSON,
    END};
static const struct tl_option validate_options[] = {
    {"--contract", "FILE", "JSON Schema 2020-12; files beside it may be referred to. Required", false},
    {"--formats", "MODE", "assert: \"format\" is checked, as in contracts (default); annotate: it is not", false},
    JSON,
    END};
static const struct tl_option webhook_options[] = {
    {"--scheme", "NAME", "standard, zendesk or github. Required", false},
    {"--secret-file", "FILE", "the secret, one a line while several are valid. Required", false},
    {"--header", "'K: V'", "a header of the request", true},
    {"--now", "SECONDS", "Unix time to judge the timestamp by (default: now)", false},
    {"--tolerance", "SECONDS", "accepted age (default 300; -1: any)", false},
    END};

static const struct tl_command rows[] = {
    {"Integrators", "", 0, 0, "", "", NULL, NULL},
    {"new", "DIR", 1, 1, "start an integration: a folder that checks and runs",
     "Writes a small integration (a webhook comes in, a record goes out) with comments that say what to change, or "
     "copies a "
     "whole one that is shipped, whose README.md says what it needs.\n\n"
     "  tidelock new acme && tidelock dev acme\n"
     "  tidelock new acme --from order-to-cash",
     new_options, tl_cmd_new},
    {"dev", "DIR", 1, 1, "serve an integration and deploy it on every save",
     "Runs 'serve' with the folder's own settings.json and secrets.json, and on every save what 'deploy' does, its "
     "laws "
     "and tests included (--skip-tests leaves the tests out). A save that is refused leaves the running one in place "
     "and "
     "prints why. Waiting work of flows that are gone is parked.\n\n  tidelock dev acme",
     dev_options, tl_cmd_dev},
    {"check", "DIR", 1, 1, "load and check an integration",
     "Prints every error and warning with file, line and what to do; exit 0, or 65 when there are errors. A field that "
     "is read and that no contract has is a warning. --against "
     "compares the "
     "contracts of entities and events with those of the folder in use; --with looks at what it shares with another "
     "integration on the same server: contracts of one name and version must agree, and what both write of one record "
     "is "
     "a warning. The laws of lenses are tried on a few values; "
     "'lens laws' tries more.\n\n"
     "  tidelock check acme\n  tidelock check acme --against /srv/tidelock/acme\n"
     "  tidelock check support --with acme",
     check_options, tl_cmd_check},
    {"test", "DIR", 1, 1, "run the tests of an integration",
     "Runs DIR/tests/*_test.lua, each test in a world of its own: the real engine on a temporary journal, platforms "
     "that "
     "the test scripts, time that passes when the test says so. And the fixtures of maps: "
     "DIR/tests/maps/<map>/<case>.input.json must give <case>.golden.json. Needs no server, no network and no "
     "settings.\n\n"
     "  tidelock test acme\n  tidelock test acme --filter 'credit' --coverage\n  tidelock test acme --accept\n\n"
     "Exit 0: all passed, 1: some failed, 64: usage, 65: the integration or a file of tests has errors, or there are "
     "no "
     "tests.",
     test_options, tl_cmd_test},
    {"editor", "DIR", 1, 1, "tell editors about an integration: completion, types, luacheck",
     "Writes DIR/.editor (annotations for the Lua language server: ctx, declarations, as.…, and this integration's "
     "contracts, events, systems and operations), DIR/.luarc.json when there is none, and DIR/.luacheckrc unless its "
     "first line says no more that it is ours. 'new' does it for a new folder and 'dev' at every save; "
     "after "
     "a pull, do it by hand. An integration with errors is described as far as it goes.\n\n"
     "  tidelock editor acme && (cd acme && luacheck .)",
     editor_options, tl_cmd_editor},
    {"reference", "[PAGE]", 0, 1, "everything that may be written in an integration, and every command",
     "In Markdown, made from the tables that check the declarations and from what editors are told. Pages: "
     "declarations "
     "ctx maps values libraries tests commands; without a word all of them. 'tidelock help ctx' is the same.\n\n"
     "  tidelock reference ctx | less\n  tidelock reference --out reference",
     reference_options, tl_cmd_reference},
    {"record", "DIR", 1, 1, "real traffic of a running server as fixtures of tests, without personal values",
     "Asks the server for events that it accepted, replaces what is personal or secret in them, and writes them into "
     "the "
     "integration's folder: DIR/tests/recorded/NAME.json, which a test plays with w:play \"NAME\", and "
     "DIR/tests/maps/<map>/NAME-<n>.input.json for the maps that took them. Names, mails, phones, addresses, numbers "
     "of "
     "people, what people wrote and secrets become fakes of the same shape: the same value the same fake in all of the "
     "recording, by a key that is thrown away. Numbers, dates and words that the integration's own text has (enums) "
     "stay; fields with words that nothing is known of are listed, to be looked at. What systems answered is not "
     "recorded: the journal does not keep it. Changes nothing on the server.\n\n"
     "  tidelock record acme --key 4711\n  tidelock record acme --event salesforce.Opportunity --since 2h --name "
     "monday\n"
     "  tidelock record acme --system zendesk --since 1d --redact custom_field --keep product.name",
     record_options, tl_cmd_record},
    {"repl", "DIR", 1, 1, "paste a document into a map or lens, and see where each value came from",
     "Choose a map or one direction of a lens, paste a JSON document (or :load FILE), and see what becomes of it and "
     "which "
     "values of the document each field was made of. What is refused is shown with its place. :reload reads the files "
     "again; any other line is an expression of Lua. On a pipe it reads the same lines: exit 1 when one of them "
     "failed.\n\n"
     "  tidelock repl acme\n"
     "  printf ':use order@1 <- crm.Deal\\n{\"No\": \"SO-1\"}\\n' | tidelock repl acme",
     repl_options, tl_cmd_repl},
    {"contract diff", "OLD NEW", 2, 2, "is a new version of a contract compatible, or who breaks?",
     "Compares two JSON Schemas. Writers break when what the old one allowed is refused, readers when what they never "
     "saw is "
     "allowed; readers ignore properties they do not know, so a closed object (\"additionalProperties\": false) may "
     "get "
     "optional ones. An open object took anything under any name: a property that asks something of its value breaks "
     "writers. What cannot be proved compatible breaks both. Exit 0: "
     "compatible, 2: "
     "somebody breaks.\n\n"
     "  tidelock contract diff contracts/order.v1.json contracts/order.v2.json",
     contract_options, tl_cmd_contract_diff},
    {"lens laws", "DIR", 1, 1, "is what a lens puts got back, and does getting and putting change nothing?",
     "Tries every lens on values made from its entity's contract and on the records in samples/<file name of the "
     "lens>/. "
     "Prints each law that does not hold with the smallest example found. Exit 0: all hold, 2: some do not.\n\n"
     "  tidelock lens laws acme\n  tidelock lens laws acme --lens account --count 5000 --seed 7",
     laws_options, tl_cmd_lens_laws},
    {"lens doc", "DIR", 1, 1, "the pages of the lenses, in Markdown",
     "Which field is which, in which direction, how it is changed, and what is not kept.\n\n"
     "  tidelock lens doc acme > lenses.md",
     lens_options, tl_cmd_lens_doc},
    {"lens lineage", "DIR", 1, 1, "which value of a lens comes from which, as JSON",
     "For each lens, both directions: every output with its inputs and how it is made, and the fields it touches.\n\n"
     "  tidelock lens lineage acme --json",
     lineage_options, tl_cmd_lens_lineage},

    {"Operators", "", 0, 0, "", "", NULL, NULL},
    {"status", "", 0, 0, "systems, breakers, backlog and its age, lanes, exceptions",
     "  tidelock status --data /var/lib/tidelock", read_options, tl_cmd_status},
    {"trace", "ENTITY/KEY", 1, 1, "the timeline of one business object over all systems",
     "Everything received with that key and everything it caused: each call with its outcome, and how each event "
     "ended. When "
     "nothing was received, the systems are asked, and the answer says what they know.\n\n  tidelock trace order/4711",
     read_options, tl_cmd_trace},
    {"events", "ID", 1, 1, "one event with its payload and outcomes", "  tidelock events 0000000g00003", read_options,
     tl_cmd_events},
    {"exceptions", "[list | show ID | edit ID | retry ID | discard ID | assign ID]", 0, 2, "work that needs a person",
     "A parked event with what went wrong, whose it is and what waits behind it. edit changes the payload; retry runs "
     "it again; discard ends it with a reason; assign gives it to another steward. With --cause, retry and discard "
     "are about all exceptions of one cause: they show what would happen, and do it with --yes. Stopped in the middle, "
     "the same command finishes the rest. Every act is audited. Exit 2 when some of a group could not be done.\n\n"
     "  tidelock exceptions --groups\n  tidelock exceptions show 17\n"
     "  tidelock exceptions retry 17 --payload fixed.json --reason 'customer number corrected'\n"
     "  tidelock exceptions edit 17 --set '/amount=12.50' --reason 'comma for point'\n"
     "  tidelock exceptions retry --cause 9f3c20aa41d07be5 --set '/currency=\"EUR\"' --yes --reason 'was missing'",
     exceptions_options, tl_cmd_exceptions},
    {"decisions", "[list | answer ID ANSWER]", 0, 3, "what flows ask people, and the answers",
     "A decision is part of the business, nothing is broken: the run waits for one of the answers. Every answer is "
     "audited, with who and why.\n\n"
     "  tidelock decisions --steward order-desk\n"
     "  tidelock decisions answer 0000000g00003-1 release --reason 'called the customer'",
     decisions_options, tl_cmd_decisions},
    {"runs", "[list | show ID | cancel ID | retry ID | skip ID | move ID]", 0, 2,
     "runs that have steps: seen, repaired",
     "show gives the timeline of steps. cancel ends a run and undoes what it did. retry forgets the results from a "
     "step "
     "on and goes on from there. skip gives a stated result for a step instead of doing it. move takes a waiting run "
     "to "
     "the live revision when its journal fits so far. retry and move only say what would happen unless --yes is given. "
     "Every act needs a reason and is audited. Exit 2 when a run does not fit.\n\n"
     "  tidelock runs --state parked\n  tidelock runs show 0000000g00003\n"
     "  tidelock runs skip 0000000g00003 --step 'erp:put#1' --result '{\"id\":\"4711\"}' --reason 'entered by hand'\n"
     "  tidelock runs move 0000000g00003 --yes --reason 'map corrected'",
     runs_options, tl_cmd_runs},
    {"replay", "", 0, 0, "past events run again; what has not changed is not sent again",
     "Runs past events through the flows as they are now, in the order they had. By default no system sees a write "
     "that already happened: a write is sent only when it comes out different and no later event outside the selection "
     "has touched the record. What must not happen twice never does. Events that a flow emitted are not emitted again. "
     "Parked and waiting units are listed and stay as they are. 'tidelock trace' tells what was sent, what not, and "
     "why. Without --yes it only says what would happen; with it a reason is needed, and it is audited. Exit 2 when "
     "some units were left out.\n\n"
     "  tidelock replay --since 2h --flow erp\n"
     "  tidelock replay --since 2026-03-01T08:00:00Z --until 2026-03-01T12:00:00Z --flow erp --to-latest --yes \\\n"
     "    --reason 'map of the tax code corrected'\n"
     "  tidelock replay --key 4711 --force-effects --yes --reason 'record was deleted in the ERP'",
     replay_options, tl_cmd_replay},
    {"pause", "system|flow|capture NAME", 2, 2, "stop a system, flow or capture; survives a restart",
     "Work is kept and waits. 'tidelock status' shows who paused it and why.\n\n"
     "  tidelock pause system erp_de --reason 'month end'",
     act_options, tl_cmd_pause},
    {"resume", "system|flow|capture NAME", 2, 2, "start it again", "  tidelock resume system erp_de", act_options,
     tl_cmd_resume},
    {"deploy", "DIR", 1, 1, "make an integration's folder live on a server that works on",
     "The folder is sent to the server, which checks it with its connectors and against the contracts in use, asks for "
     "settings and secrets that have no value, tries the laws of the lenses and runs the integration's tests in a "
     "process of their own, builds it beside what runs, and switches. A deploy that is refused changes nothing and "
     "says "
     "where and why. Several at once take turns, and each is told what is live in the end. Runs that have begun end "
     "with the revision they began with.\n"
     "A folder whose integration has the name of one that is live takes its place; one with another name joins beside. "
     "What it declares is then called NAME@INTEGRATION everywhere, its settings too: only the first integration of a "
     "server has bare names. What both share, events and entities of one name and version, must have contracts that "
     "agree.\n\n"
     "  tidelock deploy acme --reason 'tax code of Norway'\n"
     "  tidelock deploy acme --target /var/lib/tidelock --dry-run\n\n"
     "Exit 0: it is live (or was already), 2: work in flows or systems that go would be left (--park-removed), 65: "
     "refused, for what is wrong with the folder or missing, 1: refused for another reason.",
     deploy_options, tl_cmd_deploy},
    {"plan", "DIR", 1, 1, "what a deploy would change",
     "Declarations, contracts (compatible, or whom they break), lenses, maps and lookups; settings and secrets that "
     "have "
     "no value; flows that go with work pending; open runs, which stay on the revision they began with. Exit 0: "
     "nothing "
     "would change, 2: something would, 65: the folder has errors.\n\n"
     "  tidelock plan acme --data /var/lib/tidelock",
     plan_options, tl_cmd_plan},
    {"rollback", "", 0, 0, "make an earlier revision live again, in one step",
     "Goes to what was live before the live revision was deployed; once more, and it goes back further. It was checked "
     "and tested when it was deployed, so only its connectors and settings are looked at.\n\n"
     "  tidelock rollback --reason 'orders without a tax code'\n"
     "  tidelock rollback --integration support --reason 'mails twice'\n"
     "  tidelock rollback --to 3fa91c0772de --reason 'back to last week'",
     rollback_options, tl_cmd_rollback},
    {"retire", "NAME", 1, 1, "take away an integration that is live beside the first",
     "Its flows take nothing any more and its systems are closed; open runs that use none of them go on with their "
     "revision. Refused, with nothing changed, while its flows have work pending or its systems are used by open runs, "
     "unless --park-removed parks that. Settings, secrets and history stay: deploy its folder, and it is back. The "
     "first "
     "integration of a server cannot go.\n\n"
     "  tidelock retire support --reason 'moved to its own server'\n\n"
     "Exit 0: it is gone, 2: work would be left (--park-removed), 1: there is none of that name.",
     retire_options, tl_cmd_retire},
    {"revisions", "", 0, 0, "what was live when, by whom and why; what was refused; open runs of each",
     "Newest first; * is live. Of all integrations, or of one.\n\n  tidelock revisions --limit 20", revisions_options,
     tl_cmd_revisions},
    {"settings", "[list | set NAME VALUE | history [NAME]]", 0, 3, "values that differ per server; no restart, audited",
     "Beside those that the integration names: escalation.webhook (URL), mail.url (smtp://host:port) and mail.from, "
     "where "
     "it is told that something is overdue. An integration beside the first has settings of its own, listed as "
     "NAME@INTEGRATION; set one under that name or with --integration.\n\n"
     "  tidelock settings\n  tidelock settings set desk.url https://desk.example --integration support\n  tidelock "
     "settings set erp_de.url https://erp.example/odata --reason 'moved'\n  tidelock settings history erp_de.url",
     settings_options, tl_cmd_settings},
    {"secrets", "[list | set NAME | history [NAME]]", 0, 2, "settings that are never shown",
     "The value is read from standard input or --file, so that it is in no process list. Beside those that the "
     "integration names: escalation.secret (signs the webhook), mail.user and mail.password.\n\n"
     "  tidelock secrets set erp_de.password < password.txt",
     secrets_options, tl_cmd_secrets},
    {"doctor", "", 0, 0, "credentials, reachability, clock; writes nothing",
     "Asks every system one cheap authenticated question. Exit 2 when something is wrong.\n\n  tidelock doctor",
     read_options, tl_cmd_doctor},

    {"Server", "", 0, 0, "", "", NULL, NULL},
    {"serve", "[DIR]", 0, 1, "run an integration",
     "Accepts webhooks on --listen, writes the journal under --data, and prints a line when it is ready. The addresses "
     "in use are "
     "in DATA/server.json. Ends cleanly on SIGTERM.\n\n"
     "With DIR that folder is live from the start, whatever was live of its integration before; without it the "
     "revisions "
     "that were live last go on, so that a restart does not undo a deploy. 'tidelock revisions' has both. Integrations "
     "that are live beside it go on as they were in both cases; a folder of another name joins them. --settings and "
     "--secrets hold names as 'tidelock settings' lists them: \"url\" of the first integration, \"url@support\" of "
     "another.\n\n"
     "  tidelock serve acme --data /var/lib/tidelock     # the first time\n"
     "  tidelock serve --data /var/lib/tidelock          # from then on",
     serve_options, tl_cmd_serve},
    {"verify", "", 0, 0, "check every checksum of a stopped server's journal",
     "  tidelock verify --data /var/lib/tidelock", verify_options, tl_cmd_verify},

    {"Tools", "", 0, 0, "", "", NULL, NULL},
    {"tool json", "", 0, 0, "standard input through the lossless codec and back out",
     "Reads one JSON text into Lua values and writes it again: keys sorted, every digit kept. Exit 65 and line:column "
     "for invalid "
     "input.\n\n  echo '{\"b\":9007199254740993,\"a\":[]}' | tidelock tool json",
     tool_json_options, tl_cmd_tool_json},
    {"tool calendar", "EXPRESSION", 1, 1, "when does a schedule come, is a maintenance window open?",
     "Shows the next planned instants of a schedule, or whether a window is open and the next ones, in UTC and as the "
     "zone's clocks show them.\n\n"
     "  tidelock tool calendar '02:30 Europe/Berlin' --at 2026-03-28T12:00:00Z --next 3\n"
     "  tidelock tool calendar '0 8 * * MON-FRI America/New_York'\n"
     "  tidelock tool calendar 'Sun 02:00-06:00 Europe/Berlin' --at 2026-03-29T03:00:00+02:00\n\n"
     "Schedules: '02:00 ZONE', '02:00,14:00 ZONE', 'Mon-Fri 08:00 ZONE', 'day 1,15 06:00 ZONE', 'last day 18:00 ZONE', "
     "'first Mon 09:00 ZONE', 'last weekday 18:00 ZONE', 'every 15m', cron ('0 2 * * * ZONE', with six fields the "
     "first "
     "is the second; names, ranges, steps, L, W and #), '@daily ZONE'.\n"
     "When the clocks change:\n"
     "                      a time that does not exist      a time that comes twice\n"
     "  fixed times         when the clocks jump over it    the first of the two\n"
     "  * , - or / in the   does not come; the next that    both\n"
     "  hour, minute,       exists does\n"
     "  second of cron\n"
     "  intervals           elapsed time: clocks mean nothing to them\n"
     "  windows             opens when the clocks jump;     opens at the first, closes at the second\n"
     "                      wholly skipped: not that day\n\n"
     "Exit 65, the character and an example when the expression is wrong.",
     calendar_options, tl_cmd_tool_calendar},
    {"tool validate", "", 0, 0, "does standard input keep a contract? exit 0 or 1",
     "Reads one JSON text and prints every violation with its JSON pointer, the rule and the value. Exit 65: no JSON, "
     "78: "
     "the "
     "contract is wrong or asks what is not supported.\n\n"
     "  tidelock tool validate --contract contracts/order.v1.json < order.json",
     validate_options, tl_cmd_tool_validate},
    {"tool webhook-verify", "", 0, 0, "is this webhook signed right? exit 0 or 1",
     "Reads the body from standard input.\n\n"
     "  tidelock tool webhook-verify --scheme github --secret-file s --header 'X-Hub-Signature-256: sha256=…' < body",
     webhook_options, tl_cmd_tool_webhook_verify},
};
const struct tl_command_list tl_commands = {rows, TL_COUNT_OF(rows)};
