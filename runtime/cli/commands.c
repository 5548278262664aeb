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
    {"--log", "FORMAT", "text or json (default text)", false},
    {"--verbose", NULL, "also log every event", false},
    END};

static const struct tl_option dev_options[] = {
    {"--data", "DIR", "data folder (default DIR/.tidelock)", false},
    {"--listen", "HOST:PORT", "as for serve", false},
    {"--ops", "HOST:PORT", "as for serve", false},
    {"--settings", "FILE", "JSON object of settings (default DIR/settings.json, when there)", false},
    {"--secrets", "FILE", "JSON object of secrets (default DIR/secrets.json, when there); mode 0600", false},
    END};

static const struct tl_option check_options[] = {
    {"--lib", "DIR", "standard library", false}, {"--plugins", "DIR", "installed connectors", false}, JSON, END};
static const struct tl_option read_options[] = {DATA, JSON, END};
static const struct tl_option exceptions_options[] = {
    DATA,
    JSON,
    REASON,
    {"--flow", "NAME", "list: of this flow", false},
    {"--key", "KEY", "list: of this business key", false},
    {"--limit", "N", "list: at most this many (default 50)", false},
    {"--payload", "FILE", "edit, retry: the new payload, JSON ('-': standard input)", false},
    {"--yes", NULL, "retry although a later event of the key was applied", false},
    {"--dry-run", NULL, "say what would happen and do nothing", false},
    END};
static const struct tl_option act_options[] = {
    DATA, JSON, REASON, {"--dry-run", NULL, "say what would happen and do nothing", false}, END};
static const struct tl_option settings_options[] = {DATA, JSON, REASON, END};
static const struct tl_option secrets_options[] = {
    DATA, JSON, REASON, {"--file", "FILE", "read the value from here instead of standard input", false}, END};
static const struct tl_option new_options[] = {END};
static const struct tl_option verify_options[] = {
    {"--data", "DIR", "data folder; no server may be using it. Required", false}, JSON, END};
static const struct tl_option tool_json_options[] = {{"--lib", "DIR", "standard library", false}, END};
static const struct tl_option webhook_options[] = {
    {"--scheme", "NAME", "standard, zendesk or github. Required", false},
    {"--secret-file", "FILE", "the secret, one a line while several are valid. Required", false},
    {"--header", "'K: V'", "a header of the request", true},
    {"--now", "SECONDS", "Unix time to judge the timestamp by (default: now)", false},
    {"--tolerance", "SECONDS", "accepted age (default 300; -1: any)", false},
    END};

const struct tl_command tl_commands[] = {
    {"Integrators", "", 0, 0, "", "", NULL, NULL},
    {"new", "DIR", 1, 1, "start an integration: a folder that checks and runs",
     "Writes a small integration (a webhook comes in, a record goes out) with comments that say what to change.\n\n"
     "  tidelock new acme && tidelock dev acme",
     new_options, tl_cmd_new},
    {"dev", "DIR", 1, 1, "serve an integration and restart it on every save",
     "Runs 'serve' with the folder's own settings.json and secrets.json; a save that does not check leaves the running "
     "one in "
     "place and prints why.\n\n  tidelock dev acme",
     dev_options, tl_cmd_dev},
    {"check", "DIR", 1, 1, "load and check an integration",
     "Prints every error and warning with file, line and what to do; exit 0, or 65 when there are errors.\n\n"
     "  tidelock check acme",
     check_options, tl_cmd_check},

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
    {"exceptions", "[list | show ID | edit ID | retry ID | discard ID]", 0, 2, "work that needs a person",
     "A parked event with what went wrong, whose it is and what waits behind it. edit replaces the payload; retry runs "
     "it again; "
     "discard ends it with a reason. Every act is audited.\n\n"
     "  tidelock exceptions\n  tidelock exceptions show 17\n"
     "  tidelock exceptions retry 17 --payload fixed.json --reason 'customer number corrected'",
     exceptions_options, tl_cmd_exceptions},
    {"pause", "system|flow|capture NAME", 2, 2, "stop a system, flow or capture; survives a restart",
     "Work is kept and waits. 'tidelock status' shows who paused it and why.\n\n"
     "  tidelock pause system erp_de --reason 'month end'",
     act_options, tl_cmd_pause},
    {"resume", "system|flow|capture NAME", 2, 2, "start it again", "  tidelock resume system erp_de", act_options,
     tl_cmd_resume},
    {"settings", "[list | set NAME VALUE]", 0, 3, "values that differ per server; no restart, audited",
     "  tidelock settings\n  tidelock settings set erp_de.url https://erp.example/odata --reason 'moved'",
     settings_options, tl_cmd_settings},
    {"secrets", "[list | set NAME]", 0, 2, "settings that are never shown",
     "The value is read from standard input or --file, so that it is in no process list.\n\n"
     "  tidelock secrets set erp_de.password < password.txt",
     secrets_options, tl_cmd_secrets},
    {"doctor", "", 0, 0, "credentials, reachability, clock; writes nothing",
     "Asks every system one cheap authenticated question. Exit 2 when something is wrong.\n\n  tidelock doctor",
     read_options, tl_cmd_doctor},

    {"Server", "", 0, 0, "", "", NULL, NULL},
    {"serve", "DIR", 1, 1, "run an integration",
     "Accepts webhooks on --listen, writes the journal under --data, and prints a line when it is ready. The addresses "
     "in use are "
     "in DATA/server.json. Ends cleanly on SIGTERM.\n\n  tidelock serve acme --data /var/lib/tidelock",
     serve_options, tl_cmd_serve},
    {"verify", "", 0, 0, "check every checksum of a stopped server's journal",
     "  tidelock verify --data /var/lib/tidelock", verify_options, tl_cmd_verify},

    {"Tools", "", 0, 0, "", "", NULL, NULL},
    {"tool json", "", 0, 0, "standard input through the lossless codec and back out",
     "Reads one JSON text into Lua values and writes it again: keys sorted, every digit kept. Exit 65 and line:column "
     "for invalid "
     "input.\n\n  echo '{\"b\":9007199254740993,\"a\":[]}' | tidelock tool json",
     tool_json_options, tl_cmd_tool_json},
    {"tool webhook-verify", "", 0, 0, "is this webhook signed right? exit 0 or 1",
     "Reads the body from standard input.\n\n"
     "  tidelock tool webhook-verify --scheme github --secret-file s --header 'X-Hub-Signature-256: sha256=…' < body",
     webhook_options, tl_cmd_tool_webhook_verify},
};
const size_t tl_command_count = TL_COUNT_OF(tl_commands);
