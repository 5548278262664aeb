/* From argv to a checked tl_args. */
#include "base/nearest.h"
#include "command.h"
#include <string.h>

static const struct tl_option *option_find(const struct tl_command *command, tl_str name)
{
    for (const struct tl_option *o = command->options; o != NULL && o->name != NULL; o++) {
        if (tl_str_is(name, o->name))
            return o;
    }
    return NULL;
}

static tl_code unknown_option(const struct tl_command *command, tl_str name, struct tl_error *err)
{
    const char *names[32];
    size_t count = 0;
    for (const struct tl_option *o = command->options; o != NULL && o->name != NULL && count < 32; o++)
        names[count++] = o->name;
    const char *near = tl_nearest(name, names, count);
    return tl_fail(err, TL_EUSAGE, "%s has no option %.*s%s%s; see 'tidelock %s --help'", command->name,
                   TL_STR_ARGS(name), near ? ": did you mean " : "", near ? near : "", command->name);
}

const char *tl_arg_next(const struct tl_args *args, const char *name, size_t *at)
{
    while (*at < args->given_count) {
        size_t i = (*at)++;
        if (strcmp(args->given[i].name, name) == 0)
            return args->given[i].value;
    }
    return NULL;
}

const char *tl_arg(const struct tl_args *args, const char *name)
{
    size_t at = 0;
    return tl_arg_next(args, name, &at);
}

bool tl_flag(const struct tl_args *args, const char *name)
{
    return tl_arg(args, name) != NULL;
}

/* `--name value`, `--name=value` or a flag at argv[*i]. */
static tl_code take_option(struct tl_args *args, int argc, char **argv, int *i, struct tl_error *err)
{
    tl_str word = tl_str_z(argv[*i]), name;
    bool joined = tl_str_find(word, '=') >= 0;
    tl_str rest = word;
    tl_str_cut(&rest, '=', &name);
    const struct tl_option *option = option_find(args->command, name);
    if (option == NULL)
        return unknown_option(args->command, name, err);
    const char *value = joined ? rest.ptr : "";
    if (option->value == NULL && joined)
        return tl_fail(err, TL_EUSAGE, "%s takes no value", option->name);
    if (option->value != NULL && !joined) {
        if (*i + 1 >= argc)
            return tl_fail(err, TL_EUSAGE, "%s needs a value: %s %s", option->name, option->name, option->value);
        value = argv[++*i];
    }
    if (!option->many && tl_flag(args, option->name))
        return tl_fail(err, TL_EUSAGE, "%s was given twice", option->name);
    uint64_t number;
    if (strcmp(option->name, "--limit") == 0 && (!tl_str_u64(tl_str_z(value), &number) || number == 0))
        return tl_fail(err, TL_EUSAGE, "--limit takes a whole number from 1, not '%s'", value);
    if (args->given_count == TL_ARGS_MAX)
        return tl_fail(err, TL_EUSAGE, "too many options");
    args->given[args->given_count].name = option->name;
    args->given[args->given_count++].value = value;
    return TL_OK;
}

static const struct tl_command *command_find(const struct tl_command_list *commands, int argc, char **argv, int *used)
{
    for (size_t i = 0; i < commands->count; i++) {
        const struct tl_command *command = &commands->items[i];
        tl_str rest = tl_str_z(command->name), part;
        int at = 1;
        bool same = command->run != NULL;
        while (same && tl_str_cut(&rest, ' ', &part)) {
            same = at < argc && tl_str_is(part, argv[at]);
            at++;
        }
        if (same) {
            *used = at;
            return command;
        }
    }
    return NULL;
}

static tl_code unknown_command(const struct tl_command_list *commands, const char *word, struct tl_error *err)
{
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; i < commands->count && count < 64; i++) {
        if (commands->items[i].run != NULL)
            names[count++] = commands->items[i].name;
    }
    const char *near = tl_nearest(tl_str_z(word), names, count);
    return tl_fail(err, TL_EUSAGE, "there is no command '%s'%s%s%s; 'tidelock --help' lists them", word,
                   near ? ": did you mean '" : "", near ? near : "", near ? "'" : "");
}

static tl_code check_words(const struct tl_args *args, struct tl_error *err)
{
    const struct tl_command *c = args->command;
    if (args->word_count >= c->least && args->word_count <= c->most)
        return TL_OK;
    return tl_fail(err, TL_EUSAGE, "%s: usage: tidelock %s %s; see 'tidelock %s --help'",
                   args->word_count < c->least ? "something is missing" : "too many words", c->name, c->words, c->name);
}

tl_code tl_args_parse(const struct tl_command_list *commands, int argc, char **argv, struct tl_args *out,
                      struct tl_error *err)
{
    int at = 1;
    *out = (struct tl_args){.commands = commands, .command = command_find(commands, argc, argv, &at)};
    if (out->command == NULL)
        return unknown_command(commands, argc > 1 ? argv[1] : "", err);
    bool options_over = false;
    for (; at < argc; at++) {
        if (!options_over && strcmp(argv[at], "--") == 0) {
            options_over = true;
        } else if (!options_over && strncmp(argv[at], "--", 2) == 0) {
            tl_code code = take_option(out, argc, argv, &at, err);
            if (code != TL_OK)
                return code;
        } else if (out->word_count == TL_ARGS_MAX) {
            return tl_fail(err, TL_EUSAGE, "too many words");
        } else {
            out->words[out->word_count++] = argv[at];
        }
    }
    return check_words(out, err);
}
