/* What a command is: one row in commands.c, one file with its function. The row is what `--help` prints and what the
 * words on the command line are checked against, so help and behaviour cannot part. */
#pragma once
#include "base/error.h"
#include "base/str.h"

struct tl_option {
    const char *name;  /* "--data"; NULL ends a list */
    const char *value; /* "DIR"; NULL: a flag */
    const char *help;
    bool many; /* may be given more than once */
};

enum { TL_ARGS_MAX = 16 };

/* All rows, grouped as help prints them; a row with run NULL is a heading. */
struct tl_command_list {
    const struct tl_command *items;
    size_t count;
};
extern const struct tl_command_list tl_commands;

/* The words of a command, checked against its row. Everything is borrowed from argv. */
struct tl_args {
    const struct tl_command_list *commands; /* it is one of */
    const struct tl_command *command;
    const char *words[TL_ARGS_MAX]; /* positional */
    size_t word_count;
    struct {
        const char *name, *value; /* value "" for flags */
    } given[TL_ARGS_MAX];
    size_t given_count;
};

struct tl_command {
    const char *name;                /* "serve", "tool json" */
    const char *words;               /* "DIR", "[ID]" as help shows them; "" when there are none */
    size_t least, most;              /* number of words */
    const char *summary;             /* one line */
    const char *help;                /* what it does, shapes, exit codes; with an example */
    const struct tl_option *options; /* beside --help */
    /* Returns TL_OK or a code whose sentence is printed and whose exit status is used. */
    tl_code (*run)(const struct tl_args *args, struct tl_error *err);
};

/* The value of an option, NULL when it was not given; "" for a flag that was. */
const char *tl_arg(const struct tl_args *args, const char *name);
/* Every value of an option that may come more than once: start with *at = 0; NULL at the end. */
const char *tl_arg_next(const struct tl_args *args, const char *name, size_t *at);
bool tl_flag(const struct tl_args *args, const char *name);

/* Finds the command and its words in argv[1…]. TL_EUSAGE names the word and the nearest known one. */
TL_MUST_CHECK tl_code tl_args_parse(const struct tl_command_list *commands, int argc, char **argv, struct tl_args *out,
                                    struct tl_error *err);
/* A sentence about the exit statuses of all commands. */
extern const char tl_exit_statuses[];
void tl_help_print(const struct tl_command_list *commands);
void tl_command_help_print(const struct tl_command *command);

tl_code tl_cmd_serve(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_new(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_dev(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_editor(const struct tl_args *args, struct tl_error *err);
/* What `tidelock editor` does for the folder, silently. */
TL_MUST_CHECK tl_code tl_editor_refresh(const struct tl_args *args, const char *dir, struct tl_error *err);
tl_code tl_cmd_reference(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_check(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_test(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_record(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_repl(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_status(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_trace(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_events(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_exceptions(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_runs(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_replay(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_decisions(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_pause(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_resume(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_deploy(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_plan(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_rollback(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_retire(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_revisions(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_settings(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_secrets(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_doctor(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_verify(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_tool_json(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_tool_calendar(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_tool_validate(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_lens_laws(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_lens_doc(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_lens_lineage(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_contract_diff(const struct tl_args *args, struct tl_error *err);
tl_code tl_cmd_tool_webhook_verify(const struct tl_args *args, struct tl_error *err);
