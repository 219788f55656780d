/* commands.h — the subcommands of `stampede`, one file each.
 *
 * argv[0] is the subcommand's name. Each returns the program's exit code. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

enum exit_code {
    EXIT_WELL = 0,
    EXIT_SAID_NO = 1, /* a message on standard error says what is wrong */
    EXIT_USAGE = 2, /* the command line was wrong */
};

int cli_node(int argc, char **argv);
int cli_up(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_send(int argc, char **argv);
int cli_near(int argc, char **argv);
int cli_watch(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_top(int argc, char **argv);
int cli_wait(int argc, char **argv);
int cli_places(int argc, char **argv);
int cli_trace(int argc, char **argv);
int cli_drain(int argc, char **argv);
int cli_journal(int argc, char **argv);
int cli_dump(int argc, char **argv);
int cli_load(int argc, char **argv);

#endif
