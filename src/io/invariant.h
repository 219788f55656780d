/* invariant.h — what the program does when an invariant is broken. */
#ifndef IO_INVARIANT_H
#define IO_INVARIANT_H

/* For invariant_hook: report on standard error what broke, and abort. */
void invariant_report(const char *what, const char *file, int line);

#endif
