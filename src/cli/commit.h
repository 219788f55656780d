/* commit.h — the commit that the program was built from. Its file is written at each build by
 * packaging/commit.cmake, and is linked into the program only, so that a new commit rebuilds
 * nothing else. Called by main and node. */
#ifndef CLI_COMMIT_H
#define CLI_COMMIT_H

/* Seven or more hexadecimal digits, and `+` if the source had changes that were not committed; ""
 * if it was no checkout. */
extern const char program_commit[];

#endif
