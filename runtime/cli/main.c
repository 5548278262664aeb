/* Entry of the program: finds the command, runs it, turns its answer into an exit status. */
#include "cli/main.h"
#include "command.h"
#include "shown.h"
#include <stdio.h>
#include <string.h>

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return argc < 2 || strcmp(argv[1], "help") == 0;
}

static int help(int argc, char **argv)
{
    struct tl_args args;
    char *words[3] = {argv[0], NULL, NULL};
    int count = 1;
    for (int i = 1; i < argc && count < 3; i++) {
        if (argv[i][0] != '-' && strcmp(argv[i], "help") != 0)
            words[count++] = argv[i];
    }
    /* A usage error still finds the command: only the words after it are missing. */
    for (; count > 1; count--) {
        struct tl_error err;
        (void)!tl_args_parse(&tl_commands, count, words, &args, &err);
        if (args.command != NULL) {
            tl_command_help_print(args.command);
            return argc < 2 ? 64 : 0;
        }
    }
    /* `tidelock help ctx`: a page of the reference. */
    if (argc > 2 && strcmp(argv[1], "help") == 0) {
        struct tl_error err = {0};
        char *page[] = {argv[0], (char *)(uintptr_t) "reference", argv[2]};
        tl_code code = tl_args_parse(&tl_commands, 3, page, &args, &err);
        if (code == TL_OK)
            code = args.command->run(&args, &err);
        if (code != TL_OK)
            fprintf(stderr, "tidelock: there is no command '%s', and %s\n", argv[2], err.text);
        return tl_code_exit(code);
    }
    tl_help_print(&tl_commands);
    return argc < 2 ? 64 : 0;
}

int tl_main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("tidelock %s\n", TIDELOCK_VERSION);
        return 0;
    }
    if (asks_for_help(argc, argv))
        return help(argc, argv);
    struct tl_args args;
    struct tl_error err = {0};
    tl_code code = tl_args_parse(&tl_commands, argc, argv, &args, &err);
    if (code == TL_OK)
        code = args.command->run(&args, &err);
    if (code != TL_OK && err.text[0] != '\0')
        fprintf(stderr, "tidelock: %.*s\n", TL_STR_ARGS(tl_shown_lines(tl_str_z(err.text))));
    return tl_code_exit(code);
}
