/* Prints rows of commands. */
#include "command.h"
#include <stdio.h>

const char tl_exit_statuses[] =
    "Exit status: 0 done, 1 failed, 2 differences or findings, 64 usage, 65 bad input, 69 no server, 77 not allowed.";

void tl_help_print(const struct tl_command_list *commands)
{
    printf("tidelock COMMAND: keeps CRM, ERP and support desk in step. 'tidelock COMMAND --help' says more.\n");
    for (size_t i = 0; i < commands->count; i++) {
        const struct tl_command *c = &commands->items[i];
        if (c->run == NULL) {
            printf("\n%s\n", c->name);
            continue;
        }
        int width = printf("  %s %s", c->name, c->words);
        printf("%*s %s\n", width < 44 ? 44 - width : 0, "", c->summary);
    }
    printf("\n%s\n", tl_exit_statuses);
}

void tl_command_help_print(const struct tl_command *command)
{
    printf("tidelock %s %s\n  %s\n\n%s\n\nOptions\n", command->name, command->words, command->summary, command->help);
    for (const struct tl_option *o = command->options; o != NULL && o->name != NULL; o++) {
        int width = printf("  %s %s", o->name, o->value ? o->value : "");
        printf("%*s %s\n", width < 28 ? 28 - width : 0, "", o->help);
    }
    printf("  --help                      this text\n");
}
