/* options.h — what the subcommands share: their options, and messages to the user.
 *
 * There is one parser for all command lines, so that -c and -n mean the same everywhere. A
 * subcommand names the options that it takes; any other is an error with the same message
 * everywhere. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *topology_file; /* -c, --topology; else as below */
    bool topology_given; /* by -c */
    const char *node; /* -n, --node; NULL when not given */
    bool json; /* -j, --json */
    bool log; /* -l, --log */
    uint64_t timeout_ms; /* -w, --timeout; 60 s when not given */
    uint64_t grace_ms; /* -g, --grace; 10 s when not given */
    bool undo; /* -u, --undo */
    const char *cert, *key; /* --cert, --key: an operator's; both or NULL */
    char **words; /* what is no option: views of argv */
    int words_count;
};

enum { OPTIONS_GO_ON = -1 };

/* Where -c is not given, $STAMPEDE_TOPOLOGY names the file, unless it is empty; else it is
 * ./topology.conf, or, where there is none, the installed one. A ./topology.conf that belongs to
 * another user than this one and root is refused: it names files to read and to append to, and
 * whoever may write in a shared folder, such as /tmp, could put one there for root to find. */
#define TOPOLOGY_VARIABLE "STAMPEDE_TOPOLOGY"
#define TOPOLOGY_HERE "topology.conf"
#define TOPOLOGY_INSTALLED "/etc/stampede/topology.conf"

/* For a subcommand's help, behind `-c, --topology FILE  ` and what FILE is. */
#define TOPOLOGY_DEFAULT "default: see `stampede help`"

/* Parse a subcommand's arguments.
 *
 * letters  the options that it takes, of "cnjtlwgu" and "a" for --cert and --key; -h, --help is
 *          always taken. With 'f', its first word is the topology file, as if it stood behind -c
 * help     its help text
 *
 * Returns OPTIONS_GO_ON, or the exit code if the program is to end now. */
int options_read(struct options *o, int argc, char **argv, const char *letters, const char *help);

/* Whether `word`, an option of one subcommand only, is among the arguments; it is taken from
 * them. */
bool options_take_word(int *argc, char **argv, const char *word);

/* For a subcommand's help, behind the topology's. */
#define OPERATOR_OPTIONS                                                                 \
    "      --cert FILE      an operator's certificate of his own, as tls.operators of\n" \
    "      --key FILE       topology.conf names it, and its key\n"

/* A command line that the user can copy: this program, `subcommand`, `node` unless it is NULL, and
 * -c, --cert and --key if they were given; quoted for the shell. Valid until the next call. */
const char *options_command(const struct options *o, const char *subcommand, const char *node);

/* Write a message to standard error, after the program's name. It ends without a full stop and
 * LF. What it quotes may be any bytes: it is escaped as in show.h. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Raise the limit of open files to the hard limit: a herd may have a thousand nodes to ask at
 * once. */
void files_limit_raise(void);

#endif
