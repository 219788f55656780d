/* main.c — the program: finds the subcommand and hands over. */
#include "cli/commands.h"
#include "core/base/nearest.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"up", cli_up, "run every node that belongs on this machine"},
    {"node", cli_node, "run one node"},
    {"status", cli_status, "show all nodes in one table"},
    {"trace", cli_trace, "show the way that a client's newest stamp took"},
    {"send", cli_send, "say lines to a node, print what it answers"},
    {"places", cli_places, "ask the places provider once: is the key good?"},
    {"check", cli_check, "find every mistake in a topology.conf"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *out)
{
    fputs("Usage: stampede COMMAND [ARGUMENT...]\n\n"
          "A herd of servers that take positions from clients, keep the newest of each and tell\n"
          "one another.\n\n",
        out);
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`stampede COMMAND --help` explains each. Example: stampede up\n", out);
}

static int unknown(const char *word)
{
    struct nearest near = nearest_to(span_of(word));
    for (unsigned i = 0; i < COMMANDS; i++)
        nearest_offer(&near, commands[i].name);
    nearest_offer(&near, "--help");
    nearest_offer(&near, "--version");
    fprintf(stderr, "stampede: there is no %s \"%s\"", *word == '-' ? "option" : "command", word);
    if (near.best)
        fprintf(stderr, "; did you mean \"%s\"?\n", near.best);
    else
        fputs("; see `stampede --help`\n", stderr);
    return EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help(stdout);
        return EXIT_WELL;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("stampede " STAMPEDE_VERSION);
        return EXIT_WELL;
    }
    for (unsigned i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown(argv[1]);
}

/* Where one of the three standard files was closed, the first socket would take its number, and
 * what is printed would go to a client. */
static bool standard_files_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (!standard_files_open())
        return EXIT_SAID_NO;
    int code = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("stampede: not all of the output could be written\n", stderr);
        return EXIT_SAID_NO;
    }
    return code;
}
