/* ticker.h — how far a long command has come, in one line of the terminal that changes.
 *
 * On standard error, and only if that is a terminal. Called by `dump` and `load`. */
#ifndef CLI_TICKER_H
#define CLI_TICKER_H

#include <stdbool.h>
#include <stdint.h>

enum { TICKER_PAUSE_MS = 250 };

struct ticker {
    bool on, shown;
    int64_t next_ns;
};

void ticker_begin(struct ticker *t, bool wanted);

/* "1234 of 5678 stamps"; total 0: not known. Call it as often as you like. */
void ticker_show(struct ticker *t, uint64_t done, uint64_t total);

/* Take the line away. */
void ticker_end(struct ticker *t);

#endif
