/* invariant.h — assertions, which are checked in every build.
 *
 * They are for mistakes of this program only, never for bytes from outside. A broken invariant ends
 * the process: a node that went on with a wrong store would flood the error to its herd. */
#ifndef CORE_BASE_INVARIANT_H
#define CORE_BASE_INVARIANT_H

/* Called with what broke and where, before the process ends. Each driver of the core sets it at its
 * start, to report; NULL, as at first: nobody hears of it. It may end the process itself. */
extern void (*invariant_hook)(const char *what, const char *file, int line);

/* Call the hook and end the process. */
_Noreturn void invariant_broken(const char *what, const char *file, int line);

#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            invariant_broken(#condition, __FILE__, __LINE__);                                      \
    } while (0)

#endif
