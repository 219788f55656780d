/* options.h — what the subcommands share: their options, and words to the user.
 *
 * One reading of the command line for all, so that -c and -n mean the same everywhere. A subcommand
 * says which letters it takes; the rest are mistakes, answered in one way. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>

struct options {
    const char *topology_file; /* -c, --topology; topology.conf by default */
    const char *node; /* -n, --node; NULL when not given */
    bool json; /* -j, --json */
    bool table; /* -t, --table */
    bool log; /* -l, --log */
    char **words; /* what is no option: views of argv */
    int words_count;
};

enum { OPTIONS_GO_ON = -1 };

/* Read a subcommand's arguments.
 *
 * letters  those that it takes, of "cnjtl"; -h, --help is taken always
 * help     the text for it
 *
 * OPTIONS_GO_ON, or the exit code of a program that has said all there is to say. */
int options_read(struct options *o, int argc, char **argv, const char *letters, const char *help);

/* Whether to write JSON: when asked to, or when nobody asked for a table and standard output is no
 * terminal. */
bool options_json(const struct options *o);

/* A command that the user can copy: this program, `subcommand`, then `node` unless it is NULL, and
 * -c where it was given. Quoted for the shell. Valid until the next call. */
const char *options_command(const struct options *o, const char *subcommand, const char *node);

/* One sentence to standard error, after the program's name. No full stop, no LF. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Allow as many open files as the system lets us: a herd may have a thousand nodes to ask at
 * once. */
void files_limit_raise(void);

#endif
