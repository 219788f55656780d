/* network.h — a simulated network: streams of bytes between parties, in virtual time.
 *
 * Nothing happens at once or without a cause: every byte has an arrival time, drawn from a seed,
 * and all events are in one queue, ordered by time. The same seed gives the same run, to the byte;
 * `trace` is a hash over the run that proves it.
 *
 * A party (a node or a client) is only told to act. It then looks at its wires, does what it wants
 * and returns. A wire is one connection: end 0 dialled, end 1 accepts. What a party writes is taken
 * as far as the window has room; it arrives in order and in pieces. */
#ifndef TESTS_SIM_NETWORK_H
#define TESTS_SIM_NETWORK_H

#include "core/base/instant.h"
#include "core/node/node.h"
#include "unit/random.h"

#define WIRE_NONE UINT32_MAX

enum { NETWORK_DIAL_MS = 3000 }; /* a dial that nobody answers fails after this */

/* What a cut between two parties does until it is healed. */
enum cut {
    CUT_RESET, /* both ends see an error; bytes in transit are lost; dials are refused */
    CUT_FIN, /* one end sees FIN, the other an error; the rest as above */
    CUT_STALL, /* nothing passes; bytes in transit arrive after it is healed */
    CUT_SILENT, /* nothing passes and nobody is told; these connections never come back */
    CUT_KINDS,
};

/* Which directions are cut. CUT_RESET and CUT_FIN always cut both. */
enum cut_side { CUT_BOTH, CUT_FROM_LOWER, CUT_FROM_HIGHER, CUT_SIDES };

enum path_state { PATH_OPEN, PATH_REFUSES, PATH_STALLS, PATH_SILENT };

/* The path between two nodes. Clients are close to all nodes. */
struct path {
    enum path_state state;
    bool passes[2]; /* despite the state: what the lower number sends, and what the higher sends */
    int64_t delay_ns, jitter_ns;
};

enum dial_state { DIAL_UNDER_WAY, DIAL_STANDS, DIAL_REFUSED, DIAL_TIMED_OUT };

struct network {
    struct random random;
    int64_t now_ns;
    uint64_t trace;
    uint64_t events; /* so far */
    unsigned nodes; /* parties 0 to nodes - 1 have paths; all others are clients */
    unsigned parties_count;
    struct path *paths;
    struct party *parties;
    struct wire *wires;
    uint32_t wires_count, wires_room;
    struct event *heap;
    size_t heap_count, heap_room;
    uint64_t sequence; /* numbers events */
    /* How rough it is; free to be changed at any time. */
    size_t window_min, window_max; /* bytes that one direction of a new wire can hold */
    unsigned split_in; /* one write in so many arrives in pieces; 0: none */
    int64_t lag_ns; /* longest time until a party acts */
};

void network_init(struct network *n, uint64_t seed, unsigned nodes, unsigned parties);
void network_deinit(struct network *n);

/* A number from 0 to below - 1; true once in `in` draws (never if 0). */
uint64_t network_draw(struct network *n, uint64_t below);
bool network_once_in(struct network *n, unsigned in);

struct path *network_path(struct network *n, unsigned a, unsigned b);

/* Advance time until a party has to act, and return it; false: `until_ns` was reached first. */
MUST_USE bool network_next(struct network *n, int64_t until_ns, unsigned *party);

/* `party` wants to act at that time or earlier; NEVER_NS: never. */
void network_wake(struct network *n, unsigned party, int64_t at_ns);

/* -- what parties do --------------------------------------------------------------------------- */

void network_listen(struct network *n, unsigned party, bool listens);
/* Whether it refuses dials of its client port, though it listens. Its kernel has what it took. */
void network_refuse_clients(struct network *n, unsigned party, bool refuses);
uint32_t network_dial(struct network *n, unsigned from, unsigned to, enum node_port port);
enum dial_state network_dialled(const struct network *n, uint32_t wire);

/* The next connection to accept; false: none. */
MUST_USE bool network_accept(
    struct network *n, unsigned party, uint32_t *wire, enum node_port *port);

unsigned network_other(const struct network *n, uint32_t wire, unsigned end);

/* Returns how many bytes were taken; 0 while the window is full. */
size_t network_write(
    struct network *n, uint32_t wire, unsigned end, const char *bytes, size_t count);
size_t network_room(const struct network *n, uint32_t wire, unsigned end);
size_t network_readable(const struct network *n, uint32_t wire, unsigned end);
void network_read(struct network *n, uint32_t wire, unsigned end, char *to, size_t count);
bool network_ended(
    const struct network *n, uint32_t wire, unsigned end); /* FIN, and everything was read */
bool network_broken(const struct network *n, uint32_t wire, unsigned end);
/* Bytes that this end wrote and the other has not read yet. */
size_t network_unread(const struct network *n, uint32_t wire, unsigned end);
/* This end has closed, or said that nothing follows. */
bool network_left(const struct network *n, uint32_t wire, unsigned end);

void network_shut(struct network *n, uint32_t wire, unsigned end); /* FIN follows the last byte */

/* Close this end. The other sees FIN after the last byte; or an error: if `reset`, if something was
 * unread, if it writes again. */
void network_close(struct network *n, uint32_t wire, unsigned end, bool reset);

/* -- what fate does ---------------------------------------------------------------------------- */

/* Break the existing wires between a and b; new ones can be made. CUT_STALL has no effect here. */
void network_break(struct network *n, unsigned a, unsigned b, enum cut how);

/* Like network_break, and nothing passes until network_heal. */
void network_cut(struct network *n, unsigned a, unsigned b, enum cut how);

/* The same for one direction: what the other sends still arrives. No new wires can be made. */
void network_cut_side(struct network *n, unsigned a, unsigned b, enum cut how, enum cut_side side);
void network_heal(struct network *n, unsigned a, unsigned b);

/* `party` disappears silently: its wires are silent until something is written to them after it
 * listens again. */
void network_crash(struct network *n, unsigned party);

/* How many wires between two parties carry both directions, and who dialled the last of them. */
unsigned network_wires_between(const struct network *n, unsigned a, unsigned b);
unsigned network_dialler(const struct network *n, unsigned a, unsigned b);

#endif
