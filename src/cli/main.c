/* main.c — the program: finds the subcommand and calls it. */
#include "cli/commands.h"
#include "cli/commit.h"
#include "core/base/invariant.h"
#include "core/base/nearest.h"
#include "io/calls.h"
#include "io/invariant.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"up", cli_up, "run all nodes of this machine"},
    {"node", cli_node, "run one node"},
    {"status", cli_status, "show the state of all nodes in one table"},
    {"top", cli_top, "show the whole herd, once a second, in place"},
    {"wait", cli_wait, "wait until a node holds what its neighbours hold"},
    {"drain", cli_drain, "take a node out of service, clients first"},
    {"dump", cli_dump, "write every stamp of a node, to be kept or moved"},
    {"load", cli_load, "bring the stamps of a dump into the herd"},
    {"trace", cli_trace, "show the path of a client's newest stamp"},
    {"send", cli_send, "send lines to a node and print its replies"},
    {"near", cli_near, "show the clients around a position"},
    {"watch", cli_watch, "show newer stamps, or who enters and leaves a circle"},
    {"places", cli_places, "ask the places provider once, to test its key"},
    {"journal", cli_journal, "show what lies in the folder of a journal"},
    {"check", cli_check, "report every error in a topology.conf"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *out)
{
    fputs("Usage: stampede COMMAND [ARGUMENT...]\n\n"
          "A herd of servers: clients send their positions to any node, the nodes keep the\n"
          "newest stamp of each client and flood it to each other, and any node answers\n"
          "what is near a client.\n\n",
        out);
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n"
          "  help, --help, -h    print this text; help COMMAND: explain a command, as\n"
          "                      COMMAND --help does\n"
          "  version, --version  print the version and the commit it was built from\n\n"
          "Where -c is not given, the herd is that of $STAMPEDE_TOPOLOGY, else of\n"
          "./topology.conf, else of /etc/stampede/topology.conf.\n\n"
          "Exit codes: 0 success, 1 failure or a negative answer, 2 wrong command line.\n\n"
          "Example: stampede up\n",
        out);
}

static const char *const other_words[] = {"help", "--help", "version", "--version"};

static int unknown(const char *word)
{
    struct nearest near = nearest_to(span_of(word));
    for (unsigned i = 0; i < COMMANDS; i++)
        nearest_offer(&near, commands[i].name);
    for (unsigned i = 0; i < sizeof other_words / sizeof *other_words; i++)
        nearest_offer(&near, other_words[i]);
    fprintf(stderr, "stampede: there is no %s \"%s\"", *word == '-' ? "option" : "command", word);
    if (near.best)
        fprintf(stderr, "; did you mean \"%s\"?\n", near.best);
    else
        fputs("; see `stampede --help`\n", stderr);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    for (unsigned i = 0; i < COMMANDS; i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(argc, argv);
    return unknown(argv[0]);
}

static int version(void)
{
    bool known = *program_commit;
    printf("stampede %s%s%s%s\n", STAMPEDE_VERSION, known ? " (" : "", program_commit,
        known ? ")" : "");
    return EXIT_WELL;
}

static bool is_word(const char *word, const char *plain)
{
    if (strncmp(word, "--", 2) == 0)
        word += 2;
    return strcmp(word, plain) == 0;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "help") == 0 && argc > 2) {
        char *explain[] = {argv[2], (char *)"--help", NULL};
        return run(2, explain);
    }
    if (is_word(word, "help") || strcmp(word, "-h") == 0) {
        help(stdout);
        return EXIT_WELL;
    }
    if (is_word(word, "version"))
        return version();
    return run(argc - 1, argv + 1);
}

/* Open /dev/null in place of standard files that are closed. Otherwise the first socket would get
 * such a number, and what is printed would be sent to a client. false: the reason was written to
 * standard error, if there is one. */
static bool standard_files_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        if (calls_denied(errno)) {
            calls_tell_denied("fcntl", errno);
            return false;
        }
        if (open("/dev/null", O_RDWR) != fd) {
            fprintf(stderr,
                "stampede: standard file %d is closed, and /dev/null cannot be opened in its "
                "place: %s\n",
                fd, strerror(errno));
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    invariant_hook = invariant_report;
    if (!standard_files_open())
        return EXIT_SAID_NO;
    int code = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("stampede: cannot write all of the output\n", stderr);
        return EXIT_SAID_NO;
    }
    return code;
}
