/* test_options.c — reading the command line; quoting commands for a shell. */
#include "cli/options.h"
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 8 };

static int read_args(struct options *o, const char *letters, const char *const *args)
{
    static char *argv[ARGS_MAX + 1]; /* static, because the words point into it */
    int argc = 0;
    argv[argc++] = (char *)"send";
    while (*args)
        argv[argc++] = (char *)*args++;
    argv[argc] = NULL;
    optind = 0; /* makes getopt start again */
    return options_read(o, argc, argv, letters, "the help\n");
}

Test(options, read, .init = cr_redirect_stderr)
{
    static const struct {
        const char *args[ARGS_MAX];
        int code;
        const char *file, *node;
        bool json;
        int words;
    } rows[] = {
        {{NULL}, OPTIONS_GO_ON, "topology.conf", NULL, false, 0},
        {{"-c", "x"}, OPTIONS_GO_ON, "x", NULL, false, 0},
        {{"-cx", "-jnA"}, OPTIONS_GO_ON, "x", "A", true, 0},
        {{"--topology=x", "--node", "A", "--json"}, OPTIONS_GO_ON, "x", "A", true, 0},
        {{"A", "-c", "x", "B"}, OPTIONS_GO_ON, "x", NULL, false, 2},
        {{"--", "-c", "x"}, OPTIONS_GO_ON, "topology.conf", NULL, false, 2},
        {{"-"}, OPTIONS_GO_ON, "topology.conf", NULL, false, 1},
        {{"-l"}, 2, NULL, NULL, false, 0}, /* an option of another subcommand */
        {{"-x"}, 2, NULL, NULL, false, 0},
        {{"-c"}, 2, NULL, NULL, false, 0},
        {{"--node"}, 2, NULL, NULL, false, 0},
        {{"--json=yes"}, 2, NULL, NULL, false, 0},
        {{"--bogus"}, 2, NULL, NULL, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o;
        int code = read_args(&o, "cnj", rows[i].args);
        cr_assert_eq(code, rows[i].code, "row %zu: %d", i, code);
        if (code != OPTIONS_GO_ON)
            continue;
        cr_expect_str_eq(o.topology_file, rows[i].file, "row %zu", i);
        cr_expect(o.node ? rows[i].node && strcmp(o.node, rows[i].node) == 0 : !rows[i].node);
        cr_expect_eq(o.json, rows[i].json, "row %zu", i);
        cr_expect_eq(o.words_count, rows[i].words, "row %zu", i);
    }
}

Test(options, a_word_can_name_the_topology)
{
    struct options o;
    cr_expect_eq(read_args(&o, "cf", (const char *[]){"x", "y", NULL}), OPTIONS_GO_ON);
    cr_expect_str_eq(o.topology_file, "x");
    cr_expect(o.topology_given);
    cr_expect_eq(read_args(&o, "cn", (const char *[]){"x", NULL}), OPTIONS_GO_ON);
    cr_expect_str_eq(o.topology_file, "topology.conf");
    cr_expect_not(o.topology_given);
}

Test(options, refusals_name_what_was_typed, .init = cr_redirect_stderr)
{
    struct options o;
    cr_expect_eq(read_args(&o, "cn", (const char *[]){"-x", NULL}), 2);
    cr_expect_eq(read_args(&o, "cn", (const char *[]){"--json", NULL}), 2);
    cr_expect_eq(read_args(&o, "cn", (const char *[]){"--topolgy", "x", NULL}), 2);
    cr_expect_eq(read_args(&o, "cn", (const char *[]){"hi", "-n", NULL}), 2);
    fflush(stderr);
    cr_assert_stderr_eq_str("stampede: send has no option -x; see `stampede send --help`\n"
                            "stampede: send has no option --json; see `stampede send --help`\n"
                            "stampede: send has no option --topolgy; did you mean --topology?\n"
                            "stampede: send needs a value after -n; see `stampede send --help`\n");
}

Test(options, help_goes_to_standard_output, .init = cr_redirect_stdout)
{
    struct options o;
    cr_expect_eq(read_args(&o, "c", (const char *[]){"--help", NULL}), 0);
    fflush(stdout);
    cr_assert_stdout_eq_str("the help\n");
}

Test(options, commands_can_be_copied)
{
    static const struct {
        const char *program, *file, *node, *expected;
    } rows[] = {
        {"stampede", NULL, NULL, "stampede up"},
        {"build/x", NULL, "A-1", "build/x up A-1"},
        {"stampede", "topology.conf", NULL, "stampede up -c topology.conf"},
        {"/a b/x", "it's.conf", "A", "'/a b/x' up A -c 'it'\\''s.conf'"},
        {"x", "$(y)", NULL, "x up -c '$(y)'"},
        {"", "\n", NULL, "'' up -c '\n'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct options o = {.topology_file = rows[i].file ? rows[i].file : "topology.conf",
            .topology_given = rows[i].file};
        program_invocation_name = (char *)rows[i].program;
        const char *command = options_command(&o, "up", rows[i].node);
        cr_expect_str_eq(command, rows[i].expected, "%s", command);
    }
}
