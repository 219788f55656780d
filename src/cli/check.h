/* check.h — `stampede check`. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

/* argv[0] is "check". The program's exit code: 0 well, 1 errors, 2 usage. */
int cli_check(int argc, char **argv);

#endif
